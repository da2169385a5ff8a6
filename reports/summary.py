"""`summary/v1`: what one finished run leaves for those that come after it, so that history needs no report to be read.

Small on purpose (some 300 bytes a cluster): scores, and a letter for each control.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from reports.document import Cluster, Group, Report, Run
from reports.lint import schema_of
from reports.past import TrendPoint, Vanished
from scanner.errors import InputError
from scanner.findings import ControlResult, Score, Status

LETTERS = {
    Status.PASS: "P",
    Status.FAIL: "F",
    Status.UNKNOWN: "U",
    Status.NOT_APPLICABLE: "N",
    Status.WAIVED: "W",
}
ABSENT = "-"  # not judged there
STATUS_OF = {letter: status for status, letter in LETTERS.items()}
_ALPHABET = frozenset((*STATUS_OF, ABSENT))
_SLACK = 1e-9


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document."""


class Standing(_Part, frozen=True, kw_only=True):
    """How a set of clusters stood."""

    score: Score
    grade: str
    clusters: int
    unread: int


class ClusterStanding(_Part, frozen=True, kw_only=True):
    """How one cluster stood. `statuses` has a letter for each of the summary's controls: P, F, U, N, W, or - if not judged."""

    id: str
    cloud: str
    account: str
    location: str
    name: str
    read: str
    score: Score
    grade: str
    statuses: str


class Head(_Part, frozen=True, kw_only=True):
    """The part of a summary that a trend needs; the clusters after it are then passed over."""

    schema: str = "summary/v1"
    run: Run
    baseline: str
    fleet: Standing
    clouds: dict[str, Standing]

    def point(self, standing: Standing) -> TrendPoint:
        """One of its standings as a point of a trend."""
        return _point(self.run, self.baseline, standing)


class Summary(Head, frozen=True, kw_only=True):
    """The whole document. `fabric` are the letters of what was judged for the fleet as a whole.

    `unseen` are clusters of earlier runs whose place could not be searched: the next run must not forget them.
    """

    controls: tuple[str, ...]
    fabric: str
    clusters: tuple[ClusterStanding, ...]
    unseen: tuple[Vanished, ...] = ()


_Kind = TypeVar("_Kind", bound=Head)


def summary_of(report: Report) -> Summary:
    """What `report` leaves to later runs."""
    fleet_wide = report.fabric.controls if report.fabric else ()
    judged = (fleet_wide, *(cluster.controls for cluster in report.clusters))
    controls = tuple(sorted({control.id for each in judged for control in each}))
    return Summary(
        run=report.run,
        baseline=report.baseline,
        fleet=_standing(report.fleet),
        clouds={group.name: _standing(group) for group in report.clouds},
        controls=controls,
        fabric=_letters(controls, fleet_wide),
        clusters=tuple(_cluster(cluster, controls) for cluster in report.clusters),
        unseen=report.unseen,
    )


def trend_point(report: Report) -> TrendPoint:
    """`report` as a point of the fleet's trend."""
    return _point(report.run, report.baseline, _standing(report.fleet))


def render_summary(summary: Summary) -> bytes:
    """The document, in one line: a fleet of a thousand clusters has some hundred kilobytes."""
    return msgspec.json.encode(summary, order="deterministic") + b"\n"


def decode_head(data: bytes, where: str) -> Head:
    """Read what a trend needs of a summary; raises as `decode_summary`."""
    return _decoded(data, where, Head)


def decode_summary(data: bytes, where: str) -> Summary:
    """Read a `summary/v1`, also one of a later version with fields this one does not know.

    Raises:
        InputError: it is none, or holds what no summary can; one line that names `where`.
    """
    summary = _decoded(data, where, Summary)
    for name, letters in (("the fabric", summary.fabric), *((each.name, each.statuses) for each in summary.clusters)):
        if len(letters) != len(summary.controls) or not _ALPHABET.issuperset(letters):
            raise _damaged(where, f"the letters of {name[:60]!r} do not fit the controls")
    _check(where, (*(each.score for each in summary.clusters), *(each.score for each in summary.unseen)))
    return summary


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `summary/v1`; unknown fields stay allowed."""
    return schema_of(Summary, "summary/v1", "What one run leaves to later ones")


def _decoded(data: bytes, where: str, kind: type[_Kind]) -> _Kind:
    try:
        found = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(where, " ".join(str(error).split())[:200]) from error
    if found.schema != "summary/v1":
        raise _damaged(where, f"schema {found.schema[:40]!r} instead of 'summary/v1'")
    _check(where, (found.fleet.score, *(each.score for each in found.clouds.values())))
    return found


def _check(where: str, scores: Iterable[Score]) -> None:
    for score in scores:
        ordered = 0 <= score.proven <= score.ceiling + _SLACK <= 100 + 2 * _SLACK
        if not (ordered and 0 <= score.coverage <= 1 + _SLACK):
            raise _damaged(where, "a score that cannot be")


def _damaged(where: str, why: str) -> InputError:
    return InputError(f"{where}: {why}: damaged or made by hand, so history passes over it: remove it")


def _point(run: Run, baseline: str, standing: Standing) -> TrendPoint:
    return TrendPoint(
        run=run.id,
        time=run.time,
        baseline=baseline,
        proven=standing.score.proven,
        ceiling=standing.score.ceiling,
        coverage=standing.score.coverage,
        grade=standing.grade,
        clusters=standing.clusters,
        unread=standing.unread,
    )


def _standing(group: Group) -> Standing:
    return Standing(score=group.score, grade=group.grade, clusters=group.clusters, unread=group.unread)


def _cluster(cluster: Cluster, controls: tuple[str, ...]) -> ClusterStanding:
    return ClusterStanding(
        id=cluster.id,
        cloud=cluster.cloud,
        account=cluster.account,
        location=cluster.location,
        name=cluster.name,
        read=cluster.read,
        score=cluster.score,
        grade=cluster.grade,
        statuses=_letters(controls, cluster.controls),
    )


def _letters(controls: tuple[str, ...], judged: Iterable[ControlResult]) -> str:
    found = {control.id: LETTERS[control.status] for control in judged}
    return "".join(found.get(name, ABSENT) for name in controls)
