"""The pictures on the page: where they stand, how many there are at most, and that the page's policy holds."""

from __future__ import annotations

import pytest

from reports.html.judged import PATHS_PER_FINDING
from reports.html.render import render_html
from tests.reports.governed_factory import fabric, fabric_control
from tests.reports.picture_factory import HOSTILE, matrix, path, pictured
from tests.reports.report_factory import cluster, estate, report
from tests.reports.test_html import Page


def kinds(page: Page, kind: str) -> int:
    """How many pictures of a kind stand for something."""
    return sum(
        tag == "svg" and kind in (attrs.get("class") or "").split() and attrs.get("role") == "img"
        for tag, attrs in page.elements
    )


def test_namespaces_stand_on_cards_and_paths_in_the_fabric():
    """One matrix for each cluster that has one, one picture for each path, and how many are not drawn."""
    page = Page(render_html(pictured()))
    assert (kinds(page, "namespaces"), kinds(page, "path")) == (3, 2)
    assert "and 2 more paths found, not drawn" in page.text
    assert page.text.count("Namespace by namespace") == 3
    assert page.attributes("pattern", "id") == ["hatch", "pic-dots"]


def test_results_of_earlier_versions_have_no_pictures():
    """What a document does not have is not drawn, and no frame is left for it."""
    page = Page(render_html(estate()))
    assert (kinds(page, "namespaces"), kinds(page, "path")) == (0, 0)
    assert "Namespace by namespace" not in page.text


def test_a_page_draws_the_neediest_clusters_and_says_so_of_the_others():
    """Forty namespaces in each of four clusters are more than a page holds."""
    large = matrix(*(f"n{at:02}" for at in range(40)))
    page = Page(render_html(report(*(cluster(f"c{at}", namespaces=large) for at in range(4)))))
    assert kinds(page, "namespaces") == 2
    assert page.text.count("Namespace by namespace: in report.json") == 2


def test_only_the_first_paths_are_drawn():
    """Certain ones stand first in a result; the page says how many more there are."""
    control = fabric_control("NB-XC-02", paths=tuple(path(source=f"c{at}") for at in range(20)), more_paths=5)
    page = Page(render_html(report(cluster(), fabric=fabric(controls=(control,)))))
    assert kinds(page, "path") == PATHS_PER_FINDING
    assert f"and {20 - PATHS_PER_FINDING + 5} more paths found" in page.text


@pytest.mark.parametrize("name", [HOSTILE, "x" * 10_000, "", "{{ 7 * 7 }}"])
def test_hostile_names_stay_text(name):
    """The document stays balanced, no script but its own is in it, and no element carries a style."""
    page = Page(render_html(pictured(name)))
    assert not page.unbalanced
    assert not page.open
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert not any("style" in attrs for _, attrs in page.elements)
