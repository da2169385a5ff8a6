"""The report as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Report
from reports.html.render import render_html


def render(report: Report) -> Iterator[bytes]:
    """The fleet's page, standing alone; `reports.html.site` has the others beside it."""
    yield render_html(report)
