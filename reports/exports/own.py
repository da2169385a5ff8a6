"""`report/v1` as JSON: every field of the document, in its order."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import Report, render_json


def render(report: Report) -> Iterator[bytes]:
    """The document itself."""
    yield render_json(report)
