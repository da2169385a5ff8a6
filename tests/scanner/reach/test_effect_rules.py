"""The rules by which a data plane differs from the specification, and the comparison that switches them off."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.dataplane.catalogue import CATALOGUE, named
from scanner.dataplane.model import Answer, Coverage
from scanner.policy.resolve import resolve
from scanner.reach.effects.compare import Compared
from scanner.reach.effects.rules import rules_of
from tests.factories import pod, policy, snapshot
from tests.reference import generate
from tests.reference.compare import snapshot_of
from tests.scanner.reach.planes import capabilities, fact, plane

WEB, DB = pod("web", labels={"app": "web"}, ips=("10.0.0.1",)), pod("db", labels={"app": "db"}, ips=("10.0.0.2",))
ANY_ADDRESS = policy(
    {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
)


def compared(*planes, policies=(ANY_ADDRESS,)):
    taken = snapshot(pods=[WEB, DB], policies=list(policies))
    return Compared(taken, resolve(taken), planes)


def lines(effects):
    return [(e.kind, e.change.src, e.change.dst, [rule.name for rule in e.rules]) for e in effects]


def test_a_plane_that_reads_as_the_specification_has_no_rules():
    """Where nothing differs nothing is reported, and declared and effective are one."""
    specified = plane(capabilities=capabilities(own_node_policed=fact("yes")))
    found = compared(specified)
    assert found.rules == ((),)
    assert list(found.effects(0)) == []
    assert found.shares(0) == ()


def test_a_gap_names_the_rule_it_hangs_on():
    """An ipBlock that matches pods lets in a pod that the specification keeps out."""
    found = compared(plane(capabilities=capabilities(ipblock_matches_pods=fact("yes"))))
    assert ("gap", "shop/web[Deployment]", "shop/db[Deployment]", ["ipblock-matches-pods"]) in lines(found.effects(0))


def test_what_is_not_known_is_doubt_and_never_a_gap():
    """A fact that is only remembered opens nothing for sure."""
    found = compared(plane(capabilities=capabilities(ipblock_matches_pods=fact("yes", "M"))))
    kinds = {effect.kind for effect in found.effects(0)}
    assert kinds == {"doubt"}


def test_pods_that_no_engine_polices_are_gaps_by_coverage():
    """Coverage is a rule like any other: with an engine on every node the connection would be denied."""
    uncovered = plane(default=Coverage(Answer.NO, "fargate"), capabilities=capabilities(own_node_policed=fact("yes")))
    (effect,) = [
        each for each in compared(uncovered).effects(0) if each.change.src.startswith("shop/web") and each.kind == "gap"
    ]
    (rule,) = effect.rules
    assert (rule.name, rule.does) == ("coverage", "fargate")


def test_several_planes_stand_side_by_side():
    """Each has its own effects, over the same peers."""
    found = compared(named("none"), named("cilium", "1.17.2"))
    assert [bool([e for e in each if e.kind == "gap"]) for each in map(found.effects, range(2))] == [True, False]
    assert found.effective[0].peers == found.effective[1].peers


@pytest.mark.parametrize("name", [*CATALOGUE, "none"])
def test_a_plane_without_any_of_its_rules_is_the_specification(name):
    """Switching all rules off, one after another, leaves nothing that differs from the declared level."""
    taken = snapshot(pods=[WEB, DB], policies=[ANY_ADDRESS])
    policies = resolve(taken)
    bare = named(name)
    for _ in range(20):
        rules = rules_of(bare, policies)
        if not rules:
            break
        bare = rules[0].without
    assert rules_of(bare, policies) == ()
    assert [effect for effect in Compared(taken, policies, [bare]).effects(0) if effect.kind != "doubt"] == []


def test_ports_possible_and_denied_at_once_are_both():
    """One plane may open a port and close another of one connection."""
    (effect,) = compared(plane(capabilities=capabilities(ipblock_matches_pods=fact("yes")))).effects(0)
    change = dataclasses.replace(effect.change, before={"TCP": ((80, 80),)}, after={"TCP": ((81, 81),)})
    assert dataclasses.replace(effect, change=change).kind == "both"
    undecided = dataclasses.replace(change, unknown_before={"TCP": ((81, 81),)}, unknown_after={"TCP": ((80, 80),)})
    assert dataclasses.replace(effect, change=undecided).kind == "doubt"


PLANES = [
    plane(
        capabilities=capabilities(
            ipblock_matches_pods=fact("yes"),
            except_honoured=fact("no"),
            named_ports=fact("unknown"),
            end_port=fact("no"),
        )
    ),
    plane(default=Coverage(Answer.NO, "fargate"), capabilities=capabilities(sctp=fact("unknown"))),
]


@pytest.mark.parametrize("family", generate.FAMILIES)
@settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_shares_count_what_effects_list(family, data):
    """Counted from columns or listed pair by pair, kinds and rules come to the same, and every example is one of them."""
    taken = snapshot_of(data.draw(generate.FAMILIES[family]).cluster)
    found = Compared(taken, resolve(taken), PLANES)
    for at in range(len(PLANES)):
        effects, shares = list(found.effects(at)), found.shares(at)
        counted: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for share in shares:
            counted[share.kind, share.names] += share.connections
        assert counted == Counter((each.kind, tuple(rule.name for rule in each.rules)) for each in effects)
        listed = {
            (each.change.src, each.change.dst, each.change.via): (
                (each.change.before, each.change.unknown_before),
                (each.change.after, each.change.unknown_after),
            )
            for each in effects
        }
        for share in shares:
            assert share.examples
            for example in share.examples:
                assert listed[example.src, example.dst, example.via] == (example.declared, example.effective)
