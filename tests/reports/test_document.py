"""The published documents: their shape, their schemas, and what reading a broken one says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from reports.document import (
    decode_report,
    decode_result,
    render_json,
    render_result,
    report_schema,
    result_schema,
)
from scanner.errors import InputError
from scanner.findings import Area, ClusterResult, Crossings, DataPlaneSummary, Level, NamespaceMatrix, Score
from scanner.model import Notice, Read
from tests.factories import cluster
from tests.reports.governed_factory import fabric
from tests.reports.report_factory import control, estate, report

# The document as the design publishes it: fields may be added beside these, never moved, renamed or retyped.
PUBLISHED: dict[str, Any] = {
    "schema": "report/v1",
    "baseline": "1.0.0",
    "run": {"id": "", "time": ""},
    "fleet": {"score": {"proven": 54.1, "ceiling": 70.8, "coverage": 0.83}, "grade": "F"},
    "scopes": [{"cloud": "aws", "account": "", "location": "eu-west-1", "outcome": "denied", "reason": ""}],
    "clusters": [
        {
            "id": "", "cloud": "aws", "account": "", "location": "", "name": "prod-1", "read": "complete",
            "dataplane": {"name": "eks-vpc-cni", "version": "1.21.1", "enforcing": "no", "evidence": [""]},
            "score": {"proven": 39.0, "ceiling": 47.6, "coverage": 0.91},
            "grade": "F",
            "controls": [
                {
                    "id": "NB-ISO-01", "status": "fail", "reason": "inert", "fraction": 0.0, "level": "effective",
                    "items": [{"subject": "shop", "status": "fail", "evidence": [""], "remediation": ""}],
                }
            ],
        }
    ],
}  # fmt: skip


def matrix(**tables: tuple[tuple[int, ...], ...]) -> NamespaceMatrix:
    """One namespace of two workloads, and the internet."""
    areas = Area(kind="namespace", name="shop", workloads=2), Area(kind="internet", name="", workloads=1)
    return NamespaceMatrix(namespaces=1, areas=areas, levels=(Crossings(level=Level.DECLARED, **tables),))


def result(**overrides: Any) -> ClusterResult:
    """The result of a cluster read whole, one control failed."""
    fields: dict[str, Any] = {
        "baseline": "1.0.0", "cluster": cluster(), "taken": "2026-11-23T08:00:00Z", "tier": "prod", "read": Read.COMPLETE,
        "unread": "", "gaps": (), "exposure": (), "score": Score(proven=200 / 3, ceiling=80.0, coverage=0.9), "grade": "D",
        "dataplane": DataPlaneSummary(name="x", version="1", enforcing="yes", reason="on"), "gates": (), "controls": (control(),),
        "notices": (Notice(object="NetworkPolicy a/b", field="spec", message="<b>\u2028\x1b"),),
    }  # fmt: skip
    return ClusterResult(**(fields | overrides))


def assert_same_shape(expected: Any, found: Any, path: str = "$") -> None:
    """Every field of `expected` is in `found`, with the same type of value."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert name in found, f"{path}.{name} is gone"
            assert_same_shape(value, found[name], f"{path}.{name}")
    elif isinstance(expected, list):
        assert found, f"{path} is empty, so nothing is compared"
        for entry in found:
            assert_same_shape(expected[0], entry, f"{path}[]")
    else:
        assert type(found) is type(expected), path


def test_report_has_the_published_shape():
    """Each field of the published document stands at its place, with its type, in every entry of each list."""
    found = estate().clusters[0]
    document = json.loads(render_json(report(replace(found, controls=(control(),)), scopes=estate().scopes)))
    assert_same_shape(PUBLISHED, document)
    assert document["schema"] == "report/v1"
    assert document["clusters"][0]["name"] == found.name


