"""ClusterNetworkPolicy of `networking.k8s.aws/v1alpha1`: the upstream kind's tiers in AdminNetworkPolicy's form.

Sources: aws/amazon-network-policy-controller-k8s `pkg/crd/crds.yaml` and `pkg/resolvers/clusternetworkpolicy_resolver.go`;
aws/aws-network-policy-agent `pkg/ebpf/c/tc.v4egress.bpf.c`. The controller hands each rule
on with the policy's priority alone, so the order of a policy's rules is lost: of one priority the eBPF program asks deny rules
first, then accept, then pass, whichever policy they stand in. So one object becomes up to three policies, one per action,
ranked in that order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from scanner.model import ApiObject
from scanner.policy.decode import Context, Remark, Wire, decode_spec
from scanner.policy.model import Action, NamePeer, Network, Policy, Rule
from scanner.policy.upstream.admin import WireEgress, WireIngress, drafter, priority
from scanner.policy.upstream.cluster import tier
from scanner.policy.upstream.names import network, short_enough
from scanner.policy.upstream.ports import eks_ports
from scanner.policy.upstream.rules import Dialect, Reader
from scanner.policy.upstream.wire import WireSubject, taken_by_the_server
from scanner.reach.model import Direction

_ORDER = {Action.DENY: "0-deny", Action.ALLOW: "1-accept", Action.PASS: "2-pass"}
_NAME_DOUBT = "beside domainNames the controller drops a port's name, and without ports the rule is for every port"


class WireSpec(Wire, frozen=True):
    """`spec`."""

    tier: str | None = None
    priority: int | None = None
    subject: WireSubject | None = None
    ingress: list[WireIngress | None] | None = None
    egress: list[WireEgress | None] | None = None


def _network(text: str, field: str, remarks: list[Remark]) -> Network:
    """The schema takes any short text."""
    short_enough(text, field)
    with taken_by_the_server():
        return network(text, field, remarks)


_DIALECT = Dialect(
    actions={"Accept": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS},
    egress=frozenset({"namespaces", "pods", "networks", "domainNames"}),
    network=_network,
    named_anywhere=True,
    unnameable=frozenset({Action.DENY}),
)


def resolve_eks_cluster_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """A ClusterNetworkPolicy of EKS, as one policy per action it uses.

    Raises:
        FieldError: the schema refuses it.
        UnreadableError: it takes what cannot be read.
    """
    spec, unknown = decode_spec(source.spec, WireSpec)
    reader = Reader(_DIALECT, unknown)
    stage, first = tier(spec.tier), float(priority(spec.priority))
    whole = reader.policy(source, spec.subject, _rules(spec, reader), stage, (first, _ORDER[Action.DENY]))
    parts = [
        dataclasses.replace(whole, rules=rules, rank=(first, word), pooled=True)
        for action, word in _ORDER.items()
        if (rules := tuple(rule for rule in whole.rules if rule.action is action))
    ]
    remarks = [*reader.remarks, *_out_of_order(whole.rules)]
    return tuple(parts) or (dataclasses.replace(whole, pooled=True),), remarks


def _rules(spec: WireSpec, reader: Reader) -> Iterator[Rule]:
    draft = drafter(eks_ports, reader.remarks)
    yield from reader.rules(Direction.INGRESS, spec.ingress, draft)
    for rule in reader.rules(Direction.EGRESS, spec.egress, draft):
        yield from _names_apart(rule)


def _names_apart(rule: Rule) -> Iterator[Rule]:
    """A rule as it is, or with its domain names apart, if no port is left for these once the port names are dropped."""
    names = tuple(peer for peer in rule.peers or () if isinstance(peer, NamePeer))
    if not names or not rule.ports or not all(port.name for port in rule.ports):
        yield rule
        return
    others = tuple(peer for peer in rule.peers or () if not isinstance(peer, NamePeer))
    if others:
        yield dataclasses.replace(rule, peers=others)
    yield dataclasses.replace(rule, peers=names, ports=None, doubt=_NAME_DOUBT)


def _out_of_order(rules: Sequence[Rule]) -> Iterator[Remark]:
    """A remark on each rule that stands before one of its policy that is asked earlier."""
    for at, rule in enumerate(rules):
        later = [
            other
            for other in rules[at + 1 :]
            if other.direction is rule.direction
            and other.index != rule.index
            and _ORDER[other.action] < _ORDER[rule.action]
        ]
        if later and not rule.doubt:
            message = f"is asked after {later[0].name}: of one priority Deny comes first, then Accept, then Pass"
            yield f"spec.{rule.name}", f"{message}; give the rules policies of their own, each with its priority"
