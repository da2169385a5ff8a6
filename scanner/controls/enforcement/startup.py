"""NB-ENF-05: is a new pod closed from its first packet on, or open until its policies reach the node?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, unread
from scanner.dataplane.model import Answer, Enforcing, Fact
from scanner.findings import Status
from scanner.model import Pod
from scanner.reach.model import Direction
from scanner.reach.population import workload_id

NODE_CLASSES = "nodeclasses.eks.amazonaws.com"


def closed_from_the_start(case: Case) -> Iterator[Verdict]:
    """NB-ENF-05. One verdict for the cluster, on whatever relies on a default deny.

    Until its policies are in place a pod of a fail-open engine reaches everything, so each workload of a namespace with a
    default deny counts as capable of reaching the internet: all of them need a guard that the operator approved
    (`baseline.startup_guards`), or the engine has to start pods closed.
    """
    plane = case.dataplane
    if plane.enforcing is Enforcing.NO:
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="engine-off")
        return
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    denied = _default_denied(case)
    if not denied and not case.unmodelled:
        nothing = ("no workload namespace has a policy that isolates a pod without labels",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-default-deny", evidence=nothing)
        return
    if plane.enforcing is Enforcing.UNKNOWN or plane.capabilities is None:
        evidence = bounded(str(proof) for proof in plane.proofs)
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="engine-undetermined", evidence=evidence)
        return
    yield _judge(case, plane.capabilities.closed_at_start, denied)


def _default_denied(case: Case) -> dict[str, str]:
    """The workload namespaces that rely on a default deny, with the policies that make it."""
    found = {}
    for namespace in case.namespaces:
        pod = case.declared.hypothetical(namespace)
        isolating = [case.isolation(case.declared, pod, direction) for direction in Direction]
        policies = [policy for each in isolating if each.answer is not Answer.NO for policy in each.policies]
        if policies:
            found[namespace] = names(sorted(set(policies)))
    return found


def _judge(case: Case, fact: Fact, denied: dict[str, str]) -> Verdict:
    said = f"{_title(case)}: pods start {_WORDS[fact.answer]}: {fact.note or fact.value} ({fact.source}, {fact.confidence.words})"
    rely = [f"namespace {namespace} relies on {policies}" for namespace, policies in denied.items()]
    if fact.firm is Answer.YES:
        return Verdict(subject=CLUSTER, status=Status.PASS, reason="closed-at-start", evidence=bounded([said, *rely]))
    needed = ("daemonsets.apps", *((NODE_CLASSES,) if case.dataplane.name == "eks-auto-mode" else ()))
    if gaps := case.missing(*needed):
        return Verdict(
            subject=CLUSTER, status=Status.UNKNOWN, reason="mode-unreadable", evidence=bounded([said, *gaps])
        )
    pods = [pod for pod in case.workload_pods if pod.namespace in denied and not pod.host_network]
    open_ones = sorted({workload_id(pod) for pod in pods if not _guarded(case, pod)})
    if denied and pods and not open_ones:
        lines = [
            said,
            *(f"{each} waits for its policies (baseline.startup_guards)" for each in sorted(map(workload_id, pods))),
        ]
        return Verdict(subject=CLUSTER, status=Status.PASS, reason="guarded", evidence=bounded(lines))
    lines = [said, *rely, *([f"without a start-up guard: {names(open_ones)}"] if open_ones else [])]
    if fact.firm is Answer.NO and denied:
        fix = _mend(case)
        return Verdict(
            subject=CLUSTER, status=Status.FAIL, reason="open-at-start", evidence=bounded(lines), remediation=fix
        )
    lines.append("start-up is only remembered or inferred of this engine, so this decides nothing")
    return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="not-established", evidence=bounded(lines))


_WORDS = {Answer.YES: "closed", Answer.NO: "open", Answer.UNKNOWN: "in a way that is not known"}


def _guarded(case: Case, pod: Pod) -> bool:
    return case.declared_as(case.config.startup_guards, pod.namespace, pod.workload.name, pod.labels)


def _title(case: Case) -> str:
    engine = case.dataplane.engine
    return f"{engine.title if engine else case.dataplane.name} {case.dataplane.version}".strip()


def _mend(case: Case) -> str:
    """The setting that starts pods closed, for this engine; the rules for system pods have to be there before it."""
    first = "First allow what system pods need, then: "
    guard = ". Or let the workloads wait for their policies, and list them under baseline.startup_guards."
    cluster = case.snapshot.cluster
    match case.dataplane.name:
        case "eks-vpc-cni":
            return (
                f"{first}aws eks update-addon --cluster-name {shlex.quote(cluster.name)} --region "
                f"{shlex.quote(cluster.location)} --addon-name vpc-cni --configuration-values "
                """'{"env":{"NETWORK_POLICY_ENFORCING_MODE":"strict"}}' (add it to the values that are set: this replaces """
                "them); without the add-on: kubectl -n kube-system set env daemonset/aws-node -c aws-node "
                f"NETWORK_POLICY_ENFORCING_MODE=strict{guard}"
            )
        case "eks-auto-mode":
            return (
                f"{first}kubectl patch nodeclass default --type merge "
                """-p '{"spec":{"networkPolicy":"DefaultDeny"}}' (for each NodeClass)"""
                f"{guard}"
            )
        case "kube-router":
            return f"{first}start kube-router with --netpol-default-deny{guard}"
        case _:
            return f"Move to an engine that starts pods closed{guard}"
