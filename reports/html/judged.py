"""How one control came out in one place, as a page shows it: its items by what they have in common, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.html.anchors import anchor
from reports.html.families import Family, family_of
from reports.html.waivers import waiver_of
from reports.priorities import INERT
from reports.wording import SEVERITY_RANK, STATUS_RANK, tally
from scanner.findings import ControlResult, Item, Level, Path, Severity, Status, WaiverUse

SENTENCES_PER_ITEM = 8
PATHS_PER_FINDING = 6  # drawn
ATTENTION = frozenset({Status.FAIL, Status.UNKNOWN, Status.WAIVED})


@dataclass(frozen=True, slots=True)
class Block:
    """Items of one finding that share status, reason, evidence and remediation, told once.

    `waiver` is what waived them, or would have if it had not expired.
    """

    status: Status
    reason: str
    subjects: tuple[str, ...]
    evidence: tuple[str, ...]
    more_evidence: int
    remediation: str
    waiver: WaiverUse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How one control came out; `left_out` counts items not shown."""

    status: Status
    reason: str
    level: Level
    covered: float
    counts: dict[Status, int]
    blocks: tuple[Block, ...]
    left_out: int
    paths: tuple[Path, ...]
    more_paths: int
    statuses: dict[str, Status]  # of the items that the paths are about, by subject


@dataclass(frozen=True, slots=True)
class JudgedControl:
    """One control as it came out in one place: on a cluster, or for the fabric."""

    id: str
    title: str
    severity: Severity
    family: Family
    anchor: str
    judged: Judged


def judged_control(
    result: ControlResult,
    cap: int,
    waivers: Sequence[WaiverUse],
    reason: str,
    kind: str,
    *,
    skip: int = 0,
    sentences: int = SENTENCES_PER_ITEM,
) -> JudgedControl:
    """`result` with what is shown of it, as `judged` says; `kind` is the beginning of its anchor."""
    return JudgedControl(
        id=result.id,
        title=result.title,
        severity=result.severity,
        family=family_of(result.id),
        anchor=anchor(kind, result.id),
        judged=judged(result, cap, waivers, reason, skip=skip, sentences=sentences),
    )


def rank(control: JudgedControl) -> tuple[int, bool, int]:
    """What fails first, and behind it what only waits for another control to be mended."""
    return (STATUS_RANK[control.judged.status], control.judged.reason == INERT, SEVERITY_RANK[control.severity])


def covered(result: ControlResult) -> float:
    """The covered share, which a crafted result may have out of range."""
    return min(1.0, max(0.0, result.fraction))


def judged(
    result: ControlResult,
    cap: int,
    waivers: Sequence[WaiverUse],
    reason: str,
    *,
    skip: int = 0,
    sentences: int = SENTENCES_PER_ITEM,
) -> Judged:
    """What is shown of `result`: `cap` items behind the first `skip`, the worst first, each with what waived it."""
    items = sorted(result.items, key=lambda item: STATUS_RANK[item.status])
    mine = [use for use in waivers if use.control == result.id]
    shown = result.paths[:PATHS_PER_FINDING]
    about = {path.subject for path in shown}
    return Judged(
        status=result.status,
        reason=reason,
        level=result.level,
        covered=covered(result),
        counts=tally(item.status for item in items),
        blocks=_blocks(items[skip : skip + cap], mine, sentences),
        left_out=max(0, len(items) - skip - cap),
        paths=shown,
        more_paths=result.more_paths + len(result.paths) - len(shown),
        statuses={item.subject: item.status for item in items if item.subject in about},
    )


def _blocks(items: Iterable[Item], waivers: Sequence[WaiverUse], sentences: int) -> tuple[Block, ...]:
    alike: dict[tuple[Status, str, tuple[str, ...], str], list[str]] = {}
    for item in items:
        alike.setdefault((item.status, item.reason, item.evidence, item.remediation), []).append(item.subject)
    return tuple(
        Block(
            status=status,
            reason=reason,
            subjects=tuple(subjects),
            evidence=evidence[:sentences],
            more_evidence=max(0, len(evidence) - sentences),
            remediation=remediation,
            waiver=waiver_of(evidence, waivers),
        )
        for (status, reason, evidence, remediation), subjects in alike.items()
    )
