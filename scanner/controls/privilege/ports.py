"""NB-LP-03: do allow rules say which ports they are for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, quoted, unread
from scanner.findings import Status
from scanner.model import Pod
from scanner.policy.model import Action, Policy, Ports, Rule
from scanner.policy.selectors import matches
from scanner.reach.model import Direction

WIDEST = 100  # ports of one entry


def rules_name_ports(case: Case) -> Iterator[Verdict]:
    """One verdict per policy with allow rules, which counts each of them; judged by the text alone.

    A rule conforms when each of its entries is a named port or a range of at most 100. Platform namespaces are left out, as
    in NB-ISO-04: what the provider put there is its own.
    """
    if gaps := case.missing(POLICIES):
        yield unread(CLUSTER, gaps)
        return
    found: dict[str, list[Policy]] = {}
    for policy in case.policies.policies:  # an object may be several policies of one name
        if not policy.namespace or not case.is_platform(policy.namespace):
            found.setdefault(policy.id, []).append(policy)
    inside: dict[str, list[Pod]] = {}
    for pod in case.workload_pods:
        inside.setdefault(pod.namespace, []).append(pod)
    for name, policies in found.items():
        if any(allows(rule) for policy in policies for rule in policy.rules):
            yield _policy(inside, name, policies)
    for reference in case.unmodelled:
        evidence = (f"{reference} is of a kind that this version does not judge",)
        yield Verdict(subject=reference, status=Status.UNKNOWN, reason="not-modelled", evidence=evidence)


def allows(rule: Rule) -> bool:
    """Whether a rule lets anything through at all."""
    return rule.action is Action.ALLOW and rule.peers != () and rule.ports != ()


def _policy(inside: Mapping[str, Sequence[Pod]], name: str, policies: Sequence[Policy]) -> Verdict:
    rules = [(policy, rule) for policy in policies for rule in policy.rules if allows(rule)]
    open_ = [(policy, rule) for policy, rule in rules if not _conforms(rule)]
    sure = [(policy, rule) for policy, rule in open_ if not (policy.doubt or rule.doubt)]
    lines = [f"{rule.name} opens {_words(rule)}" for _, rule in open_]
    status, reason = Status.PASS, "ports-named"
    if open_:
        status, reason = (Status.FAIL, "ports-open") if sure else (Status.UNKNOWN, "undecided")
    return Verdict(
        subject=name,
        status=status,
        reason=reason,
        evidence=bounded(lines or [f"{len(rules)} allow rules, each with its ports"]),
        remediation=_fix(inside, name, *sure[0]) if sure else "",
        weight=len(rules),
        covered=len(rules) - len(open_),
    )


def _conforms(rule: Rule) -> bool:
    return rule.ports is not None and all(port.name or port.last - port.first < WIDEST for port in rule.ports)


def _words(rule: Rule) -> str:
    if rule.ports is None:
        return "every port of every protocol"
    wide = [port for port in rule.ports if not port.name and port.last - port.first >= WIDEST]
    return names(f"{port.protocol} {port.first}-{port.last}" for port in wide)


def _fix(inside: Mapping[str, Sequence[Pod]], name: str, policy: Policy, rule: Rule) -> str:
    """The ports that the selected pods declare, where the rule is about what comes in to pods of one namespace."""
    declared: set[Ports] = set()
    if rule.direction is Direction.INGRESS:
        pods = (pod for pod in inside.get(policy.namespace, ()) if matches(policy.subject, pod.labels))
        declared = {Ports(port.protocol, port.port, port.port) for pod in pods for port in pod.ports}
    if not declared:
        return f"In {name} give {rule.name} the ports that its peers serve: ports: [{{protocol: TCP, port: <number>}}]"
    listed = sorted(declared, key=lambda port: (port.protocol, port.first))[:WIDEST]
    written = ", ".join(f"{{protocol: {quoted(port.protocol)}, port: {port.first}}}" for port in listed)
    return f"In {name} give {rule.name} the ports that its pods declare, or fewer:\nports: [{written}]"
