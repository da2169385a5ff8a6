"""What two runs differ by, for a terminal and as Markdown: counts of everything, the first few of each sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reports.findings_diff import FIXED, LOST, NEW, STATES, STILL, UNKNOWN, WAIVED, Finding
from reports.reach.markdown import code
from reports.reach.markdown import text as markdown
from reports.reach.words import counted, plain, port_words
from reports.runs_diff import Connections, Example, RunsDiff, Side
from reports.wording import LISTED_LIMIT, NAME_LIMIT, SEVERITY_RANK, join_names, score_text, visible
from scanner.findings import Severity

WORDS = {
    NEW: "new",
    FIXED: "fixed",
    UNKNOWN: "became unknown",
    WAIVED: "waived",
    LOST: "not known any more",
    STILL: "still failing",
}
SHOWN = 20  # findings of one sort; the document has them all
_EXAMPLES = 5  # connections of one cluster
_CLUSTERS = 20  # clusters whose connections are listed
_NAMES = 5
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "doubt": "?"}
_KINDS = {"added": "opened", "removed": "closed", "changed": "changed", "doubt": "in doubt"}


def worst_of_each(found: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The severest findings of each state, `SHOWN` at most; those still failing are counted alone."""
    kept: dict[str, list[Finding]] = {state: [] for state in STATES if state != STILL}
    for each in found:
        if each.state not in kept:
            continue
        kept[each.state].append(each)
        if len(kept[each.state]) > 8 * SHOWN:
            kept[each.state] = sorted(kept[each.state], key=_rank)[:SHOWN]
    return {state: sorted(several, key=_rank)[:SHOWN] for state, several in kept.items()}


def diff_lines(diff: RunsDiff, worst: dict[str, list[Finding]]) -> Iterator[str]:
    """For a terminal."""
    yield f"From run {_side(diff.before)}"
    yield f"  to run {_side(diff.after)}"
    yield from _scores(diff)
    yield f"Findings: {_counts(diff)}"
    for state, found in worst.items():
        if found:
            yield f"{WORDS[state].capitalize()}:"
            for each in found:
                yield visible(f"  {each.severity} {each.control} on {each.name}: {_what(each)}", 300)
        if diff.counts[state] > len(found):
            yield f"  and {diff.counts[state] - len(found):,} more: --format json has them all"
    yield from _clusters(diff)
    for cluster in diff.connections[:_CLUSTERS]:
        yield visible(f"Connections of {cluster.name}: {connection_words(cluster)}", 300)
        for example in cluster.examples[:_EXAMPLES]:
            yield visible(
                f"  {_SIGNS[example.kind]} {example.src} -> {example.dst}  {_ports(example)}{_by(example)}", 300
            )
    if len(diff.connections) > _CLUSTERS:
        yield f"and connections of {len(diff.connections) - _CLUSTERS:,} more clusters: --format json has them all"
    if all(cluster.why for cluster in diff.connections):
        yield "Connections: no other became possible or impossible" if diff.connections else "Connections: none differs"


def diff_markdown(diff: RunsDiff, worst: dict[str, list[Finding]]) -> Iterator[str]:
    """A comment for a pull request or a ticket: bounded, and nothing that a cluster says is markup."""
    yield f"### Runs {markdown(diff.before.run)} to {markdown(diff.after.run)}: {_counts(diff)}"
    yield ""
    for line in (*_scores(diff), *_clusters(diff)):
        yield f"- {markdown(line)}"
    for state, found in worst.items():
        if not found:
            continue
        yield ""
        yield f"**{WORDS[state].capitalize()}** ({diff.counts[state]:,})"
        yield ""
        yield "| severity | control | cluster | finding |"
        yield "| --- | --- | --- | --- |"
        for each in found:
            name = code(visible(each.name, LISTED_LIMIT))
            yield f"| {markdown(each.severity)} | {markdown(each.control)} | {name} | {markdown(visible(_what(each), 200))} |"
    if not diff.connections:
        return
    yield ""
    yield "**Connections**"
    yield ""
    for cluster in diff.connections[:_CLUSTERS]:
        yield f"- {code(visible(cluster.name, LISTED_LIMIT))}: {markdown(visible(connection_words(cluster), 200))}"
        for example in cluster.examples[:_EXAMPLES]:
            ends = f"{code(visible(example.src, NAME_LIMIT))} to {code(visible(example.dst, NAME_LIMIT))}"
            yield f"  - {_KINDS[example.kind]}: {ends} {markdown(_ports(example))}"
    if len(diff.connections) > _CLUSTERS:
        yield f"- and {counted(len(diff.connections) - _CLUSTERS, 'more cluster')}"


