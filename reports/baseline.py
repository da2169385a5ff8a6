"""The baseline for a reader: its controls, what each asks for, and which requirements of public frameworks it speaks to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.words import counted, plain
from scanner.baselines import BASELINE_VERSION
from scanner.baselines.profiles import PROFILES
from scanner.controls.base import Control
from scanner.evidence import TAKEN_BY
from scanner.frameworks.model import ATTESTATION, Framework, mark_of, references
from scanner.scoring import FABRIC, WEIGHTS

_MARKS = {"equal": "●", "supports": "○", "unconfirmed": "△"}


class ControlEntry(msgspec.Struct, kw_only=True, rename="camel"):
    """One control. `references` maps a framework to requirement -> mark (equal, supports); unconfirmed ones are left out.

    `statement` says what somebody has to vouch for where no scan decides it, empty for controls that take no statement.
    """

    id: str
    title: str
    severity: str
    weight: int
    scope: str
    least_evidence: str
    requires: tuple[str, ...]
    profiles: tuple[str, ...]
    fractional: bool
    judged_for: str
    remediation: str
    statement: str
    references: dict[str, dict[str, str]]


class BaselineDocument(msgspec.Struct, kw_only=True):
    """The baseline, or the part of it that was asked for; `framework` is empty where none was."""

    schema: str
    baseline: str
    framework: str
    note: str
    controls: list[ControlEntry]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `baseline/v1`; unknown fields stay allowed."""
    return schema_of(BaselineDocument, "baseline/v1", "The controls of the baseline")


def render_baseline(controls: Sequence[Control], framework: Framework | None = None) -> bytes:
    """The `baseline/v1` document."""
    document = BaselineDocument(
        schema="baseline/v1",
        baseline=BASELINE_VERSION,
        framework=framework.name if framework else "",
        note=ATTESTATION,
        controls=[_entry(each, framework) for each in controls],
    )
    return f"{encoded(msgspec.to_builtins(document))}\n".encode()


def list_lines(controls: Sequence[Control], profile: str, width: int) -> Iterator[str]:
    """A line a control, by family."""
    wide = max((len(each.severity) for each in controls), default=0)
    for each in controls:
        head = f"{each.id:<10}  {each.severity:<{wide}}  "
        yield from textwrap.wrap(head + each.title, max(width, 60), subsequent_indent=" " * len(head))
    yield ""
    chosen = f" of profile {profile}" if profile else ""
    yield f"baseline {BASELINE_VERSION}: {counted(len(controls), 'control')}{chosen}; `ringfence baseline show ID` for one"


def framework_lines(framework: Framework, controls: Sequence[Control], width: int) -> Iterator[str]:
    """A framework's requirements with the controls that speak to them."""
    known = {each.id for each in controls}
    yield f"{framework.name} ({framework.publisher}): {ATTESTATION}"
    yield from textwrap.wrap(framework.note, max(width, 60))
    yield ""
    wide = max((len(each.id) for each in framework.requirements if each.exported), default=0)
    for each in framework.requirements:
        if not each.exported:
            continue
        equal = [f"{control} ●" for control in each.equal if control in known]
        supports = [f"{control} ○" for control in each.supports if control in known]
        said = ", ".join((*equal, *supports))
        note = "" if each.equal else " (not assessed by this tool)"
        yield from textwrap.wrap(
            f"{plain(each.id):<{wide}}  {said}{note}", max(width, 60), subsequent_indent=" " * (wide + 2)
        )
    yield ""
    yield from textwrap.wrap(
        "● a source lists a requirement with this very subject, so the control's status is the requirement's; "
        "○ the control supports it, by our judgement, and decides nothing",
        max(width, 60),
    )


def control_lines(control: Control, width: int) -> Iterator[str]:
    """One control for a terminal."""
    yield f"{control.id}  {control.title}"
    yield ""
    rows: Mapping[str, str] = {
        "severity": f"{control.severity} (weight {WEIGHTS[control.severity]})",
        "judged for": _judged_for(control),
        "scope": control.scope,
        "needs": f"evidence {control.least} for a pass",
        "requires": ", ".join(control.requires) or "nothing",
        "profiles": ", ".join(name for name, chosen in PROFILES.items() if control.id in chosen),
        "partly": "a failure earns the covered share of the weight"
        if control.fractional
        else "a failure earns nothing",
        "mend": control.remediation,
    }
    taken = TAKEN_BY.get(control.id)
    if taken:
        rows = {**rows, "evidence": f"takes a statement {taken.shows}, for {taken.days} days (docs/evidence.md)"}
    for name, text in rows.items():
        yield from textwrap.wrap(f"{name:<12}{plain(text)}", max(width, 60), subsequent_indent=" " * 12)
    yield ""
    yield f"requirements ({ATTESTATION})"
    for framework, marks in references(control.id).items():
        said = ", ".join(f"{each} {_MARKS[mark]}" for each, mark in marks if mark != "unconfirmed")
        if said:
            yield from textwrap.wrap(f"  {framework:<24}{said}", max(width, 60), subsequent_indent=" " * 26)
    yield from textwrap.wrap("● with a source that lists this very subject, ○ by our judgement", max(width, 60))


def _judged_for(control: Control) -> str:
    if control.check is None:
        return "the fleet: every cluster and what joins them"
    return "each cluster, and scored once for the fleet" if control.id in FABRIC else "each cluster"


def _entry(control: Control, framework: Framework | None) -> ControlEntry:
    found = {
        name: {each: mark for each, mark in marks if mark != "unconfirmed"}
        for name, marks in references(control.id).items()
        if framework is None or name == framework.name
    }
    taken = TAKEN_BY.get(control.id)
    return ControlEntry(
        id=control.id,
        title=control.title,
        severity=control.severity,
        weight=WEIGHTS[control.severity],
        scope=control.scope,
        least_evidence=control.least,
        requires=control.requires,
        profiles=tuple(name for name, chosen in PROFILES.items() if control.id in chosen),
        fractional=control.fractional,
        judged_for=_judged_for(control),
        remediation=control.remediation,
        statement=taken.shows if taken else "",
        references={name: marks for name, marks in found.items() if marks},
    )


def speaks_to(control: Control, framework: Framework) -> bool:
    """Whether a control speaks to any requirement of a framework, by a mark that is exported."""
    return any(mark_of(each, control.id) in {"equal", "supports"} for each in framework.requirements)
