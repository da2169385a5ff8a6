"""The picture of namespaces: what each cell shows and says, what it says of doubt, and that names stay text."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.html.pictures.namespaces import cells_of, namespace_picture
from tests.reports.picture_factory import HOSTILE, SVG, drawings, matrix, texts, titles


def cell(drawing: Element, start: str) -> Element:
    """The cell whose words begin so."""
    (found,) = (
        each for each in drawing.iter(f"{SVG}g") if "".join(each.find(f"{SVG}title").itertext()).startswith(start)
    )
    return found


def look(found: Element) -> tuple[list[str | None], list[str]]:
    """How the halves of a cell are filled, the declared one first, and its mark."""
    return [each.get("class") for each in found.iter(f"{SVG}path")], texts(found)


def one(declared: int, effective: int, unsure_declared: int = 0, unsure_effective: int = 0):
    """The picture of one namespace of two workloads, with these counts inside it."""
    tables = {
        "declared": declared, "effective": effective,
        "unsure_declared": unsure_declared, "unsure_effective": unsure_effective,
    }  # fmt: skip
    (drawing,) = drawings(
        namespace_picture(matrix("shop", **{key: ((value, 0), (0, 0)) for key, value in tables.items()}), "c")
    )
    return cell(drawing, "shop → shop")


@pytest.mark.parametrize(
    ("counts", "fills", "mark"),
    [
        pytest.param((2, 2), ["all", "all"], [], id="open-in-both"),
        pytest.param((0, 0), [], [], id="closed-in-both"),
        pytest.param((0, 2), ["all"], ["!"], id="a-gap"),
        pytest.param((1, 2), ["some", "all"], ["!"], id="a-wider-one"),
        pytest.param((2, 1), ["all", "some"], ["−"], id="less-than-declared"),  # noqa: RUF001
        pytest.param((0, 0, 0, 2), ["unknown"], [], id="not-known-in-effect"),
        pytest.param((0, 1, 0, 1), ["some"], ["!"], id="one-open-one-not-known"),
        pytest.param((0, 1, 1, 0), ["unknown", "some"], [], id="what-may-be-declared-is-no-gap"),
        pytest.param((2, 0, 0, 2), ["all", "unknown"], [], id="what-may-be-open-is-no-breakage"),
    ],
)
def test_a_cell_shows_both_levels(counts, fills, mark):
    """Open, partly open, unknown and closed differ in their fill, and a difference has its mark."""
    assert look(one(*counts)) == (fills, mark)


def test_a_cell_says_its_numbers():
    """From and to, of how many pairs, at both levels, unknown beside."""
    found = one(1, 0, 0, 2)
    assert found.find(f"{SVG}title").text == ("shop → shop: of 2 pairs declared 1 open, effective 0 open and 2 unknown")


def test_the_picture_has_rows_columns_and_a_description():
    """Every area is named twice, the others and the internet in brackets; where there are no pairs there is no cell."""
    markup = namespace_picture(matrix("pay", "shop", others=3), "prod-1")
    (drawing,) = drawings(markup)
    assert [each for each in texts(drawing) if each != "!"] == 2 * ["pay", "shop", "(others)", "(internet)"]
    assert titles(drawing)[0] == "Who may talk with whom by namespace in prod-1"
    assert "in 15 cells more pairs of workloads are open in effect" in drawing.find(f"{SVG}desc").text
    assert len(titles(drawing)) == 1 + 4 * 4 - 1  # the internet does not talk with itself
    assert "The 2 namespaces with most workloads stand alone, the other 3 together." in markup
    assert "<td>! more open</td>" in markup


def test_the_table_holds_what_differs_first_and_counts_the_rest():
    """Forty rows are enough to read; the whole is in the document."""
    markup = namespace_picture(matrix(*(f"n{at:02}" for at in range(9))), "c")
    assert markup.count("<tr>") == 41
    assert "and 59 more in report.json" in markup


@pytest.mark.parametrize("given", [matrix(), matrix("shop")], ids=["no-namespace", "no-levels"])
def test_nothing_to_draw_is_no_picture(given):
    """Without workloads, or of a level that is not there, nothing is drawn rather than an empty frame."""
    bare = type(given)(namespaces=given.namespaces, areas=given.areas, levels=())
    assert namespace_picture(bare if given.namespaces else given, "c") == ""


@given(st.text(max_size=80) | st.just(HOSTILE) | st.just("x" * 10_000) | st.just("宽" * 50))
def test_any_name_stays_text(name):
    """The picture parses as XML and holds no element that a name brought along."""
    markup = namespace_picture(matrix(name, "pay"), name)
    (drawing,) = drawings(markup)
    assert {each.tag.removeprefix(SVG) for each in drawing.iter()} == {
        "svg", "title", "desc", "text", "g", "rect", "path",
    }  # fmt: skip
    assert "style=" not in markup
    assert all(len(text) <= 23 for text in texts(drawing))
    assert namespace_picture(matrix(name, "pay"), name) == markup


def test_forty_namespaces_are_drawn_in_bounds():
    """A row each, wide but no wider than its scrolling box; some 300 bytes a cell."""
    given = matrix(*(f"namespace-{at:02}" for at in range(40)), others=160)
    markup = namespace_picture(given, "c")
    (drawing,) = drawings(markup)
    assert len(list(cells_of(given))) == 42 * 42 - 1 == len(list(drawing.iter(f"{SVG}g")))
    assert len(markup) < 750_000
