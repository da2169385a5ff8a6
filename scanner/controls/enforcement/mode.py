"""NB-ENF-06: does the engine drop what policy forbids, and is what isolates a namespace in force?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.controls.base import CLUSTER, INERT_MODES, Case, Verdict, bounded, names
from scanner.controls.enforcement.engine import WITH_CLUSTER
from scanner.dataplane.mode import CILIUM_FAMILY
from scanner.dataplane.model import Answer, Enforcing
from scanner.findings import Status
from scanner.model import ApiObject, Collected, Snapshot
from scanner.objects import named
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.model import Direction

_CALICO = frozenset({"calico", "aks-calico", "gke-calico"})
_MODAL = CILIUM_FAMILY | _CALICO
_ENFORCED = {"StagedNetworkPolicy": "NetworkPolicy", "StagedGlobalNetworkPolicy": "GlobalNetworkPolicy"}
_OF_KUBERNETES = "StagedKubernetesNetworkPolicy"
_GAPS = frozenset({Collected.PARTIAL, Collected.FORBIDDEN})


def engine_enforces(case: Case) -> Iterator[Verdict]:
    """NB-ENF-06. Only engines with a mode that does not enforce can fail; the others have none and are not applicable.

    Besides the cluster's own verdict there is one for each workload namespace that would be isolated if objects that are
    not in force (staged, or without default deny) were, and is not.
    """
    plane = case.dataplane
    evidence = bounded([f"mode is {plane.mode}", *map(str, plane.proofs)])
    if plane.mode in INERT_MODES:
        fix = _mend(case)
        yield Verdict(subject=CLUSTER, status=Status.FAIL, reason=plane.mode, evidence=evidence, remediation=fix)
        return
    if plane.enforcing is Enforcing.UNKNOWN or plane.mode != "enforcing":
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="mode-unknown", evidence=evidence)
    elif plane.enforcing is not Enforcing.NO and plane.name not in _MODAL:
        evidence = (f"{plane.name} has no mode in which it does not enforce",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-such-mode", evidence=evidence)
    else:
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="enforcing", evidence=evidence)
    if plane.name in _MODAL:
        yield from _not_in_force(case)


def _mend(case: Case) -> str:
    if case.dataplane.name.startswith(WITH_CLUSTER):
        return "The cloud owns cilium-config and undoes changes to it: ask its support why the agents do not enforce."
    return (
        'In ConfigMap cilium-config set policy-audit-mode: "false", enable-policy: default and '
        'enable-k8s-networkpolicy: "true", then restart the agents: kubectl -n kube-system rollout restart daemonset/cilium'
    )


def _not_in_force(case: Case) -> Iterator[Verdict]:
    """Namespaces whose isolation rests on objects that are not in force: compared with a cluster where they are."""
    for kind in sorted(case.snapshot.collection):
        if kind.startswith("staged") and case.snapshot.collection[kind].status in _GAPS:
            yield Verdict(subject=kind, status=Status.UNKNOWN, reason="unread", evidence=bounded(case.missing(kind)))
    supposed, resting = _in_force(case)
    if not resting:
        return
    imagined = build(supposed, resolve(supposed))
    for namespace in case.namespaces:
        ways, objects = [], set()
        for direction in Direction:
            real = case.isolation(case.declared, case.declared.hypothetical(namespace), direction)
            other = imagined.isolation(imagined.hypothetical(namespace), direction)
            if real.answer is Answer.NO and other.answer is Answer.YES:
                ways.append(str(direction))
                objects |= {resting.get(policy, policy) for policy in other.policies}
        if ways:
            yield Verdict(
                subject=namespace,
                status=Status.FAIL,
                reason="not-in-force",
                evidence=(
                    f"{' and '.join(ways)} would be isolated by {names(sorted(objects))}, not in force as they stand",
                ),
                remediation="Create the enforced form of what the evidence names: the kind without Staged, or the policy "
                "without enableDefaultDeny: false.",
            )


def _in_force(case: Case) -> tuple[Snapshot, dict[str, str]]:
    """The cluster as if everything were in force, and what the policies that are then there are really called."""
    resting: dict[str, str] = {}
    policies = list(case.snapshot.policies)
    if case.dataplane.name in _CALICO:
        for item in case.snapshot.settings:
            enforced = _enforced(item)
            if enforced is not None:
                policies.append(enforced)
                resting[named(enforced)] = named(item)
    else:
        for at, item in enumerate(policies):
            spec = _denying(item) if item.kind == "CiliumNetworkPolicy" else None
            if spec is not None:
                policies[at] = msgspec.structs.replace(item, spec=spec)
                resting[named(item)] = f"{named(item)} (enableDefaultDeny: false)"
    return msgspec.structs.replace(case.snapshot, policies=tuple(policies)), resting


def _enforced(item: ApiObject) -> ApiObject | None:
    """A staged policy as the policy it stands for; None for other objects, and for one that stages a removal."""
    spec = _object(item.spec) if item.kind == _OF_KUBERNETES or item.kind in _ENFORCED else None
    if not isinstance(spec, dict) or spec.pop("stagedAction", "Set") not in {"Set", "", None}:
        return None
    raw = msgspec.Raw(msgspec.json.encode(spec))
    if item.kind == _OF_KUBERNETES:
        return msgspec.structs.replace(item, api_version="networking.k8s.io/v1", kind="NetworkPolicy", spec=raw)
    return msgspec.structs.replace(item, kind=_ENFORCED[item.kind], spec=raw)


def _denying(item: ApiObject) -> msgspec.Raw | None:
    """A Cilium policy's specs with their default deny; None where it is not switched off."""
    found = _object(item.spec)
    specs = [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]
    off = [each for each in specs if _off(each.get("enableDefaultDeny"))]
    for each in off:
        del each["enableDefaultDeny"]
    return msgspec.Raw(msgspec.json.encode(found)) if off else None


def _off(value: object) -> bool:
    return isinstance(value, dict) and any(each is False for each in value.values())


def _object(raw: msgspec.Raw) -> Any:  # noqa: ANN401 - decoded JSON
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
