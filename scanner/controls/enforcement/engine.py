"""NB-ENF-01, 02 and 03: is there an engine, is it on, is it everywhere, is it current?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names, unread
from scanner.dataplane.catalogue import KUBENET
from scanner.dataplane.catalogue.engine import Engine, Support
from scanner.dataplane.model import Answer, Coverage, Enforcing
from scanner.dataplane.versions import at_least, parse
from scanner.findings import Status
from scanner.model import Cloud, Pod, Source
from scanner.reach.population import workload_id

NEAR = timedelta(days=180)
# Engines whose version comes with the cluster's own, so the cluster's version stands for an image tag that says nothing.
WITH_CLUSTER = ("gke-", "aks-")


def engine_is_on(case: Case) -> Iterator[Verdict]:
    """NB-ENF-01. An engine in a mode that enforces nothing still runs: NB-ENF-06 reports the mode."""
    plane = case.dataplane
    evidence = bounded(str(proof) for proof in plane.proofs)
    title = plane.engine.title if plane.engine else plane.name
    if plane.enforcing in {Enforcing.YES, Enforcing.PARTLY}:
        said = f"{title} {plane.version}".strip() + " is installed and switched on"
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason=plane.reason, evidence=(said, *evidence))
    elif plane.enforcing is Enforcing.NO:
        yield Verdict(
            subject=CLUSTER, status=Status.FAIL, reason=plane.reason, evidence=evidence, remediation=_mend(case)
        )
    else:
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason=plane.reason, evidence=evidence)


def _mend(case: Case) -> str:
    """What to do about an engine that does not run: one that is on already needs no switch, and no second engine."""
    match case.dataplane.reason:
        case "engine-not-ready":
            return (
                "The engine is installed and none of its pods is ready: mend the DaemonSet that the evidence names "
                "(kubectl describe shows why its pods do not run)."
            )
        case "no-node-covered":
            return (
                "The engine is on, but works on none of the nodes that run workloads: move them to Linux nodes with a "
                "ready engine pod, or put them behind security groups and record a waiver that names them."
            )
        case "off" if case.dataplane.engine and not case.dataplane.name.startswith(("eks-", *WITH_CLUSTER)):
            return "The engine is installed and switched off: set the switch that the evidence names, and roll it out."
        case _:
            return _switch_on(case)


def _switch_on(case: Case) -> str:
    name = shlex.quote(case.snapshot.cluster.name)
    place = shlex.quote(case.snapshot.cluster.location)
    match case.cloud:
        case Cloud.AWS:
            if case.dataplane.name == "eks-auto-mode":
                return (
                    "kubectl -n kube-system patch configmap amazon-vpc-cni --type merge "
                    """-p '{"data":{"enable-network-policy-controller":"true"}}'"""
                )
            return (
                f"aws eks update-addon --cluster-name {name} --region {place} --addon-name vpc-cni "
                """--configuration-values '{"enableNetworkPolicy":"true"}' (add it to the values that are set: this """
                "replaces them; VPC CNI 1.14 and Kubernetes 1.25 or newer)"
            )
        case Cloud.GCP:
            return (
                f"gcloud container clusters update {name} --location {place} --update-addons=NetworkPolicy=ENABLED, then "
                f"gcloud container clusters update {name} --location {place} --enable-network-policy "
                "(nodes are recreated); a new cluster: --enable-dataplane-v2"
            )
        case Cloud.AZURE:
            return (
                f"az aks update --name {name} --resource-group <group> --network-dataplane cilium --network-policy cilium "
                "(read the upgrade notes first: nodes are reimaged)"
            )
        case Cloud.OTHER:
            return "Install an engine that enforces NetworkPolicy, for example Cilium or Calico."


def engine_is_everywhere(case: Case) -> Iterator[Verdict]:
    """NB-ENF-02. One verdict per node (or reason, for pods without one) that runs workload pods; the fraction is of pods.

    Host-network pods do not count: an engine on their node would not police them either (NB-ENF-08 reports them).
    """
    if case.dataplane.enforcing is Enforcing.NO:
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="engine-off")
        return
    if case.snapshot.source is Source.MANIFESTS:
        evidence = ("a folder of manifests has no nodes",)
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="no-nodes", evidence=evidence)
        return
    if gaps := case.missing("nodes", "pods", "daemonsets.apps"):
        yield unread(CLUSTER, gaps)
        return
    places: dict[str, list[tuple[Pod, Coverage]]] = {}
    for pod in case.workload_pods:
        if not pod.host_network:
            found = case.dataplane.coverage(pod.namespace, pod.name, pod.node)
            places.setdefault(pod.node or f"no node ({found.reason})", []).append((pod, found))
    for place in sorted(places):
        yield _place(place, places[place])


def _place(place: str, pods: list[tuple[Pod, Coverage]]) -> Verdict:
    answers = {found.answer for _, found in pods}
    worst = next(answer for answer in (Answer.NO, Answer.UNKNOWN, Answer.YES) if answer in answers)
    status = {Answer.NO: Status.FAIL, Answer.UNKNOWN: Status.UNKNOWN, Answer.YES: Status.PASS}[worst]
    deciding = [(pod, found) for pod, found in pods if found.answer is worst]
    why = deciding[0][1]
    detail = f": {why.detail}" if why.detail else ""
    evidence = f"{len(deciding)} of {len(pods)} workload pods here are {why.reason}{detail}"
    fix = (
        "Move them to a Linux pool with a ready engine pod, mend the engine DaemonSet's tolerations, or put them behind \
security groups and record a waiver that names them."
    )
    return Verdict(
        subject=place,
        status=status,
        reason=why.reason,
        evidence=(evidence, f"workloads: {names(sorted({workload_id(pod) for pod, _ in deciding}))}"),
        remediation=fix if status is Status.FAIL else "",
        weight=len(pods),
        covered=sum(found.answer is Answer.YES for _, found in pods),
    )


def engine_is_supported(case: Case) -> Iterator[Verdict]:
    """NB-ENF-03. "Today" is the day the snapshot was taken; support dates, minimums and limits are the catalogue's.

    An engine that an operator installs has no support range in the catalogue, so nothing says that its version is inside
    one: unknown, unless something announced makes it fail.
    """
    plane = case.dataplane
    if plane.enforcing is Enforcing.NO:
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="engine-off")
        return
    engine = plane.engine
    if engine is None or plane.enforcing is Enforcing.UNKNOWN:
        evidence = bounded(str(proof) for proof in plane.proofs)
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="engine-undetermined", evidence=evidence)
        return
    failures = [*_ended(case, engine), *_too_old(case, engine), *_too_large(case, engine)]
    doubts = list(_support_doubts(case, engine))
    version = _version(case)
    said = f"{engine.title}, version {version or 'not readable'}"
    if failures:
        fix = "Upgrade the add-on or image; on AKS move from NPM to Cilium and from kubenet to CNI Overlay."
        reason, status, lines = failures[0][0], Status.FAIL, [line for _, line in failures]
    elif doubts:
        fix, reason, status, lines = "", doubts[0][0], Status.UNKNOWN, [line for _, line in doubts]
    else:
        fix, reason, status = "", "supported", Status.PASS
        lines = [str(plane.support)] if plane.support else ["no end of support is announced"]
    yield Verdict(subject=CLUSTER, status=status, reason=reason, evidence=bounded([said, *lines]), remediation=fix)


def _version(case: Case) -> str:
    plane = case.dataplane
    if plane.version or not plane.name.startswith(WITH_CLUSTER):
        return plane.version
    stated = case.snapshot.kubernetes_version or (case.facts.kubernetes_version if case.facts else "")
    return stated if parse(stated) else ""


def _today(case: Case) -> date | None:
    try:
        return datetime.fromisoformat(case.snapshot.taken).date()
    except ValueError:
        return None


def _announced(case: Case, engine: Engine) -> Iterator[Support]:
    """The ends of support that concern this cluster: Windows ones only where it has Windows nodes, or may have."""
    windows = any(node.os == "windows" for node in case.snapshot.nodes)
    for support in engine.support:
        if windows or "Windows" not in support.subject or engine.name.endswith("-windows"):
            yield support
    if case.facts and case.facts.engine.plugin == "kubenet":
        yield KUBENET


def _ended(case: Case, engine: Engine) -> Iterator[tuple[str, str]]:
    today = _today(case)
    for support in _announced(case, engine):
        ends = date.fromisoformat(support.ends)
        if today is None or not support.fact.confidence.may_fail or ends - today > NEAR:
            continue
        reason = "past-end-of-support" if ends <= today else "near-end-of-support"
        yield reason, f"support of {support.subject} ends {support.ends} ({support.fact.source})"


def _too_old(case: Case, engine: Engine) -> Iterator[tuple[str, str]]:
    least = engine.minimum
    if least and least.fact.confidence.may_fail and at_least(case.dataplane.version, least.version) is False:
        yield "below-minimum", f"policy needs {least.version} or newer: {least.fact.note} ({least.fact.source})"


def _too_large(case: Case, engine: Engine) -> Iterator[tuple[str, str]]:
    limits = engine.limits
    if limits is None or not limits.fact.confidence.may_fail:
        return
    for counted, limit, what in (
        (len(case.snapshot.nodes), limits.nodes, "nodes"),
        (len(case.pods), limits.pods, "pods"),
    ):
        if limit and counted > limit:
            yield "over-limit", f"{counted} {what}, supported up to {limit} ({limits.fact.source})"


def _support_doubts(case: Case, engine: Engine) -> Iterator[tuple[str, str]]:
    if not _version(case):
        yield "version-unreadable", "the version cannot be told: a mutable tag, a digest or a private mirror"
    if not engine.name.startswith(("eks-", *WITH_CLUSTER)):
        yield "no-support-range", f"the catalogue knows no support range of {engine.title}"
    if _today(case) is None:
        yield "no-date", "the snapshot's time cannot be read"
    if engine.limits and engine.limits.nodes and (gaps := case.missing("nodes", "pods")):
        yield "unread", gaps[0]
    if any("Windows" in end.subject for end in engine.support) and (gaps := case.missing("nodes")):
        yield "unread", gaps[0]
