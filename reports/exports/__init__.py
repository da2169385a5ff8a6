"""Every form of the fleet report: one document in, bytes out. A form is a module here and a line in `EXPORTS`.

`render(report)` of a module gives the bytes in pieces, so that a large report is never in memory twice; the same report gives the
same bytes. What a form needs beyond the core's libraries is an extra, imported where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

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
        Export("sarif", ".sarif", "reports.exports.sarif"),
        Export("junit", ".junit.xml", "reports.exports.junit", "exports"),
        Export("prometheus", ".prom", "reports.exports.prometheus", "exports"),
        Export("csv", ".csv", "reports.exports.csv_file"),
        Export("xlsx", ".xlsx", "reports.exports.xlsx", extra="exports", binary=True),
        Export("parquet", ".parquet", "reports.exports.parquet", extra="parquet", binary=True),
        Export("ocsf", ".ocsf.jsonl", "reports.exports.ocsf"),
        Export("asff", ".asff.jsonl", "reports.exports.asff"),
        Export("oscal", ".oscal.json", "reports.exports.oscal", "oscal"),
        Export("policyreport", ".policyreport.json", "reports.exports.policyreport"),
        Export("md", ".md", "reports.exports.markdown"),
    )
}


def render(name: str, report: Report) -> Iterable[bytes]:
    """`report` in the form `name`, in pieces.

    Raises:
        InputError: the extra with the form's libraries is not installed.
    """
    pieces: Iterable[bytes] = _module(name).render(report)
    return pieces


def notices(name: str, report: Report) -> tuple[str, ...]:
    """What of `report` the form `name` has no place for, a line each: its module's `notices(report)`, where it has one.

    Raises:
        InputError: the extra with the form's libraries is not installed.
    """
    said = getattr(_module(name), "notices", None)
    return tuple(said(report)) if said else ()


def _module(name: str) -> ModuleType:
    export = EXPORTS[name]
    try:
        return import_module(export.module)
    except ImportError as error:
        if not export.extra:
            raise
        raise InputError(
            f"--format {name} needs a library that is not installed: pip install 'ringfence[{export.extra}]'"
        ) from error
