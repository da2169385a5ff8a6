"""What `dataplanes` and `compare-dataplanes` do: print the catalogue, or what a folder would do on several data planes."""

from __future__ import annotations

from dataclasses import dataclass

from functions.catalogues import catalogue_of
from functions.output import text, width, write
from functions.questions import Question, detected, one_snapshot, read_whole
from infra.memory import keep, uncollected
from scanner.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """The flags of `compare-dataplanes`; without data planes the one that is detected is meant."""

    question: Question
    dataplanes: tuple[str, ...]
    json: bool
    output: str


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

    catalogue = catalogue_of(request.question.catalogues)
    planes = [named(*_split(each), catalogue) for each in dict.fromkeys(request.dataplanes)]
    snapshot = one_snapshot(request.question)
    compared = Compared(
        snapshot,
        resolve(snapshot),
        planes or [detected(snapshot, catalogue)],
        ipblock_matches_pods=request.question.ipblock_matches_pods,
    )
    keep(snapshot, compared)
    if request.json:
        write(render_comparison(compared), request.output)
    else:
        write(text(comparison_lines(compared, width())), request.output)
    return read_whole(snapshot)


def _split(name: str) -> tuple[str, str]:
    engine, _, version = name.partition("@")
    return engine, version
