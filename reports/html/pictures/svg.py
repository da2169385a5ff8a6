"""Elements of SVG and HTML from plain values: whatever text goes in comes out as text that is safe to look at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup, escape

from reports.wording import visible

_EMPTY = frozenset({"circle", "path", "rect"})  # never hold anything
LINE = 1.35  # line height, in units of the font's size
CELL = 0.61  # width of one character of the monospace fonts of the stylesheet, in units of the font's size (at most)


def element(name: str, *content: object, **attributes: object) -> Markup:
    """One element. Text and attributes are made visible and escaped; markup stays; numbers are written short.

    A trailing underscore of an attribute's name is dropped (`class_`), others become hyphens.
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_text(value)}"' for key, value in attributes.items())
    if name in _EMPTY:
        return Markup(f"<{name}{written}/>")  # noqa: S704 - escaped just here
    inside = "".join(_text(each) for each in content)
    return Markup(f"<{name}{written}>{inside}</{name}>")  # noqa: S704 - every part of it is escaped just here


def joined(parts: Iterable[Markup]) -> Markup:
    """Several elements one after the other."""
    return Markup("").join(parts)


def picture(title: str, description: str, size: tuple[float, float], *content: Markup, kind: str) -> Markup:
    """A drawing with a name and a description for those who cannot see it. `size` is in pixels at its natural size."""
    width, height = size
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *content,
        xmlns="http://www.w3.org/2000/svg",
        class_=f"picture {kind}",
        role="img",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
    )


def definitions() -> Markup:
    """The patterns that pictures are filled with: once on a page, beside the page's own `hatch`."""
    dots = element("circle", class_="pic-dot", cx=1.5, cy=1.5, r=1.1)
    ground = element("rect", class_="pic-dots-ground", width=4, height=4)
    return element("pattern", ground, dots, id="pic-dots", width=4, height=4, patternUnits="userSpaceOnUse")


def folded_table(label: str, heads: Sequence[str], rows: Iterable[Markup], more: str) -> Markup:
    """The same as a picture for those who want numbers, folded away by the page's script; `more` says what is left out."""
    head = element("thead", element("tr", joined(element("th", each, scope="col") for each in heads)))
    table = element("table", head, element("tbody", joined(rows)))
    rest = element("p", more, class_="quiet") if more else Markup("")
    scroll = element("div", table, rest, class_="scroll", tabindex=0, role="region", aria_label=label)
    return element("details", element("summary", "The same as a table"), scroll, class_="how", open="")


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def columns_of(text: str) -> int:
    """How many columns of a monospace font a text takes."""
    return sum(_columns(char) for char in text)


def cut(text: str, columns: int) -> str:
    """The text as it may be shown, in at most so many columns."""
    return next(wrapped(text, columns, 1), "")


def wrapped(text: str, columns: int, most: int) -> Iterator[str]:
    """The text as it may be shown, in at most `most` lines of `columns` columns; what does not fit ends in an ellipsis.

    Lines end at a space where there is one in their second half, else wherever they are full.
    """
    left = visible(text, columns * most + 1)
    for line in range(most):
        if not left:
            return
        if columns_of(left) <= columns:
            yield left
            return
        if line == most - 1:
            yield f"{left[: _fitting(left, columns - 1)]}…"
            return
        end = _fitting(left, columns)
        space = left.rfind(" ", end // 2, end + 1)
        end = space if space > 0 else end
        yield left[:end]
        left = left[end:].lstrip(" ")


def _fitting(text: str, columns: int) -> int:
    """How many characters fit, one at least."""
    taken = 0
    for at, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return max(at, 1)
    return len(text)


def _columns(char: str) -> int:
    """A combining mark counts too, though it takes none: hundreds of them on one letter would leave its line."""
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _text(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    if isinstance(value, int | float):
        return Markup(number(value))  # noqa: S704 - digits
    return escape(visible(str(value)))
