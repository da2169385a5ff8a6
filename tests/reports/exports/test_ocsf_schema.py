"""OCSF: events against the schema as it is published, which knows of profiles, and of nothing that it does not list."""

from __future__ import annotations

from functools import cache

import jsonschema
import msgspec
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from reports.exports.ocsf import VERSION
from tests.reports.exports.exchanges import hostile, lines, of_statuses, whole
from tests.reports.report_factory import cluster, report


@cache
def validator(*profiles: str) -> jsonschema.Draft202012Validator:
    """The class with these profiles."""
    embedded = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    found = embedded.get_class_schema(class_name="compliance_finding", profiles=list(profiles))
    return jsonschema.Draft202012Validator(found)


def check(event) -> None:
    """Raise where the schema does not take the event."""
    validator(*event["metadata"].get("profiles", ())).validate(event)


def test_it_takes_one_of_each_kind():
    """One a cluster and status, of every cloud and of none; the fleet's."""
    source = whole()
    nowhere = msgspec.structs.replace(source, clusters=(*source.clusters, cluster("lab", "other")))
    found = {(each["resources"][0]["uid"], each["status_code"]): each for each in lines("ocsf", nowhere)}
    for event in (*found.values(), *lines("ocsf", of_statuses())):
        check(event)
    assert {each.get("cloud", {}).get("provider") for each in found.values()} == {"AWS", "GCP", "Azure", None}


def test_it_takes_hostile_texts():
    """A crafted cloud has no profile, so no attribute of one."""
    source = hostile()
    for event in lines("ocsf", msgspec.structs.replace(source, clusters=source.clusters[:1]))[:9]:
        check(event)


def test_it_would_refuse_an_attribute_that_it_does_not_know():
    """So what passes above says something."""
    (event, *_) = lines("ocsf", report(cluster("c")))
    with pytest.raises(jsonschema.ValidationError):
        check(event | {"invented": 1})
