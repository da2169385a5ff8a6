"""Text of a table: as UTF-8 can hold it, as one visible line, and so that no spreadsheet takes it for a formula."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from reports.wording import visible

BETWEEN = " | "  # the sentences of a list in one cell

# What makes a spreadsheet calculate, and its full-width forms, which some take for the same (OWASP, "CSV Injection",
# https://owasp.org/www-community/attacks/CSV_Injection). Tab and carriage return, also named there, are spelled out already.
_STARTS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# At the start of a cell, or of what another program would take for the next one: behind a separator. Blanks and quotes that
# stand before it are looked through.
_FORMULA = re.compile(rf"(^|[;,])([\s\"']*)(?=[{_STARTS}])")


def utf8(text: str) -> str:
    r"""`text` as UTF-8 can hold it: half a surrogate pair is spelled out (`\ud800`)."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def line(value: str | Sequence[str]) -> str:
    """A text or several on one visible line: nothing in it acts on what shows it."""
    if isinstance(value, str):
        return visible(value, sys.maxsize)
    return BETWEEN.join(visible(each, sys.maxsize) for each in value)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take the whole text for a formula."""
    found = _FORMULA.match(text)
    return found is not None and not found[1]


def harmless(text: str) -> str:
    """`text` with an apostrophe before everything that a spreadsheet would calculate, wherever it splits the cell."""
    return _FORMULA.sub(r"\1'\2", text)
