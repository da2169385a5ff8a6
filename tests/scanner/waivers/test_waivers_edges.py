"""Waivers that should do nothing, and what is said of those that could not be looked for."""

from __future__ import annotations

import msgspec
import pytest

from scanner.findings import Severity, Status
from scanner.judge import judge
from scanner.waivers.apply import LONGEST_REASON, apply_waivers, unmatched
from scanner.waivers.model import WaiverScope
from tests.factories import namespace, snapshot
from tests.scanner.controls.clusters import eks, web
from tests.scanner.waivers.test_waivers import AT, CLUSTER, applied, failing, waiver


@pytest.mark.parametrize(
    ("scope", "broad"),
    [
        ({}, True),
        ({"namespace": "**"}, True),
        ({"namespace": "?*", "object": "*?"}, True),
        ({"cluster": "prod-1"}, True),
        ({"namespace": "???"}, False),
        ({"namespace": "s*"}, False),
        ({"object": "cluster"}, False),
    ],
)
def test_a_whole_cluster_is_broad_however_it_is_spelled(scope, broad):
    """Wildcards alone narrow nothing."""
    assert WaiverScope(**scope).is_broad is broad


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"approvers": ("ada",)}, "owns it"),
        ({"approvers": ("  ADA  ",)}, "owns it"),
        ({"approvers": ("Grace", "grace ")}, "twice"),
        ({"expires": "2027-06-01"}, "more than 90 days"),
        ({"created": "2026-12-24"}, "not after"),
        ({"expires": "soon"}, "no date"),
    ],
)
def test_what_no_file_should_let_through_has_no_effect(fields, said):
    """An invalid waiver waives nothing and says why, wherever it came from."""
    result = failing("shop")
    found = apply_waivers({result.id: result}, [waiver(**fields)], CLUSTER, "dev", AT)
    assert found.results[result.id] == result
    (use,) = found.uses
    assert (use.state, said in use.problem) == ("invalid", True)


def test_one_person_under_two_spellings_is_one_approver():
    """Two approvers are two people."""
    result = failing("cluster", control="NB-ENF-06", severity=Severity.CRITICAL)
    found = applied(result, waiver(control="NB-ENF-06", approvers=("Grace", " GRACE"), expires="2026-11-30"))
    assert found.status is Status.FAIL


def test_paths_between_clusters_need_two_approvers_in_the_file_already():
    """NB-XC-02 is judged for the whole fleet, so its waiver is always one of production."""
    lone = waiver(control="NB-XC-02", expires="2026-11-30")
    assert [key for key, _ in lone.problems(Severity.CRITICAL)] == ["approvers"]
    assert not list(msgspec.structs.replace(lone, approvers=("Grace", "Alan")).problems(Severity.CRITICAL))


@pytest.mark.parametrize(("pattern", "status"), [("c*", Status.FAIL), ("*", Status.WAIVED), ("cluster", Status.WAIVED)])
def test_a_pattern_of_namespaces_takes_in_no_whole_cluster_by_chance(pattern, status):
    """The item about the cluster is called `cluster` and stands in no namespace."""
    assert applied(failing("cluster"), waiver(scope={"namespace": pattern})).status is status


def test_long_words_are_cut_where_every_item_repeats_them():
    """A reason of a megabyte is not written beside each of sixty thousand pods."""
    found = applied(failing("shop"), waiver(reason="x" * 10_000))
    assert len(found.items[0].evidence[0]) < LONGEST_REASON + 200


def test_the_waiver_that_holds_longest_is_named():
    """Of several that match, an item names the one that ends last."""
    found = applied(failing("shop"), waiver(id="A", expires="2026-12-24"), waiver(id="B"))
    assert "waived by A until 2026-12-24" in found.items[0].evidence[0]


@pytest.mark.parametrize("scope", [{"namespace": "shop"}, {"object": "shop/web[Deployment]"}, {}])
def test_a_waiver_of_what_nobody_could_read_is_undecided(scope):
    """Of a cluster that could not be read no waiver is called unused: NB-GOV-06 is unknown and says so."""
    given = msgspec.structs.replace(snapshot(unread="403 from the API server", collection={}), cluster=CLUSTER)
    mine = waiver(control="NB-ISO-01", expires="2026-11-30", scope={"cluster": CLUSTER.name, **scope})
    found = judge(given, waivers=[mine], at=AT)
    assert [use.state for use in found.waivers] == ["undecided"]
    (governed,) = (each for each in found.controls if each.id == "NB-GOV-06")
    assert (governed.status, governed.reason) == (Status.UNKNOWN, "undecided")


def test_a_waiver_of_what_was_seen_in_order_is_unused():
    """Where everything in its scope is known not to fail, a waiver is no longer needed."""
    given = eks(web(), namespaces=[namespace("shop")], cluster=CLUSTER)
    mine = waiver(scope={"cluster": CLUSTER.name, "namespace": "elsewhere"})
    found = judge(given, waivers=[mine], at=AT)
    assert [use.state for use in found.waivers] == ["unused"]


def test_a_waiver_of_nothing_audited_is_unmatched():
    """It stands in a report all the same, with what to look at."""
    use = unmatched(waiver(scope={"cluster": "gone"}))
    assert (use.state, use.items, use.problem) == ("unmatched", 0, "nothing that was audited is in its scope")


def test_a_waiver_of_the_control_on_waivers_is_reported_too():
    """NB-GOV-06 is judged last; a waiver of its own failure is among those that were used."""
    stale = waiver(id="stale", scope={"cluster": CLUSTER.name, "namespace": "elsewhere"})
    mine = waiver(id="mine", control="NB-GOV-06", scope={"cluster": CLUSTER.name, "object": "stale"})
    found = judge(eks(web(), cluster=CLUSTER), waivers=[stale, mine], at=AT)
    assert {use.id: use.state for use in found.waivers} == {"stale": "unused", "mine": "used"}
