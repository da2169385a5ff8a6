"""The report as Markdown (GitHub Flavored), for a pull request, a job summary or a wiki: what people ask first, and no more.

GitHub drops a job summary of more than 1 MiB whole ("upload aborted, supports content up to a size of 1024k",
https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-job-summary), so every part has a
share of that and says what it leaves out. Names are code, sentences from outside are escaped: neither can become markup, a
link or a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from reports.changes import Change, Changes, Name
from reports.document import Cluster, FrameworkView, Group, Report
from reports.frameworks import requirement_words
from reports.html.waivers import uses_of, waiver_rows
from reports.places import not_whole
from reports.priorities import Action, first_actions, top_failure
from reports.reach.markdown import code, text
from reports.reach.words import counted
from reports.wording import (
    CLOUD_WORDS,
    LISTED_LIMIT,
    NAME_LIMIT,
    STATUS_WORDS,
    badness,
    enforces,
    is_unread,
    join_names,
    score_text,
    tally,
    verdict,
    visible,
    visible_lines,
    words,
)
from scanner.findings import Status
from scanner.frameworks.model import ATTESTATION
from scanner.frameworks.status import NOT_ASSESSED

MOST_BYTES = 1 << 20
_SENTENCE = 400  # characters of a sentence from outside
_BLOCK = 2000  # and of a manifest that is to be pasted
_ACTIONS = 5
_ROWS = 200  # of the table of clusters, and of what was not read
_CHANGES = 100
_FRAMEWORKS = 20
_ENFORCES = {"yes": "yes", "no": "**no**", "partly": "**partly**", "unknown": "unknown"}


def render(report: Report) -> Iterator[bytes]:
    """The report without what changed in it: it knows no other run."""
    yield from page(report)


def page(report: Report, changes: Changes | None = None, most_bytes: int = MOST_BYTES) -> Iterator[bytes]:
    """The page in pieces, at most `most_bytes` together, with what changed since an earlier run where that is known."""
    left = most_bytes - len(_CUT)
    for line in _page(report, changes):
        data = line.encode()
        if len(data) > left:
            yield _CUT
            return
        left -= len(data)
        yield data


_CUT = b"\n\n**Cut here**: the page is as long as it may be; the report as html or json has everything.\n"


def _page(report: Report, changes: Changes | None) -> Iterator[str]:
    fleet = report.fleet
    yield f"## Network policy: {text(score_text(fleet.score))}, grade {text(visible(fleet.grade, LISTED_LIMIT))}\n\n"
    yield from (f"{text(sentence)}\n" for sentence in verdict(report))
    if changes is not None:
        yield from _changed(changes)
    yield from _first(first_actions(report, _ACTIONS))
    yield from _scores(report)
    yield from _not_read(report)
    yield from _clusters(report)
    yield from _waivers(report)
    yield from _frameworks(report.frameworks)
    run = report.run
    yield (
        f"\n<sub>Run {code(visible(run.id, LISTED_LIMIT))} of {text(visible(run.time, LISTED_LIMIT))}, "
        f"ringfence {text(visible(run.tool, LISTED_LIMIT))}, baseline {text(visible(report.baseline, LISTED_LIMIT))}. "
        f"Evidence support, not an attestation; unknown and waived are no pass.</sub>\n"
    )


def _changed(found: Changes) -> Iterator[str]:
    yield f"\n### Changed since {code(visible(found.before, LISTED_LIMIT))}\n\n"
    if not found.changes:
        yield "Nothing that this page would tell.\n"
    yield from _listed((_change(each) for each in found.changes), len(found.changes), _CHANGES)
    yield from (f"- {text(note)}\n" for note in found.notes)


def _change(change: Change) -> str:
    parts = (code(visible(part, _SENTENCE)) if isinstance(part, Name) else text(part) for part in change.parts)
    return f"- {change.kind}: {''.join(parts)}\n"


def _first(actions: Sequence[Action]) -> Iterator[str]:
    if not actions:
        return
    yield "\n### What to mend first\n\n"
    for place, action in enumerate(actions, 1):
        where = ", ".join(code(visible(name, LISTED_LIMIT)) for name in action.clusters[:3])
        more = f" and {len(action.clusters) - 3:,} more" if len(action.clusters) > 3 else ""
        title = text(visible(action.title, _SENTENCE))
        yield f"{place}. **{text(visible(action.control, LISTED_LIMIT))}** ({action.severity}) on {where}{more}: {title}\n"
        for step in action.steps[:1]:
            yield f"   - seen: {code(visible(step.subject, LISTED_LIMIT))} {text(visible(step.evidence, _SENTENCE))}\n"
            if step.remediation:
                yield f"   - mend: {_mend(step.remediation)}"


def _mend(remediation: str) -> str:
    """What to do; what is to be pasted stands in a block as it is, behind a fence that nothing in it can close."""
    first, _, rest = remediation.partition("\n")
    said = f"{text(visible(first, _SENTENCE))}\n"
    if not rest:
        return said
    lines = visible_lines(rest, _BLOCK).split("\n")
    fence = "`" * max(3, *(len(run) + 1 for line in lines for run in re.findall("`+", line) or ("",)))
    return said + "".join(f"     {line}\n" for line in (fence, *lines, fence))


def _scores(report: Report) -> Iterator[str]:
    yield "\n### Scores\n\n| | score | grade | clusters | not read |\n|---|---|---|--:|--:|\n"
    for group in (report.fleet, *islice(report.clouds, _FRAMEWORKS)):
        yield _score(group, "Fleet" if group is report.fleet else CLOUD_WORDS.get(group.name, ""))
    if report.fabric is not None:
        fabric = report.fabric
        yield f"| Fabric | {text(score_text(fabric.score))} | {text(visible(fabric.grade, LISTED_LIMIT))} | | |\n"
    if report.fleet.accepted is not None:
        yield f"\nWithout what is waived: {text(score_text(report.fleet.accepted))}. The grade is that of the score above.\n"


def _score(group: Group, name: str) -> str:
    called = name or code(visible(group.name, LISTED_LIMIT))
    grade = text(visible(group.grade, LISTED_LIMIT))
    return f"| {called} | {text(score_text(group.score))} | {grade} | {group.clusters:,} | {group.unread:,} |\n"


def _clusters(report: Report) -> Iterator[str]:
    if not report.clusters:
        return
    ranked = sorted(report.clusters, key=badness)
    yield "\n### Clusters\n\n| cluster | cloud | data plane | enforced | score | grade | controls | fails first |\n"
    yield f"|{'---|' * 8}\n"
    yield from _listed(map(_row, ranked), len(ranked), _ROWS)


def _row(cluster: Cluster) -> str:
    plane, failure = cluster.dataplane, None if is_unread(cluster) else top_failure(cluster)
    told = "not read" if is_unread(cluster) else "none fails"
    if failure is not None:
        told = f"{code(visible(failure.id, LISTED_LIMIT))} {text(words(failure.reason)[:LISTED_LIMIT])}"
    counts = tally(control.status for control in cluster.controls)
    cells = (
        code(visible(cluster.name, LISTED_LIMIT)),
        code(visible(f"{cluster.cloud} {cluster.account} {cluster.location}", NAME_LIMIT)),
        code(visible(f"{plane.name} {plane.version}".strip(), LISTED_LIMIT)),
        next(shown for word, shown in _ENFORCES.items() if enforces(cluster, word)),
        text(score_text(cluster.score)),
        text(visible(cluster.grade, LISTED_LIMIT)),
        ", ".join(f"{number:,} {STATUS_WORDS[status]}" for status, number in counts.items()),
        told,
    )
    return f"| {' | '.join(cells)} |\n"


def _not_read(report: Report) -> Iterator[str]:
    """Clusters of which nothing, or not everything, is known, and places that were not looked in."""
    rows = [
        f"- {code(visible(each.name, LISTED_LIMIT))}: {text(visible(each.unread, _SENTENCE))}\n"
        for each in report.clusters
        if is_unread(each)
    ]
    rows += [f"- {text(visible(line, _SENTENCE))}\n" for line in not_whole(report.scopes)]
    rows += [
        f"- {code(visible(each.name, LISTED_LIMIT))} in part: {text(visible(each.gaps[0], _SENTENCE))}\n"
        for each in report.clusters
        if each.gaps and not is_unread(each)
    ]
    if rows:
        yield "\n### Not read whole\n\n"
        yield from _listed(rows, len(rows), _ROWS)


def _waivers(report: Report) -> Iterator[str]:
    rows = waiver_rows(uses_of(report))
    waived = sum(
        item.status is Status.WAIVED for each in report.clusters for control in each.controls for item in control.items
    )
    if not rows and not waived:
        return
    yield f"\n### Waivers\n\n{counted(waived, 'failure is', 'failures are')} waived in clusters.\n\n"
    lines = (
        f"- {code(visible(row.use.id, LISTED_LIMIT))} {text(visible(row.use.state, LISTED_LIMIT))}, "
        f"until {text(visible(row.use.expires, LISTED_LIMIT))}: {text(visible('; '.join(row.covers), _SENTENCE))}\n"
        for row in rows
    )
    yield from _listed(lines, len(rows), _CHANGES)


def _frameworks(views: Sequence[FrameworkView]) -> Iterator[str]:
    for view in views[:_FRAMEWORKS]:
        assessed = [each for each in view.requirements if each.status != NOT_ASSESSED]
        yield f"\n### {text(visible(view.name, LISTED_LIMIT))}: {ATTESTATION}\n\n"
        statuses: dict[str, list[str]] = {}
        for each in assessed:
            statuses.setdefault(each.status, []).append(each.id)
        for status in sorted(statuses, key=lambda each: (each not in STATUS_WORDS, each)):
            ids = statuses[status]
            yield f"- {text(requirement_words(status))}: {counted(len(ids), 'requirement')}: {text(join_names(ids, 10))}\n"
        unassessed = len(view.requirements) - len(assessed)
        if unassessed:
            yield f"- not assessed by this tool: {counted(unassessed, 'requirement')}\n"
        yield from (f"- {text(visible(gap, _SENTENCE))}\n" for gap in view.gaps[:_ACTIONS])


def _listed(rows: Iterable[str], total: int, most: int) -> Iterator[str]:
    """The first rows, and how many there are beyond."""
    yield from islice(rows, most)
    if total > most:
        yield f"\n…and {total - most:,} more: the report as html or json lists them all.\n"
