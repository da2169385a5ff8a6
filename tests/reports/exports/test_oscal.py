"""OSCAL: read back and validated by compliance-trestle; what is said of each requirement; every reference leads somewhere."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from trestle.core.validator_factory import validator_factory
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import AssessmentResults

from reports.exports import render
from reports.frameworks import framework_view
from scanner.errors import InputError
from scanner.findings import Level, Status
from scanner.frameworks.model import find_framework
from tests.reports.exports.exchanges import DENIED, HOSTILE, hostile, of_statuses, whole, written
from tests.reports.report_factory import cluster, control, item, report, unread_cluster


def read(folder: Path, source) -> AssessmentResults:
    """The document as trestle reads it, past all of its validators."""
    path = folder / "results.json"
    path.write_bytes(written("oscal", source))
    found = AssessmentResults.oscal_read(path)
    for validator in validator_factory.get_all():
        assert validator.model_is_valid(found, quiet=True), validator.error_msg()
    return found


def document(source) -> dict:
    """The one result of the document, as JSON."""
    (result,) = json.loads(written("oscal", source))["assessment-results"]["results"]
    return result


def states(result) -> dict[str, tuple[str, str]]:
    """State and reason by objective."""
    return {
        each["target"]["target-id"]: (each["target"]["status"]["state"], each["target"]["status"]["reason"])
        for each in result["findings"]
    }


def uuids(part, name) -> set[str]:
    """Every value of a member, wherever it stands."""
    if isinstance(part, list):
        return set().union(*(uuids(each, name) for each in part)) if part else set()
    if not isinstance(part, dict):
        return set()
    own = {part[name]} if name in part else set()
    return own.union(*(uuids(each, name) for each in part.values()))


@pytest.mark.parametrize(
    "source",
    [
        whole(),
        of_statuses(),
        hostile(),
        msgspec.structs.replace(whole(), frameworks=()),
        report(cluster("twin"), cluster("twin")),
    ],
    ids=["frameworks", "statuses", "hostile", "baseline", "twins"],
)
def test_trestle_reads_it_back_and_every_reference_leads_somewhere(source, tmp_path):
    """Its models, its validators (also: no UUID twice), and what they do not look at: observations, risks, subjects, actors."""
    found = read(tmp_path, source)
    assert str(found.metadata.oscal_version.root.root) == OSCAL_VERSION
    result = document(source)
    observations = {each["uuid"] for each in result["observations"]}
    assert uuids(result, "observation-uuid") == observations
    assert uuids(result, "risk-uuid") == {each["uuid"] for each in result.get("risks", ())}
    items = {each["uuid"] for each in result["local-definitions"]["inventory-items"]}
    assert uuids(result, "subject-uuid") <= items
    assert uuids(result, "actor-uuid") == {each["uuid"] for each in result["local-definitions"]["components"]}
    assert len(items) >= len(source.clusters)
    whole_document = json.loads(written("oscal", source))["assessment-results"]
    resources = {each["uuid"] for each in whole_document["back-matter"]["resources"]}
    assert whole_document["import-ap"]["href"].removeprefix("#") in resources


def test_only_what_passes_everywhere_is_satisfied():
    """Without a framework each control is an objective; what does not apply has no finding, and is excluded."""
    result = document(of_statuses())
    assert states(result) == {
        "NB-ENF-01": ("satisfied", "pass"),
        "NB-ENF-02": ("not-satisfied", "fail"),
        "NB-ENF-03": ("not-satisfied", "other"),
        "NB-ISO-01": ("not-satisfied", "other"),
    }
    remarks = {each["target"]["target-id"]: each["target"]["status"]["remarks"] for each in result["findings"]}
    assert "could not be established" in remarks["NB-ENF-03"]
    assert "waiver" in remarks["NB-ISO-01"]
    (selection,) = result["reviewed-controls"]["control-selections"]
    assert selection["exclude-controls"] == [{"control-id": "NB-ENF-06"}]
    assert "not assessed, or not applicable: NB-ENF-06" in result["remarks"]
    assert {each["title"]: each["status"] for each in result["risks"]} == {
        "Enforcement reaches every node and node type": "open",
        "Default-deny ingress is effective in every workload namespace": "deviation-approved",
    }


def test_requirements_have_the_ids_of_the_published_catalogue():
    """NIST's own for SP 800-53; the framework in front of any other's."""
    result = document(whole())
    found = states(result)
    assert found["ac-4_obj"] == ("not-satisfied", "fail")
    assert "sc-7.5_obj" in found
    assert "pci-dss_1.2.6" in found
    nist, pci = result["reviewed-controls"]["control-selections"]
    assert {"control-id": "sc-7.5"} in nist["include-controls"]
    assert (nist["description"], pci["description"]) == ("NIST SP 800-53 r5", "PCI DSS 4.0.1")


def test_what_no_framework_assesses_is_never_satisfied():
    """A requirement that supporting controls alone speak to has no finding, though they all pass."""
    source = report(cluster("good", controls=tuple(control(n, Status.PASS) for n in range(14))))
    seen = framework_view(source, find_framework("nist 800-53"))
    silent = {each.id for each in seen.requirements if each.status == "not_assessed"}
    result = document(msgspec.structs.replace(source, frameworks=(seen,)))
    assert "CM-2" in silent
    assert not any(each["target"]["title"] in silent for each in result["findings"])
    assert "CM-2" in result["remarks"]


def test_a_pass_says_what_it_may_be_missing():
    """A place that was not searched stands beside it, and in the remarks."""
    source = report(cluster("good", controls=(control(4, Status.PASS),)), scopes=DENIED)
    result = document(source)
    assert states(result) == {"NB-ISO-01": ("satisfied", "pass")}
    assert "1 place not searched whole" in result["findings"][0]["target"]["status"]["remarks"]
    assert "1 place not searched whole" in result["remarks"]


def test_an_observation_holds_the_evidence_of_every_item():
    """Collected when the cluster was read; examined, or tested where it is proven; in words that name the subject."""
    one = cluster("c", controls=(control(4, items=(item("shop"), item("edge"))), control(5, level=Level.PROVEN)))
    first, second = document(report(one))["observations"]
    assert [each["description"].split(".")[0] for each in first["relevant-evidence"]] == [
        "NB-ISO-01 fail: shop in c: not-isolated",
        "NB-ISO-01 fail: edge in c: not-isolated",
    ]
    assert "selects every pod of edge" in first["relevant-evidence"][1]["description"]
    assert (first["collected"], first["methods"], second["methods"]) == (
        "2026-11-23T07:58:12+00:00",
        ["EXAMINE"],
        ["TEST"],
    )


def test_a_risk_says_how_to_mend_it():
    """The first item's remediation, lines kept."""
    mend = "Apply:\napiVersion: v1"
    one = cluster("c", controls=(control(4, items=(item("shop", remediation=mend),)),))
    (risk,) = document(report(one))["risks"]
    assert risk["remediations"][0]["description"] == mend
    assert risk["description"] == "NB-ISO-01 on c: 1 of 1 items fail"


def test_an_unread_cluster_is_there_with_its_reason():
    """As an inventory item, in the remarks, and satisfied in nothing."""
    result = document(report(unread_cluster()))
    assert {state for state, _ in states(result).values()} == {"not-satisfied"}
    assert "ledger-private: not read: the API server refused: 403 Forbidden" in result["remarks"]
    assert len(result["local-definitions"]["inventory-items"]) == 1
    partly = document(report(cluster("c", read="partial", gaps=("services: forbidden",))))
    assert "c: read in part: services: forbidden" in partly["remarks"]


def test_hostile_texts_stay_texts():
    """On one line where OSCAL asks for one, and bounded."""
    raw = written("oscal", hostile()).decode()
    assert HOSTILE[:4] in raw
    assert not any(bad in raw for bad in ("\\u001b", "\x1b", "\\u0000", "\u202e"))


def test_an_assessment_of_nothing_is_one_clear_error():
    """OSCAL asks for a reviewed control."""
    with pytest.raises(InputError, match="no control was judged"):
        next(iter(render("oscal", report())))
