"""The baseline for a reader: its controls, what each asks for, and which requirements of public frameworks it speaks to."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.words import counted, plain
from reports.wording import CLOUD_WORDS
from scanner.baselines import BASELINE_VERSION
from scanner.baselines.profiles import PROFILES
from scanner.controls.base import Control
from scanner.evidence import TAKEN_BY
from scanner.frameworks.model import ATTESTATION, SOURCES, Framework, Reference, Requirement, frameworks, references
from scanner.scoring import FABRIC, WEIGHTS

_MARKS = {"equal": "●", "supports": "○"}
_TIE = "\N{NO-BREAK SPACE}"  # a space at which no line ends


class ReferenceEntry(msgspec.Struct, kw_only=True, rename="camel"):
    """A requirement that a control speaks to. `mark`: equal (with the codes of its `sources`) or supports.

    `revision` is 4 where the id is known from a Revision 4 catalogue alone, else 0.
    """

    id: str
    mark: str
    sources: tuple[str, ...]
    revision: int


class ControlEntry(msgspec.Struct, kw_only=True, rename="camel"):
    """One control. `references` are by framework; unconfirmed ones are left out.

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
    references: dict[str, list[ReferenceEntry]]


class FrameworkEntry(msgspec.Struct, kw_only=True, rename="camel"):
    """A framework. `clouds` are the only ones it is about, empty for all; `id` is its name in the shortest spelling."""

    id: str
    name: str
    version: str
    publisher: str
    clouds: tuple[str, ...]
    note: str


class RequirementEntry(msgspec.Struct, kw_only=True, rename="camel"):
    """A requirement of the framework that was asked for. `equal` maps controls to the codes of their sources.

    Without an equal control it is not assessed by this tool: those of `supports` decide nothing.
    """

    id: str
    revision: int
    equal: dict[str, tuple[str, ...]]
    supports: tuple[str, ...]


class BaselineDocument(msgspec.Struct, kw_only=True):
    """The baseline, or the part of it that was asked for.

    `framework` is the name of the one that was asked for, empty where none was; `requirements` are its. `frameworks` are
    those that `references` speak of, `sources` say what the codes of sources mean.
    """

    schema: str
    baseline: str
    framework: str
    note: str
    controls: list[ControlEntry]
    frameworks: list[FrameworkEntry]
    requirements: list[RequirementEntry]
    sources: dict[str, str]


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
        frameworks=[_framework(each) for each in ((framework,) if framework else frameworks())],
        requirements=[_requirement(each) for each in framework.requirements if each.exported] if framework else [],
        sources=dict(SOURCES),
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
    said = f"baseline {BASELINE_VERSION}: {counted(len(controls), 'control')}{chosen}; `ringfence baseline show ID` for one"
    yield from _wrapped(said, width, 0)
    called = ", ".join(each.called for each in frameworks())
    yield from textwrap.wrap(f"--framework NAME for the requirements of one: {called}", max(width, 60))


def framework_lines(framework: Framework, controls: Sequence[Control], width: int) -> Iterator[str]:
    """A framework's requirements with those of `controls` (a profile's) that speak to them."""
    known = {each.id for each in controls}
    yield from _wrapped(f"{framework.name} ({framework.publisher}): {ATTESTATION}", width, 0)
    yield from textwrap.wrap(framework.note, max(width, 60))
    if framework.clouds:
        yield f"It is about clusters of {' and '.join(CLOUD_WORDS[each] for each in framework.clouds)} alone."
    yield ""
    exported = [each for each in framework.requirements if each.exported]
    wide = max((len(each.shown) for each in exported), default=0)
    for each in exported:
        row = f"{each.shown:<{wide}}  {'; '.join(_speaking(each, known))}"
        yield from _wrapped(row, width, wide + 2)
    yield ""
    yield from _legend((code for each in exported for control in each.equal for code in each.sources(control)), width)


def _wrapped(row: str, width: int, indent: int) -> Iterator[str]:
    """A row folded between entries; a mark stays beside what it marks."""
    folded = textwrap.wrap(row, max(width, 60), subsequent_indent=" " * indent, break_on_hyphens=False)
    yield from (line.replace(_TIE, " ") for line in folded)


def _tied(requirement: Requirement) -> str:
    return requirement.shown.replace(" r4", f"{_TIE}r4")


def _speaking(requirement: Requirement, known: Collection[str]) -> Iterator[str]:
    """What speaks to a requirement; an equal control outside of `known` leaves it unknown at best, so it is named too."""
    equal = {control: f"{control}{_TIE}●{'+'.join(requirement.sources(control))}" for control in requirement.equal}
    supports = [f"{control}{_TIE}○" for control in requirement.supports if control in known]
    within = [text for control, text in equal.items() if control in known]
    beyond = [text for control, text in equal.items() if control not in known]
    if within or supports:
        yield ", ".join((*within, *supports))
    if beyond:
        yield f"not judged in this profile: {', '.join(beyond)}"
    if not equal:
        yield "not assessed by this tool"


def _legend(codes: Iterable[str], width: int) -> Iterator[str]:
    """What the marks mean, and the codes behind them."""
    yield from textwrap.wrap(
        "● a source lists a requirement with this very subject, so the control's status is the requirement's; "
        "○ the control supports it, by our judgement, and decides nothing",
        max(width, 60),
    )
    used = set(codes)
    yield from (f"{code} {where}" for code, where in SOURCES.items() if code in used)


def control_lines(control: Control, width: int) -> Iterator[str]:
    """One control for a terminal."""
    yield from _wrapped(f"{control.id}  {control.title}", width, len(control.id) + 2)
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
    found = references(control.id)
    for framework, marks in found.items():
        said = ", ".join(
            f"{_tied(each.requirement)}{_TIE}{_MARKS[each.mark]}{'+'.join(each.sources)}" for each in marks
        )
        yield from _wrapped(f"  {framework:<24}{said}", width, 26)
    every = [each for marks in found.values() for each in marks]
    if any(each.requirement.revision for each in every):
        yield "r4: known from a Revision 4 catalogue alone"
    yield from _legend((code for each in every for code in each.sources), width)


def _judged_for(control: Control) -> str:
    if control.check is None:
        return "the fleet: every cluster and what joins them"
    return "each cluster, and scored once for the fleet" if control.id in FABRIC else "each cluster"


def _entry(control: Control, framework: Framework | None) -> ControlEntry:
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
        references={
            name: [_referred(each) for each in marks]
            for name, marks in references(control.id).items()
            if framework is None or name == framework.name
        },
    )


def _referred(each: Reference) -> ReferenceEntry:
    requirement = each.requirement
    return ReferenceEntry(id=requirement.id, mark=each.mark, sources=each.sources, revision=requirement.revision)


def _framework(framework: Framework) -> FrameworkEntry:
    return FrameworkEntry(
        id=framework.slug,
        name=framework.name,
        version=framework.version,
        publisher=framework.publisher,
        clouds=framework.clouds,
        note=framework.note,
    )


def _requirement(requirement: Requirement) -> RequirementEntry:
    return RequirementEntry(
        id=requirement.id,
        revision=requirement.revision,
        equal={control: requirement.sources(control) for control in requirement.equal},
        supports=requirement.supports,
    )


def speaks_to(control: Control, framework: Framework) -> bool:
    """Whether a control speaks to any requirement of a framework, by a mark that is exported."""
    return framework.name in references(control.id)
