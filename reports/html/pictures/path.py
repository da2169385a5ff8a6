"""A path as boxes and arrows, from its source down to the workloads that it leads to; what is not known is dashed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup
from msgspec.structs import replace

from reports.html.pictures.svg import CELL, LINE, cut, element, joined, picture, wrapped
from reports.reach.words import counted, port_words
from reports.wording import STATUS_WORDS
from scanner.findings import Hop, Path, Ranges, Status

WIDTH = 330  # pixels: fits a phone, and three stand side by side on a screen
_FONT = 12  # as the stylesheet sets it
_INSET = 10
_ARROW = 26
_COLUMNS = int((WIDTH - 2 * _INSET) / (_FONT * CELL))
_LINES = {"name": 4, "by": 3, "doubt": 2}
_MOST = 40  # hops that are drawn
_BETWEEN = "between-clusters"


def path_pictures(paths: Sequence[Path], more: int, statuses: Mapping[str, Status]) -> Markup:
    """The paths of one control, and how many more were found. `statuses` are those of its items, by subject."""
    drawn = [element("figure", path_picture(each, statuses.get(each.subject)), class_="pictured") for each in paths]
    also = f"and {more:,} more {'path' if more == 1 else 'paths'}" if paths else counted(more, "path")
    rest = element("p", f"{also} found, not drawn", class_="quiet") if more else Markup("")
    return joined((element("div", joined(drawn), class_="paths") if drawn else Markup(""), rest))


def path_picture(path: Path, status: Status | None = None) -> Markup:
    """One path. `status` is that of the item it explains: a waived path is as open as before."""
    boxes = list(_boxes(path))
    sure = "open" if path.certain else "possible"
    waived = f", {STATUS_WORDS[status]}" if status is Status.WAIVED else ""
    head = f"{sure}{waived}: {_ports(path)}"
    top = LINE * _FONT + 8
    drawn = [element("text", cut(head, _COLUMNS), x=0, y=_FONT, class_="head")]
    for at, hop in enumerate(boxes):
        if at:
            drawn.append(_arrow(hop, top))
            top += _ARROW
        box, height = _box(hop, top)
        drawn.append(box)
        top += height
    title = f"{'Open' if path.certain else 'Possible'} path from {cut(path.source, 80)} to {cut(path.destination, 80)}"
    kind = "path" if path.certain else "path possible"
    return picture(title, "; ".join(_told(path, head)), (WIDTH, top + 2), *drawn, kind=kind)


def _boxes(path: Path) -> Iterator[Hop]:
    """The source and the hops; the last one of a path between clusters says in which it is."""
    between = path.kind == _BETWEEN
    yield Hop(kind="cluster" if between else "outside", name=path.source)
    hops = path.hops
    if len(hops) > _MOST:  # a result holds fewer: this one is crafted
        hops = (*hops[: _MOST - 1], Hop(kind="hops", name=f"{len(hops) - _MOST:,} more", doubt="not drawn"), hops[-1])
    for at, hop in enumerate(hops, 1):
        last = between and at == len(hops)
        yield replace(hop, kind=f"{hop.kind} in {path.destination}") if last else hop


def _told(path: Path, head: str) -> Iterator[str]:
    """The path in words, for those who cannot see it."""
    yield head
    yield f"from {path.source}"
    for hop in path.hops:
        yield " ".join(filter(None, (hop.kind, hop.name, f"({hop.by})" if hop.by else "")))
    yield from (f"not known: {doubt}" for doubt in path.doubts)


def _ports(path: Path) -> str:
    words = _words(path.ports) or "ports not known"
    return f"{words} and {path.more_ports:,} more ranges" if path.more_ports else words


def _words(ports: Ranges) -> str:
    words = port_words(ports)
    return "all ports" if words == "all" else words


def _arrow(hop: Hop, top: float) -> Markup:
    """The arrow that leads to a hop, with its ports; dashed where getting there is not known to be possible."""
    x, end = WIDTH / 2, top + _ARROW
    line = element("path", d=f"M{x:.1f} {top:.1f}V{end - 7:.1f}", class_="arrow unsure" if hop.doubt else "arrow")
    tip = element("path", d=f"M{x - 5:.1f} {end - 8:.1f}h10l-5 8z", class_="tip")
    room = int((WIDTH / 2 - 12) / (_FONT * CELL))
    words = "?" if hop.doubt else ""
    if hop.ports:
        words = " ".join(filter(None, (words, _words(hop.ports))))
    return joined(
        (line, tip, element("text", cut(words, room), x=x + 10, y=top + _ARROW * 0.6) if words else Markup(""))
    )


def _box(hop: Hop, top: float) -> tuple[Markup, float]:
    """A box and its height: what it is, what it is called, what lets the path get there, and what of that is not known."""
    lines = [
        (hop.kind or "hop", "kind"),
        *((line, "name-of") for line in wrapped(hop.name or "(no name)", _COLUMNS, _LINES["name"])),
    ]
    lines += [(line, "by") for line in wrapped(hop.by, _COLUMNS, _LINES["by"])]
    doubt = f"? {hop.doubt}" if hop.doubt else ""
    lines += [(line, "doubted") for line in wrapped(doubt, _COLUMNS, _LINES["doubt"])]
    height = len(lines) * LINE * _FONT + 9
    frame = element(
        "rect", x=1, y=top, width=WIDTH - 2, height=height, rx=4, class_="box unsure" if hop.doubt else "box"
    )
    texts = joined(
        element("text", cut(line, _COLUMNS), x=_INSET, y=top + (at + 1) * LINE * _FONT, class_=look)
        for at, (line, look) in enumerate(lines)
    )
    return joined((frame, texts)), height
