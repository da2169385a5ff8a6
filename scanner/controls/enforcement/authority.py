"""NB-ENF-07: does exactly one engine decide about a pod's traffic?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names, unread
from scanner.dataplane.controller import controller
from scanner.dataplane.model import Answer, Enforcing
from scanner.dataplane.sighting import DAEMON_SETS, Sighting, Switch, sightings
from scanner.findings import Status
from scanner.model import Cloud

_CHAINING = "cni-chaining-mode"
_ENDPOINTS = "PolicyEndpoint"


def one_engine_decides(case: Case) -> Iterator[Verdict]:
    """NB-ENF-07. Engines are counted by what would drop a packet: installed, switched on, and with pods to run.

    Cilium chained behind another plugin counts with that plugin's engine only where both enforce: the VPC CNI without its
    agent, or Calico that is not there, enforce nothing. What might be a look-alike or is not ready leaves the matter open.
    """
    plane = case.dataplane
    if plane.enforcing is Enforcing.NO:
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="engine-off")
        return
    if gaps := case.missing(DAEMON_SETS):
        yield unread(CLUSTER, gaps)
        return
    seen = sightings(case.snapshot)
    answers = {sighting.where: _enforces(case, sighting) for sighting in seen}
    lines = [f"{sighting.name}: {proof}" for sighting in seen for proof in sighting.proofs]
    lines += _beside(case)
    sure = sorted({sighting.name for sighting in seen if answers[sighting.where] is Answer.YES})
    maybe = sorted({sighting.name for sighting in seen if answers[sighting.where] is not Answer.NO})
    if len(sure) > 1:
        evidence = bounded([f"these enforce policy at once: {names(sure)}", *lines])
        fix = _mend(case, sure)
        yield Verdict(subject=CLUSTER, status=Status.FAIL, reason="two-engines", evidence=evidence, remediation=fix)
    elif len(maybe) > 1:
        evidence = bounded([f"these may enforce policy at once: {names(maybe)}", *lines])
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="maybe-two-engines", evidence=evidence)
    elif plane.enforcing is Enforcing.UNKNOWN:
        evidence = bounded([f"which engine decides is not known: {plane.reason}", *map(str, plane.proofs), *lines])
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason=plane.reason, evidence=evidence)
    else:
        title = plane.engine.title if plane.engine else plane.name
        evidence = bounded([f"{title} alone enforces policy", *lines])
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="one-engine", evidence=evidence)


def _enforces(case: Case, sighting: Sighting) -> Answer:
    """Whether one DaemonSet's engine would drop anything."""
    desired, ready = sighting.daemon_set.desired, sighting.daemon_set.ready
    if not sighting.capable or sighting.switch is Switch.OFF or desired == 0:
        return Answer.NO
    if sighting.name == "eks-vpc-cni" and controller(case.snapshot)[0] is not Enforcing.YES:
        return Answer.NO if controller(case.snapshot)[0] is Enforcing.NO else Answer.UNKNOWN
    if sighting.name == "cilium" and _cilium(case, sighting).get("enable-policy", "").strip().lower() == "never":
        return Answer.NO
    certain = sighting.trusted and sighting.switch is Switch.ON and bool(ready)
    return Answer.YES if certain else Answer.UNKNOWN


def _cilium(case: Case, sighting: Sighting) -> dict[str, str]:
    """The keys of the agent's ConfigMap, beside the agent or in kube-system."""
    places = {sighting.daemon_set.namespace, "kube-system"}
    found = (
        each.data for each in case.snapshot.config_maps if each.name == "cilium-config" and each.namespace in places
    )
    return next(found, {})


def _beside(case: Case) -> Iterator[str]:
    """What belongs to the picture without deciding it: chaining, and what an engine that is off left over."""
    for item in case.snapshot.config_maps:
        mode = item.data.get(_CHAINING, "").strip().lower() if item.name == "cilium-config" else ""
        if mode not in {"", "none"} and case.is_platform(item.namespace):
            yield f"ConfigMap {item.namespace}/{item.name}: {_CHAINING}={mode}: Cilium stands behind another network plugin"
    if case.dataplane.name not in {"eks-vpc-cni", "eks-auto-mode"}:
        left = sum(item.kind == _ENDPOINTS for item in case.snapshot.settings)
        if left:
            yield f"{left} PolicyEndpoint objects of the VPC CNI's controller are left over, or it still writes them"


def _mend(case: Case, engines: list[str]) -> str:
    """How to switch the cloud's own engine off; which one stays is the operator's choice."""
    name = shlex.quote(case.snapshot.cluster.name)
    place = shlex.quote(case.snapshot.cluster.location)
    steps = [f"Keep one of {names(engines)} and remove the other with what installed it, its CRDs too"]
    if "eks-vpc-cni" in engines and case.cloud is Cloud.AWS:
        steps.append(
            f"to switch the VPC CNI's policy off: aws eks update-addon --cluster-name {name} --region {place} --addon-name "
            """vpc-cni --configuration-values '{"enableNetworkPolicy":"false"}' (add it to the values that are set)"""
        )
    if "calico" in engines and case.cloud is Cloud.GCP:
        steps.append(
            f"to switch GKE's Calico off: gcloud container clusters update {name} --location {place} "
            f"--no-enable-network-policy, then gcloud container clusters update {name} --location {place} "
            "--update-addons=NetworkPolicy=DISABLED"
        )
    steps.append("then recycle the nodes, which clears the rules that are left on them")
    return "; ".join(steps) + "."
