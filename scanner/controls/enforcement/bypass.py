"""NB-ENF-09: does a packet of a workload pod leave by a way that the engine does not see?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, pods_of, quoted, unread
from scanner.controls.enforcement.networks import DEFAULT_NETWORK, Networks, attached
from scanner.controls.vouched import stated
from scanner.dataplane.model import Answer
from scanner.evidence import statements_on
from scanner.findings import Status
from scanner.model import Cloud, DaemonSet, Pod

CONTROL = "NB-ENF-09"
_POD_ENI = "vpc.amazonaws.com/pod-eni"
_MODE = "POD_SECURITY_GROUP_ENFORCING_MODE"
_FURTHER = ("network-attachment-definitions.k8s.cni.cncf.io", "multi-networkpolicies.k8s.cni.cncf.io")
_SET_ENV = "kubectl -n kube-system set env daemonset/aws-node -c aws-node"


def nothing_goes_around(case: Case) -> Iterator[Verdict]:
    """NB-ENF-09. One verdict per workload with further interfaces or a network interface of its own, one on IP families.

    Sources: amazon-vpc-cni-k8s README (the enforcing mode of pod security groups is strict unless set, and then security
    groups alone apply; an IPv6 cluster gives pods an IPv4 way out unless ENABLE_V4_EGRESS is false), catalogue (which
    families an engine polices).
    """
    gaps = case.missing("namespaces", "pods", *(("daemonsets.apps",) if case.cloud is Cloud.AWS else ()))
    if gaps:
        yield unread(CLUSTER, gaps)
    networks = Networks(case)
    found = [
        verdict
        for workload, pods in pods_of(case).items()
        for verdict in (*_interfaces(case, networks, workload, pods), *_security_groups(case, workload, pods))
    ]
    found += [*_other_family(case), *_dual_stack(case)]
    yield from found
    if not found and not gaps:
        evidence = ("one interface, one family and no pod security groups",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="single-path", evidence=evidence)


def _interfaces(case: Case, networks: Networks, workload: str, pods: Sequence[Pod]) -> Iterator[Verdict]:
    """Secondary interfaces: multus' and GKE's."""
    lines: dict[Answer, list[str]] = {answer: [] for answer in Answer}
    for pod in pods:
        name = f"pod {pod.namespace}/{pod.name}"
        for network in attached(pod):
            covering = networks.covering(pod, network)
            lines[covering.answer].append(f"{name}, annotation {network.annotation}: {covering.line}")
        if DEFAULT_NETWORK in pod.annotations:
            line = f"{name}, annotation {DEFAULT_NETWORK}: another network stands in for the cluster's"
            lines[Answer.UNKNOWN].append(line)
    if lines[Answer.NO] and (
        gaps := case.missing(*_FURTHER)
    ):  # a policy of that network may be among what was not read
        lines[Answer.UNKNOWN] += [*lines.pop(Answer.NO), *gaps]
        lines[Answer.NO] = []
    if lines[Answer.NO]:
        pod = next(each for each in pods if any(attached(each)))
        fix = _restrict(pod)
        yield Verdict(
            subject=workload,
            status=Status.FAIL,
            reason="unpoliced-interface",
            evidence=bounded(lines[Answer.NO]),
            remediation=fix,
        )
    elif lines[Answer.UNKNOWN]:
        evidence = bounded(lines[Answer.UNKNOWN])
        yield Verdict(subject=workload, status=Status.UNKNOWN, reason="interface-undecided", evidence=evidence)
    elif lines[Answer.YES]:
        evidence = bounded(lines[Answer.YES])
        yield Verdict(subject=workload, status=Status.PASS, reason="policed-interface", evidence=evidence)


def _restrict(pod: Pod) -> str:
    network = next(attached(pod))
    if network.gke:
        kind, note = "networking.k8s.io/v1\nkind: NetworkPolicy", f"networking.gke.io/network: {quoted(network.name)}"
    else:
        kind = "k8s.cni.cncf.io/v1beta1\nkind: MultiNetworkPolicy"
        note = f"k8s.v1.cni.cncf.io/policy-for: {quoted(network.name)}"
    return (
        "Remove the interface, or deny on its network what nothing allows there:\n"
        f"apiVersion: {kind}\n"
        f"metadata: {{name: deny-further-network, namespace: {quoted(pod.namespace)}, annotations: {{{note}}}}}\n"
        "spec: {podSelector: {}, policyTypes: [Ingress, Egress]}"
    )


def _security_groups(case: Case, workload: str, pods: Sequence[Pod]) -> Iterator[Verdict]:
    """Pods with an interface of their own on EKS: policy applies to them in enforcing mode standard only."""
    own = [pod for pod in pods if _POD_ENI in pod.annotations]
    if not own:
        return
    agent = _aws_node(case)
    said = f"pod {own[0].namespace}/{own[0].name} has an interface of its own (annotation {_POD_ENI})"
    if agent is None:
        evidence = (said, f"DaemonSet kube-system/aws-node with {_MODE} was not read")
        yield Verdict(subject=workload, status=Status.UNKNOWN, reason="mode-unreadable", evidence=evidence)
        return
    mode = _environment(agent, _MODE)
    where = f"DaemonSet {agent.namespace}/{agent.name}, {_MODE}"
    if mode == "standard":
        lines = (said, f"{where} is standard: network policy and security groups both apply")
        yield Verdict(subject=workload, status=Status.PASS, reason="both-apply", evidence=lines)
    elif mode == "strict":
        lines = (said, f"{where} is strict: security groups alone apply, and their rules are not collected")
        yield _vouched(case, workload, lines, "security-groups-decide", "who checked the security groups of these pods")
    elif mode:
        evidence = (said, f"{where} is neither strict nor standard")
        yield Verdict(subject=workload, status=Status.UNKNOWN, reason="mode-unreadable", evidence=evidence)
    else:
        yield Verdict(
            subject=workload,
            status=Status.FAIL,
            reason="mode-not-chosen",
            evidence=(said, f"{where} is not set, which means strict: network policy does not apply to these pods"),
            remediation=f"{_SET_ENV} {_MODE}=standard, then recreate the pods; strict if security groups alone shall decide.",
        )


def _other_family(case: Case) -> Iterator[Verdict]:
    """The VPC CNI's way out by the other IP family, which its policy agent does not police."""
    agent = _aws_node(case)
    if agent is None or case.dataplane.name not in {"eks-vpc-cni", "eks-auto-mode", "none"}:
        return
    six = _environment(agent, "ENABLE_IPv6") == "true"
    key, on = ("ENABLE_V4_EGRESS", True) if six else ("ENABLE_V6_EGRESS", False)
    value = _environment(agent, key)
    where = f"DaemonSet {agent.namespace}/{agent.name}"
    families = ("IPv6", "IPv4") if six else ("IPv4", "IPv6")
    if value == "true" or (not value and on):
        lines = (
            f"{where}: {key} is {value or 'not set, which means true'}: pods of this {families[0]} cluster have a way out "
            f"by {families[1]}, which the policy agent does not police",
        )
        if statements_on(case.statements, CONTROL, case.snapshot.cluster):
            yield _vouched(case, CLUSTER, lines, "other-family", "")
            return
        yield Verdict(
            subject=CLUSTER,
            status=Status.FAIL,
            reason="other-family",
            evidence=lines,
            remediation=f"{_SET_ENV} {key}=false; or block {families[1]} in the subnets and give that as evidence.",
        )
    elif six:
        evidence = (f"{where}: {key} is {value}: pods have no way out by {families[1]}",)
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="one-family", evidence=evidence)


