"""NB-LP-05: can a workload fetch its node's credentials from the instance metadata service?

Addresses, ports and what each platform blocks: the research notes on metadata endpoints (section 5.3) and the providers'
pages. The EKS Pod Identity agent (169.254.170.23) gives a pod its own credentials, not the node's, and is not judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.cloud.eks import METADATA_OFF
from scanner.cloud.facts import Pool
from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, classes_of, pods_of, unread
from scanner.dataplane.decide import COMPUTE_TYPE
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.model import Cloud, Pod
from scanner.reach.model import Direction, PodClass

_IPV4 = "169.254.169.254"
# Plain HTTP on 80 everywhere. Google's metadata server also listens on 8080, and behind the rewriting of the legacy data
# path as 169.254.169.252 on 988 and 987.
_ENDPOINTS = {
    Cloud.AWS: ((_IPV4, 80), ("fd00:ec2::254", 80)),
    Cloud.GCP: ((_IPV4, 80), (_IPV4, 8080), ("169.254.169.252", 988), ("169.254.169.252", 987), ("fd20:ce::254", 80)),
    Cloud.AZURE: ((_IPV4, 80),),
    Cloud.OTHER: ((_IPV4, 80),),
}
_POOL_LABELS = (
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
)
_WORST_FIRST = (Answer.YES, Answer.UNKNOWN, Answer.NO)  # of "can reach it"


def metadata_is_out_of_reach(case: Case) -> Iterator[Verdict]:
    """One verdict per workload: blocked by policy on an enforcing plane, or by the platform on the pod's node.

    Policy never blocks a host-network pod, and neither does a hop limit. Where no policy denies it and the node's
    configuration was not read, the answer is unknown. Fargate has no node to take credentials from.
    """
    if gaps := case.missing("pods"):
        yield unread(CLUSTER, gaps)
        return
    gaps = case.missing(POLICIES)
    judge = _Judge(case)
    for workload, pods in pods_of(case).items():
        yield _workload(case, judge, workload, pods, gaps)


def _workload(case: Case, judge: _Judge, workload: str, pods: Sequence[Pod], gaps: tuple[str, ...]) -> Verdict:
    on_nodes = [pod for pod in pods if not judge.without_node(pod)]
    if not on_nodes:
        return Verdict(subject=workload, status=Status.NOT_APPLICABLE, reason="fargate")
    found = [judge.reaches(pod) for pod in on_nodes]
    answers = {answer for answer, _ in found}
    worst = next(answer for answer in _WORST_FIRST if answer in answers)
    lines = [why for answer, why in found if answer is worst]
    if worst is not Answer.NO and all(
        case.declared_as(case.config.metadata, pod.namespace, pod.workload.name, pod.labels) for pod in on_nodes
    ):
        evidence = ("declared under baseline.metadata",)
        return Verdict(subject=workload, status=Status.PASS, reason="approved", evidence=evidence)
    if worst is Answer.YES:
        fix = _block(case) if any(not pod.host_network for pod in on_nodes) else _HOST_NETWORK
        return Verdict(
            subject=workload, status=Status.FAIL, reason="reachable", evidence=bounded(lines), remediation=fix
        )
    if worst is Answer.UNKNOWN:
        return Verdict(subject=workload, status=Status.UNKNOWN, reason="undecided", evidence=bounded([*lines, *gaps]))
    return Verdict(subject=workload, status=Status.PASS, reason="blocked", evidence=bounded(lines))


class _Judge:
    """Answers, for single pods, whether the metadata service can be reached. Classes and nodes are judged once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._classes = classes_of(case.effective)
        self._nodes = {node.name: node for node in case.snapshot.nodes}
        self._pools = {pool.name: pool for pool in (case.facts.pools or ())} if case.facts else {}
        self._policy: dict[int, tuple[Answer, str]] = {}
        texts = [*(address for pod in case.pods for address in pod.ips)]
        texts += [*(case.facts.pod_ranges if case.facts else ())]
        self._ipv6 = Answer.UNKNOWN if not texts else Answer.YES if any(":" in text for text in texts) else Answer.NO

    def without_node(self, pod: Pod) -> bool:
        """Whether a pod certainly runs on Fargate. Its node says so; a label of the pod's own counts only without one."""
        if pod.node in self._nodes:
            return self._nodes[pod.node].labels.get(COMPUTE_TYPE) == "fargate"
        found = self._case.dataplane.coverage(pod.namespace, pod.name, pod.node)
        return found.reason == "fargate" and found.answer is Answer.NO

    def reaches(self, pod: Pod) -> tuple[Answer, str]:
        """Whether a pod reaches the service, and what decides."""
        blocked, platform = self._platform(pod)
        if blocked is Answer.YES:
            return Answer.NO, platform
        found = self._classes.get((pod.namespace, pod.name))
        admitted, policy = (Answer.UNKNOWN, "the pod is not in the model") if found is None else self._admitted(found)
        if admitted is Answer.NO:
            return Answer.NO, policy
        if blocked is Answer.UNKNOWN or admitted is Answer.UNKNOWN:
            return Answer.UNKNOWN, f"{policy}; {platform}"
        return Answer.YES, f"{policy}; {platform}"

    def _admitted(self, found: PodClass) -> tuple[Answer, str]:
        """The effective level's answer over all addresses and ports: reachable as soon as one is."""
        if found.host_network:
            return Answer.YES, "host-network pods have the node's own way to it"
        if found.index not in self._policy:
            self._policy[found.index] = self._ask(found)
        return self._policy[found.index]

    def _ask(self, found: PodClass) -> tuple[Answer, str]:
        reach = self._case.effective
        answers: dict[str, Answer] = {}
        for address, port in _ENDPOINTS[self._case.cloud]:
            answer = reach.admits(found, Direction.EGRESS, address, "TCP", port)
            if ":" in address and answer is Answer.YES:
                answer = self._ipv6  # only a cluster with IPv6 has a way there
            answers[f"{address} port {port}"] = answer
        worst = next(answer for answer in _WORST_FIRST if answer in answers.values())
        place = next(name for name, answer in answers.items() if answer is worst)
        isolation = self._case.isolation(reach, found, Direction.EGRESS)
        policies = ", ".join(isolation.policies[:3]) or "no policy for egress"
        said = {Answer.YES: "lets through", Answer.UNKNOWN: "may let through", Answer.NO: "denies"}[worst]
        return worst, f"policy {said} {place} ({policies})"

    def _platform(self, pod: Pod) -> tuple[Answer, str]:
        """Whether the platform keeps this pod from the service (yes, no, not known), and what says so."""
        facts = self._case.facts
        if facts is None:
            return Answer.UNKNOWN, "no cloud record says what the nodes let through"
        pool = self._pool(pod)
        name = f"pool {pool.name}" if pool else "the pod's node pool is not in the record"
        if pool and pool.metadata_mode == METADATA_OFF:
            return Answer.YES, f"{name}: the metadata endpoint is off"
        if pod.host_network:
            return Answer.NO, "no platform setting holds for host-network pods"
        if self._case.cloud is Cloud.AWS:
            return _eks(pool, name)
        if self._case.cloud is Cloud.GCP:
            return _gke(pool, name, facts.workload_identity)
        node = self._nodes.get(pod.node)
        virtual = node is not None and node.labels.get("type") == "virtual-kubelet"
        return _aks(None if virtual else facts.metadata_restricted)

    def _pool(self, pod: Pod) -> Pool | None:
        node = self._nodes.get(pod.node)
        labels = node.labels if node else {}
        return next((self._pools[labels[key]] for key in _POOL_LABELS if labels.get(key) in self._pools), None)


