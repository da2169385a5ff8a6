"""The verdict for a terminal: one screen that says what is not enforced, how the fleet stands and where the report is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from reports.document import Cluster, Fabric, Report
from reports.framework_table import framework_parts
from reports.html.waivers import uses_of, waiver_rows
from reports.past import score_of
from reports.places import not_whole
from reports.priorities import Action, failures_first, first_actions, top_failure
from reports.reach.words import counted
from reports.screen import NARROWEST, printed
from reports.wording import (
    badness,
    enforces,
    grade_letter,
    is_unread,
    join_names,
    number,
    score_text,
    verdict,
    visible,
    words,
)
from scanner.findings import Status

ROWS = 10  # clusters in the table; of a larger fleet the worst
REASONS = 2  # unread clusters with their reason
PLACES = 5  # places that were not searched whole
ACTIONS = 3
ROLLED_UP = 3  # accounts, and controls, of a fleet that the table cannot hold
GONE = 5  # clusters that are missing since the run before
CELL_LIMIT = 64  # characters of a cell, before the table fits it to the width
LINE_LIMIT = 300
_BREAK = 10  # columns of a line that breaking it between two words may waste
NARROW = 70  # below this width the table leaves out the data plane and the finding
WIDE = 110  # from this width on it says versions, and a control's title rather than the reason it fails for

GRADE_STYLES = {"A": "green", "B": "green", "C": "yellow", "D": "yellow", "F": "bold red", "none": "dim"}
ENFORCING_STYLES = {"yes": "green", "no": "bold red", "partly": "yellow", "unknown": "yellow"}


def render_terminal(report: Report, *, width: int, colour: bool, report_at: Sequence[str]) -> str:
    """Render the summary of `report` as text of at most `width` columns (40 at least), ending with a line end.

    For seven clusters it fits a screen of 80 by 30. `report_at` says where the full report was written; those lines are
    never cut. With `colour` false no escape sequence is written. Names and sentences from a cluster are literal: neither
    markup nor control characters in them have any effect.
    """
    return printed(
        _parts(report, max(width, NARROWEST)),
        width=width,
        colour=colour,
        uncut=[f"Report: {visible(place)}" for place in report_at],
    )


def _parts(report: Report, width: int) -> Iterator[Text | Table | str]:
    fleet = report.fleet
    for place, sentence in enumerate(verdict(report)):
        yield Text(sentence, style="bold" if place == 0 else "")
    yield ""
    headline = Text("Fleet: ", style="bold")
    headline.append(score_text(fleet.score))
    headline.append("  grade ").append(visible(fleet.grade, CELL_LIMIT), GRADE_STYLES[grade_letter(fleet.grade)])
    yield headline
    yield from _accepted(report, width)
    yield from _since(report)
    if report.clusters:
        yield ""
        yield from _clusters(report, width)
        yield from _rolled_up(report, width)
    if report.fabric is not None:
        yield from _fabric(report.fabric, max(width, NARROWEST))
    yield from _unread(report)
    yield from _missing(report)
    actions = first_actions(report, ACTIONS)
    if actions:
        yield Text("What to mend first:", style="bold")
    for place, action in enumerate(actions, 1):
        why = ": ".join(filter(None, _why(action))) or f"does not hold: {action.title}"
        text = f"{place}. {action.control} on {join_names(action.clusters, 2)}: {why}"
        yield _one_line(text, width)
    for view in report.frameworks:
        yield from framework_parts(view, width)
    yield ""


def _accepted(report: Report, width: int) -> Iterator[Text]:
    """The accepted-risk score, where anything is waived; the headline stays the raw one. Then what is wrong with waivers."""
    if report.fleet.accepted is not None:
        waived = counted(_waived(report), "failure")
        yield Text(f"With {waived} waived: {score_text(report.fleet.accepted)}")
    idle: dict[str, list[str]] = {}
    for row in waiver_rows(uses_of(report)):
        if row.use.state != "used":
            idle.setdefault(row.use.state, []).append(row.use.id)
    if idle:
        said = "; ".join(f"{state} {join_names(ids, 3)}" for state, ids in idle.items())
        yield _one_line(f"Waivers: {said}", width)


def _since(report: Report) -> Iterator[Text]:
    """How the score moved since the run before; two versions of the baseline do not measure the same."""
    if len(report.trend) < 2:
        return
    before, now = report.trend[-2:]
    line = f"Before, in run {visible(before.run, CELL_LIMIT)}: {score_text(score_of(before))}"
    if before.baseline != now.baseline:
        line += f", by baseline {visible(before.baseline, CELL_LIMIT)}: `ringfence report --history` scores it by both"
    yield Text(line)


def _rolled_up(report: Report, width: int) -> Iterator[Text]:
    """Where the table cannot show every cluster: the accounts that stand worst, and the controls that fail most."""
    if len(report.clusters) <= ROWS:
        return
    worst = sorted(report.accounts, key=lambda group: (group.score.proven, group.name))[:ROLLED_UP]
    if len(report.accounts) > 1:
        told = ", ".join(f"{visible(each.name, CELL_LIMIT)} {number(each.score.proven)}" for each in worst)
        more = f" of {len(report.accounts):,}" if len(report.accounts) > len(worst) else ""
        yield _one_line(f"Lowest accounts{more}: {told}", width)
    failing = [(each.counts.get(Status.FAIL, 0), each) for each in report.controls]
    most = sorted((pair for pair in failing if pair[0]), key=lambda pair: (-pair[0], pair[1].id))[:ROLLED_UP]
    if most:
        told = ", ".join(f"{visible(each.id.removeprefix('NB-'), CELL_LIMIT)} on {count:,}" for count, each in most)
        yield _one_line(f"Fails on most clusters: {told}", width)


def _missing(report: Report) -> Iterator[Text]:
    """Clusters of the run before that this one did not see: gone, or nobody could look where they were."""
    for title, found in (("Vanished", report.vanished), ("Not seen, for its place was not searched", report.unseen)):
        for gone in found[:GONE]:
            where = f"{gone.name} ({gone.cloud}, {gone.location}), {number(gone.score.proven)} in run {gone.run}"
            yield Text(visible(f"{title}: {where}: {gone.reason}", LINE_LIMIT), style="yellow")
        if len(found) > GONE:
            yield Text(f"and {len(found) - GONE:,} more, all in the report", style="yellow")


def _waived(report: Report) -> int:
    """How many failures are waived: of the clusters, and of what is judged for the fleet alone."""
    own = {control.id for cluster in report.clusters for control in cluster.controls}
    controls = [control for cluster in report.clusters for control in cluster.controls]
    controls += [control for control in (report.fabric.controls if report.fabric else ()) if control.id not in own]
    return sum(item.status is Status.WAIVED for control in controls for item in control.items)


def _fabric(fabric: Fabric, width: int) -> Iterator[Text]:
    """What is judged once for the fleet: how it stands, and as many failing controls as two lines hold (four narrow ones)."""
    room = (2 if width >= NARROW else 4) * (width - _BREAK)
    proven, ceiling = (number(value).partition(".")[0] for value in (fabric.score.proven, fabric.score.ceiling))
    head = f"Fabric: {proven}" + (f" (up to {ceiling})" if ceiling != proven else "")
    line = Text(f"{head} grade {visible(fabric.grade, CELL_LIMIT)}: ")
    failures = failures_first(fabric.controls)
    if not failures:
        yield line.append("none fails")
        return
    for place, failure in enumerate(failures):
        failed = sum(item.status is Status.FAIL for item in failure.items)
        told = f"{visible(failure.id.removeprefix('NB-'), CELL_LIMIT)} {words(failure.reason)}"
        part = told[:CELL_LIMIT] + (f" ({failed:,})" if failed > 1 else "") + ("" if failure is failures[-1] else ", ")
        rest = f"and {len(failures) - place:,} more"
        if len(line) + len(part) + len(rest) > room:
            yield line.append(rest)
            return
        line.append(part)
    yield line


def _why(action: Action) -> tuple[str, ...]:
    """The first step's subject, unless that is the whole cluster, and what was seen there."""
    if not action.steps:
        return ()
    step = action.steps[0]
    return ("" if step.subject in {"cluster", step.cluster} else step.subject, step.evidence)


