"""The picture of scores over time: where the line goes, where it does not, and what its marks say."""

from __future__ import annotations

import dataclasses
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.html.pictures.trend import HEIGHT, WIDTH, trend_picture
from tests.reports.picture_factory import HOSTILE, SVG, Point, drawings, points, texts, titles


def drawn(given: list[Point]) -> Element:
    """The picture of these runs."""
    (drawing,) = drawings(trend_picture(given, "the fleet"))
    return drawing


def lines(drawing: Element, kind: str = "proven-line") -> list[list[tuple[float, float]]]:
    """The points of each line of a kind."""
    return [
        [tuple(map(float, each.split())) for each in found.get("d").strip("Mz").removesuffix("h0").split("L")]
        for found in drawing.iter(f"{SVG}path")
        if found.get("class") == kind
    ]


def test_one_line_with_its_band_and_its_coverage():
    """Higher is better, later is further right, and the band goes up to the ceiling."""
    given = [dataclasses.replace(each, proven=score) for each, score in zip(points(1, 2, 3), (0, 50, 100), strict=True)]
    drawing = drawn(given)
    (line,) = lines(drawing)
    assert [x for x, _ in line] == sorted({x for x, _ in line})
    assert line[0][1] > line[1][1] > line[2][1]
    (band,) = lines(drawing, "band")
    assert band[:3] == line
    assert band[3:] == [(x, band[3][1]) for x, _ in reversed(line)]
    assert len(lines(drawing, "coverage")) == 1
    assert titles(drawing)[0] == "Score of the fleet over 3 runs"
    assert "Proven 0.0 on 2026-01-01, 100.0 (up to 70.0" in drawing.find(f"{SVG}desc").text


def test_missing_runs_are_gaps():
    """Daily runs with two days missing are two lines; a lone run has its band as a bar."""
    assert [len(line) for line in lines(drawn(points(1, 2, 3, 6, 7, 8)))] == [3, 3]
    lone = drawn(points(1, 2, 3, 4, 8, 12, 13, 14))
    assert [len(line) for line in lines(lone)] == [4, 1, 3]
    assert len([each for each in lone.iter() if each.get("class") == "whisker"]) == 1
    assert "interrupted 2 times" in lone.find(f"{SVG}desc").text


def test_a_new_baseline_is_marked_and_not_joined():
    """Scores of two versions do not measure the same."""
    drawing = drawn([*points(1, 2, 3), *points(4, 5, baseline="1.1.0")])
    assert [len(line) for line in lines(drawing)] == [3, 2]
    assert len([each for each in drawing.iter() if each.get("class") == "change"]) == 1
    assert "baseline 1.1.0" in texts(drawing)


def test_a_run_with_unread_clusters_is_hollow_however_many_runs_there_are():
    """Each mark says its numbers; of a long history only those stay that say something."""
    drawing = drawn([*points(1), *points(2, unread=2)])
    assert [each.get("class") for each in drawing.iter(f"{SVG}circle")] == ["at-run", "at-run unread"]
    assert titles(drawing)[-1] == (
        "2026-01-02T08:00:00Z: 50.0 (up to 70.0, coverage 80%), grade F, 7 clusters, 2 of them not read"
    )
    long = [Point(time=f"2026-{1 + at // 28:02}-{1 + at % 28:02}T08:00:00Z", unread=at == 5) for at in range(200)]
    assert [each.get("class") for each in drawn(long).iter(f"{SVG}circle")] == ["at-run unread"]


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(("", "", ""), id="none"),
        pytest.param(("2026-01-01T00:00:00", "2026-01-02T00:00:00", "2026-01-03T00:00:00"), id="of-no-zone"),
        pytest.param(("2026-01-01T00:00:00Z",) * 3, id="all-the-same"),
        pytest.param(("2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"), id="out-of-order"),
        pytest.param(("2026-01-01T00:00:00Z", "9999-99-99T00:00:00Z", "2026-01-04T00:00:00Z"), id="no-time"),
    ],
)
def test_without_times_the_runs_stand_evenly(times):
    """Nothing is made up of times that cannot be read."""
    (line,) = lines(drawn([Point(time=time) for time in times]))
    assert line[1][0] - line[0][0] == pytest.approx(line[2][0] - line[1][0], abs=0.11)


def test_less_than_two_runs_are_no_trend():
    """One point is no line."""
    assert trend_picture([], "the fleet") == trend_picture(points(1), "the fleet") == ""


def test_the_table_has_the_newest_runs_first():
    """As many as one reads; the older ones are counted."""
    markup = trend_picture([Point(run=f"r{at}", time="") for at in range(50)], "the fleet")
    assert markup.index("<td>r49</td>") < markup.index("<td>r20</td>")
    assert "<td>r19</td>" not in markup
    assert "and 20 older ones in report.json" in markup


@given(
    name=st.text(max_size=60) | st.just(HOSTILE) | st.just("x" * 10_000),
    score=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6),
)
def test_any_text_and_any_score_stay_in_the_picture(name, score):
    """The picture parses as XML and nothing leaves its frame."""
    given = [
        Point(run=name, time=name, baseline=name, grade=name, proven=score, ceiling=score, coverage=score),
        Point(),
    ]
    markup = trend_picture(given, name)
    (drawing,) = drawings(markup)
    assert {each.tag.removeprefix(SVG) for each in drawing.iter()} <= {
        "svg", "title", "desc", "text", "path", "g", "circle",
    }  # fmt: skip
    for line in (*lines(drawing), *lines(drawing, "coverage")):
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line)