def test_every_field_is_written():
    """Empty values are written too, so a consumer need not know defaults."""
    document = json.loads(render_json(report()))
    assert document["scopes"] == []
    assert document["clusters"] == []
    assert document["fleet"]["lowest"] == ""
    assert set(document) == set(report_schema()["$defs"]["Report"]["required"])


@pytest.mark.parametrize("document", [estate(), report()], ids=["estate", "empty"])
def test_report_follows_its_schema(document):
    """A rendered report validates against the published JSON Schema, which is itself valid."""
    jsonschema.Draft202012Validator.check_schema(report_schema())
    jsonschema.Draft202012Validator(report_schema()).validate(json.loads(render_json(document)))


def test_result_follows_its_schema():
    """A rendered result validates against the published JSON Schema, which is itself valid."""
    jsonschema.Draft202012Validator.check_schema(result_schema())
    jsonschema.Draft202012Validator(result_schema()).validate(json.loads(render_result(result())))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: d.pop("schema"), id="no-schema"),
        pytest.param(lambda d: d.update(schema="report/v2"), id="other-schema"),
        pytest.param(lambda d: d["fleet"].pop("lowest"), id="missing-field"),
        pytest.param(lambda d: d["fleet"]["score"].update(proven=None), id="no-number"),
        pytest.param(lambda d: d["clusters"][0].update(read="mostly"), id="unknown-read"),
        pytest.param(lambda d: d["scopes"][0].update(outcome="fine"), id="unknown-outcome"),
        pytest.param(lambda d: d["clusters"][0]["controls"][0].update(status="ok"), id="unknown-status"),
    ],
)
def test_schema_and_reader_refuse_the_same_documents(change):
    """What the schema calls invalid is not read either: one line names the document and the field or the schema."""
    document = json.loads(render_json(estate()))
    change(document)
    assert not jsonschema.Draft202012Validator(report_schema()).is_valid(document)
    with pytest.raises(InputError, match=r"^somewhere: ") as raised:
        decode_report(json.dumps(document).encode(), "somewhere")
    assert "\n" not in str(raised.value)


def test_schema_allows_fields_of_later_versions():
    """A report of a later version, with more fields, validates and is read."""
    document = json.loads(render_json(estate()))
    document["added"] = 1
    document["clusters"][0]["added"] = {"x": []}
    document["clusters"][0]["controls"][0]["items"][0]["added"] = None
    jsonschema.Draft202012Validator(report_schema()).validate(document)
    assert decode_report(json.dumps(document).encode()) == estate()


def test_same_report_gives_the_same_bytes():
    """Rendering is a function of the report, ends in one newline, is indented by two, and survives a round trip."""
    data = render_json(estate())
    assert data == render_json(estate()) == render_json(decode_report(data))
    assert data.endswith(b"}\n")
    assert data.startswith(b'{\n  "schema": "report/v1",\n  "baseline"')


def test_result_keeps_unrounded_scores():
    """A stored result gives back exactly what was judged: the fleet's score is computed from it."""
    stored = render_result(result())
    assert decode_result(stored, "x") == result()
    assert json.loads(stored)["score"]["proven"] == 200 / 3


