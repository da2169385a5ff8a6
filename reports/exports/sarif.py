"""SARIF 2.1.0 (OASIS, docs.oasis-open.org/sarif/sarif/v2.1.0), as code scanning services read it.

One run for the whole report, for a service keeps one analysis of a category. A failing item is a result; an unknown one is of
kind `open` (3.27.9: not enough information to decide), which has no level (3.27.10), under a rule of its own without a
severity, so that a service which ignores kinds does not show it as a critical failure. A waived one carries its suppression.
Items that pass are counted and not listed: such a service would show them as alerts.

What GitHub makes of a file is in "SARIF support for code scanning" (docs.github.com): it refuses one with more than 25,000
results, or with a result outside of any file. So the worst 25,000 are listed and what is left out is said, and what stands in no
manifest lies in a named place that says it is no file.

A brace in a message would be doubled by the letter of 3.11.5; it is not, for there are no `arguments` to put in, services show
messages as they are, and manifests and commands in them are there to be pasted.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from reports.document import Cluster, Report
from reports.exports.findings import Holder, holders, items_of, unread_lines
from reports.exports.uris import path_of, segment_of
from reports.keys import run_time
from reports.wording import name_of, visible, visible_lines, words
from scanner.controls import CONTROLS
from scanner.findings import ControlResult, Item, Place, Severity, Status

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000  # "Results per run"; of these GitHub shows the 5,000 with the worst severity
LISTED = (Status.FAIL, Status.UNKNOWN, Status.WAIVED)  # in this order, each by severity
UNKNOWN_SUFFIX = "/unknown"

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# GitHub reads them as critical from 9.0, high from 7.0, medium from 4.0.
_SECURITY_SEVERITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_NAMESPACE = uuid.UUID("6f0f5c1e-6a53-5f0b-9c39-2d1b0c8f7a41")  # of our own identifiers, made up once
_LINK = re.compile(r"\]\(")  # "[text](target)" would be a link in a message (3.11.6)
_MEND = {control.id: control.remediation for control in CONTROLS}


def render(report: Report) -> Iterable[bytes]:
    """The report as one SARIF log."""
    counts = _counts(report)
    rules, index = _rules(report)
    listed = sum(counts[status] for status in LISTED)
    yield b"".join(
        (
            b'{"$schema": ', _json(SCHEMA), b', "version": "2.1.0", "runs": [{\n"tool": ', _json(_tool(report, rules)),
            b',\n"automationDetails": ', _json(_automation(report)),
            b',\n"invocations": ', _json([_invocation(report, listed)]),
            b',\n"columnKind": "unicodeCodePoints"',
            b',\n"properties": ', _json(_properties(report, counts, listed)), b',\n"results": [',
        )
    )  # fmt: skip
    for number, (holder, control, item) in enumerate(_worst_first(report)):
        if number == MOST_RESULTS:
            break
        yield b",\n" if number else b"\n"
        yield _json(_result(holder, control, item, index))
    yield b"\n]}]}\n"


def _json(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return msgspec.json.encode(value)


def _counts(report: Report) -> Counter[Status]:
    """How many items have which status; a control that nothing was read for counts as one."""
    return Counter(
        item.status
        for holder in holders(report)
        for control in holder.controls
        for status in Status
        for item in items_of(control, status)
    )


def _worst_first(report: Report) -> Iterator[tuple[Holder, ControlResult, Item]]:
    """Every item that is listed. Going over the controls once for each status and severity keeps no second list of them."""
    held = tuple(holders(report))
    for status in LISTED:
        for severity in Severity:
            for holder in held:
                for control in holder.controls:
                    if control.severity is severity:
                        for item in items_of(control, status):
                            yield holder, control, item


def _tool(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"driver": {"name": "ringfence", "version": visible(report.run.tool, 100), "rules": rules}}


def _rules(report: Report) -> tuple[list[dict[str, Any]], Mapping[str, int]]:
    """A rule for each control that anything is listed of, and one for what is unknown of it; with the place of each by id."""
    wanted: dict[str, dict[str, Any]] = {}
    for holder in holders(report):
        for control in holder.controls:
            for status in LISTED:
                identity = _rule_id(control, status)
                if identity not in wanted and any(True for _ in items_of(control, status)):
                    wanted[identity] = _rule(control, identity, unknown=status is Status.UNKNOWN)
    rules = [wanted[identity] for identity in sorted(wanted)]
    return rules, {rule["id"]: place for place, rule in enumerate(rules)}


def _rule_id(control: ControlResult, status: Status) -> str:
    return visible(control.id, 200) + (UNKNOWN_SUFFIX if status is Status.UNKNOWN else "")


def _rule(control: ControlResult, identity: str, *, unknown: bool) -> dict[str, Any]:
    title = _text(control.title)
    mend = _MEND.get(control.id, "")
    if unknown:
        what = f"Not established: {title}"
        help_text = (
            f"Nothing that was read proves or disproves it: {title}. Unknown is no pass: let ringfence read more."
        )
        configuration, severity = {"level": "note"}, {}
    else:
        what, help_text = title, f"{title}. {mend}".strip()
        configuration = {"level": _LEVELS[control.severity]}
        severity = {"security-severity": _SECURITY_SEVERITY[control.severity]}
    return {
        "id": identity,
        "name": (re.sub(r"[^A-Za-z0-9]", "", control.id.title()) or "Control") + ("Unknown" if unknown else ""),
        "shortDescription": {"text": what},
        "fullDescription": {"text": f"{what} ({control.severity})"},
        "help": {"text": help_text},
        "defaultConfiguration": configuration,
        "properties": {"tags": ["security", "kubernetes", "network-policy"], **severity},
    }


def _automation(report: Report) -> dict[str, Any]:
    """What stands before the last slash is the category by which a service tells one analysis' runs from another's."""
    single = report.clusters[0].name if len(report.clusters) == 1 else "fleet"
    run = visible(report.run.id, 200)
    return {"id": f"ringfence/{segment_of(single)}/{run}", "guid": str(uuid.uuid5(_NAMESPACE, run))}


def _invocation(report: Report, listed: int) -> dict[str, Any]:
    """A run that left something unread was not successful (a service then keeps the alerts it has): each gap is an error."""
    gaps = unread_lines(report)
    notes = [{"level": "error", "message": {"text": _text(line)}} for line in gaps]
    if listed > MOST_RESULTS:
        said = f"{listed:,} findings: the worst {MOST_RESULTS:,} are listed here, the other {listed - MOST_RESULTS:,} are not."
        notes.append({"level": "warning", "message": {"text": said}})
    time = run_time(report.run.time)
    return {"executionSuccessful": not gaps, "endTimeUtc": time, "toolExecutionNotifications": notes}


def _properties(report: Report, counts: Counter[Status], listed: int) -> dict[str, Any]:
    score = report.fleet.score
    return {
        "baseline": visible(report.baseline, 100),
        "run": visible(report.run.id, 200),
        "score": {"proven": score.proven, "ceiling": score.ceiling, "coverage": score.coverage},
        "grade": visible(report.fleet.grade, 100),
        "items": {str(status): counts[status] for status in Status},
        "resultsLeftOut": max(0, listed - MOST_RESULTS),
    }


def _result(holder: Holder, control: ControlResult, item: Item, index: Mapping[str, int]) -> dict[str, Any]:
    rule = _rule_id(control, item.status)
    unknown = item.status is Status.UNKNOWN
    locations = [_location(holder, item, place) for place in item.origins] or [_location(holder, item, None)]
    found: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": index[rule],
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else _LEVELS[control.severity],
        "message": {"text": _message(holder, control, item)},
        "locations": locations[:1],
        "partialFingerprints": _fingerprints(holder, control, item),
        "properties": {
            "status": item.status,
            "reason": visible(item.reason, 200),
            "severity": control.severity,
            "evidenceLevel": control.level,
            "cluster": name_of(holder.name),
            "clusterId": visible(holder.id, 500),
            "subject": name_of(item.subject),
        },
    }
    if len(locations) > 1:
        found["relatedLocations"] = locations[1:]
    if item.status is Status.WAIVED:
        why = _text(item.evidence[0]) if item.evidence else "waived"
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return found


def _message(holder: Holder, control: ControlResult, item: Item) -> str:
    """A summary in the first sentence (3.11.3), then the evidence, then the mend."""
    where = name_of(holder.name) if item.subject == "cluster" else f"{name_of(item.subject)} in {name_of(holder.name)}"
    what = f"{where}: {words(item.reason)}. Asked for: {visible(control.title)}."
    if item.status is Status.UNKNOWN:
        what = f"Not established: {what}"
    mend = visible_lines(item.remediation)
    return _unlinked("\n".join(filter(None, (what, *map(visible, item.evidence), mend and f"Mend: {mend}"))))


def _text(text: str) -> str:
    return _unlinked(visible(text))


def _unlinked(text: str) -> str:
    """The same without links: a crafted name must not lead anybody anywhere."""
    return _LINK.sub("] (", text)


def _location(holder: Holder, item: Item, place: Place | None) -> dict[str, Any]:
    """The manifest, or the cluster's own name where no file is known: it then says that it is none."""
    if place is not None:
        line = max(
            1, place.line
        )  # a report made by hand may say anything, and a line below 1 spoils the whole file (3.30.5)
        where: dict[str, Any] = {"artifactLocation": {"uri": path_of(place.file)}, "region": {"startLine": line}}
        return {"physicalLocation": where, "logicalLocations": _logical(holder, item)}
    where = {"artifactLocation": {"uri": _uri(holder.cluster)}, "region": {"startLine": 1}}
    said = {"text": f"No file: this is about {name_of(holder.name)} as it was read."}
    return {"physicalLocation": where, "logicalLocations": _logical(holder, item), "message": said}


