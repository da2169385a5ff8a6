"""Files of evidence: what people vouch for, every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from infra.settings.model import Mistake
from infra.text import printable
from scanner.errors import InputError
from scanner.evidence import Statement


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: one key, a list of statements."""

    evidence: tuple[Statement, ...] = ()


def check_evidence(path: Path) -> tuple[tuple[Statement, ...], tuple[Mistake, ...]]:
    """Read a file of evidence and say everything that is wrong with it, by line; the statements count where nothing is."""
    from infra.settings.check import check
    from infra.settings.marked import BrokenError, compose, construct, read_text

    try:
        root = compose(read_text(path))
    except BrokenError as error:
        return (), (error.mistake,)
    if root is None:
        return (), ()
    mistakes = tuple(check(root, EvidenceFile))
    return () if mistakes else msgspec.convert(construct(root), EvidenceFile).evidence, mistakes


def read_evidence(path: Path) -> tuple[Statement, ...]:
    """The statements of a file.

    Raises:
        InputError: it is missing, too large, not YAML, or holds mistakes: the first with its line, how many more.
    """
    statements, mistakes = check_evidence(path)
    if mistakes:
        first, *more = mistakes
        place = f"{printable(str(path), 200)}:{first.line}" if first.line else printable(str(path), 200)
        raise InputError(f"{place}: {first}{f' (and {len(more)} more)' if more else ''}")
    return statements
