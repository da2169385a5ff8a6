"""Policy reports: the fields of OpenReports' CRD, names and labels that Kubernetes takes, sizes that kubectl and etcd take."""

from __future__ import annotations

import json
import re

import jsonschema
import msgspec
import pytest

from scanner.findings import Status
from tests.reports.exports.exchanges import DENIED, count, hostile, of_statuses, whole, written
from tests.reports.report_factory import cluster, control, item, report, unread_cluster

# What is relied on of the CRD's schema, with nothing else allowed, for the API server would drop it in silence:
# https://github.com/openreports/reports-api, crd/openreports.io/v1alpha1/openreports.io_clusterreports.yaml.
_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_COUNTS = {"pass", "fail", "warn", "error", "skip"}


def _closed(properties, *required):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_OBJECT = _closed(dict.fromkeys(("apiVersion", "kind", "namespace", "name"), _TEXT), "kind", "name")
_RESULT = _closed(
    {
        **dict.fromkeys(("source", "policy", "rule", "category", "message"), _TEXT),
        "severity": {"enum": ["critical", "high", "low", "medium", "info"]},
        "result": {"enum": sorted(_COUNTS)},
        "scored": {"type": "boolean"},
        "timestamp": _closed({"seconds": {"type": "integer"}, "nanos": {"type": "integer"}}, "seconds", "nanos"),
        "properties": _TEXTS,
        "resources": {"type": "array", "items": _OBJECT},
    },
    "policy", "result", "timestamp",
)  # fmt: skip
_REPORT = _closed(
    {
        "apiVersion": {"const": "openreports.io/v1alpha1"},
        "kind": {"enum": ["Report", "ClusterReport"]},
        "metadata": _closed({"name": _TEXT, "namespace": _TEXT, "labels": _TEXTS, "annotations": _TEXTS}, "name", "labels"),
        "source": _TEXT,
        "scope": _OBJECT,
        "summary": _closed({name: {"type": "integer"} for name in _COUNTS}, *_COUNTS),
        "results": {"type": "array", "items": _RESULT, "minItems": 1},
    },
    "apiVersion", "kind", "metadata", "summary", "results",
)  # fmt: skip
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def objects(source) -> list[dict]:
    """The objects of the List."""
    found = json.loads(written("policyreport", source))
    assert (found["apiVersion"], found["kind"]) == ("v1", "List")
    return found["items"]


@pytest.mark.parametrize("source", [whole(), of_statuses(), hostile()], ids=["whole", "statuses", "hostile"])
def test_every_object_is_one_that_a_cluster_takes(source):
    """Its fields, names and labels; each finding once; counts that add up; no two of one name."""
    found = objects(source)
    for each in found:
        jsonschema.Draft202012Validator(_REPORT).validate(each)
        metadata = each["metadata"]
        assert _DNS_LABEL.fullmatch(metadata["name"])
        assert ("namespace" in metadata) == (each["kind"] == "Report")
        assert all(_LABEL_VALUE.fullmatch(value) for value in metadata["labels"].values())
        assert sum(each["summary"].values()) == len(each["results"])
    names = [(each["metadata"].get("namespace"), each["metadata"]["name"]) for each in found]
    if source.clusters[0].id != source.clusters[-1].id:  # a hostile report has one id for all
        assert len(set(names)) == len(names)
    assert sum(len(each["results"]) for each in found) == count(source)


def test_statuses_say_what_they_are():
    """Waived is a warning that is not scored; unknown could not be evaluated; neither is a pass."""
    found = {each["properties"]["status"]: each for report_ in objects(of_statuses()) for each in report_["results"]}
    assert {name: (each["result"], each["scored"]) for name, each in found.items()} == {
        "pass": ("pass", True),
        "fail": ("fail", True),
        "unknown": ("error", True),
        "not_applicable": ("skip", True),
        "waived": ("warn", False),
    }
    assert len(found) == len(Status)


def test_what_is_about_a_namespace_stands_in_it():
    """So do its objects; what is about the cluster, or several namespaces, is the cluster's."""
    one = cluster(
        "c",
        controls=(
            control(4, items=(item("shop"), item("cluster"))),
            control(6, items=(item("edge/web[Deployment]"), item("edge/a[Pod], shop/b[Pod]"))),
        ),
    )
    found = {each["metadata"].get("namespace", ""): each for each in objects(report(one))}
    assert {name: [each["properties"]["subject"] for each in one["results"]] for name, one in found.items()} == {
        "": ["cluster", "edge/a[Pod], shop/b[Pod]"],
        "edge": ["edge/web[Deployment]"],
        "shop": ["shop"],
    }
    assert found["edge"]["scope"] == {"apiVersion": "v1", "kind": "Namespace", "name": "edge"}
    assert found["edge"]["results"][0]["resources"] == [
        {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "edge", "name": "web"}
    ]
    assert "resources" not in found[""]["results"][0]


def test_one_clusters_objects_can_be_picked_by_their_label():
    """Two of one name differ, as does one that is called like the fleet, or is no label; the whole id is an annotation."""
    long = "x" * 80
    source = report(
        cluster("a"), cluster("b", id="one"), cluster("b", id="two"), cluster("fabric"), cluster(long), cluster("é")
    )
    labels = {each["metadata"]["annotations"]["ringfence.io/cluster-id"]: each["metadata"]["labels"]["ringfence.io/cluster"]
              for each in objects(source)}  # fmt: skip
    assert len(set(labels.values())) == len(labels) == 6
    assert labels["aws/123456789012/eu-west-1/a"] == "a"
    assert re.fullmatch("b-[0-9a-f]{8}", labels["one"])
    assert re.fullmatch("fabric-[0-9a-f]{8}", labels["aws/123456789012/eu-west-1/fabric"])


def test_names_are_the_same_in_the_next_run():
    """What is applied again replaces what was there; a label says of which run it is."""
    first, second = of_statuses(), of_statuses()
    second = msgspec.structs.replace(
        second, run=msgspec.structs.replace(second.run, id="later", time="2026-12-01T00:00:00Z")
    )
    one, other = objects(first), objects(second)
    assert [each["metadata"]["name"] for each in one] == [each["metadata"]["name"] for each in other]
    assert {each["metadata"]["labels"]["ringfence.io/run"] for each in other} == {"later"}


def test_a_large_report_is_split_so_that_kubectl_can_apply_it():
    """Below 262,144 bytes as Go writes it, where "<" takes six; in order, nothing lost."""
    items = tuple(item(f"node-{number}", evidence=("<&>" * 300,)) for number in range(900))
    found = objects(report(cluster("c", controls=(control(1, items=items),))))
    assert len(found) > 10
    for each in found:
        text = json.dumps(each, separators=(",", ":"))
        assert len(text) + 5 * sum(text.count(letter) for letter in "<>&") < 250_000
    assert [each["metadata"]["name"].rpartition("-")[2] for each in found] == [str(n + 1) for n in range(len(found))]
    assert [each["properties"]["subject"] for part in found for each in part["results"]] == [
        each.subject for each in items
    ]


def test_an_unread_cluster_is_there_with_its_reason():
    """All of it could not be evaluated."""
    (found,) = objects(report(unread_cluster(), scopes=DENIED))
    assert found["summary"] == {"pass": 0, "fail": 0, "warn": 0, "error": 14, "skip": 0}
    assert "403 Forbidden" in found["results"][0]["message"]


def test_a_report_without_clusters_is_an_empty_list():
    """Which kubectl takes, too."""
    assert objects(report()) == []