def _uri(cluster: Cluster | None) -> str:
    if cluster is None:
        return "ringfence/fabric"
    parts = (cluster.cloud, cluster.account, cluster.location, cluster.name)
    return "/".join(("ringfence", *map(segment_of, parts)))


def _logical(holder: Holder, item: Item) -> list[dict[str, Any]]:
    """The cluster, the namespace where the subject names one, and the subject."""
    identity = visible(holder.id, 500)
    found = [{"name": name_of(holder.name), "fullyQualifiedName": identity, "kind": "cluster"}]
    if item.subject == "cluster":
        return found
    named, slash, _ = item.subject.rpartition(" ")[2].partition("/")
    if slash and ", " not in item.subject:
        space = name_of(named)
        found.append({"name": space, "fullyQualifiedName": f"{identity}/{space}", "kind": "namespace"})
    subject = name_of(item.subject)
    found.append({"name": subject, "fullyQualifiedName": f"{identity}/{subject}", "kind": "object"})
    return found


def _fingerprints(holder: Holder, control: ControlResult, item: Item) -> dict[str, str]:
    """What stays the same of a finding from run to run, wherever its manifest moves.

    GitHub tells alerts apart by `primaryLocationLineHash` alone, and makes one of the file's text where there is none: a
    finding would then be another as soon as somebody edits a line beside it.
    """
    finding = msgspec.json.encode([visible(each, len(each)) for each in (holder.id, control.id, item.subject)])
    stable = hashlib.sha256(finding).hexdigest()[:32]
    return {"primaryLocationLineHash": f"{stable}:1", "ringfenceFinding/v1": stable}
