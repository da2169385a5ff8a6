"""What `dataplanes` and `compare-dataplanes` do: print the catalogue, or what a folder would do on several data planes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.output import text, width, write
from functions.questions import Question, detected, one_snapshot, read_whole
from infra.memory import keep, uncollected
from infra.text import printable
from scanner.errors import InputError

if TYPE_CHECKING:
    from scanner.dataplane.catalogue import Catalogue

_LARGEST = 1_000_000  # bytes of a catalogue file


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """The flags of `compare-dataplanes`; without data planes the one that is detected is meant."""

    question: Question
    dataplanes: tuple[str, ...]
    catalogues: tuple[str, ...]
    json: bool
    output: str


def catalogue_of(files: tuple[str, ...]) -> Catalogue:
    """The catalogue with what files add to it, or say instead.

    Raises:
        InputError: a file cannot be read, or does not load.
    """
    from pathlib import Path

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


def run_dataplanes(name: str, catalogues: tuple[str, ...], *, json: bool, output: str) -> int:
    """Print the catalogue, or one engine of it ("NAME[@VERSION]").

    Raises:
        InputError: no such engine, no such version, or a file that does not load.
    """
    from reports.dataplanes import catalogue_lines, engine_lines, render_dataplanes
    from scanner.dataplane.catalogue import named

    catalogue = catalogue_of(catalogues)
    engine_name, _, version = name.partition("@")
    if not name:
        engines = [catalogue[each] for each in sorted(catalogue)]
    else:
        found = named(engine_name, version, catalogue).engine
        if found is None:
            raise InputError("none is no engine: name one, or nothing for the list")
        engines = [found]
    if json:
        write((render_dataplanes(engines, version),), output)
    elif name:
        write(text(engine_lines(engines[0], version, width())), output)
    else:
        write(text(catalogue_lines(engines)), output)
    return 0


@uncollected()
def run_compare(request: CompareRequest) -> int:
    """Print on which connections data planes differ from what the policies declare, and why.

    Raises:
        InputError: the source or a data plane cannot be used.
    """
    from reports.comparison import comparison_lines, render_comparison
    from scanner.dataplane.catalogue import named
    from scanner.policy.resolve import resolve
    from scanner.reach.effects.compare import Compared

    catalogue = catalogue_of(request.catalogues)
    planes = [named(*_split(each), catalogue) for each in dict.fromkeys(request.dataplanes)]
    snapshot = one_snapshot(request.question)
    compared = Compared(snapshot, resolve(snapshot), planes or [detected(snapshot, catalogue)])
    keep(snapshot, compared)
    if request.json:
        write((render_comparison(compared),), request.output)
    else:
        write(text(comparison_lines(compared, width())), request.output)
    return read_whole(snapshot)


def _split(name: str) -> tuple[str, str]:
    engine, _, version = name.partition("@")
    return engine, version
