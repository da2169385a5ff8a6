"""The estate's gaps are what the story of each cluster says, and hang on the rule that the story is about."""

from __future__ import annotations

import pytest

from infra.estate.clusters import CLUSTERS
from scanner.cloud.read import read_facts
from scanner.dataplane.detect import detect
from scanner.judge import judge
from scanner.policy.resolve import resolve
from scanner.reach.effects.compare import Compared

RESULTS = {snapshot.cluster.name: judge(snapshot) for snapshot in (draw() for draw in CLUSTERS)}


def gaps(name):
    """The gaps of one cluster by the rules they hang on: how many, and the words."""
    return {each.rules: each for each in RESULTS[name].differences if each.kind == "gap"}


@pytest.mark.parametrize(
    ("name", "why"),
    [("pay-prod-euw1", "eks-vpc-cni: off"), ("insight-prod-ew4", "none: node-enforcement-off")],
)
def test_where_nothing_enforces_all_that_policies_deny_is_a_gap(name, why):
    """Thirty tidy policies, all inert: one cause, and the rule says which switch."""
    found = gaps(name)
    assert list(found) == [("coverage",)]
    assert why in found["coverage",].because[0]
    declared = RESULTS[name].exposure[0]
    assert found["coverage",].connections > declared.pairs - declared.open


def test_fargate_and_windows_are_gaps_of_a_cluster_that_enforces():
    """What runs where the agent does not is open; the ipBlocks of the others match pods."""
    found = gaps("store-prod-euc1")
    assert set(found) == {("coverage",), ("ipblock-matches-pods",), ("coverage", "ipblock-matches-pods")}
    assert "fargate; windows" in found["coverage",].because[0]


def test_a_balancer_walks_past_every_ingress_rule_of_npm():
    """The gap is named by its Service."""
    found = gaps("partner-prod-neu")
    assert set(found) == {("ipblock-matches-pods",), ("balancer-policed",)}
    assert {pair.via for pair in found["balancer-policed",].examples} == {"exchange/sftp-public"}


@pytest.mark.parametrize("name", ["lend-prod-weu", "ledger-prod-ew1"])
def test_a_cluster_that_enforces_everywhere_has_no_gap(name):
    """What is left is in doubt: a host-network pod and the pods of its own node."""
    found = RESULTS[name].differences
    assert {each.kind for each in found} == {"doubt"}
    assert all(each.connections and each.because for each in found)


def test_a_rule_by_address_that_people_believe_reaches_pods():
    """Read as meaning pods too, the 0.0.0.0/0 rule of the Cilium cluster is broken there: it lets in no pod."""
    (snapshot,) = (each for each in (draw() for draw in CLUSTERS) if each.cluster.name == "lend-prod-weu")
    plane = detect(snapshot, read_facts(snapshot.cloud_record) if snapshot.cloud_record else None)
    shares = Compared(snapshot, resolve(snapshot), [plane], ipblock_matches_pods=True).shares(0)
    assert {(each.kind, each.names) for each in shares if each.kind != "doubt"} == {
        ("breakage", ("ipblock-matches-pods",))
    }


def test_a_cluster_that_nobody_may_read_has_no_differences():
    """Nothing is known of its connections, so nothing is said to differ."""
    assert RESULTS["custody-prod-eun1"].differences == ()
