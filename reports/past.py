"""What a report says of earlier runs: how the fleet stood in each, and the clusters that are no longer seen."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from scanner.findings import Score


class _Past(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base: part of the documents, immutable, camelCase, every field written."""


class TrendPoint(_Past, frozen=True, kw_only=True):
    """How the fleet, or one cloud, stood in one run: its score, and how many clusters there were and were not read.

    `time` is the run's (RFC 3339, UTC), `baseline` the version judged by: points of two versions do not measure the same.
    """

    run: str
    time: str
    baseline: str
    proven: float
    ceiling: float
    coverage: float
    grade: str
    clusters: int
    unread: int


class Vanished(_Past, frozen=True, kw_only=True):
    """A cluster of an earlier run that this one did not see. It is in no score.

    `run` is the last one that saw it, with its `time`, and `score` and `grade` those it had there. `reason` says what this
    run knows of its place.
    """

    id: str
    cloud: str
    account: str
    location: str
    name: str
    run: str
    time: str
    score: Score
    grade: str
    reason: str = ""


def score_of(point: TrendPoint) -> Score:
    """The three numbers of a point together."""
    return Score(proven=point.proven, ceiling=point.ceiling, coverage=point.coverage)


def rebased(points: Iterable[TrendPoint]) -> list[tuple[TrendPoint, TrendPoint]]:
    """Where the baseline's version changed: each time the last run before and the first run after."""
    ordered = list(points)
    return [(one, other) for one, other in pairwise(ordered) if one.baseline != other.baseline]
