"""Whether denied connections are recorded, and whether the record leaves the node (NB-OBS-01's inputs)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from scanner.baselines.config import PLATFORM_NAMESPACES
from scanner.cloud.part import Part
from scanner.dataplane.controller import NODE_CLASSES, listed, settings_of
from scanner.dataplane.decide import Decision
from scanner.dataplane.mode import cilium_config
from scanner.dataplane.model import Answer, Capabilities, DenyLogging, Proof
from scanner.dataplane.sighting import DAEMON_SETS, Switch, flag, policy_agents
from scanner.model import Snapshot

NETWORK_LOGGINGS = "networkloggings.networking.gke.io"
CONTAINER_LOGS = "containernetworklogs.acn.azure.com"
DENY_LOGGING = "policy.network.gke.io/enable-deny-logging"
_COLLECTORS = (
    "*fluent-bit*", "*fluentbit*", "*fluentd*", "*vector*", "*promtail*", "*alloy*", "*filebeat*", "*cloudwatch-agent*",
    "*otel*", "*opentelemetry*", "*datadog*", "*splunk*", "*logging-agent*",
)  # fmt: skip
_UNKNOWN = DenyLogging(enabled=Answer.UNKNOWN, exported=Answer.UNKNOWN)


def deny_logging(snapshot: Snapshot, decision: Decision, known: Capabilities | None) -> DenyLogging:
    """Read the log settings of the engine that was found; no engine records nothing, an unknown one nobody knows what."""
    if decision.name == "none":
        return DenyLogging(
            enabled=Answer.NO, exported=Answer.NO, proofs=(Proof("no engine denies anything", "engine"),)
        )
    if known is None:
        return _UNKNOWN
    if known.deny_log.answer is Answer.NO:
        proof = Proof("this engine has no record of denied connections", known.deny_log.source)
        return DenyLogging(enabled=Answer.NO, exported=Answer.NO, proofs=(proof,))
    read = _READERS.get(decision.name)
    if read is None:
        proof = Proof(f"where {decision.name} logs denied connections is not read by this version", "engine")
        return DenyLogging(enabled=Answer.UNKNOWN, exported=Answer.UNKNOWN, proofs=(proof,))
    return read(snapshot, decision)


def _answer(value: bool | None) -> Answer:
    return Answer.UNKNOWN if value is None else Answer.YES if value else Answer.NO


def _of_switch(switch: Switch | None, otherwise: bool | None) -> Answer:
    """A switch of the running agent; without one, what the cloud's record says."""
    if switch is None:
        return _answer(otherwise)
    return {Switch.ON: Answer.YES, Switch.OFF: Answer.NO, Switch.UNCLEAR: Answer.UNKNOWN}[switch]


def _from_node(snapshot: Snapshot, logged: Answer) -> Answer:
    """Whether a file on the node's disk is collected: certainly not where every DaemonSet is known and none collects logs."""
    if logged is Answer.NO:
        return Answer.NO
    collects = any(fnmatchcase(item.name, pattern) for item in snapshot.daemon_sets for pattern in _COLLECTORS)
    return Answer.UNKNOWN if collects or not listed(snapshot, DAEMON_SETS) else Answer.NO


def _vpc_cni(snapshot: Snapshot, decision: Decision) -> DenyLogging:
    """Both flags are needed: the event log writes a file on the node, CloudWatch takes it away from there."""
    agents = tuple(container for seen in decision.seen for container in policy_agents(seen.daemon_set))
    settings = decision.settings
    events = _of_switch(flag(agents, "--enable-policy-event-logs"), settings.deny_events)
    watched = _of_switch(flag(agents, "--enable-cloudwatch-logs"), settings.deny_export)
    where = decision.seen[0].where if decision.seen else settings.where
    proofs = (Proof(f"policy event logs: {events}, to CloudWatch: {watched}", where),)
    exported = watched if watched is not Answer.NO else _from_node(snapshot, events)
    return DenyLogging(enabled=events, exported=Answer.NO if events is Answer.NO else exported, proofs=proofs)


def _auto_mode(snapshot: Snapshot, _: Decision) -> DenyLogging:
    """NodeClass `networkPolicyEventLogs`; where Auto Mode's nodes put the events is not documented."""
    classes = list(settings_of(snapshot, "NodeClass", "eks.amazonaws.com"))
    proofs = tuple(
        Proof(
            f"networkPolicyEventLogs is {spec.text('networkPolicyEventLogs') or 'Disabled'}", f"NodeClass {item.name}"
        )
        for item, spec in classes
    )
    if not classes or not listed(snapshot, NODE_CLASSES):
        return DenyLogging(enabled=Answer.UNKNOWN, exported=Answer.UNKNOWN, proofs=proofs)
    enabled = _answer(all(spec.text("networkPolicyEventLogs") == "Enabled" for _, spec in classes))
    return DenyLogging(enabled=enabled, exported=Answer.NO if enabled is Answer.NO else Answer.UNKNOWN, proofs=proofs)