def _eks(pool: Pool | None, name: str) -> tuple[Answer, str]:
    """IMDSv2 with hop limit 1: an answer does not survive the hop into a pod's network namespace."""
    if pool is None:
        return Answer.UNKNOWN, name
    tokens = {True: "IMDSv2 is required", False: "IMDSv2 is not required", None: "IMDSv2 is not set"}[
        pool.tokens_required
    ]
    said = f"{name}: {tokens}, hop limit {pool.hop_limit or 'not set'}"
    if pool.tokens_required and pool.hop_limit == 1:
        return Answer.YES, said
    if pool.tokens_required is False or (pool.hop_limit is not None and pool.hop_limit > 1):
        return Answer.NO, said
    return Answer.UNKNOWN, f"{name}: its launch template does not say what the metadata options are"


def _aks(restricted: bool | None) -> tuple[Answer, str]:
    """AKS restricts it for all of a cluster's own nodes (`podLinkLocalAccess`); what holds on a virtual one is not known."""
    answer = Answer.UNKNOWN if restricted is None else Answer.YES if restricted else Answer.NO
    return answer, f"restriction of the metadata service: {answer}"


def _gke(pool: Pool | None, name: str, identity: bool | None) -> tuple[Answer, str]:
    """The GKE metadata server hides the node's credentials; it needs Workload Identity on the cluster and the pool."""
    if identity is False:
        return Answer.NO, "Workload Identity is off"
    if pool is None or not pool.metadata_mode:
        return Answer.UNKNOWN, name if pool is None else f"{name}: workloadMetadataConfig is not in the record"
    said = f"{name}: workloadMetadataConfig.mode {pool.metadata_mode}"
    if pool.metadata_mode == "GKE_METADATA":
        return (Answer.YES if identity else Answer.UNKNOWN), said
    return (Answer.NO if pool.metadata_mode == "GCE_METADATA" else Answer.UNKNOWN), said


_HOST_NETWORK = "Remove hostNetwork: true, or declare an approved need under baseline.metadata in ringfence.yaml."


def _block(case: Case) -> str:
    platform = {
        Cloud.AWS: "In the launch template: --metadata-options HttpTokens=required,HttpPutResponseHopLimit=1; or ",
        Cloud.GCP: "gcloud container node-pools update <pool> --cluster <cluster> --workload-metadata=GKE_METADATA; or ",
        Cloud.AZURE: "az aks update --name <cluster> --resource-group <group> --enable-imds-restriction (preview); or ",
        Cloud.OTHER: "",
    }[case.cloud]
    return (
        f"{platform}deny egress by default and allow no range that holds {_IPV4}: "
        f"ipBlock: {{cidr: 0.0.0.0/0, except: [{_IPV4}/32]}}"
    )
