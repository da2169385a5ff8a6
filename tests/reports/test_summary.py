"""`summary/v1`: small, whole, and refused where it cannot be one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reports.past import rebased
from reports.summary import decode_head, decode_summary, render_summary, summary_of, trend_point
from scanner.errors import InputError
from scanner.findings import Status
from tests.reports.governed_factory import governed
from tests.reports.report_factory import cluster, control, estate, report


def document(**changes: Any) -> bytes:
    """The summary of the estate with some fields replaced."""
    return msgspec.json.encode(msgspec.json.decode(render_summary(summary_of(estate()))) | changes)


def test_a_fleet_of_a_thousand_clusters_is_less_than_a_megabyte():
    """With sixty controls each, and ids as long as those of AKS."""
    controls = tuple(msgspec.structs.replace(control(4), id=f"NB-ABC-{number:02}") for number in range(60))
    group = "/subscriptions/0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0/resourcegroups/rg-payments-production-westeurope"
    path = f"{group}/providers/microsoft.containerservice/managedclusters/payments-production"
    fleet = report(*(cluster(f"payments-production-{n}", id=f"{path}-{n}", controls=controls) for n in range(1000)))
    assert len(render_summary(summary_of(fleet))) < 1_000_000


def test_a_letter_stands_for_each_controls_status():
    """In the order of the summary's controls; `-` where a cluster was not judged by one."""
    statuses = (Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE, Status.WAIVED)
    judged = tuple(control(number, status) for number, status in enumerate(statuses))
    found = summary_of(report(cluster("a", controls=judged), cluster("b", controls=judged[1:2])))
    assert {name: found.clusters[0].statuses[at] for at, name in enumerate(found.controls)} == {
        each.id: letter for each, letter in zip(judged, "PFUNW", strict=True)
    }
    assert sorted(found.clusters[1].statuses) == ["-", "-", "-", "-", "F"]
    assert set(summary_of(governed()).fabric) > {"-"}


def test_what_is_written_is_read_back():
    """Whole or its head alone, which gives the report's own point."""
    source = estate()
    data = render_summary(summary_of(source))
    assert decode_summary(data, "x") == summary_of(source)
    head = decode_head(data, "x")
    assert head.point(head.fleet) == trend_point(source)
    assert [head.point(head.clouds[name]).clusters for name in ("aws", "azure", "gcp")] == [2, 3, 2]
    assert decode_summary(document(later=1), "x") == summary_of(source)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(document(fabric="P"), "letters of 'the fabric'", id="letters-too-few"),
        pytest.param(document(fabric="X" * 14), "letters of 'the fabric'", id="letters-of-no-status"),
        pytest.param(document(schema="report/v1"), "instead of 'summary/v1'", id="other-document"),
        pytest.param(document(clusters=[{}]), "missing required field", id="cluster-without-anything"),
        pytest.param(b'{"a":' + b"[" * 200_000, "recursion", id="deep"),
        pytest.param(document()[:-40], "truncated", id="cut"),
        pytest.param(b"\xff\xfe", "malformed", id="no-text"),
    ],
)
def test_a_damaged_summary_is_one_line(data, said):
    """It names the object, what is wrong and the mend."""
    with pytest.raises(InputError, match=said) as caught:
        decode_summary(data, "s/summary.json")
    line = str(caught.value)
    assert line.startswith("s/summary.json: ")
    assert line.endswith("damaged or made by hand, so history passes over it: remove it")
    assert "\n" not in line


@pytest.mark.parametrize("score", [(101.0, 101.0, 1.0), (50.0, 40.0, 1.0), (-1.0, 2.0, 1.0), (1.0, 2.0, 1.5)])
def test_a_score_that_cannot_be_is_refused(score):
    """Of the fleet, and of a cluster."""
    crafted = dict(zip(("proven", "ceiling", "coverage"), score, strict=True))
    whole = msgspec.json.decode(document())
    for changes in (
        {"fleet": whole["fleet"] | {"score": crafted}},
        {"clusters": [whole["clusters"][0] | {"score": crafted}]},
    ):
        with pytest.raises(InputError, match="a score that cannot be"):
            decode_summary(document(**changes), "x")


def test_changes_of_the_baseline_are_found_in_order():
    """Each with the last run before and the first after."""
    points = [
        msgspec.structs.replace(trend_point(estate()), run=run, baseline=version)
        for run, version in (("1", "1.0"), ("2", "1.0"), ("3", "1.1"), ("4", "1.0"))
    ]
    assert [(one.run, other.run) for one, other in rebased(points)] == [("2", "3"), ("3", "4")]
