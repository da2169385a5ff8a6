"""Catalogue files that a user names: what they add to what ringfence knows of data planes, or say instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.text import printable
from scanner.errors import InputError

if TYPE_CHECKING:
    from scanner.dataplane.catalogue import Catalogue

_LARGEST = 1_000_000  # bytes of one file


def catalogue_of(files: tuple[str, ...]) -> Catalogue:
    """The catalogue with what files add to it, or say instead.

    Raises:
        InputError: a file cannot be read, or does not load.
    """
    from scanner.dataplane.catalogue import extended

    read: list[tuple[str, bytes]] = []
    for file in files:
        try:
            with Path(file).open("rb") as stream:
                data = stream.read(_LARGEST + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"{printable(file, 200)}: cannot be read ({why}): name a catalogue file") from error
        if len(data) > _LARGEST:
            raise InputError(f"{printable(file, 200)}: is larger than {_LARGEST:,} bytes: name a catalogue file")
        read.append((printable(file, 200), data))
    return extended(read)
