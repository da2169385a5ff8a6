"""Files of evidence: what people vouch for, every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from infra.settings.lists import check_file, read_list
from infra.settings.model import Mistake
from scanner.evidence import Statement


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: one key, a list of statements."""

    evidence: tuple[Statement, ...] = ()


def check_evidence(path: Path) -> tuple[tuple[Statement, ...], tuple[Mistake, ...]]:
    """Read a file of evidence and say everything that is wrong with it, by line; the statements count where nothing is."""
    found, mistakes = check_file(path, EvidenceFile)
    return found.evidence, mistakes


def read_evidence(path: Path) -> tuple[Statement, ...]:
    """The statements of a file.

    Raises:
        InputError: it is missing, too large, not YAML, or holds mistakes: the first with its line, how many more.
    """
    return read_list(path, EvidenceFile).evidence
