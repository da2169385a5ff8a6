"""The pictures in a real browser: nothing is refused by the page's policy, and nothing is wider than the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reports.html.render import render_html
from tests.reports.picture_factory import HOSTILE, pictured

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("name", ["shop", HOSTILE + "x" * 300], ids=["plain", "hostile"])
def test_no_sideways_scroll(open_report, tmp_path, name, width):
    """A picture that is wider than its card scrolls inside it; a path fits a phone whole."""
    file = tmp_path / "report.html"
    file.write_bytes(render_html(pictured(name)))
    page = open_report(file, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for drawing in page.locator(".picture.path").all():
        box = drawing.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_looks_differ_without_colour(open_report, tmp_path, scheme):
    """The style is taken: halves are filled, dots and hatch are patterns, doubt is dashed; and words fit their boxes."""
    file = tmp_path / "report.html"
    file.write_bytes(render_html(pictured()))
    page = open_report(file, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    css = "(each, name) => getComputedStyle(each)[name]"
    assert "#pic-dots" in page.locator(".samples .some").first.evaluate(css, "fill")
    assert "#hatch" in page.locator(".samples .unknown").first.evaluate(css, "fill")
    assert page.locator(".picture.path .box.unsure").first.evaluate(css, "strokeDasharray") != "none"
    expect(page.get_by_role("img", name="Possible path from shop to shop")).to_be_visible()
    expect(page.get_by_role("img", name="Who may talk with whom by namespace in shop-0")).to_be_visible()
    for text in page.locator(".picture.path text").all():
        box, frame = text.bounding_box(), text.locator("xpath=..").bounding_box()
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
