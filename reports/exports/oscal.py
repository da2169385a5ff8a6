"""OSCAL assessment results as JSON: what GRC tools take in. Evidence support, not an attestation.

https://pages.nist.gov/OSCAL-Reference/models/latest/assessment-results/json-outline/, in the version that compliance-trestle
speaks; each part goes through its model there, and is written before the next is built. Clusters are inventory items. An
observation is one control on one cluster, with the evidence of each item; a finding is one requirement over the clusters; a
risk is a control that fails somewhere, open, or `deviation-approved` where all that fails is waived.

OSCAL knows `satisfied` and `not-satisfied` alone. Only what passes everywhere is satisfied: failed, unknown and waived are not,
with a remark that says which. What was not assessed, or does not apply, gets no finding: its controls are excluded from the
reviewed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from trestle.core.base_model import OscalBaseModel
from trestle.oscal import common
from trestle.oscal.assessment_results import ImportAp, LocalDefinitions1

from reports.document import Cluster, Report
from reports.exports.common import (
    described,
    findings_of,
    fleet_controls,
    run_time,
    times_taken,
    within,
)
from reports.exports.findings import FABRIC
from reports.exports.oscal_parts import (
    definitions_of,
    item_id,
    keys_of,
    line,
    metadata_of,
    numbered,
    plan_id,
    plan_resource,
    prop,
    remarks_of,
    reviewed_by,
    stamp,
    tool_id,
)
from reports.exports.oscal_targets import Target, View, tally, views
from reports.identity import stable_id
from reports.wording import visible_lines
from scanner.errors import InputError
from scanner.findings import ControlResult, Level, Status
from scanner.frameworks.model import ATTESTATION

_TEXT = 4000
_RISKY = {Status.FAIL: "open", Status.WAIVED: "deviation-approved"}


@dataclass(frozen=True, slots=True)
class _Judged:
    """One control on one cluster. `cluster` is None for the fleet, `key` then `fabric`.

    `key` and `name` tell it from every other in the report; `at` is when the cluster was looked at.
    """

    cluster: Cluster | None
    key: str
    at: datetime
    control: ControlResult
    name: str

    @property
    def place(self) -> str:
        """Where that is, for people."""
        return within(self.cluster.name, 253) if self.cluster else "the fleet"

    def uuid(self, run: str, what: str) -> str:
        """The UUID of an observation or a risk in a run."""
        return stable_id(run, what, self.key, self.name)


def render(report: Report) -> Iterator[bytes]:
    """One document with one result.

    Raises:
        InputError: the report judges nothing, or a time of it is none.
    """
    run = run_time(report)
    found = views(report)
    if not any(each.is_concluded for view in found for each in view.targets):
        raise InputError("no control was judged: OSCAL has no form for an assessment of nothing; audit a cluster first")
    times = (run, *times_taken(report))
    judged = list(_judged(report, found))
    yield b'{"assessment-results":{"uuid":"' + stable_id(report.run.id, "results").encode() + b'","metadata":'
    yield _json(common.Metadata.model_validate(metadata_of(report, run)))
    yield b',"import-ap":' + _json(ImportAp.model_validate({"href": f"#{plan_id(report)}"}))
    yield b',"results":[{"uuid":"' + stable_id(report.run.id, "result").encode() + b'",'
    head = {
        "title": "Network policy of Kubernetes clusters",
        "description": line(f"{', '.join(each.name for each in found)}: {ATTESTATION}"),
        "start": stamp(min(times)),
        "end": stamp(max(times)),
        "remarks": remarks_of(report, found),
    }
    yield msgspec.json.encode(head)[1:-1] + b","
    yield b'"local-definitions":' + _json(LocalDefinitions1.model_validate(definitions_of(report)))
    yield b',"reviewed-controls":' + _json(common.ReviewedControls.model_validate(reviewed_by(found)))
    yield from _list("observations", (_observation(each, report) for each in judged))
    yield from _list("risks", (_risk(each, report) for each in judged if each.control.status in _RISKY))
    yield from _list("findings", _findings(found, judged, report))
    yield b'}],"back-matter":' + _json(common.BackMatter.model_validate({"resources": [plan_resource(report)]}))
    yield b"}}\n"


def _judged(report: Report, found: Iterable[View]) -> Iterator[_Judged]:
    """Every control on every cluster that a view is about."""
    for cluster, key, at in zip(report.clusters, keys_of(report), times_taken(report), strict=True):
        wanted = {control for view in found if cluster.id in view.clusters for control in view.controls}
        names = numbered(each.id for each in cluster.controls)
        for control, name in zip(cluster.controls, names, strict=True):
            if control.id in wanted:
                yield _Judged(cluster, key, at, control, name)
    for control in fleet_controls(report):
        if any(control.id in view.controls for view in found):
            yield _Judged(None, FABRIC, run_time(report), control, control.id)


def _observation(judged: _Judged, report: Report) -> bytes:
    control = judged.control
    evidence = [{"description": described(each, _TEXT)} for each in findings_of(control, judged.cluster)]
    observation = {
        "uuid": judged.uuid(report.run.id, "observation"),
        "title": line(f"{control.id} on {judged.place}"),
        "description": line(f"{control.title}: {control.status} ({control.reason})"),
        "props": [
            prop("control", control.id),
            prop("status", control.status),
            prop("level", control.level),
            prop("severity", control.severity),
        ],
        "methods": ["TEST" if control.level is Level.PROVEN else "EXAMINE"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": tool_id(report)}]}],
        "subjects": [
            {"subject-uuid": item_id(judged.key), "type": "inventory-item", "title": judged.place or judged.key}
        ],
        "relevant-evidence": evidence,
        "collected": stamp(judged.at),
    }
    return _json(common.Observation.model_validate(observation))


def _risk(judged: _Judged, report: Report) -> bytes:
    """A control that fails on a cluster: `open`, or accepted where all that fails is waived."""
    control = judged.control
    failing = [each for each in findings_of(control, judged.cluster) if each.item.status in _RISKY]
    risk: dict[str, Any] = {
        "uuid": judged.uuid(report.run.id, "risk"),
        "title": line(control.title),
        "description": line(f"{control.id} on {judged.place}: {len(failing):,} of {len(control.items):,} items fail"),
        "statement": line(" ".join(described(each, _TEXT) for each in failing[:5]), _TEXT),
        "props": [prop("severity", control.severity), prop("control", control.id)],
        "status": _RISKY[control.status],
        "related-observations": [{"observation-uuid": judged.uuid(report.run.id, "observation")}],
    }
    mend = next((each.item.remediation for each in failing if each.item.remediation.strip()), "")
    if mend:
        recommendation = {
            "uuid": judged.uuid(report.run.id, "response"),
            "lifecycle": "recommendation",
            "title": "How to mend it",
            "description": visible_lines(mend, _TEXT),
        }
        risk["remediations"] = [recommendation]
    return _json(common.Risk.model_validate(risk))


def _findings(found: Iterable[View], judged: Iterable[_Judged], report: Report) -> Iterator[bytes]:
    by_control: dict[str, list[_Judged]] = {}
    for each in judged:
        by_control.setdefault(each.control.id, []).append(each)
    for view in found:
        for target in view.targets:
            if target.is_concluded:
                related = [
                    each
                    for control in target.equal
                    for each in by_control.get(control, ())
                    if each.cluster is None or each.cluster.id in view.clusters
                ]
                yield _finding(view, target, related, report)


def _finding(view: View, target: Target, related: Iterable[_Judged], report: Report) -> bytes:
    passed = target.status == Status.PASS
    risks = [each for each in related if each.control.status in _RISKY]
    finding = {
        "uuid": stable_id(report.run.id, "finding", view.name, target.shown),
        "title": line(f"{view.name} {target.shown}"),
        "description": line(f"{', '.join(target.equal)}: clusters: {tally(target.counts)}"),
        "origins": [{"actors": [{"type": "tool", "actor-uuid": tool_id(report)}]}],
        "target": {
            "type": "objective-id",
            "target-id": target.objective_id,
            "title": line(target.shown),
            "status": {
                "state": "satisfied" if passed else "not-satisfied",
                "reason": target.status if target.status in {Status.PASS, Status.FAIL} else "other",
                "remarks": line(_verdict(view, target), _TEXT),
            },
        },
    }
    if observations := [{"observation-uuid": each.uuid(report.run.id, "observation")} for each in related]:
        finding["related-observations"] = observations
    if risks:
        finding["related-risks"] = [{"risk-uuid": each.uuid(report.run.id, "risk")} for each in risks]
    return _json(common.Finding.model_validate(finding))


def _verdict(view: View, target: Target) -> str:
    """Why, what else speaks to it, and what a pass may be missing."""
    said: Mapping[str, str] = {
        Status.UNKNOWN: "could not be established everywhere, so it is not taken for satisfied",
        Status.WAIVED: "what fails is accepted by a waiver: still not satisfied",
    }
    first = said.get(target.status, f"{target.status}, the worst of the clusters")
    supporting = ", ".join(f"{control} {status.replace('_', ' ')}" for control, status in target.supporting)
    doubts = view.gaps if target.status == Status.PASS else ()
    beside = f"supporting evidence, which decides nothing: {supporting}" if supporting else ""
    return "; ".join(filter(None, (first, *doubts, beside)))


def _list(name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
    """A member of the result, left out where it would be empty: OSCAL allows no empty list."""
    between = f',"{name}":['.encode()
    for part in parts:
        yield between + part
        between = b",\n"
    if between == b",\n":
        yield b"]"


def _json(part: OscalBaseModel) -> bytes:
    return part.oscal_serialize_json_bytes(wrapped=False)
