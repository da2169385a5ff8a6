"""What is reported as needless really is: without it every pod, address and pod to come may talk as before."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.dataplane.model import DataPlane
from scanner.lint.model import Finding, Kind
from scanner.lint.run import lint
from scanner.model import Snapshot
from scanner.policy.model import (
    ADMIN,
    BASELINE,
    DEFAULT,
    EVERYTHING,
    Action,
    BlockPeer,
    Entity,
    EntityPeer,
    Matching,
    Operator,
    PodPeer,
    Policy,
    PolicySet,
    Ports,
    Requirement,
    Rule,
    Selector,
    Tier,
)
from scanner.policy.resolve import resolve
from scanner.reach.diff import State, aligned, difference
from scanner.reach.engine import ClusterReach, build
from scanner.reach.model import Direction, PodClass
from tests.scanner.reach.planes import capabilities, fact, plane
from tests.scanner.reach.test_oracle import BLOCKS, clusters

NEEDLESS = {
    Kind.REDUNDANT_RULE, Kind.REDUNDANT_POLICY, Kind.SHADOWED_RULE, Kind.CONTRADICTORY_RULE, Kind.DEAD_RULE,
    Kind.DEAD_POLICY,
}  # fmt: skip
ODD = plane(
    capabilities=capabilities(
        ipblock_matches_pods=fact("unknown"), except_honoured=fact("no", "M"), named_ports=fact("unknown"),
        end_port=fact("no"), own_node_policed=fact("unknown"),
    )
)  # fmt: skip


def findings_of(cluster: Snapshot, policies: PolicySet, dataplane: DataPlane | None = None) -> list[Finding]:
    """The findings that say that something is needless."""
    found = lint(cluster, build(cluster, policies, dataplane))
    return [each for each in found if each.kind in NEEDLESS]


def without(policies: PolicySet, findings: Iterable[Finding]) -> PolicySet:
    """The policies less what the findings speak of; a policy without its rules isolates as before."""
    whole = {each.object for each in findings if not each.rule}
    rules = {(each.object, each.rule) for each in findings}
    kept = [
        dataclasses.replace(policy, rules=tuple(rule for rule in policy.rules if (policy.id, rule.name) not in rules))
        for policy in policies.policies
        if policy.id not in whole
    ]
    return dataclasses.replace(policies, policies=tuple(kept))


def strangers(reach: ClusterReach, spaces: Iterable[str]) -> dict[object, object]:
    """Whom an unlabelled pod of each namespace may talk with, by pod, address, ports and answer."""
    found: dict[object, object] = {}
    for space in spaces:
        stranger = reach.hypothetical(space)
        for way, allowed in (("in", reach.sources(stranger)), ("out", reach.targets(stranger))):
            for each in allowed:
                names = each.peer.pods if isinstance(each.peer, PodClass) else [str(each.peer)]
                for name in names:
                    found[space, way, name, each.answer] = each.ports
    return found


def assert_the_same(cluster: Snapshot, one: PolicySet, other: PolicySet, dataplane: DataPlane | None) -> None:
    """Both sets of policies let everybody talk with the same peers on the same ports, surely and perhaps."""
    before, after = aligned(State(cluster, one, dataplane), State(cluster, other, dataplane))
    assert list(difference(before, after)) == []
    spaces = [space.name for space in cluster.namespaces]
    assert strangers(before, spaces) == strangers(after, spaces)


def assert_needless(cluster: Snapshot, policies: PolicySet, dataplane: DataPlane | None = None) -> None:
    """Every finding may be acted upon, alone or together with all others."""
    found = findings_of(cluster, policies, dataplane)
    for each in found:
        assert_the_same(cluster, policies, without(policies, [each]), dataplane)
    if len(found) > 1:
        assert_the_same(cluster, policies, without(policies, found), dataplane)


SELDOM = st.sampled_from([""] * 9 + ["x"])
VALUES = st.sampled_from(["a", "b", "c"])
REQUIREMENTS = st.one_of(
    st.builds(Requirement, st.sampled_from(["app", "tier"]), st.sampled_from([Operator.IN, Operator.NOT_IN]), st.tuples(VALUES)),
    st.builds(Requirement, st.sampled_from(["app", "tier"]), st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
)  # fmt: skip
SELECTORS = st.one_of(st.just(EVERYTHING), st.just(EVERYTHING), st.builds(Selector, st.tuples(REQUIREMENTS)))
SPACES = st.one_of(
    st.just(EVERYTHING),
    st.sampled_from(["x", "y"]).map(lambda value: Selector((Requirement("env", Operator.IN, (value,)),))),
)
NETWORKS = BLOCKS.map(lambda wire: _block(wire["cidr"], wire.get("except", ())))
PEERS = st.one_of(
    st.builds(PodPeer, SELECTORS, st.one_of(st.none(), SPACES)),
    st.tuples(NETWORKS, st.sampled_from(list(Matching))).map(
        lambda both: dataclasses.replace(both[0], matching=both[1])
    ),
    st.sampled_from([EntityPeer(Entity.ALL), EntityPeer(Entity.WORLD), EntityPeer(Entity.CLUSTER)]),
)
PORTS = st.one_of(
    st.sampled_from([Ports("TCP"), Ports("TCP", 80, 80), Ports("TCP", 80, 8082), Ports("UDP", 80, 80)]),
    st.sampled_from(["http", "dns"]).map(lambda name: Ports("TCP", name=name)),
)


def _block(cidr: str, excepts: Iterable[str]) -> BlockPeer:
    return BlockPeer(ipaddress.ip_network(cidr), tuple(ipaddress.ip_network(each) for each in excepts))


@st.composite
def resolved(draw: st.DrawFn) -> PolicySet:
    """Policies of any kind: in tiers, ranks and bags, that allow, deny and pass on, with doubt and filters."""
    policies = []
    for at in range(draw(st.integers(1, 4))):
        rules = []
        for index in range(draw(st.integers(0, 4))):
            peers = draw(st.one_of(st.none(), st.lists(PEERS, max_size=2).map(tuple)))
            rules.append(
                Rule(
                    direction=draw(st.sampled_from(list(Direction))),
                    index=index if draw(st.integers(0, 3)) else 0,  # now and then two pieces of one rule
                    peers=peers,
                    ports=draw(st.one_of(st.none(), st.lists(PORTS, min_size=1, max_size=2).map(tuple))),
                    action=draw(st.sampled_from([Action.ALLOW, Action.ALLOW, Action.DENY, Action.PASS])),
                    subject=draw(st.one_of(st.none(), st.none(), st.none(), SELECTORS)),
                    l7=draw(SELDOM).replace("x", "http"),
                    doubt=draw(SELDOM),
                )
            )
        wide = draw(st.booleans())
        policies.append(
            Policy(
                kind="NetworkPolicy",
                namespace="" if wide else draw(st.sampled_from(["one", "one", "two", "three"])),
                name=f"p{at}",
                subject=draw(SELECTORS),
                directions=frozenset(draw(st.sets(st.sampled_from(list(Direction))))),
                rules=tuple(rules),
                namespaces=draw(SPACES) if wide else None,
                tier=draw(st.sampled_from([ADMIN, Tier(5_000.0, "team"), DEFAULT, DEFAULT, BASELINE])),
                rank=(float(draw(st.integers(1, 2))), ""),
                pooled=draw(st.booleans()),
                doubt=draw(SELDOM),
            )
        )
    return PolicySet(tuple(policies), ())


@settings(max_examples=60, deadline=None)
@given(cluster=clusters())
def test_needless_parts_of_network_policies_change_nothing(cluster):
    """Of NetworkPolicies alone, where everything adds up."""
    assert_needless(cluster, resolve(cluster))


@settings(max_examples=100, deadline=None)
@given(cluster=clusters(), policies=resolved())
def test_needless_parts_of_ordered_policies_change_nothing(cluster, policies):
    """Of policies of every kind, with tiers, ranks, denials, passes, ties and doubt."""
    assert_needless(cluster, policies)


@settings(max_examples=60, deadline=None)
@given(cluster=clusters())
def test_needless_parts_change_nothing_on_a_plane_of_its_own_ways(cluster):
    """On a data plane that may let blocks match pods, leak excepts and misread names, and knows no port ranges."""
    assert_needless(cluster, resolve(cluster), ODD)


@settings(max_examples=60, deadline=None)
@given(cluster=clusters(), policies=resolved())
def test_no_policies_make_the_checks_stumble(cluster, policies):
    """Findings have one line, and every policy that they name is there."""
    ids = {policy.id for policy in policies.policies} | {"cluster"}
    for each in lint(cluster, build(cluster, policies)):
        assert each.object in ids
        assert each.message
        assert "\n" not in each.message
