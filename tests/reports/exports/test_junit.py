"""JUnit: read back by junitparser and by the standard library; unknown is an error, and the sums agree with the report."""

from __future__ import annotations

import sys
from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from reports.exports import render
from reports.exports.findings import holders, unread_lines
from reports.exports.junit import MOST_ITEMS, PLACES
from scanner.errors import InputError
from scanner.findings import Place, Status
from tests.reports.report_factory import cluster, control, estate, fleet, item, renamed, report, unread_cluster

HOSTILE = "\x00\x1b[31m]]>&<a href='x'>\ufffe\ud800\u202e\n\x0b" + "long " * 200
KINDS = {Failure: "failures", Error: "errors", Skipped: "skipped"}


def written(given) -> bytes:
    """A report's JUnit document."""
    return b"".join(render("junit", given))


def cases(given):
    """Every case by suite and name, read by junitparser, with its results."""
    return {
        (suite.name, case.name): (case, case.result) for suite in JUnitXml.fromstring(written(given)) for case in suite
    }


def only(given):
    """The only case."""
    ((case, results),) = cases(given).values()
    return case, results


@pytest.mark.parametrize("given", [estate(), fleet(9), report(), renamed(estate(), HOSTILE), renamed(estate(), "")])
def test_the_sums_agree_with_the_report(given):
    """Of the root, of every suite, and of the cases themselves; by two readers."""
    counts = Counter(each.status for held in holders(given) for each in held.controls)
    unread = len(unread_lines(given))
    expected = {
        "tests": sum(counts.values()) + unread,
        "failures": counts[Status.FAIL],
        "errors": counts[Status.UNKNOWN] + unread,
        "skipped": counts[Status.WAIVED] + counts[Status.NOT_APPLICABLE],
    }
    data = written(given)
    root = ET.fromstring(data)  # noqa: S314 - our own document
    assert {name: int(root.get(name)) for name in expected} == expected
    suites = root.findall("testsuite")
    assert {name: sum(int(suite.get(name)) for suite in suites) for name in expected} == expected
    found = Counter({"tests": len(root.findall("testsuite/testcase"))})
    for suite in JUnitXml.fromstring(data):
        for case in suite:
            found.update(KINDS[type(result)] for result in case.result)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.FAIL, Failure),
        (Status.UNKNOWN, Error),
        (Status.WAIVED, Skipped),
        (Status.NOT_APPLICABLE, Skipped),
        (Status.PASS, None),
    ],
)
def test_a_status_is_what_a_job_makes_of_it(status, kind):
    """Only a pass has no result; unknown is neither passed nor skipped."""
    case, results = only(report(cluster(controls=(control(4, status),))))
    assert [type(result) for result in results] == ([kind] if kind else [])
    assert case.is_passed == (kind is None)
    assert case.classname == "aws/123456789012/eu-west-1/shop-prod"
    assert case.name.startswith("NB-ISO-01 Default-deny ingress")


def test_a_failure_names_its_items_with_place_evidence_and_mend():
    """What passes stays out of it; what is unknown besides is counted; the case has the first file."""
    bad = item("shop", origins=(Place(file="k8s/shop.yaml", line=7),), remediation="Apply:\nkind: NetworkPolicy")
    given = control(4, items=(item("fine", Status.PASS), bad, item("dim", Status.UNKNOWN)))
    case, (result,) = only(report(cluster(controls=(given,))))
    assert "shop: not isolated (k8s/shop.yaml:7)\n  No policy that the data plane honours" in result.text
    assert "Mend: Apply:\nkind: NetworkPolicy" in result.text
    assert "1 more are unknown." in result.text
    assert "fine" not in result.text
    assert (result.type, result.message) == ("not-isolated", "critical fail: not isolated: shop")
    assert case._elem.get("file") == "k8s/shop.yaml"


def test_a_waived_case_says_why():
    """The waiver's words stand in what is skipped."""
    why = "waived by W-7 until 2027-01-01: legacy"
    _, (result,) = only(
        report(cluster(controls=(control(4, Status.WAIVED, items=(item("s", Status.WAIVED, evidence=(why,)),)),)))
    )
    assert isinstance(result, Skipped)
    assert why in result.text


def test_a_case_is_bounded():
    """Of many items the first are spelled out and the others counted."""
    given = control(4, items=tuple(item(f"n{number}") for number in range(MOST_ITEMS + 12)))
    _, (result,) = only(report(cluster(controls=(given,))))
    assert result.text.count("Mend:") == MOST_ITEMS
    assert "12 more are left out." in result.text
    assert result.message.endswith("n0, n1, n2 and 59 more")


def test_what_was_not_read_is_a_suite_of_errors():
    """Places and clusters, beside the clusters' own suites; none where everything was read."""
    found = [name for suite, name in cases(estate()) if suite == PLACES]
    assert len(found) == 3
    assert any("ledger-private: not read" in name for name in found)
    assert PLACES not in {suite for suite, _ in cases(report(cluster()))}


def test_an_unread_cluster_passes_nothing():
    """Each of its controls is an error."""
    found = [results for (suite, _), (_, results) in cases(report(unread_cluster())).items() if suite != PLACES]
    assert len(found) == len(unread_cluster().controls)
    assert all(isinstance(result, Error) for (result,) in found)


def test_hostile_text_is_legal_xml_and_shown():
    """XML 1.0 has no form for control characters: they are spelled out, and markup stays text."""
    text = written(renamed(estate(), HOSTILE)).decode()
    assert r"\x00\x1b[31m]]" in text
    assert r"\ufffe\ud800\u202e" in text
    (case,) = [
        each
        for (suite, _), (each, _) in cases(renamed(report(cluster(controls=(control(4),))), HOSTILE)).items()
        if suite != PLACES
    ]
    assert "<a href='x'>" in case.name


def test_same_report_same_bytes_a_suite_at_a_time():
    """No clock; and a piece for each cluster."""
    first, again = (list(render("junit", estate())) for _ in range(2))
    assert first == again
    assert len(first) == 3 + 1 + 7


def test_without_the_library_the_extra_is_named(monkeypatch):
    """One line that says what to install."""
    monkeypatch.setitem(sys.modules, "junitparser", None)
    monkeypatch.delitem(sys.modules, "reports.exports.junit")
    with pytest.raises(InputError, match=r"pip install 'ringfence\[exports\]'"):
        render("junit", report())
