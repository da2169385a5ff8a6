"""OCSF: every event against the models of py-ocsf-models, and what it says."""

from __future__ import annotations

import json

import msgspec
import pytest
from py_ocsf_models import OCSF_VERSION
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from reports.document import Run
from reports.exports import notices, render
from reports.exports.ocsf import VERSION
from reports.identity import finding_ids
from scanner.errors import InputError
from scanner.findings import Place
from tests.reports.exports.exchanges import DENIED, HOSTILE, count, hostile, lines, of_statuses, whole
from tests.reports.report_factory import cluster, control, item, report, unread_cluster


def test_every_finding_is_an_event_that_the_library_takes():
    """Clusters' items, controls without items, and the fleet's own; ids are the findings' own."""
    source = whole()
    found = lines("ocsf", source)
    for event in found:
        ComplianceFinding.model_validate(event)
    assert len(found) == count(source)
    first = source.clusters[0]
    assert found[0]["finding_info"]["uid"] == finding_ids(first.id, first.controls[0])[0]
    assert len({each["metadata"]["uid"] for each in found}) == len(found)
    assert VERSION == OCSF_VERSION == found[0]["metadata"]["version"]


def test_statuses_say_what_they_are():
    """Waived fails and is suppressed; unknown is no result for lack of information, never a pass."""
    found = {each["status_code"]: each for each in lines("ocsf", of_statuses())}
    said = {
        name: (each["compliance"]["status"], each["compliance"]["status_id"], each["status"], each["severity_id"])
        for name, each in found.items()
    }
    assert said == {
        "pass": ("Pass", 1, "New", 1),
        "fail": ("Fail", 3, "New", 4),
        "unknown": ("Warning", 2, "New", 4),
        "not_applicable": ("Not applicable", 99, "New", 1),
        "waived": ("Fail", 3, "Suppressed", 5),
    }


def test_an_event_names_where_what_and_by_which_requirement():
    """The cluster by its ARN, the object in it, the requirements that are this very subject, the time in milliseconds."""
    event = next(each for each in lines("ocsf", of_statuses()) if each["status_code"] == "waived")
    assert [each["uid"] for each in event["resources"]] == [
        "arn:aws:eks:eu-west-1:123456789012:cluster/shop-prod",
        "arn:aws:eks:eu-west-1:123456789012:cluster/shop-prod/Namespace/shop",
    ]
    assert event["cloud"]["account"] == {
        "uid": "123456789012",
        "name": "123456789012",
        "type_id": 10,
        "type": "AWS Account",
    }
    assert "PCI DSS 4.0.1: 1.2.6" in event["compliance"]["requirements"]
    assert event["compliance"]["standards"][0] == "ringfence baseline 1.0.0"
    assert not any("GKE" in each for each in event["compliance"]["standards"])
    assert (event["time"], event["finding_info"]["last_seen_time"]) == (1795420800000, 1795420692000)


def test_manifests_stand_with_their_line():
    """OCSF has no attribute for where an object is written."""
    found = item("shop", origins=(Place(file="k8s/shop.yaml", line=7),))
    (event,) = lines("ocsf", report(cluster("c", controls=(control(4, items=(found,)),))))
    assert event["unmapped"]["origins"] == ["k8s/shop.yaml:7"]


def test_a_zone_is_no_region():
    """Of a zonal GKE cluster both are told."""
    (event, *_) = lines("ocsf", report(cluster("z", "gcp", location="europe-west1-b", account="p")))
    assert (event["cloud"]["region"], event["cloud"]["zone"]) == ("europe-west1", "europe-west1-b")


def test_an_unread_cluster_is_there_with_its_reason():
    """Each control is a warning that says why nothing is known."""
    found = lines("ocsf", report(unread_cluster()))
    assert len(found) == 14
    assert {each["compliance"]["status_id"] for each in found} == {2}
    assert all("403 Forbidden" in each["status_detail"] for each in found)


def test_hostile_texts_stay_texts():
    """Bounded, one line, without control characters."""
    source = hostile()
    found = lines("ocsf", msgspec.structs.replace(source, clusters=source.clusters[:1]))
    ComplianceFinding.model_validate(found[0])
    raw = json.dumps(found, ensure_ascii=False)
    assert max(len(json.dumps(each)) for each in found) < 100_000
    assert not any(bad in raw for bad in ("\x1b", "\x00", "\u202e", "\ud800"))
    assert HOSTILE[:4] in found[0]["message"]


@pytest.mark.parametrize("time", ["", "yesterday", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+23:59"])
def test_a_report_without_a_time_is_one_clear_error(time):
    """Nothing is written then, for an event needs one."""
    source = msgspec.structs.replace(of_statuses(), run=Run(id="r", time=time, tool="1"))
    with pytest.raises(InputError, match=r"run\.time .* is no time"):
        next(iter(render("ocsf", source)))


def test_a_time_of_a_cluster_that_is_none_is_found_before_anything_is_written():
    """Of the last cluster, too."""
    source = report(cluster("a"), cluster("b", taken="soon"))
    with pytest.raises(InputError, match=r"cluster 'b': taken 'soon' is no time"):
        next(iter(render("ocsf", source)))


def test_places_that_were_not_searched_are_told():
    """The form has no event for them."""
    assert notices("ocsf", of_statuses()) == ()
    (said,) = notices("ocsf", msgspec.structs.replace(of_statuses(), scopes=DENIED))
    assert said == "1 place not searched whole: findings of clusters there may be missing"
