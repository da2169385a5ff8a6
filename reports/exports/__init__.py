"""Every form of the fleet report: one document in, bytes out. A form is a module here and a line in `EXPORTS`.

`render(report)` of a module gives the bytes in pieces, so that a large report is never in memory twice; the same report gives the
same bytes. What a form needs beyond the core's libraries is an extra, imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

from reports.document import Report
from scanner.errors import InputError


@dataclass(frozen=True, slots=True)
class Export:
    """One form: its name on the command line, its file's suffix, its module, and the extra that holds its libraries.

    `binary` forms are no text: nothing prints them to a terminal.
    """

    name: str
    suffix: str
    module: str
    extra: str = ""
    binary: bool = False


EXPORTS: Mapping[str, Export] = {
    each.name: each
    for each in (
        Export("json", ".json", "reports.exports.own"),
        Export("html", ".html", "reports.exports.page"),
        Export("md", ".md", "reports.exports.markdown"),
    )
}


def render(name: str, report: Report) -> Iterable[bytes]:
    """`report` in the form `name`, in pieces.

    Raises:
        InputError: the extra with the form's libraries is not installed.
    """
    export = EXPORTS[name]
    try:
        module = import_module(export.module)
    except ImportError as error:
        if not export.extra:
            raise
        raise InputError(
            f"--format {name} needs a library that is not installed: pip install 'ringfence[{export.extra}]'"
        ) from error
    pieces: Iterable[bytes] = module.render(report)
    return pieces