def connection_words(each: Connections) -> str:
    """How many connections of one cluster differ, or why that cannot be said."""
    if each.why:
        return f"not compared: {each.why}"
    return ", ".join(f"{count:,} {_KINDS[kind]}" for kind, count in each.counts.items() if count)


def _rank(finding: Finding) -> tuple[int, str, str, str]:
    severity = SEVERITY_RANK.get(Severity(finding.severity), len(SEVERITY_RANK))
    return severity, finding.control, finding.name, finding.subject


def _side(side: Side) -> str:
    unread = f", {side.unread:,} not read" if side.unread else ""
    return (
        f"{visible(side.run, NAME_LIMIT)}: {score_text(side.score)}, grade {visible(side.grade, NAME_LIMIT)}, "
        f"{counted(side.clusters, 'cluster')}{unread}, baseline {visible(side.baseline, NAME_LIMIT)}"
    )


def _scores(diff: RunsDiff) -> Iterator[str]:
    """How the fleet's score moved; by one version of the baseline where there are two and it can be told."""
    before, after = diff.before, diff.after
    yield f"Fleet: {score_text(before.score)} -> {score_text(after.score)}"
    for side, other in ((before, after), (after, before)):
        if side.rejudged is not None:
            yield f"Run {side.run} by baseline {other.baseline}: {score_text(side.rejudged)}"
        elif side.why:
            yield f"Run {side.run} cannot be scored by baseline {other.baseline}: {side.why}"
    for controls, side in ((diff.controls_only_before, before), (diff.controls_only_after, after)):
        if controls:
            names = join_names([each.id for each in controls], _NAMES)
            failing = sum(each.failing > 0 for each in controls)
            yield f"Judged in run {side.run} alone: {names} ({failing:,} of them fail there), so neither new nor fixed"


def _counts(diff: RunsDiff) -> str:
    return ", ".join(f"{diff.counts[state]:,} {WORDS[state]}" for state in STATES)


def _clusters(diff: RunsDiff) -> Iterator[str]:
    words = {"new": "New clusters", "vanished": "Vanished clusters", "unread": "Clusters not read now"}
    for state, title in words.items():
        found = [each for each in diff.clusters if each.state == state]
        if found:
            gone = sum(each.failing for each in found)
            rest = (
                f"; of their {counted(gone, 'failing finding')} nothing is known"
                if gone and state == "vanished"
                else ""
            )
            yield f"{title}: {join_names([each.name for each in found], _NAMES)}{rest}"


def _what(finding: Finding) -> str:
    subject = "" if finding.subject in {"", "cluster", finding.name} else f"{finding.subject}: "
    return f"{subject}{finding.before.replace('_', ' ')} -> {finding.after.replace('_', ' ')} ({finding.reason})"


def _ports(example: Example) -> str:
    if example.kind == "doubt":
        return "undecided"
    one, other = (port_words(ports) for ports in (example.before, example.after))
    return " -> ".join(filter(None, (one, other))) if example.kind == "changed" else one or other


def _by(example: Example) -> str:
    causes: Sequence[str] = example.causes
    via = f" via {example.via}" if example.via else ""
    return plain(f"{via} by {causes[0]}" if causes else via)