def _clusters(report: Report, width: int) -> Iterator[Text | Table]:
    """Yield the table of the worst clusters; unread ones come last, as nothing is known of them."""
    ranked = sorted(report.clusters, key=badness)
    rows = [_cells(cluster, width) for cluster in ranked[:ROWS]]
    names, planes = ((20, 16), (40, 34))[width >= WIDE]
    columns = {
        "Cluster": min(names, max(len(row[0]) for row in rows)),
        "Cloud": 5,
        "Data plane": min(planes, max(len(row[2]) for row in rows)),
        "Enforced": 8,
        "Score": 6,
        "Grade": 5,
    }
    if width < NARROW:
        del columns["Data plane"]
        columns["Cluster"] = min(
            columns["Cluster"], width - sum(columns.values()) + columns["Cluster"] - len(columns) + 1
        )
        rows = [(*row[:2], *row[3:6]) for row in rows]
    else:
        columns["Top finding"] = width - sum(columns.values()) - len(columns)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, header_style="bold")
    for title, room in columns.items():
        table.add_column(title, no_wrap=True, overflow="ellipsis", width=room)
    for row in rows:
        table.add_row(*row)
    yield table
    notes = [f"and {len(ranked) - ROWS:,} more clusters in the report"] if len(ranked) > ROWS else []
    if any(_grade(cluster).endswith("*") for cluster in ranked[:ROWS]):
        notes.append("* provisional: coverage below 90%")
    if any(_grade(cluster) == "?" for cluster in ranked[:ROWS]):
        notes.append("? too little evidence for a grade")
    if notes:
        yield Text("   ".join(notes), style="dim")


