"""What a bundle says of a report beside its forms: findings by the line, waivers, statements, and a letter to the auditor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from reports.bundle.manifest import MANIFEST, SIGNATURE, SUMS
from reports.document import Report
from reports.reach.words import counted
from reports.wording import is_unread, score_text, visible
from scanner.evidence import TAKEN_BY
from scanner.findings import ControlResult, WaiverUse
from scanner.frameworks.model import ATTESTATION

_FABRIC = "fabric"
_STATED = frozenset({"stated", "stated-failing", "stale-evidence"})  # the reasons that `scanner.controls.vouched` gives
_LINES = 500  # findings in one piece

_README = """\
Evidence of ringfence, run {run} of {time}
{line}

This package holds what ringfence read and found in one run: network policy of Kubernetes clusters, as declared,
as the data plane really applies it, and as far as that was observed.

It is {attestation}: a scan supports a conclusion, people draw it. Unknown is not
a pass, neither is waived, and of a cluster that could not be read nothing is known.

Fleet: {score}, grade {grade}. {clusters}, {unread} not read.
Judged by ringfence {tool}, baseline {baseline}.

What is what
------------
reports/         the report in every form that was to be had; the others come from report.json (report/v1)
findings.jsonl   a line for each thing that was judged: cluster, control, status, reason, evidence, remediation
waivers.json     failures that somebody accepted for a time: who, until when, and whether the waiver had effect
evidence.json    what people vouch for, in their words, as it counted in this run
run.json         what the run set out to read and what it could not, where the run's store was at hand
snapshots/       what was read of each cluster, where it was asked for
{manifest}    every file with its size and SHA-256; the versions of tool, baseline, frameworks and catalogue; the
                 SHA-256 of each snapshot and result in the run's store (`store`); what was left out (`leftOut`)
{sums}       the digests of all files, for sha256sum
{signature}  the signature of {sums}, where somebody signed (`signer` in {manifest})

How to check it without ringfence
---------------------------------
Unzip the package into an empty folder. There:

1. minisign -V -p THEIR-KEY.pub -m {sums}
   shows who signed, with a public key that you did not get in the same way as this package. Where nobody
   signed, compare the SHA-256 of the zip itself with one that you were given in another way.
2. sha256sum -c {sums}
   shows that each file is the one that {sums} means. Without step 1 it shows damage alone: whoever changes
   a file can change its digest. It does not show files that were added.

`ringfence verify-bundle FILE --public-key KEY` does both, and finds files that were added and whatever is hidden
between the files of the zip.

The snapshots whose digests stand under `store` can be judged again, offline: ringfence audit --snapshots STORE
"""


class _Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `findings.jsonl`. `cluster` is its id, `fabric` what is judged for the fleet as a whole."""

    cluster: str
    control: str
    title: str
    severity: str
    level: str
    status: str
    reason: str
    subject: str
    evidence: tuple[str, ...]
    remediation: str


class _PlacedWaiver(msgspec.Struct, frozen=True, kw_only=True):
    cluster: str
    waiver: WaiverUse


class _PlacedStatement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    cluster: str
    control: str
    subject: str
    status: str
    counted_as: str
    statement: str


def findings(report: Report) -> Iterator[bytes]:
    """`findings.jsonl`, in the order of the report. A control without items (of an unread cluster) is a line of its own."""
    lines: list[bytes] = []
    encoder = msgspec.json.Encoder(order="deterministic")
    for each in _findings(report):
        lines.append(encoder.encode(each))
        if len(lines) == _LINES:
            yield b"\n".join((*lines, b""))
            lines.clear()
    yield b"\n".join((*lines, b""))


def waivers(report: Report) -> bytes:
    """`waivers.json`: each waiver at each place it concerned."""
    uses = [_PlacedWaiver(cluster=each.id, waiver=use) for each in report.clusters for use in each.waivers]
    if report.fabric is not None:
        uses += [_PlacedWaiver(cluster=_FABRIC, waiver=use) for use in report.fabric.waivers]
    return _document(uses)


def statements(report: Report) -> bytes:
    """`evidence.json`: the statements that counted or had grown too old. The report has them as sentences, not as files."""
    return _document(
        [
            _PlacedStatement(
                cluster=place,
                control=control.id,
                subject=item.subject,
                status=item.status,
                counted_as=item.reason,
                statement=item.evidence[0],
            )
            for place, control in _controls(report)
            if control.id in TAKEN_BY
            for item in control.items
            if item.reason in _STATED and item.evidence
        ]
    )


def letter(report: Report) -> bytes:
    """`README.txt`."""
    title = f"Evidence of ringfence, run {report.run.id} of {report.run.time}"
    return _README.format(
        run=visible(report.run.id, 100),
        time=visible(report.run.time, 100),
        line="=" * len(title),
        attestation=ATTESTATION,
        score=score_text(report.fleet.score),
        grade=visible(report.fleet.grade, 100),
        clusters=counted(len(report.clusters), "cluster"),
        unread=f"{sum(map(is_unread, report.clusters)):,}",
        tool=visible(report.run.tool, 100),
        baseline=visible(report.baseline, 100),
        manifest=MANIFEST,
        sums=SUMS,
        signature=SIGNATURE,
    ).encode()


def _findings(report: Report) -> Iterator[_Finding]:
    for place, control in _controls(report):
        common = {"cluster": place, "control": control.id, "title": control.title}
        graded = {"severity": control.severity.value, "level": control.level.value}
        if not control.items:
            yield _Finding(
                **common,
                **graded,
                status=control.status,
                reason=control.reason,
                subject="",
                evidence=(),
                remediation="",
            )
        for item in control.items:
            yield _Finding(
                **common,
                **graded,
                status=item.status,
                reason=item.reason,
                subject=item.subject,
                evidence=item.evidence,
                remediation=item.remediation,
            )


def _controls(report: Report) -> Iterator[tuple[str, ControlResult]]:
    for cluster in report.clusters:
        yield from ((cluster.id, control) for control in cluster.controls)
    if report.fabric is not None:
        yield from ((_FABRIC, control) for control in report.fabric.controls)


def _document(entries: Iterable[object]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(list(entries), order="deterministic"), indent=2) + b"\n"
