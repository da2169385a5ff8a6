"""Differences between two states: by meaning, with their causes, and the same backwards."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import ApiObject, ContainerPort, Origin, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.diff import Change, State, aligned, difference
from tests.factories import namespace, pod, policy, snapshot
from tests.scanner.reach.test_oracle import clusters

WEB, DB = "shop/web[Deployment]", "shop/db[Deployment]"
PODS = (pod("web-1"), pod("db-1", ports=[ContainerPort(port=5432, name="pg")]))


def allow(port: int | str, *, name: str = "allow-web", app: str = "web", line: int = 0) -> ApiObject:
    """A policy that isolates db for ingress and lets one app in on one port."""
    spec = {
        "podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": app}}}], "ports": [{"port": port}]}],
    }
    made = policy(spec, name=name)
    return msgspec.structs.replace(made, origin=Origin(file="np.yaml", line=line)) if line else made


def changes(before: Snapshot, after: Snapshot) -> list[Change]:
    """The differences between two snapshots, as declared."""
    return list(difference(*aligned(State(before, resolve(before)), State(after, resolve(after)))))


def cluster(*policies: ApiObject, **more: Any) -> Snapshot:
    """Web and db with these policies."""
    return snapshot(pods=more.pop("pods", PODS), policies=policies, **more)


def between(found: list[Change], src: str = WEB, dst: str = DB) -> Change:
    """The one change between two peers."""
    (change,) = [each for each in found if (each.src, each.dst) == (src, dst)]
    return change


def test_a_changed_port_is_a_changed_connection_with_its_policy():
    """The ports before and after stand beside each other, and the policy with its place is the cause."""
    change = between(changes(cluster(allow(5432)), cluster(allow(80, line=3))))
    assert (change.kind, change.before, change.after) == ("changed", {"TCP": ((5432, 5432),)}, {"TCP": ((80, 80),)})
    assert change.causes == ("NetworkPolicy shop/allow-web changed (np.yaml:3)",)


def test_an_added_policy_closes_what_it_isolates_and_says_so():
    """A first isolating policy removes connections from everybody it does not name."""
    found = changes(cluster(), cluster(allow(5432, app="nobody")))
    assert {each.kind for each in found} == {"removed"}
    assert {each.dst for each in found} == {DB}
    assert {each.causes for each in found} == {("NetworkPolicy shop/allow-web added",)}


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(cluster(allow(5432, name="renamed")), id="renamed"),
        pytest.param(cluster(allow("pg")), id="named-port"),
        pytest.param(cluster(allow(5432), allow(5432, name="again")), id="twice"),
        pytest.param(cluster(allow(5432), policy({"podSelector": {"matchLabels": {"app": "x"}}}, name="x")), id="idle"),
    ],
)
def test_what_means_the_same_is_no_difference(after):
    """Renamed, rewritten, repeated and idle policies change no connection."""
    assert changes(cluster(allow(5432)), after) == []


def test_a_rename_is_not_the_cause_of_what_another_policy_changed():
    """Where one policy is renamed and another changes a port, only the latter is blamed."""
    deny = policy({"podSelector": {}}, name="deny")
    change = between(
        changes(cluster(deny, allow(80)), cluster(policy({"podSelector": {}}, name="deny-all"), allow(81)))
    )
    assert change.causes == ("NetworkPolicy shop/allow-web changed",)


def test_a_workload_that_is_new_is_the_cause_of_its_connections():
    """Connections of a workload that one side lacks are added, and the workload is named."""
    found = changes(cluster(pods=PODS[:1]), cluster())
    assert between(found).causes == (f"{DB} added",)
    assert {each.kind for each in found} == {"added"}


def test_changed_labels_of_a_namespace_are_a_cause():
    """A namespace selector that begins to match is explained by the namespace."""
    peers = [{"namespaceSelector": {"matchLabels": {"env": "prod"}}}]
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"from": peers}]}
    sides = [cluster(policy(spec), namespaces=[namespace("shop", **labels)]) for labels in ({}, {"env": "prod"})]
    change = between(changes(*sides))
    assert (change.kind, change.causes) == ("added", ("labels of namespace shop changed",))


def test_ranges_are_cut_as_both_sides_need_it():
    """A range that only one side names is compared with the part of the other side's that it was."""

    def blocks(*cidrs: str) -> ApiObject:
        peers = [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]
        return policy({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"from": peers}]})

    found = changes(cluster(blocks("10.0.0.0/8")), cluster(blocks("10.0.0.0/9")))
    assert [(each.kind, each.src, each.dst) for each in found] == [("removed", "10.128.0.0-10.255.255.255", DB)]


@settings(max_examples=40, deadline=None)
@given(one=clusters(), other=clusters())
def test_a_difference_inverts_and_a_state_differs_from_itself_in_nothing(one, other):
    """Turned around, what was added is removed and before is after; a state has no difference from itself."""
    assert changes(one, one) == []
    there = {(each.src, each.dst, each.via): each for each in changes(one, other)}
    back = {(each.src, each.dst, each.via): each for each in changes(other, one)}
    assert there.keys() == back.keys()
    turned = {"added": "removed", "removed": "added", "changed": "changed", "doubt": "doubt"}
    for key, change in there.items():
        assert (change.before, change.after) == (back[key].after, back[key].before)
        assert turned[change.kind] == back[key].kind


@settings(max_examples=40, deadline=None)
@given(one=clusters(), other=clusters())
def test_a_difference_is_what_the_two_listings_differ_by(one, other):
    """With the same cuts, exactly the pairs whose listed ports differ are reported."""
    left, right = aligned(State(one, resolve(one)), State(other, resolve(other)))
    before = {(each.src, each.dst): each.ports for each in left.connections()}
    after = {(each.src, each.dst): each.ports for each in right.connections()}
    expected = {
        key: (before.get(key, {}), after.get(key, {}))
        for key in before.keys() | after.keys()
        if before.get(key, {}) != after.get(key, {})
    }
    assert {(each.src, each.dst): (each.before, each.after) for each in difference(left, right)} == expected


def test_causes_cover_every_change_that_policies_made():
    """Where only policies differ, every line has a policy as its cause."""
    before = cluster(policy({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}), allow(80))
    egress = policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}, name="out")
    found = changes(before, cluster(*before.policies, egress))
    assert found
    assert {each.causes for each in found} == {("NetworkPolicy shop/out added",)}


def test_strategies_make_clusters_that_differ():
    """The random clusters above do differ, so the properties are about something."""
    examples: list[int] = []

    @settings(max_examples=20, deadline=None, database=None)
    @given(one=clusters(), other=clusters(), _=st.none())
    def collect(one, other, _):
        examples.append(len(changes(one, other)))

    collect()
    assert sum(examples) > 0
