"""The score over time: what is proven as a line, what might be as a band above it, coverage dotted, gaps left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

from markupsafe import Markup

from reports.html.pictures.svg import cut, element, folded_table, joined, number, picture
from reports.past import TrendPoint
from reports.wording import number as score_words
from reports.wording import percent

WIDTH, HEIGHT = 480, 236
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 10, 26, 44  # around the plot
_GRADES = {60: "D", 70: "C", 80: "B", 90: "A"}
_GAP = 1.8  # from so many times the usual distance of two runs on, one is missing between them
_DOTS = 60  # most runs that are marked one by one
_ROWS = 30  # of the table beside the picture


def trend_picture(points: Sequence[TrendPoint], name: str) -> Markup:
    """The scores of `name` over several runs, oldest first: picture and the same as a table. Nothing for less than two."""
    if len(points) < 2:
        return Markup("")
    places = _places(points)
    parts = list(_parts(points, places))
    first, last = points[0], points[-1]
    title = f"Score of {cut(name, 60)} over {len(points):,} runs"
    description = (
        f"Proven {score_words(first.proven)} on {_day(first)}, {score_words(last.proven)} (up to "
        f"{score_words(last.ceiling)}, coverage {percent(last.coverage)}) on {_day(last)}; lowest "
        f"{score_words(min(p.proven for p in points))}, highest {score_words(max(p.proven for p in points))}. "
        f"The line is interrupted {len(parts) - 1} times, where runs are missing or the baseline changes."
    )
    drawing = picture(
        title,
        description,
        (WIDTH, HEIGHT),
        _axes(points),
        joined(_changes(points, places)),
        joined(_run(points, places, part) for part in parts),
        kind="trend",
    )
    return element(
        "figure", drawing, element("figcaption", _legend(points)), _table(points), class_="pictured trend-of"
    )


def _places(points: Sequence[TrendPoint]) -> list[float]:
    """Where each run stands across, by time; evenly where times are not known or do not ascend."""
    times = [_seconds(each.time) for each in points]
    known = [each for each in times if each is not None]
    room = WIDTH - _LEFT - _RIGHT
    if len(known) < len(times) or known[-1] <= known[0] or any(two < one for one, two in pairwise(known)):
        return [_LEFT + room * at / (len(points) - 1) for at in range(len(points))]
    return [_LEFT + room * (each - known[0]) / (known[-1] - known[0]) for each in known]


def _seconds(time: str) -> float | None:
    try:
        moment = datetime.fromisoformat(time)
        return moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _parts(points: Sequence[TrendPoint], places: Sequence[float]) -> Iterator[range]:
    """The runs that one line joins: not over a missing run, and not over a change of the baseline."""
    steps = [two - one for one, two in pairwise(places)]
    usual = median(steps) if len(steps) > 1 else max(steps)
    start = 0
    for at, step in enumerate(steps, 1):
        if (usual > 0 and step > _GAP * usual) or points[at].baseline != points[at - 1].baseline:
            yield range(start, at)
            start = at
    yield range(start, len(points))


def _height(value: float) -> float:
    """Where a score from 0 to 100 stands."""
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - min(100.0, max(0.0, value)) / 100)


def _axes(points: Sequence[TrendPoint]) -> Markup:
    """Lines where grades begin, with their scores and letters, and the first and the last day."""
    lines = []
    for value in (0, *_GRADES, 100):
        y = _height(value)
        look = "edge" if value in {0, 100} else "limit"
        lines.append(element("path", d=f"M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}", class_=look))
        lines.append(element("text", f"{_GRADES.get(value, '')} {value}".strip(), x=_LEFT - 5, y=y + 4, class_="end"))
    y = HEIGHT - _BOTTOM + 17
    lines.append(element("text", _day(points[0]), x=_LEFT, y=y))
    lines.append(element("text", _day(points[-1]), x=WIDTH - _RIGHT, y=y, class_="end"))
    return joined(lines)


def _changes(points: Sequence[TrendPoint], places: Sequence[float]) -> Iterator[Markup]:
    """A line and the new version wherever the baseline changes."""
    for at, (before, after) in enumerate(pairwise(points), 1):
        if before.baseline != after.baseline:
            x = (places[at - 1] + places[at]) / 2
            yield element("path", d=f"M{x:.1f} {_TOP - 8}V{HEIGHT - _BOTTOM}", class_="change")
            look = "end" if x > WIDTH / 2 else "start"
            yield element("text", f"baseline {cut(after.baseline, 12)}", x=x, y=_TOP - 12, class_=look)


def _run(points: Sequence[TrendPoint], places: Sequence[float], part: range) -> Markup:
    """One piece without gaps: the band up to the ceiling, the line of what is proven, the coverage, and marks."""

    def line(values: Sequence[float]) -> str:
        return "L".join(
            f"{number(places[at])} {number(_height(value))}" for at, value in zip(part, values, strict=True)
        )

    proven = [points[at].proven for at in part]
    above = [points[at].ceiling for at in part]
    back = "L".join(reversed(line(above).split("L")))
    band, look = f"M{line(proven)}L{back}z", "band"
    if len(part) == 1:  # which has no width
        (at,) = part
        band, look = f"M{places[at]:.1f} {_height(proven[0]):.1f}V{_height(above[0]):.1f}", "whisker"
    marked = [at for at in part if len(points) <= _DOTS or len(part) == 1 or points[at].unread]
    return joined(
        (
            element("path", d=band, class_=look),
            element("path", d=f"M{line([100 * points[at].coverage for at in part])}h0", class_="coverage"),
            element("path", d=f"M{line(proven)}", class_="proven-line"),
            joined(_mark(points[at], places[at]) for at in marked),
        )
    )


def _mark(point: TrendPoint, x: float) -> Markup:
    """A run: hollow where some cluster was not read."""
    look = "at-run unread" if point.unread else "at-run"
    return element(
        "g", element("title", _sentence(point)), element("circle", cx=x, cy=_height(point.proven), r=3.5, class_=look)
    )


def _sentence(point: TrendPoint) -> str:
    unread = f", {point.unread:,} of them not read" if point.unread else ""
    return (
        f"{cut(point.time, 40)}: {score_words(point.proven)} (up to {score_words(point.ceiling)}, coverage "
        f"{percent(point.coverage)}), grade {cut(point.grade, 40)}, {point.clusters:,} clusters{unread}"
    )


def _day(point: TrendPoint) -> str:
    return cut(point.time.partition("T")[0], 12) or "(no time)"


def _legend(points: Sequence[TrendPoint]) -> Markup:
    unread = "; a hollow mark is a run in which some cluster was not read" if any(p.unread for p in points) else ""
    return element(
        "p",
        f"Solid line: proven. Hatched band: up to what might be. Dotted line: coverage in per cent{unread}. The line is "
        "interrupted where runs are missing, and where the baseline changes, for then the scores do not measure the same.",
        class_="quiet",
    )


def _table(points: Sequence[TrendPoint]) -> Markup:
    """The newest runs, newest first, with what changed the baseline."""
    heads = ("Run", "Time", "Baseline", "Proven", "Up to", "Coverage", "Grade", "Clusters", "Not read")
    older = f"and {len(points) - _ROWS:,} older ones in report.json" if len(points) > _ROWS else ""
    return folded_table("Scores by run", heads, (_row(each) for each in reversed(points[-_ROWS:])), older)


def _row(point: TrendPoint) -> Markup:
    cells = (
        point.run, point.time, point.baseline, score_words(point.proven), score_words(point.ceiling),
        percent(point.coverage), point.grade, f"{point.clusters:,}", f"{point.unread:,}",
    )  # fmt: skip
    return element("tr", joined(element("td", cut(each, 60)) for each in cells))
