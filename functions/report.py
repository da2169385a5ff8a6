"""What `report` does once its flags are parsed: read stored runs, join them where there are several, render, hold the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from functions.aggregate import Judging, stored_report
from functions.gate import Exit, decide
from functions.output import say, say_incomplete
from functions.rendering import PDF, TABLE, check_form, write_report
from functions.run import incomplete
from reports.document import Report
from reports.exports import EXPORTS
from reports.frameworks import framework_view
from scanner.errors import InputError
from scanner.findings import Severity
from scanner.frameworks.model import Framework, find_framework

FROM = "--from is missing: name a store (path, s3://, gs://, az://), a run's folder or a report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """The flags of `report`. `answer` is `table`, `pdf` or a name in `EXPORTS`; `compare` holds two runs, or nothing twice.

    `bundle` names a zip that is written instead, `github_summary` asks for the job's summary instead.
    """

    stores: tuple[str, ...]
    run: str
    answer: str
    output: str
    config: str = ""
    evidence: str = ""
    waivers: str = ""
    frameworks: tuple[str, ...] = ()
    fail_on: str | None = None
    fail_on_new: str | None = None
    min_score: float | None = None
    allow_partial: bool = False
    history: bool = False
    cluster: str = ""
    control: str = ""
    compare: tuple[str, str] = ("", "")
    bundle: str = ""
    sign: str = ""
    with_snapshots: bool = False
    github_summary: bool = False

    @property
    def judging(self) -> Judging:
        """What is judged with where something has to be judged anew."""
        return Judging(self.config, evidence=self.evidence, waivers=self.waivers)


def run_report(request: ReportRequest) -> int:
    """Render or pack stored runs, or show their history, or what two of them differ by; returns the exit code.

    Raises:
        RingfenceError: nothing stored can be read as a report, the form's library is missing, or nothing can be written.
    """
    _check(request)
    if request.history:
        from functions.report_history import run_history

        return run_history(request)
    if any(request.compare):
        from functions.report_compare import run_compare

        return run_compare(request)
    if request.github_summary:
        from functions.github import append_summary

        append_summary(request.stores[0], request.run, request.judging)
        return Exit.DONE
    return _rendered(request)


def _rendered(request: ReportRequest) -> int:
    frameworks = tuple(dict.fromkeys(map(find_framework, request.frameworks)))
    check_form(request.answer, request.output)
    found = stored_report(request.stores, request.run, request.judging)
    report = _through(found.report, frameworks)
    if request.bundle:
        _pack(report, request)
    else:
        write_report(report, request.answer, request.output)
    gaps = incomplete(report)
    code, why = decide(
        report,
        incomplete=bool(gaps or found.broken),
        fail_on=Severity(request.fail_on) if request.fail_on else None,
        min_score=request.min_score,
        allow_partial=request.allow_partial,
    )
    on_screen = (
        request.answer == TABLE and not request.output and not request.bundle
    )  # what was not read stands there already
    say_incomplete((*found.broken, *(incomplete(report, unread=False) if on_screen else gaps)))
    if why:
        say(f"ringfence: {why}")
    return code


def _pack(report: Report, request: ReportRequest) -> None:
    from functions.bundle import BundleRequest, write_bundle

    wanted = BundleRequest(
        source=request.stores[0], file=request.bundle, key=request.sign, with_snapshots=request.with_snapshots
    )
    write_bundle(report, wanted)


def _check(request: ReportRequest) -> None:
    """Refuse flags that would be of no effect, for whoever gave them counts on it."""
    comparing = any(request.compare)
    if not request.stores and not comparing:
        raise InputError(FROM)
    if request.history and comparing:
        raise InputError("--history and --compare are two questions: ask one at a time")
    forms = (TABLE, "json") if request.history else (TABLE, "json", "md") if comparing else (TABLE, PDF, *EXPORTS)
    if request.answer not in forms:
        raise InputError(f"--format {request.answer} does not go with this: choose one of {', '.join(forms)}")
    _check_handover(request, asking=request.history or comparing)
    misplaced = {
        "--cluster": bool(request.cluster) and not request.history,
        "--control": bool(request.control) and not request.history,
        "--fail-on-new": request.fail_on_new is not None and not comparing,
        "--run": bool(request.run) and (request.history or comparing),
        "--framework": bool(request.frameworks) and (request.history or comparing),
        "--fail-on": request.fail_on is not None and (request.history or comparing),
        "--min-score": request.min_score is not None and (request.history or comparing),
    }
    if wrong := [flag for flag, is_misplaced in misplaced.items() if is_misplaced]:
        way = "--history" if request.history else "--compare" if comparing else "this without --history or --compare"
        raise InputError(f"{', '.join(wrong)} has no effect on {way}: leave it out")


def _check_handover(request: ReportRequest, *, asking: bool) -> None:
    """A package for auditors and a job's summary are of one run, and name their own place."""
    handed = {"--bundle": bool(request.bundle), "--github-summary": request.github_summary}
    chosen = [flag for flag, is_chosen in handed.items() if is_chosen]
    if (request.sign or request.with_snapshots) and not request.bundle:
        raise InputError("--sign and --with-snapshots belong to a package for auditors: give --bundle FILE.zip")
    if not chosen:
        return
    if len(chosen) > 1 or asking:
        raise InputError(f"{' and '.join(chosen)}: ask for one thing at a time")
    if len(request.stores) > 1:
        raise InputError(f"{chosen[0]} is of one run: give --from once")
    if request.output or request.answer != TABLE:
        raise InputError(f"{chosen[0]} has its own place and forms: leave --output and --format out")


def _through(report: Report, frameworks: Sequence[Framework]) -> Report:
    """`report` seen through `frameworks` too; a view that it has of one of them is made anew."""
    if not frameworks:
        return report
    names = {each.name for each in frameworks}
    kept = [each for each in report.frameworks if each.name not in names]
    return msgspec.structs.replace(report, frameworks=(*kept, *(framework_view(report, each) for each in frameworks)))
