"""A file of settings as the struct it stands for, read strictly, every mistake with its line; and files that hold one list."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from infra.settings.model import Mistake
from infra.text import printable
from scanner.errors import InputError

_MOST_LINES = 10  # of further mistakes, in one line
_File = TypeVar("_File", bound=msgspec.Struct)


def check_file(path: Path, form: type[_File], *, given: str = "") -> tuple[_File, tuple[Mistake, ...]]:
    """Read a file and say everything that is wrong with it, by line; an empty one where something is.

    `given` says how its path came, as in `infra.settings.marked.read_text`.
    """
    from infra.settings.check import check
    from infra.settings.marked import BrokenError, compose, construct, read_text

    try:
        root = compose(read_text(path, given=given))
    except BrokenError as error:
        return form(), (error.mistake,)
    if root is None:
        return form(), ()
    mistakes = tuple(check(root, form))
    return form() if mistakes else msgspec.convert(construct(root), form), mistakes


def read_list(path: Path, form: type[_File]) -> _File:
    """The file.

    Raises:
        InputError: it is missing, too large, not YAML, or holds mistakes: the first with its line, how many more.
    """
    found, mistakes = check_file(path, form)
    if mistakes:
        first, *more = mistakes
        place = f"{printable(str(path), 200)}:{first.line}" if first.line else printable(str(path), 200)
        lines = ", ".join(str(each.line) for each in more[:_MOST_LINES])
        lines += f" and {len(more) - _MOST_LINES} further ones" if len(more) > _MOST_LINES else ""
        raise InputError(f"{place}: {first}{f' ({len(more)} more, on lines {lines})' if more else ''}")
    return found
