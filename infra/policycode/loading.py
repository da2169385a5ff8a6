"""From places to controls that an audit can use: all of them, or an error that names the first mistake."""

from __future__ import annotations

from collections.abc import Sequence

from infra.policycode.checking import check
from infra.policycode.files import read_places
from infra.policycode.model import OwnControl
from scanner.errors import InputError


def load(places: Sequence[str], known: Sequence[str]) -> tuple[OwnControl, ...]:
    """The own controls of files, folders and URLs, every expression checked; `known` are ids that `requires` may name.

    Raises:
        InputError: a place cannot be read or one of its files holds a mistake (the first with its line, how many more).
        StoreError: an object store refused.
    """
    placed, mistakes = read_places(places, known)
    mistakes = (*mistakes, *check(placed))
    if mistakes:
        first, *more = mistakes
        rest = f" (and {len(more)} more: `ringfence baseline validate` shows all)" if more else ""
        raise InputError(f"{first}{rest}")
    return tuple(each.control for each in placed)
