"""Waivers: what they match, when they hold, and what they never change."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.findings import ControlResult, Item, Level, Severity, Status
from scanner.waivers.apply import EXPIRED, apply_waivers
from scanner.waivers.model import Waiver, WaiverScope
from tests.factories import cluster

AT = "2026-11-23T08:00:00Z"
CLUSTER = cluster(name="prod-1")


def waiver(**fields: Any) -> Waiver:
    """A waiver of NB-ISO-02 for everything, in force."""
    scope = WaiverScope(**fields.pop("scope", {}))
    given: dict[str, Any] = {
        "id": "W-1", "control": "NB-ISO-02", "reason": "r", "compensating_control": "c", "owner": "Ada",
        "approvers": ("Grace",), "ticket": "T-1", "created": "2026-11-01", "expires": "2026-12-01",
    } | fields  # fmt: skip
    return Waiver(scope=scope, **given)


def failing(*subjects: str, control: str = "NB-ISO-02", severity: Severity = Severity.HIGH) -> ControlResult:
    """A control whose every item fails."""
    items = tuple(Item(subject=each, status=Status.FAIL, reason="open") for each in subjects)
    return ControlResult(
        id=control, title="t", severity=severity, status=Status.FAIL, reason="open", fraction=0.0,
        level=Level.EFFECTIVE, items=items,
    )  # fmt: skip


def applied(result: ControlResult, *waivers: Waiver, tier: str = "prod", at: str = AT) -> ControlResult:
    """The result as the waivers leave it."""
    return apply_waivers({result.id: result}, waivers, CLUSTER, tier, at).results[result.id]


@pytest.mark.parametrize(
    ("scope", "waived"),
    [
        ({}, {"shop", "shop/web[Deployment]", "NetworkPolicy shop/open", "pay/api[Deployment]", "cluster"}),
        ({"namespace": "shop"}, {"shop", "shop/web[Deployment]", "NetworkPolicy shop/open"}),
        ({"namespace": "sh?p"}, {"shop", "shop/web[Deployment]", "NetworkPolicy shop/open"}),
        ({"object": "shop/web[Deployment]"}, {"shop/web[Deployment]"}),
        ({"object": "web[Deployment]"}, {"shop/web[Deployment]"}),
        ({"object": "open", "namespace": "shop"}, {"NetworkPolicy shop/open"}),
        ({"object": "web[D]"}, set()),
        ({"cluster": "prod-*", "namespace": "pay"}, {"pay/api[Deployment]"}),
        ({"cluster": "dev-*"}, set()),
        ({"cloud": "aws"}, set()),
        ({"account": "another"}, set()),
    ],
)
def test_a_waiver_matches_by_scope(scope, waived):
    """Cloud, account and cluster; namespace and object of the item; a bracket is a bracket."""
    subjects = ("shop", "shop/web[Deployment]", "NetworkPolicy shop/open", "pay/api[Deployment]", "cluster")
    found = applied(failing(*subjects), waiver(scope=scope))
    assert {item.subject for item in found.items if item.status is Status.WAIVED} == waived


def test_a_waived_item_says_who_accepts_it_and_what_guards_it():
    """The first line of its evidence names the waiver; the control is waived, its fraction is what was judged."""
    found = applied(failing("shop"), waiver())
    assert (found.status, found.fraction, found.accepted) == (Status.WAIVED, 0.0, None)
    assert (
        found.items[0].evidence[0]
        == "waived by W-1 until 2026-12-01: r (owner Ada, approved by Grace, T-1); instead: c"
    )


@pytest.mark.parametrize("at", ["2026-12-01T00:00:00Z", "2026-10-31T23:59:59Z", "2027-01-01T00:00:00Z"])
def test_a_waiver_holds_from_its_first_day_to_before_its_last(at):
    """Before and after it the failure stands, and says that there was one."""
    found = applied(failing("shop"), waiver(), at=at)
    assert (found.status, found.items[0].reason) == (Status.FAIL, EXPIRED)


def test_what_is_left_still_fails():
    """A failure beside the waived one keeps the control failing."""
    found = applied(failing("shop", "pay"), waiver(scope={"namespace": "shop"}))
    assert (found.status, found.accepted) == (Status.FAIL, 0.0)


@pytest.mark.parametrize(
    ("approvers", "tier", "status"),
    [(("Grace",), "prod", Status.FAIL), (("Grace", "Alan"), "prod", Status.WAIVED), (("Grace",), "dev", Status.WAIVED)],
)
def test_two_people_accept_that_nothing_is_enforced_in_production(approvers, tier, status):
    """NB-ENF-01 and its like need two approvers on prod."""
    result = failing("cluster", control="NB-ENF-01", severity=Severity.CRITICAL)
    assert applied(result, waiver(control="NB-ENF-01", approvers=approvers), tier=tier).status is status


@pytest.mark.parametrize(
    ("fields", "severity", "key"),
    [
        ({"expires": "2026-12-02"}, Severity.CRITICAL, "expires"),
        ({"expires": "2027-01-31"}, Severity.HIGH, "expires"),
        ({"expires": "2027-05-01"}, Severity.LOW, "expires"),
        ({"expires": "2026-11-01"}, Severity.LOW, "expires"),
        ({"expires": "soon"}, Severity.LOW, "expires"),
        ({"created": "01.11.2026"}, Severity.LOW, "created"),
        ({"approvers": ("Ada",)}, Severity.LOW, "approvers"),
        ({"approvers": ("Grace", "Grace")}, Severity.LOW, "approvers"),
    ],
)
def test_what_is_wrong_with_a_waiver_by_itself(fields, severity, key):
    """Life by severity, dates, and who approves."""
    assert [found for found, _ in waiver(**fields).problems(severity)] == [key]
    assert not list(waiver().problems(Severity.CRITICAL))


def test_each_waiver_says_what_it_did():
    """Used, unused, expired, lapsed, invalid, over-broad: once each."""
    result = failing("shop")
    waivers = [
        waiver(id="used", scope={"namespace": "shop"}),
        waiver(id="unused", scope={"namespace": "pay"}),
        waiver(id="expired", scope={"namespace": "shop"}, expires="2026-11-20"),
        waiver(id="lapsed", scope={"namespace": "pay"}, expires="2026-11-20"),
        waiver(id="over-broad"),
        waiver(id="fine", broad=True),
        waiver(id="elsewhere", scope={"cluster": "dev-1"}),
        waiver(id="other", control="NB-ENF-01"),
    ]
    uses = apply_waivers({result.id: result}, waivers, CLUSTER, "prod", AT).uses
    assert {use.id: use.state for use in uses} == {
        "used": "used", "unused": "unused", "expired": "expired", "lapsed": "lapsed", "over-broad": "over-broad",
        "fine": "used",
    }  # fmt: skip
