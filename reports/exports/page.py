"""The report as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Report
from reports.html.render import render_html


def render(report: Report) -> Iterator[bytes]:
    """One file that opens from disk."""
    yield render_html(report)