def _dual_stack(case: Case) -> Iterator[Verdict]:
    """Pods with addresses of both families, where the engine has to police both."""
    both = [pod for pod in case.workload_pods if not pod.host_network and len({":" in ip for ip in pod.ips}) == 2]
    known = case.dataplane.capabilities
    if not both or known is None or _aws_node(case) is not None:
        return
    fact = known.ipv6
    said = f"pod {both[0].namespace}/{both[0].name} has addresses of both families ({len(both)} pods do)"
    why = f"{case.dataplane.name}, IPv6: {fact.value}{f': {fact.note}' if fact.note else ''} ({fact.source}, "
    lines = (said, f"{why}{fact.confidence.words})")
    if fact.answer is Answer.YES:
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="both-families", evidence=lines)
    elif fact.firm is Answer.NO:
        fix = "Use an engine that polices IPv6, or make the cluster single-stack; until then block IPv6 in the subnets."
        yield Verdict(subject=CLUSTER, status=Status.FAIL, reason="other-family", evidence=lines, remediation=fix)
    else:
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="family-undecided", evidence=lines)


def _vouched(case: Case, subject: str, lines: tuple[str, ...], reason: str, otherwise: str) -> Verdict:
    """What lies outside the cluster somebody may vouch for."""
    told = stated(case, CONTROL, otherwise=otherwise)
    known = bool(statements_on(case.statements, CONTROL, case.snapshot.cluster))
    return Verdict(
        subject=subject,
        status=told.status,
        reason=told.reason if known else reason,
        evidence=(*lines, *told.evidence),
        remediation=told.remediation,
    )


def _aws_node(case: Case) -> DaemonSet | None:
    found = (each for each in case.snapshot.daemon_sets if (each.namespace, each.name) == ("kube-system", "aws-node"))
    return next(found, None)


def _environment(agent: DaemonSet, key: str) -> str:
    """A variable of the agent, in lower case; empty where it is not set."""
    values = (container.env.get(key, "") for container in agent.containers)
    return next((value.strip().lower() for value in values if value.strip()), "")
