"""NB-OBS-05: does somebody hear when enforcement is lost, or when denials pile up?

Names of metrics: kube-state-metrics (DaemonSets), and the metrics pages of Cilium, Hubble, Calico, Antrea and kube-router.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names
from scanner.controls.vouched import stated
from scanner.dataplane.sighting import sightings
from scanner.findings import Status
from scanner.objects import decoded

CONTROL = "NB-OBS-05"
RULES = "prometheusrules.monitoring.coreos.com"
_WHAT = "alerts on the engine's health and on denials, each with a recipient (Alertmanager, or the cloud's own alerts)"
_DAEMON_SETS = re.compile(
    r"\bkube_daemonset_status_(?:number_(?:unavailable|ready|available|misscheduled)|desired_\w+)\b"
)
_SELECTED = re.compile(r'\bdaemonset\s*(=~?)\s*"((?:[^"\\]|\\.)*)"')
_HEALTH = re.compile(
    r"\b(?:cilium_(?:unreachable_nodes|controllers_failing|policy_import_errors_total|agent_\w+)"
    r"|felix_(?:active_local_policies|resync_state|int_dataplane_failures|log_errors)|antrea_agent_\w+)\b"
)
_UP = re.compile(r"\bup\s*\{([^{}]*)\}")
_DENIALS = re.compile(
    r"\b(?:cilium_drop_count_total|cilium_policy_l7_denied_total|hubble_drop_total|hubble_policy_verdicts_total"
    r"|calico_denied_(?:packets|bytes)|cnx_policy_rule_packets|antrea_agent_denied_connection_count"
    r"|network_policy_(?:drop|denied)\w*)\b"
)
_SAMPLE = """kubectl apply -f - <<'END'
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: network-policy, namespace: monitoring}
spec:
  groups:
  - name: network-policy
    rules:
    - alert: PolicyEngineNotReady
      expr: kube_daemonset_status_number_unavailable{daemonset="ENGINE"} > 0
      for: 5m
    - alert: DenialsPileUp
      expr: sum(rate(DENIALS[5m])) > 10
      for: 10m
END"""
_COUNTERS = {"calico": "calico_denied_packets", "antrea": "antrea_agent_denied_connection_count"}


class _Alert(msgspec.Struct, frozen=True):
    alert: str | None = None
    expr: str | int | None = None


class _Group(msgspec.Struct, frozen=True):
    rules: tuple[_Alert, ...] | None = None


class _Spec(msgspec.Struct, frozen=True):
    groups: tuple[_Group, ...] | None = None


class _Rules(msgspec.Struct, frozen=True):
    spec: _Spec | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What the cluster's alert rules ask: those on the engine's health and on denials, and what could not be read."""

    health: tuple[str, ...]
    denials: tuple[str, ...]
    broken: tuple[str, ...]
    alerts: int


def losses_raise_alerts(case: Case) -> Iterator[Verdict]:
    """NB-OBS-05: PrometheusRules show which alerts there are, never who receives them; a statement settles that.

    Without any alert rule in the cluster the alerts may live in a cloud's own store, which is not read.
    """
    given = stated(case, CONTROL, otherwise=_WHAT)
    read = _read(case)
    lines = [f"engine health: {names(read.health)}"] if read.health else []
    lines += [f"denials: {names(read.denials)}"] if read.denials else []
    if given.status is not Status.UNKNOWN:
        yield Verdict(
            subject=given.subject,
            status=given.status,
            reason=given.reason,
            evidence=bounded((*given.evidence, *lines)),
            remediation=given.remediation,
        )
        return
    gaps = case.missing(RULES)
    if read.health and read.denials:
        reason, why = "recipient-unknown", ["who receives these alerts is not in the cluster's rules"]
    elif gaps or read.broken:
        reason, why = "unread", [*gaps, *read.broken]
    elif not read.alerts:
        reason, why = "alert-store-unread", ["no PrometheusRule with an alert is here: alerts may live in the cloud"]
    else:
        yield _missing(case, read, lines)
        return
    evidence = bounded((*lines, *why, *given.evidence))
    yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason=reason, evidence=evidence)


def _missing(case: Case, read: _Read, lines: list[str]) -> Verdict:
    lacking = [what for what, found in (("the engine's health", read.health), ("denials", read.denials)) if not found]
    lines = [*lines, f"none of {read.alerts} alerts of PrometheusRules is about {' or '.join(lacking)}"]
    engine = next((each.daemon_set.name for each in sightings(case.snapshot)), "<engine's DaemonSet>")
    counter = _COUNTERS.get(case.dataplane.name, "hubble_drop_total")
    fix = _SAMPLE.replace("ENGINE", engine if re.fullmatch(r"[a-z0-9.-]+", engine) else "<engine>")
    return Verdict(
        subject=CLUSTER,
        status=Status.FAIL,
        reason="no-alert",
        evidence=bounded(lines),
        remediation=fix.replace("DENIALS", counter),
    )


def _read(case: Case) -> _Read:
    engines = {each.daemon_set.name for each in sightings(case.snapshot)}
    health, denials, broken, count = [], [], [], 0
    for each in case.snapshot.settings:
        if each.kind != "PrometheusRule":
            continue
        where = f"PrometheusRule {each.namespace}/{each.name}"
        found = decoded(each, _Rules)
        if found is None:
            broken.append(f"{where}: its rules cannot be read")
            continue
        for group in (found.spec and found.spec.groups) or ():
            for rule in group.rules or ():
                if not rule.alert or not isinstance(rule.expr, str):
                    continue  # a recording rule wakes nobody up
                count += 1
                if _is_health(rule.expr, engines):
                    health.append(f"{where} alert {rule.alert}")
                if _DENIALS.search(rule.expr):
                    denials.append(f"{where} alert {rule.alert}")
    return _Read(tuple(health), tuple(denials), tuple(broken), count)


def _is_health(expression: str, engines: set[str]) -> bool:
    """Whether an alert watches the engine's DaemonSet, by its name or along with every other one, or its agents."""
    up = "".join(_UP.findall(expression))
    if _HEALTH.search(expression) or any(engine in up for engine in engines):
        return True
    if not _DAEMON_SETS.search(expression):
        return False
    chosen = _SELECTED.findall(expression)
    return not chosen or any(_chooses(how, text, engine) for how, text in chosen for engine in engines)


def _chooses(how: str, text: str, engine: str) -> bool:
    """Whether a matcher takes an engine; of a pattern only plain alternatives are read, for it is anybody's text."""
    if how == "=":
        return text == engine
    return any(part == engine or (part.endswith(".*") and engine.startswith(part[:-2])) for part in text.split("|"))