def _grade(cluster: Cluster) -> str:
    letter = grade_letter(cluster.grade)
    return "?" if letter == "none" else letter if cluster.grade == letter else f"{letter}*"


def _cells(cluster: Cluster, width: int) -> tuple[Text, ...]:
    """The cells of one row; "47-91" is a score of 47 that could be as much as 91."""
    plane, score = cluster.dataplane, cluster.score
    answer = next(word for word in ENFORCING_STYLES if enforces(cluster, word))
    proven, ceiling = (number(value).partition(".")[0] for value in (score.proven, score.ceiling))
    failure = None if is_unread(cluster) else top_failure(cluster)
    finding = "not read" if is_unread(cluster) else "none fails"
    if failure is not None:
        finding = (
            f"{failure.id} {failure.title}"
            if width >= WIDE
            else f"{failure.id.removeprefix('NB-')} {words(failure.reason)}"
        )
    return (
        _cell(cluster.name),
        _cell(cluster.cloud),
        _cell(f"{plane.name} {plane.version}".strip() if width >= WIDE else plane.name),
        Text(answer, style=ENFORCING_STYLES[answer]),
        Text(proven if proven == ceiling else f"{proven}-{ceiling}"),
        Text(_grade(cluster), style=GRADE_STYLES[grade_letter(cluster.grade)]),
        _cell(finding),
    )


def _unread(report: Report) -> Iterator[Text]:
    missed = [cluster for cluster in report.clusters if is_unread(cluster)]
    for cluster in missed[:REASONS]:
        where = f"{cluster.name} ({cluster.cloud}, {cluster.location})"
        yield Text(
            visible(f"Not read: {where}: {cluster.unread or 'no reason was recorded'}", LINE_LIMIT), style="yellow"
        )
    if len(missed) > REASONS:
        yield Text(f"and {len(missed) - REASONS:,} more clusters not read", style="yellow")
    places = not_whole(report.scopes)
    for place in places[:PLACES]:
        yield Text(visible(f"Not searched whole: {place}", LINE_LIMIT), style="yellow")
    if len(places) > PLACES:
        yield Text(f"and {len(places) - PLACES:,} more places not searched whole, all in the report", style="yellow")


def _cell(text: str) -> Text:
    return Text(visible(text, CELL_LIMIT))


def _one_line(text: str, width: int) -> Text:
    line = Text(visible(text, LINE_LIMIT))
    line.truncate(width, overflow="ellipsis")
    return line