def test_hostile_text_is_only_text():
    """Quotes, controls and markup in a name come back as they were, and the document stays JSON."""
    name = '"}],\n\x00\x1b[2J</script>=cmd()\u202e'
    hostile = result(cluster=cluster(name=name))
    assert json.loads(render_result(hostile))["cluster"]["name"] == name
    assert decode_result(render_result(hostile)) == hostile


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "truncated", id="empty"),
        pytest.param(render_result(result())[:-9], "truncated", id="cut"),
        pytest.param(b"\xff\xfe{}", "malformed", id="not-utf-8"),
        pytest.param(b"[]", "array", id="not-an-object"),
        pytest.param(b"{}", "schema ''", id="no-schema"),
        pytest.param(b'{"schema": "result/v2"}', "schema 'result/v2' instead of 'result/v1'", id="newer-major"),
        pytest.param(b'{"schema": 1}', r"\$\.schema", id="schema-is-no-text"),
        pytest.param(b'{"schema": "result/v1"}', "missing required field", id="nothing-else"),
        pytest.param(b'{"schema": "result/v1", "x": ' + b"[" * 100_000, "recursion", id="deep"),
        pytest.param(render_result(result()).replace(b'"fail"', b'"passed"', 1), r"passed.*\$\.controls\[0\]", id="status"),
    ],
)  # fmt: skip
def test_broken_result_is_one_line(data, expected):
    """A result that cannot be read names the file, the reason with its field, and the mend."""
    with pytest.raises(InputError, match=expected) as raised:
        decode_result(data, "out/result.json")
    assert str(raised.value).startswith("out/result.json: ")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({"score": Score(proven=101.0, ceiling=101.0, coverage=1.0)}, id="above-100"),
        pytest.param({"score": Score(proven=-1.0, ceiling=50.0, coverage=1.0)}, id="below-0"),
        pytest.param({"score": Score(proven=60.0, ceiling=50.0, coverage=1.0)}, id="above-its-ceiling"),
        pytest.param({"score": Score(proven=50.0, ceiling=50.0, coverage=1.1)}, id="coverage"),
        pytest.param({"controls": (replace(control(), fraction=7.0),)}, id="fraction"),
        pytest.param({"controls": (replace(control(), accepted=-0.1),)}, id="accepted-fraction"),
        pytest.param({"accepted": Score(proven=101.0, ceiling=101.0, coverage=1.0)}, id="accepted-above-100"),
        pytest.param({"tier_weight": 0.0}, id="no-weight"),
        pytest.param({"tier_weight": -4.0}, id="weight-below-0"),
        pytest.param({"tier_weight": 1e300}, id="weight-of-everything"),
        pytest.param({"namespaces": matrix(open=((0, 3), (1, 0)))}, id="more-pairs-than-there-are"),
        pytest.param({"namespaces": matrix(open=((-1, 0), (0, 0)))}, id="fewer-pairs-than-none"),
        pytest.param({"namespaces": matrix(open=((2, 2), (2, 0)), unknown=((1, 0), (0, 0)))}, id="open-and-unknown"),
        pytest.param({"namespaces": matrix(open=((0, 0),))}, id="a-row-is-missing"),
        pytest.param({"namespaces": matrix(open=((0,), (0, 0)))}, id="a-column-is-missing"),
        pytest.param({"namespaces": matrix(open=((0, 0), (0, 0)), unknown=((0, 0, 0),) * 2)}, id="a-column-too-many"),
        pytest.param({"namespaces": replace(matrix(open=((0,),)), areas=())}, id="no-areas"),
    ],
)
def test_impossible_numbers_are_refused(overrides):
    """A crafted number never enters a fleet's score: not from a result, not from a report."""
    with pytest.raises(InputError, match="judge it again"):
        decode_result(render_result(result(**overrides)))
    crafted = report(replace(estate().clusters[0], **overrides), fleet=estate().fleet, clouds=())
    with pytest.raises(InputError, match=r"cluster '.*judge it again"):
        decode_report(render_json(crafted))


def test_score_off_by_a_rounding_error_is_read():
    """Sums of floats may end a hair above a bound; that is no forgery."""
    decode_result(
        render_result(result(score=Score(proven=100.00000000000001, ceiling=100.0, coverage=1.0000000000000002)))
    )


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({"score": Score(proven=60.0, ceiling=50.0, coverage=1.0)}, id="score"),
        pytest.param({"controls": (replace(control(), fraction=1.5),)}, id="fraction"),
    ],
)
def test_impossible_numbers_of_the_fabric_are_refused(overrides):
    """They are no better than a cluster's."""
    crafted = report(*estate().clusters, fabric=fabric(**overrides))
    with pytest.raises(InputError, match=r"fabric.*judge it again"):
        decode_report(render_json(crafted))
