"""A report seen through a framework: the rows, what may be missing from them, and the table for people."""

from __future__ import annotations

import msgspec
import pytest

from reports.document import Fabric, Report, Scope, decode_report, render_json
from reports.framework_table import framework_parts
from reports.frameworks import framework_view
from reports.screen import printed
from scanner.findings import ControlResult, Level, Score, Severity, Status
from scanner.frameworks.model import ATTESTATION, find_framework, frameworks
from tests.reports.report_factory import cluster, control, estate, report, unread_cluster

PCI = find_framework("pci")
GKE = find_framework("cis gke")
LONG = "a" * 500


def shown(view, width=100) -> str:
    """The view as a terminal has it."""
    return printed(framework_parts(view, width), width=width, colour=False)


def results(*statuses: tuple[int, Status]) -> tuple[ControlResult, ...]:
    """These controls of the factory, with these statuses."""
    return tuple(control(number, status) for number, status in statuses)


def two_clusters() -> Report:
    """NB-ENF-01 passes on both, NB-ISO-01 fails on one: 1.2.6 and 1.4.1 of PCI hang on these two."""
    return report(
        cluster("good", controls=results((0, Status.PASS), (4, Status.PASS))),
        cluster("odd", controls=results((0, Status.PASS), (4, Status.FAIL))),
    )


def row_of(view, name):
    """One requirement of a view."""
    return next(each for each in view.requirements if each.id == name)


def test_a_row_has_the_worst_and_says_which_cluster_is_how():
    """Status, counts, each control's worst, and each cluster's own status."""
    row = row_of(framework_view(two_clusters(), PCI), "1.2.6")
    assert (row.status, row.counts) == ("fail", {"fail": 1, "pass": 1})
    assert row.equal == {"NB-ENF-01": "pass", "NB-ISO-01": "fail"}
    assert row.supporting == {"NB-ENF-02": "not_judged", "NB-ENF-04": "not_judged"}
    assert {name.rpartition("/")[2]: status for name, status in row.clusters.items()} == {"good": "pass", "odd": "fail"}


def test_what_was_not_judged_is_unknown_and_named():
    """An equal control of another profile: unknown, and the table says which control that is."""
    view = framework_view(two_clusters(), PCI)
    row = row_of(view, "2.2.5")
    assert (row.status, row.equal) == ("unknown", {"NB-EXP-03": "not_judged"})
    assert "EXP-03 not judged" in shown(view)


def test_an_unread_cluster_takes_every_pass():
    """Unread is never compliant: no requirement passes over a fleet with a cluster that nobody could read."""
    good = cluster("good", "azure", controls=results(*((number, Status.PASS) for number in range(14))))
    assert "pass" in {each.status for each in framework_view(report(good), PCI).requirements}
    for framework in frameworks():
        view = framework_view(report(good, unread_cluster()), framework)
        assert "pass" not in {each.status for each in view.requirements}


def test_a_framework_of_one_cloud_leaves_the_others_out():
    """CIS GKE is about GKE alone; a fleet without such a cluster has no row, and the table says why."""
    found = framework_view(report(cluster("a", "aws"), cluster("g", "gcp")), GKE)
    assert {name for each in found.requirements for name in each.clusters} == {"gcp/123456789012/eu-west-1/g"}
    none = framework_view(report(cluster("a", "aws")), GKE)
    assert (none.requirements, none.gaps) == ((), ())
    assert "It is about clusters of Google Cloud alone, and none is known." in shown(none)
    assert "There is no cluster." in shown(framework_view(report(), PCI))


def test_what_may_be_missing_is_said():
    """A cluster of no known cloud is left out by name; places that were not searched may hold others."""
    scopes = (
        Scope(cloud="aws", account="1", location="eu-west-1", outcome="denied", reason="no"),
        Scope(cloud="aws", account="1", location="eu-west-2", outcome="disabled"),
    )
    found = report(cluster("lab\x1b[31m", "other"), cluster("g", "gcp"), scopes=scopes)
    gaps = framework_view(found, GKE).gaps
    assert len(gaps) == 2
    assert gaps[0].startswith("lab\\x1b[31m left out: the cloud is not known")
    assert gaps[1] == "1 place not searched whole: clusters may be missing"
    assert framework_view(found, PCI).gaps == gaps[1:]
    assert gaps[1] in shown(framework_view(found, PCI))


def test_the_fabric_speaks_for_every_cluster():
    """Links are judged once for the fleet, and support what they are mapped to; what clusters have counts as theirs."""
    judged = ControlResult(
        id="NB-XC-01", title="t", severity=Severity.HIGH, status=Status.FAIL, reason="r", fraction=0.0, level=Level.DECLARED
    )  # fmt: skip
    fabric = Fabric(score=Score(proven=0, ceiling=0, coverage=1), grade="F", gates=(), controls=(judged,))
    row = row_of(framework_view(msgspec.structs.replace(two_clusters(), fabric=fabric), PCI), "1.2.3")
    assert row.supporting["NB-XC-01"] == "fail"
    assert row.status == "not_assessed"


@pytest.mark.parametrize("framework", frameworks(), ids=lambda each: each.slug)
def test_every_view_survives_the_document(framework):
    """It can be written and read again, and carries what it is not."""
    found = estate()
    view = framework_view(found, framework)
    assert view.note.startswith(ATTESTATION)
    again = decode_report(render_json(msgspec.structs.replace(found, frameworks=(view,))))
    assert again.frameworks == (view,)
    text = shown(view)
    assert ATTESTATION in text
    for row in view.requirements:
        assert row.id.split()[0] in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_the_table_fits(width):
    """No line is wider than the terminal, hostile ids and statuses among them; no control character gets through."""
    view = framework_view(estate(), PCI)
    first = msgspec.structs.replace(
        view.requirements[4], id="\x1b[2J\n" + LONG, status=LONG, counts={LONG: 1}, equal={"NB-" + LONG: LONG}
    )
    hostile = msgspec.structs.replace(view, name=LONG, gaps=("\x07" + LONG,), requirements=(first, *view.requirements))
    for each in (view, hostile):
        text = shown(each, width)
        assert max(map(len, text.splitlines())) <= width
        assert not {"\x1b", "\x07"} & set(text)


def test_counts_stand_worst_first():
    """A reader sees the failures before the passes."""
    assert "3 fail, 1 unknown, 2 pass, 1 n/a" in shown(
        framework_view(
            report(
                *(
                    cluster(f"c{place}", controls=results((0, status), (4, status)))
                    for place, status in enumerate(
                        [Status.PASS, Status.FAIL, Status.NOT_APPLICABLE, Status.FAIL, Status.UNKNOWN, Status.PASS, Status.FAIL]
                    )
                )
            ),
            PCI,
        )
    )  # fmt: skip
