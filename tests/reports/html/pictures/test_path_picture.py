"""The picture of a path: its boxes in order, what is not known of it, and that names stay text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reports.html.pictures.path import path_picture, path_pictures
from scanner.findings import Hop, Status
from tests.reports.picture_factory import HOSTILE, SVG, drawings, path, texts, titles


def test_boxes_stand_in_order_with_what_lets_the_path_through():
    """Source, hops and destination, the ports above and at their arrow; the whole in words for those who cannot see."""
    (drawing,) = drawings(path_picture(path()))
    written = texts(drawing)
    assert written[0] == "open: TCP 443,8000-8100"
    kinds = [each for each in written if each.startswith(("cluster", "workload", "NAT", "link"))]
    assert kinds == ["cluster", "workload", "NAT", "link", "workload in b"]
    assert written.index("a") < written.index("shop/web[Deployment]") < written.index("pay/db[StatefulSet]")
    assert "TCP 443" in written
    boxes = [each.get("class") for each in drawing.iter(f"{SVG}rect")]
    assert boxes == ["box"] * 5
    assert len([each for each in drawing.iter(f"{SVG}path") if each.get("class") == "arrow"]) == 4
    assert titles(drawing) == ["Open path from a to b"]
    assert "link VPN connection vpn-1 (10.2.0.0/16 forward)" in drawing.find(f"{SVG}desc").text


def test_what_is_not_known_is_dashed_marked_and_said():
    """A doubtful hop has a dashed frame and arrow, a question mark and its reason; the path is called possible."""
    hops = (*path().hops[:2], Hop(kind="firewall", name="of b", doubt="it was not read"), path().hops[-1])
    (drawing,) = drawings(path_picture(path(hops=hops, certain=False, doubts=("its firewalls were not read",))))
    assert drawing.get("class") == "picture path possible"
    looks = [each.get("class") for each in drawing.iter() if "unsure" in (each.get("class") or "")]
    assert looks == ["arrow unsure", "box unsure"]
    assert {"?", "? it was not read", "possible: TCP 443,8000-8100"} <= set(texts(drawing))
    assert titles(drawing) == ["Possible path from a to b"]
    assert "not known: its firewalls were not read" in drawing.find(f"{SVG}desc").text


def test_a_path_from_outside_and_unknown_ports():
    """The source of an internet path is outside, and ports that nobody knows are said to be unknown."""
    (drawing,) = drawings(path_picture(path(kind="from-internet", source="internet", ports={}, more_ports=0)))
    assert texts(drawing)[:3] == ["open: ports not known", "outside", "internet"]
    every = dict.fromkeys(("SCTP", "TCP", "UDP"), ((1, 65535),))
    assert texts(drawings(path_picture(path(ports=every)))[0])[0] == "open: all ports"
    assert "more ranges" in texts(drawings(path_picture(path(more_ports=3)))[0])[0]


def test_a_path_without_end_is_drawn_in_bounds():
    """A crafted result with ten thousand hops: the first ones and the last, and how many are not drawn."""
    (drawing,) = drawings(path_picture(path(hops=tuple(Hop(kind="route", name=f"r{at}") for at in range(10_000)))))
    assert len(list(drawing.iter(f"{SVG}rect"))) == 42
    assert {"r38", "9,960 more", "r9999"} <= set(texts(drawing))
    assert "r39" not in texts(drawing)


def test_several_paths_are_counted_and_a_waived_one_says_so():
    """What is left out is said; a waiver closes nothing."""
    markup = path_pictures([path(), path(subject="x")], 1, {"x": Status.WAIVED, "a -> b": Status.FAIL})
    heads = [texts(each)[0] for each in drawings(markup)]
    assert heads == ["open: TCP 443,8000-8100", "open, waived: TCP 443,8000-8100"]
    assert "and 1 more path found, not drawn" in markup
    assert path_pictures([], 0, {}) == ""
    assert path_pictures([], 2, {}) == '<p class="quiet">2 paths found, not drawn</p>'


@given(
    st.text(max_size=80)
    | st.just(HOSTILE)
    | st.just("x" * 10_000)
    | st.just("宽" * 200)
    | st.just("a" + "\u0301" * 300)
    | st.just("a " * 300)
)
def test_any_name_stays_text_inside_its_box(name):
    """The picture parses as XML, no line is longer than its box, and it is the same each time."""
    hops = (Hop(kind=name, name=name, by=name, doubt=name, ports={name: ((1, 2),)}), Hop(kind="workload", name=name))
    hostile = path(source=name, destination=name, hops=hops, certain=False, doubts=(name,), ports={name: ((1, 2),)})
    markup = path_picture(hostile)
    (drawing,) = drawings(markup)
    assert {each.tag.removeprefix(SVG) for each in drawing.iter()} == {"svg", "title", "desc", "text", "rect", "path"}
    assert all(len(text) <= 43 for text in texts(drawing))
    bottom = max(float(each.get("y")) + float(each.get("height")) for each in drawing.iter(f"{SVG}rect"))
    assert bottom <= float(drawing.get("height"))
    assert path_picture(hostile) == markup
