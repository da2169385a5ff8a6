"""Files of waivers: which failures are accepted for a time, every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from infra.settings.lists import check_file, read_list
from infra.settings.model import Mistake
from scanner.waivers.model import Waiver


class WaiverFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file: one key, a list of waivers."""

    waivers: tuple[Waiver, ...] = ()


def check_waivers(path: Path) -> tuple[tuple[Waiver, ...], tuple[Mistake, ...]]:
    """Read a file of waivers and say everything that is wrong with it, by line; they count where nothing is."""
    found, mistakes = check_file(path, WaiverFile)
    return found.waivers, mistakes


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file.

    Raises:
        InputError: it is missing, too large, not YAML, or holds mistakes: the first with its line, how many more.
    """
    return read_list(path, WaiverFile).waivers
