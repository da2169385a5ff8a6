"""NB-ISO-06 and NB-ISO-08: the namespaces that nobody feels responsible for, those of the platform and `default`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner.controls.base import (
    CLUSTER,
    POLICIES,
    Case,
    Verdict,
    beyond_policy,
    bounded,
    classes_of,
    quoted,
    unread,
)
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.model import Cloud, Pod
from scanner.reach.model import Direction
from scanner.reach.population import workload_id


@dataclass(frozen=True, slots=True)
class _Managed:
    """Namespaces in which the provider lets nobody write, and where that was read."""

    cloud: Cloud
    autopilot: bool
    patterns: tuple[str, ...]
    source: str


_MANAGED = (
    _Managed(
        Cloud.GCP,
        True,
        ("kube-system", "gke-*"),
        "GKE Autopilot refuses changes there: managed-namespaces-limitation (tailscale/tailscale#9475)",
    ),
)
# Labels that a controller gives its pods and that differ with each of them: no selector should name these.
_PASSING = frozenset(
    {
        "controller-revision-hash", "pod-template-generation", "pod-template-hash", "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index", "batch.kubernetes.io/controller-uid", "controller-uid",
    }
)  # fmt: skip


def platform_is_covered(case: Case) -> Iterator[Verdict]:
    """NB-ISO-06: one verdict per platform namespace with pods; each pod off the host network must be isolated for ingress.

    A pod that no policy isolates admits all namespaces on all ports. What the provider alone may change is not applicable.
    """
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    found: dict[str, list[Pod]] = {}
    for pod in case.pods:
        if case.is_platform(pod.namespace):
            found.setdefault(pod.namespace, []).append(pod)
    classes = classes_of(case.reach)
    for namespace in sorted(found):
        pods = [pod for pod in found[namespace] if not pod.host_network]
        if why := _managed(case, namespace):
            yield _aside(namespace, "provider-managed", why)
        elif not pods:
            yield _aside(
                namespace, "host-network-only", "every pod is on the host network, which policy does not reach"
            )
        else:
            answers = {}
            for pod in pods:
                known = classes.get((pod.namespace, pod.name))
                covered = case.isolation(case.reach, known, Direction.INGRESS).answer if known else Answer.UNKNOWN
                unreached = known.coverage_reason if known and known.covered is Answer.NO else ""
                answers[pod.name] = (covered, unreached)
            yield _namespace(case, namespace, pods, answers)


def _managed(case: Case, namespace: str) -> str:
    autopilot = bool(case.facts and case.facts.autopilot)
    return next(
        (
            each.source
            for each in _MANAGED
            if each.cloud is case.cloud
            and (autopilot or not each.autopilot)
            and any(fnmatchcase(namespace, pattern) for pattern in each.patterns)
        ),
        "",
    )


def _aside(namespace: str, reason: str, why: str) -> Verdict:
    return Verdict(subject=namespace, status=Status.NOT_APPLICABLE, reason=reason, evidence=(why,))


def _namespace(case: Case, namespace: str, pods: Sequence[Pod], answers: dict[str, tuple[Answer, str]]) -> Verdict:
    by_answer: dict[Answer, list[Pod]] = {answer: [] for answer in Answer}
    for pod in pods:
        by_answer[answers[pod.name][0]].append(pod)
    level = f"{case.reach.level} level"
    if bare := by_answer[Answer.NO]:
        beyond = {pod.name: answers[pod.name][1] for pod in bare if answers[pod.name][1]}
        lines = [
            f"{workload_id(pod)}: policy does not reach it: {beyond[pod.name]} ({level})"
            if pod.name in beyond
            else f"{workload_id(pod)}: no policy isolates it for ingress ({level})"
            for pod in bare
        ]
        open_ = [pod for pod in bare if pod.name not in beyond]
        return Verdict(
            subject=namespace,
            status=Status.FAIL,
            reason="uncovered",
            evidence=bounded(lines),
            remediation=_manifests(namespace, open_) if open_ else beyond_policy(next(iter(beyond.values()))),
        )
    if doubtful := by_answer[Answer.UNKNOWN]:
        lines = [
            f"{each}: whether policy isolates it is not known" for each in dict.fromkeys(map(workload_id, doubtful))
        ]
        return Verdict(subject=namespace, status=Status.UNKNOWN, reason="undecided", evidence=bounded(lines))
    evidence = (f"each of {len(pods)} pods off the host network is isolated for ingress ({level})",)
    return Verdict(subject=namespace, status=Status.PASS, reason="covered", evidence=evidence)


def _manifests(namespace: str, pods: Sequence[Pod]) -> str:
    """A policy for each of the first workloads that admits everybody on the ports it declares: a start, to be narrowed."""
    written: dict[str, str] = {}
    for pod in pods:
        labels = {key: value for key, value in sorted(pod.labels.items()) if key not in _PASSING}
        if len(written) == 3 or pod.workload.name in written or not labels:
            continue
        chosen = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in labels.items())
        ports = ", ".join(f"{{protocol: {quoted(port.protocol)}, port: {port.port}}}" for port in pod.ports)
        rules = f"[{{from: [{{namespaceSelector: {{}}}}], ports: [{ports}]}}]" if ports else "[]"
        written[pod.workload.name] = (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
            f"metadata: {{name: {quoted(f'allow-{pod.workload.name}')}, namespace: {quoted(namespace)}}}\n"
            f"spec: {{podSelector: {{matchLabels: {{{chosen}}}}}, policyTypes: [Ingress], ingress: {rules}}}"
        )
    if not written:
        return "Select these pods by a policy for ingress that names who needs them and on which ports."
    first = (
        "Start from the ports that are declared, then name who needs them (the vendor's list, where there is one):\n"
    )
    return first + "\n---\n".join(written.values())


_DEFAULT = "default"
_API_SERVER = "kubernetes"


def default_is_empty(case: Case) -> Iterator[Verdict]:
    """NB-ISO-08: one verdict on namespace `default`: no pod (running or finished), no DaemonSet, no Service but `kubernetes`.

    Of a live cluster, controllers without pods are not read but for DaemonSets; entry points count as what a workload left.
    A pass needs the Service `kubernetes` itself, for where that is not seen nothing of the namespace was.
    """
    snapshot = case.snapshot
    pods = sorted({workload_id(pod) for pod in snapshot.pods if pod.namespace == _DEFAULT})
    sets = [f"DaemonSet {item.namespace}/{item.name}" for item in snapshot.daemon_sets if item.namespace == _DEFAULT]
    left = [
        f"Service {item.namespace}/{item.name}"
        for item in snapshot.services
        if item.namespace == _DEFAULT and item.name != _API_SERVER
    ]
    left += [
        f"{item.kind} {item.namespace}/{item.name}" for item in snapshot.entry_points if item.namespace == _DEFAULT
    ]
    if pods or sets or left:
        reason = "workloads" if pods or sets else "objects-left"
        fix = (
            "Create a namespace with an owner and the baseline, apply the workload there, then remove it here: "
            "kubectl create namespace <name> && kubectl -n default delete <what is listed>"
        )
        lines = bounded([*pods, *sets, *left])
        yield Verdict(subject=_DEFAULT, status=Status.FAIL, reason=reason, evidence=lines, remediation=fix)
    elif gaps := case.missing("pods", "services", "daemonsets.apps"):
        yield unread(_DEFAULT, gaps)
    elif not any((item.namespace, item.name) == (_DEFAULT, _API_SERVER) for item in snapshot.services):
        seen = f"Service {_DEFAULT}/{_API_SERVER}, which every API server keeps there, was not seen: neither may the rest be"
        yield Verdict(subject=_DEFAULT, status=Status.UNKNOWN, reason="not-seen", evidence=(seen,))
    else:
        evidence = (f"no pod, no DaemonSet and no Service but {_API_SERVER}",)
        yield Verdict(subject=_DEFAULT, status=Status.PASS, reason="empty", evidence=evidence)
