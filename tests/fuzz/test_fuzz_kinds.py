"""No object, however bent, ends in a traceback, goes without a word, or makes anything sure that it leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import snapshots
from infra.manifests import read_objects
from scanner.model import Collected
from tests.fuzz import certainty, chain
from tests.fuzz.clusters import FAMILIES, PLANES, is_policy, some_of
from tests.fuzz.drawing import chooser, few
from tests.fuzz.mutate import bent, with_unknown_field

EACH_FAMILY = pytest.mark.parametrize("family", FAMILIES)


def chosen(objects, choose):
    """The place of one object, most often of a policy."""
    policies = [at for at, each in enumerate(objects) if is_policy(each)]
    return policies[choose(len(policies))] if policies and choose(4) else choose(len(objects))


@EACH_FAMILY
@few(8)
@given(data=st.data())
def test_bent_objects_are_judged_or_named(family, data):
    """Everything that is asked of a cluster with a bent object has an answer, and the object is judged or named.

    What a policy that cannot be judged leaves sure holds whichever policy stood in its place (certainty.py).
    """
    objects, choose = data.draw(FAMILIES[family]), chooser(data)
    at = chosen(objects, choose)
    made = [*objects[:at], bent(objects[at], choose), *objects[at + 1 :]]
    state = chain.read(made)
    chain.walk(state, PLANES[family], read_objects(objects))
    certainty.check(state, made, at, objects[at], PLANES[family])


@EACH_FAMILY
@few(4)
@given(data=st.data())
def test_objects_bent_together_have_an_answer(family, data):
    """Several bent objects at once, in another order, some of them twice."""
    objects, choose = data.draw(FAMILIES[family]), chooser(data)
    made = [bent(each, choose) if choose(3) == 0 else each for each in objects]
    made += [made[choose(len(made))] for _ in range(choose(3))]
    made = [*made[choose(len(made)) :], *made[: choose(len(made))]]
    chain.walk(chain.read(made), PLANES[family], read_objects(objects))


@EACH_FAMILY
@few(8)
@given(data=st.data())
def test_an_unknown_field_makes_nothing_sure(family, data):
    """A field of tomorrow leaves sure only what holds if it means nothing (or, beside the rules, switches the policy off)."""
    objects, choose = data.draw(FAMILIES[family]), chooser(data)
    policies = [at for at, each in enumerate(objects) if is_policy(each) and "spec" in each]
    if policies:
        at = policies[choose(len(policies))]
        certainty.check_doubt(objects, at, *with_unknown_field(objects[at], choose))


@EACH_FAMILY
def test_the_clusters_are_fine_as_they_are(family):
    """Before anything is bent, every object is read and every policy resolved: the tests above begin from valid clusters."""
    for objects in some_of(family, 8):
        state = chain.read(objects)
        assert state.snapshot.notices == ()
        assert state.policies.unmodelled == ()
        refused = [each.message for each in state.policies.notices if "refused" in each.message]
        assert all("has no rule" in message for message in refused), (
            refused
        )  # which Cilium's generator makes on purpose


def cilium(**specs):
    """Two pods under a CiliumNetworkPolicy, whose body is given."""
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "one"}, "spec": {"containers": []}}
        for name in ("a", "b")
    ]
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", "namespace": "one"},
    }
    return [*pods, policy | specs]


@pytest.mark.parametrize("specs", [5, "x", True, {}, {"endpointSelector": {}}], ids=str)
def test_specs_that_are_no_list(specs):
    """Cilium's list of specs is kept raw until the object is taken; then it is named, and nothing is sure."""
    state = chain.read(cilium(specs=specs))
    (notice,) = state.snapshot.notices
    assert (notice.object, "`array`" in notice.message) == ("objects[3]:1", True)
    assert state.snapshot.collection["networkpolicies.networking.k8s.io"].status is Collected.PARTIAL
    assert not any(each.src.startswith("one/") for each in state.reach.connections())


def test_specs_of_a_kind_that_has_none():
    """The API server drops a field that a kind has not, and the policy beside it counts."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "one"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    pods = cilium()[:2]
    assert certainty.lines(chain.read([*pods, policy | {"specs": [1]}]).reach) == certainty.lines(
        chain.read([*pods, policy]).reach
    )


def test_an_unknown_field_below_a_field_with_a_digit_in_its_name():
    """Where an unknown field stands is found through `k8sServiceSelector` too."""
    chosen_by = {"k8sServiceSelector": {"selector": {"fieldOfTomorrow": 1}, "namespace": "one"}}
    state = chain.read(cilium(spec={"endpointSelector": {}, "egress": [{"toServices": [chosen_by]}]}))
    (policy,) = state.policies.policies
    assert "k8sServiceSelector.selector.fieldOfTomorrow is not modelled" in policy.rules[0].doubt


def test_a_spec_too_deep_for_a_snapshot_is_lost_by_itself():
    """One such object does not make the whole snapshot unreadable: it is named, and nothing it may touch is sure."""
    deep: object = "x"
    for _ in range(120):
        deep = [deep]
    state = chain.read(cilium(spec={"endpointSelector": {}, "deep": deep}))
    (notice,) = state.snapshot.notices
    assert "nested too deep" in notice.message
    assert not snapshots.problem(state.snapshot)
    assert not any(each.src.startswith("one/") for each in state.reach.connections())
