"""Who has which findings: the fabric repeats what clusters were judged for, and nothing may be counted twice or lost."""

from __future__ import annotations

from functools import cache

from typer.testing import CliRunner

from functions.cli import app
from reports.document import Report, decode_report
from reports.exports.findings import holders, items_of, unread_lines
from scanner.findings import Status
from tests.reports.report_factory import cluster, control, estate, item, report, unread_cluster


@cache
def demo() -> Report:
    """The shipped estate, audited: seven clusters in three clouds, and what joins them."""
    done = CliRunner().invoke(app, ["audit", "--demo", "--allow-partial", "--format", "json"], catch_exceptions=False)
    return decode_report(done.stdout_bytes)


def test_each_finding_of_an_audit_is_held_once():
    """Clusters have all of theirs; of the fabric's, those are left that no cluster has: links, paths, the fleet's waivers."""
    given = demo()
    held = list(holders(given))
    assert [each.cluster for each in held[:-1]] == list(given.clusters)
    assert all(each.controls == each.cluster.controls for each in held[:-1])
    fabric = {(each.id, found.subject) for each in held[-1].controls for found in each.items}
    repeated = {
        (each.id, one.name if found.subject == "cluster" else f"{one.name}: {found.subject}")
        for one in given.clusters
        for each in one.controls
        for found in each.items
    }
    whole = {(each.id, found.subject) for each in given.fabric.controls for found in each.items}
    assert fabric == whole - repeated
    assert {name for name, _ in fabric} >= {"NB-XC-01", "NB-XC-02"}
    assert not {name for name, _ in fabric} & {"NB-GOV-05", "NB-VER-02"}


def test_a_control_without_an_item_of_its_status_stands_for_itself():
    """An unread cluster's controls have no items, and may not vanish."""
    bare = control(4, Status.UNKNOWN, reason="unread", items=())
    assert [(each.subject, each.reason) for each in items_of(bare, Status.UNKNOWN)] == [("cluster", "unread")]
    assert list(items_of(bare, Status.FAIL)) == []
    mixed = control(4, items=(item("a"), item("b", Status.PASS)))
    assert [each.subject for each in items_of(mixed, Status.FAIL)] == ["a"]


def test_what_was_not_read_is_named_once_each():
    """Places, clusters that were not read, clusters that were read in part; nothing of what is whole."""
    assert len(unread_lines(estate())) == 3
    assert unread_lines(report(cluster())) == ()
    odd = unread_cluster(read="later-word", unread="why")
    assert unread_lines(report(odd)) == ("ledger-private: not read: why",)
