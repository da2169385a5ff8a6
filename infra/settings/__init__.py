"""`ringfence.yaml`: where clusters are, which count, and what their operator declares. Every mistake in it has its line."""

from __future__ import annotations

from pathlib import Path

from infra.settings.lists import check_file
from infra.settings.model import Concurrency, Link, Mistake, Selected, SettingsFile, SourceOptions, TrustZone
from infra.text import printable
from scanner.errors import InputError

DEFAULT_FILE = "ringfence.yaml"


def read_settings(path: Path) -> SettingsFile:
    """Read a settings file; relative paths in it stay relative to the current folder.

    Raises:
        InputError: the file is missing, too large, not YAML, or holds mistakes: the first with its line, how many more.
    """
    settings, mistakes = check_settings(path)
    if mistakes:
        first, *more = mistakes
        rest = f" (and {len(more)} more: `ringfence config check {printable(str(path), 200)}`)" if more else ""
        place = f"{path}:{first.line}" if first.line else str(path)
        raise InputError(f"{place}: {first}{rest}")
    return settings


def check_settings(path: Path) -> tuple[SettingsFile, tuple[Mistake, ...]]:
    """Read a settings file and say everything that is wrong with it, by line; the settings count where nothing is."""
    return check_file(path, SettingsFile, given=" given with --config")


__all__ = [
    "DEFAULT_FILE",
    "Concurrency",
    "Link",
    "Mistake",
    "Selected",
    "SettingsFile",
    "SourceOptions",
    "TrustZone",
    "check_settings",
    "read_settings",
]
