"""NB-ENF-08: is what listens on a node restricted by other means than network policy?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, pods_of, quoted, unread
from scanner.controls.enforcement.hosts import Hosts
from scanner.controls.vouched import stated
from scanner.dataplane.model import Answer
from scanner.evidence import statements_on
from scanner.findings import Status
from scanner.model import Pod

CONTROL = "NB-ENF-08"
_KINDS = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}


def node_listeners_are_restricted(case: Case) -> Iterator[Verdict]:
    """NB-ENF-08. One verdict per workload with host-network pods or host ports.

    A workload passes when the operator approved it (`baseline.host_network`) and host policy keeps the internet from its
    nodes, or somebody vouches for the firewall rules that do (`evidence:`). Firewall rules are not collected, so without
    either an approved workload is unknown. Host policies see no traffic to a host port of a pod in its own network.
    """
    if gaps := case.missing("namespaces", "pods"):
        yield unread(CLUSTER, gaps)
    hosts = Hosts(case)
    found = False
    for workload, pods in pods_of(case).items():
        listening = [pod for pod in pods if pod.host_network or any(port.host_port for port in pod.ports)]
        if listening:
            found = True
            yield _workload(case, hosts, workload, listening)
    if not found and not gaps:
        evidence = ("no pod of a workload namespace uses hostNetwork or a hostPort",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-node-listeners", evidence=evidence)


def _workload(case: Case, hosts: Hosts, workload: str, pods: Sequence[Pod]) -> Verdict:
    pod = pods[0]
    host_network = any(each.host_network for each in pods)
    said = f"pod {pod.namespace}/{pod.name}: {_uses(pod)}; {len(pods)} pod{'s' if len(pods) > 1 else ''} of {workload} do so"
    if not all(
        case.declared_as(case.config.host_network, each.namespace, each.workload.name, each.labels) for each in pods
    ):
        return Verdict(
            subject=workload,
            status=Status.FAIL,
            reason="host-network" if host_network else "host-port",
            evidence=(said, "it is not on the approved list (baseline.host_network)"),
            remediation=_mend(pod),
        )
    approved = "it is on the approved list (baseline.host_network)"
    guard = hosts.guard(pods) if host_network else None
    if guard and guard.answer is not Answer.UNKNOWN:
        good = guard.answer is Answer.YES
        return Verdict(
            subject=workload,
            status=Status.PASS if good else Status.FAIL,
            reason="host-policy" if good else "open-to-the-internet",
            evidence=bounded([said, approved, *guard.lines]),
            remediation="" if good else f"Limit the sources of the rule that the evidence names, for {workload}.",
        )
    lines = guard.lines if guard else ("traffic to a host port passes no host policy",)
    return _vouched(case, workload, bounded([said, approved, *lines]))


def _vouched(case: Case, workload: str, lines: tuple[str, ...]) -> Verdict:
    """What is left are the cloud's firewall rules, which somebody may vouch for."""
    mend = "state who checked the security groups, NSGs or firewall rules of its nodes"
    told = stated(case, CONTROL, otherwise=mend)
    known = bool(statements_on(case.statements, CONTROL, case.snapshot.cluster))
    return Verdict(
        subject=workload,
        status=told.status,
        reason=told.reason if known else "firewall-not-collected",
        evidence=(*lines, *told.evidence),
        remediation=told.remediation,
    )


def _uses(pod: Pod) -> str:
    if pod.host_network:
        return "spec.hostNetwork is true"
    ports = sorted({port.host_port for port in pod.ports if port.host_port})
    return f"spec.containers[].ports[].hostPort is {', '.join(map(str, ports))}"


def _mend(pod: Pod) -> str:
    """The field to remove, and what keeps the next such pod out."""
    kind = _KINDS.get(pod.workload.kind)
    where = f"{kind or pod.workload.kind} {pod.workload.name} in namespace {pod.namespace}"
    field = "spec.hostNetwork" if pod.host_network else "hostPort"
    return (
        f"Remove {field} from {where}, and keep the next one out:\n"
        "apiVersion: v1\nkind: Namespace\n"
        f"metadata: {{name: {quoted(pod.namespace)}, labels: {{pod-security.kubernetes.io/enforce: baseline}}}}\n"
        "Otherwise approve it under baseline.host_network, and guard its nodes by a host policy or firewall rules."
    )
