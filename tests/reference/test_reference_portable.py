"""The product's declared reach against the reference evaluator, and what must hold of any cluster.

RINGFENCE_EXAMPLES sets the number of clusters (60), RINGFENCE_SEED another series of them than the fixed one. For many
clusters, `python -m tests.reference.run` counts instead of stopping at the first disagreement.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.reference import rewrite, specs
from tests.reference.compare import Listing, listing_of, reach_of, workload
from tests.reference.families import PORTABLE
from tests.reference.generate import PORTS, Case
from tests.reference.wire import Cluster

EXAMPLES = int(os.environ.get("RINGFENCE_EXAMPLES", "60"))
SEED = os.environ.get("RINGFENCE_SEED")
EACH_FAMILY = pytest.mark.parametrize("family", PORTABLE)


def clusters(examples: int) -> Callable[[Any], Any]:
    """Run a test over so many clusters: always the same ones, or those of RINGFENCE_SEED."""
    chosen = settings(
        max_examples=max(examples, 1),
        deadline=None,
        derandomize=SEED is None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    return lambda test: seed(int(SEED))(chosen(test)) if SEED else chosen(test)


@EACH_FAMILY
@clusters(EXAMPLES)
@given(data=st.data())
def test_every_probe_is_answered_as_the_reference_answers_it(family, data):
    """Allowed is listed, undefined is unknown, denied is in neither list, for every pair, protocol and probed port."""
    case = data.draw(PORTABLE[family].cases)
    assert PORTABLE[family].ask(case).wrong == []


def seen(cluster: Cluster, case: Case) -> dict[tuple[str, str], Any]:
    """What is listed of each pair of a case's ends: all ports of what is allowed, the probed ones of what is unknown."""
    reach = reach_of(cluster)
    listing = listing_of(reach, (*case.addresses, *case.names))
    ends = sorted({workload(pod) for pod in cluster.pods} | set(listing.peers))
    return {(src, dst): listed(listing, src, dst) for src in ends for dst in ends if src != dst}


def listed(listing: Listing, src: str, dst: str) -> tuple[Any, set[tuple[str, int]]]:
    """The allowed ports of a pair, and the probed ports of which it is unknown."""
    allowed = listing.allowed.get((listing.peers.get(src, src), listing.peers.get(dst, dst)), {})
    unknown = {
        (protocol, port)
        for protocol in specs.PROTOCOLS
        for port in PORTS
        if "unknown" in listing.answer(src, dst, protocol, port)
    }
    return allowed, unknown


def same(case: Case, other: Cluster) -> None:
    """Assert that another form of a case's cluster is listed alike; names that only the other form knows are left out."""
    before, after = seen(case.cluster, case), seen(other, case)
    assert {pair: after[pair] for pair in before} == before


@EACH_FAMILY
@clusters(EXAMPLES // 3)
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_the_order_of_documents_and_of_lists_without_order_changes_nothing(family, data, random):
    """Documents, peers, ports and values in any order mean the same, and so do rules where the API gives them no order."""
    case = data.draw(PORTABLE[family].cases)
    other = rewrite.reordered(case.cluster, random)
    same(case, other)
    assert list(reach_of(other).peers) == list(reach_of(case.cluster).peers)


@EACH_FAMILY
@clusters(EXAMPLES // 3)
@given(data=st.data())
def test_a_policy_split_into_one_per_rule_means_the_same(family, data):
    """Where rules have no order, each may stand in a policy of its own."""
    case = data.draw(PORTABLE[family].cases)
    same(case, rewrite.split(case.cluster))


@EACH_FAMILY
@clusters(EXAMPLES // 3)
@given(data=st.data())
def test_the_names_of_policies_change_nothing(family, data):
    """Other names, and so another order of names, mean the same."""
    case = data.draw(PORTABLE[family].cases)
    same(case, rewrite.with_other_names(case.cluster))


@EACH_FAMILY
@clusters(EXAMPLES // 3)
@given(data=st.data(), values=st.permutations((*specs.VALUES, "x.Y-1")))
def test_labels_mean_nothing_in_themselves(family, data, values):
    """Label values replaced one to one, on objects and in selectors alike, mean the same."""
    case = data.draw(PORTABLE[family].cases)
    same(case, rewrite.relabelled(case.cluster, dict(zip((*specs.VALUES, "x.Y-1"), values, strict=True))))


@EACH_FAMILY
@clusters(EXAMPLES // 3)
@given(data=st.data())
def test_a_policy_that_selects_nobody_changes_nothing(family, data):
    """Policies over pods that do not exist decide nothing, whatever their priority."""
    case = data.draw(PORTABLE[family].cases)
    same(case, rewrite.with_idle(case.cluster, data.draw(PORTABLE[family].cases).cluster.policies))


@EACH_FAMILY
@clusters(EXAMPLES // 3)
@given(data=st.data(), spec=specs.NETWORK_POLICY)
def test_an_added_allow_rule_removes_no_connection(family, data, spec):
    """A NetworkPolicy's rules only add: with more of them, whatever was allowed still is."""
    case = data.draw(PORTABLE[family].cases)
    ends = (*case.addresses, *case.names)
    before = listing_of(reach_of(case.cluster), ends)
    after = listing_of(reach_of(rewrite.with_more_rules(case.cluster, spec)), ends)
    peers = {workload(pod) for pod in case.cluster.pods} | set(before.peers)
    for src in peers:
        for dst in peers - {src}:
            for protocol in specs.PROTOCOLS:
                for port in PORTS:
                    if before.answer(src, dst, protocol, port) == "listed":
                        assert after.answer(src, dst, protocol, port) == "listed", (src, dst, protocol, port)
