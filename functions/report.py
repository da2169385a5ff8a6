"""What `report` does once its flags are parsed: read stored runs, render them in the form asked for."""

from __future__ import annotations

from dataclasses import dataclass

from functions.aggregate import stored_report
from functions.gate import Exit
from functions.rendering import TABLE, check_form, write_report
from scanner.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """The flags of `report`. `answer` is `table`, `pdf` or a name in `EXPORTS`; `bundle` names a zip that is written instead."""

    stores: tuple[str, ...]
    run: str
    answer: str
    output: str
    bundle: str = ""
    sign: str = ""
    with_snapshots: bool = False
    github_summary: bool = False


def run_report(request: ReportRequest) -> int:
    """Render a stored report; returns the exit code.

    Raises:
        RingfenceError: nothing stored can be read as a report, the form's library is missing, or nothing can be written.
    """
    if not request.stores:
        raise InputError("--from is missing: name a store (path, s3://, gs://, az://), a run's folder or a report.json")
    if request.github_summary:
        return _github_summary(request)
    if request.bundle:
        return _bundle(request)
    if request.sign or request.with_snapshots:
        raise InputError("--sign and --with-snapshots belong to a package for auditors: give --bundle FILE.zip")
    check_form(request.answer, request.output)
    write_report(stored_report(request.stores[0], request.run), request.answer, request.output)
    return Exit.DONE


def _github_summary(request: ReportRequest) -> int:
    from functions.github import append_summary

    if request.bundle or request.sign or request.with_snapshots or request.output or request.answer != TABLE:
        raise InputError("--github-summary goes to the job's own page: leave --output, --format and --bundle out")
    if len(request.stores) > 1:
        raise InputError("--github-summary is of one store: give --from once")
    append_summary(request.stores[0], request.run)
    return Exit.DONE


def _bundle(request: ReportRequest) -> int:
    from functions.bundle import BundleRequest, run_bundle

    if len(request.stores) > 1:
        raise InputError("--bundle is of one run: give --from once")
    if request.output or request.answer != TABLE:
        raise InputError("--bundle names its own file and holds every form: leave --output and --format out")
    wanted = BundleRequest(
        source=request.stores[0], file=request.bundle, key=request.sign, with_snapshots=request.with_snapshots
    )
    return run_bundle(stored_report(request.stores[0], request.run), wanted)