def _dataplane_v2(snapshot: Snapshot, decision: Decision) -> DenyLogging:
    """The NetworkLogging object `default`; with `delegate` only annotated namespaces are logged."""
    found = [
        (item, spec.part("cluster", "deny"))
        for item, spec in settings_of(snapshot, "NetworkLogging", "networking.gke.io")
        if item.name == "default"
    ]
    exported = _answer(decision.settings.deny_export)
    if not found:
        gone = listed(snapshot, NETWORK_LOGGINGS)
        proof = Proof("no NetworkLogging object" if gone else "NetworkLogging could not be read", NETWORK_LOGGINGS)
        logged = Answer.NO if gone else Answer.UNKNOWN
        return DenyLogging(enabled=logged, exported=Answer.NO if gone else exported, proofs=(proof,))
    item, deny = found[0]
    where = f"NetworkLogging {item.name}"
    logs, delegated = deny.flag("log"), deny.flag("delegate")
    enabled = _answer(logs if deny.has("log") else False)
    proofs: tuple[Proof, ...] = (Proof(f"spec.cluster.deny.log is {str(bool(logs)).lower()}", where),)
    if enabled is Answer.YES and (delegated or (delegated is None and deny.has("delegate"))):
        silent = [
            space.name
            for space in snapshot.namespaces
            if not any(fnmatchcase(space.name, pattern) for pattern in PLATFORM_NAMESPACES)
            and space.annotations.get(DENY_LOGGING) != "true"
        ]
        read = listed(snapshot, "namespaces")
        enabled = Answer.NO if silent and delegated else Answer.YES if read and delegated else Answer.UNKNOWN
        names = ", ".join(silent[:5])
        proofs = (*proofs, Proof(f"delegated; namespaces without the annotation: {names or 'none'}", where))
    return DenyLogging(enabled=enabled, exported=Answer.NO if enabled is Answer.NO else exported, proofs=proofs)


def _aks_cilium(snapshot: Snapshot, decision: Decision) -> DenyLogging:
    """ACNS on, and a ContainerNetworkLog whose filters take dropped flows of everything."""
    settings = decision.settings
    if settings.managed == "aks-cilium" and settings.deny_events is False:
        proof = Proof("Advanced Container Networking Services are off", "networkProfile.advancedNetworking")
        return DenyLogging(enabled=Answer.NO, exported=Answer.NO, proofs=(proof,))
    exported = _answer(settings.deny_export)
    objects = list(settings_of(snapshot, "ContainerNetworkLog", "acn.azure.com"))
    if not objects:
        gone = listed(snapshot, CONTAINER_LOGS)
        proof = Proof(
            "no ContainerNetworkLog object" if gone else "ContainerNetworkLogs could not be read", CONTAINER_LOGS
        )
        logged = Answer.NO if gone else Answer.UNKNOWN
        return DenyLogging(enabled=logged, exported=Answer.NO if gone else exported, proofs=(proof,))
    answers = {item.name: _takes_drops(spec) for item, spec in objects}
    order = (Answer.YES, Answer.UNKNOWN, Answer.NO)
    enabled = next(answer for answer in order if answer in answers.values())
    proofs = tuple(
        Proof(f"logs dropped flows: {answer}", f"ContainerNetworkLog {name}") for name, answer in answers.items()
    )
    return DenyLogging(enabled=enabled, exported=Answer.NO if enabled is Answer.NO else exported, proofs=proofs)


def _takes_drops(spec: Part) -> Answer:
    """Whether a ContainerNetworkLog takes every dropped flow; filters narrowed to some peers take some only."""
    filters = spec.items("includefilters") or spec.items("includeFilters") or []
    dropped = []
    for part in filters:
        verdicts = {word.lower() for word in part.texts("verdict") or ()}
        if not part.has("verdict") or "dropped" in verdicts:
            dropped.append({name.lower() for name, _ in part.entries()} - {"name", "verdict"})
    if any(not narrowed for narrowed in dropped):
        return Answer.YES
    return Answer.UNKNOWN if dropped or not filters else Answer.NO


def _hubble(snapshot: Snapshot, decision: Decision) -> DenyLogging:
    """Hubble on, and its export path; an exporter other than the file would not be seen."""
    config = cilium_config(snapshot, decision)
    if config is None:
        return _UNKNOWN
    where = f"ConfigMap {config.namespace}/{config.name}"
    hubble, path = config.data.get("enable-hubble", ""), config.data.get("hubble-export-file-path", "")
    enabled = {"true": Answer.YES, "false": Answer.NO}.get(hubble.strip().lower(), Answer.UNKNOWN)
    proofs = (Proof(f"enable-hubble={hubble or 'not set'}, hubble-export-file-path={path or 'not set'}", where),)
    exported = _from_node(snapshot, enabled) if path else Answer.UNKNOWN
    return DenyLogging(enabled=enabled, exported=Answer.NO if enabled is Answer.NO else exported, proofs=proofs)


_READERS: Mapping[str, Callable[[Snapshot, Decision], DenyLogging]] = {
    "eks-vpc-cni": _vpc_cni,
    "eks-auto-mode": _auto_mode,
    "gke-dataplane-v2": _dataplane_v2,
    "aks-cilium": _aks_cilium,
    "cilium": _hubble,
}
