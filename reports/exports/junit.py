"""JUnit XML, as CI services read it: a suite for each cluster, a case for each control.

A failure is a failure. Unknown is an `error`: a job must not take it for passed or skipped. Waived and not applicable are
`skipped`, with the reason. What was not read is a case of its own that ends in an error.

The elements are those of junitparser (Ant's schema, github.com/windyroad/JUnit-Schema). GitLab tells cases apart by class name
and name and shows `file` (docs.gitlab.com, "Unit test reports"), so the class is the cluster's whole address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import Element, FinalResult

from reports.document import Report
from reports.exports.findings import Holder, holders, items_of, unread_lines
from reports.keys import run_time
from reports.wording import name_of, score_text, visible, visible_lines, words
from scanner.findings import ControlResult, Item, Status

MOST_ITEMS = 50  # of one case; the rest is counted
PLACES = "what was not read"

_RESULTS: dict[Status, type[FinalResult]] = {
    Status.FAIL: Failure,
    Status.UNKNOWN: Error,
    Status.WAIVED: Skipped,
    Status.NOT_APPLICABLE: Skipped,
}


class _Case(TestCase):
    """A case with the file that it is about."""

    file = Attr()


def render(report: Report) -> Iterable[bytes]:
    """The report as one JUnit document: a suite at a time, so that a fleet's is never in memory whole."""
    time = run_time(report.run.time)
    yield b"<?xml version='1.0' encoding='utf-8'?>\n"
    yield _opened(report)
    for suite in _suites(report, time):
        yield _xml(suite) + b"\n"
    yield b"</testsuites>\n"


def _opened(report: Report) -> bytes:
    """The root's start tag with the sums of all suites."""
    counts = Counter(control.status for holder in holders(report) for control in holder.controls)
    unread = len(unread_lines(report))
    root = JUnitXml(f"ringfence {visible(report.run.id, 200)}")
    root.tests = sum(counts.values()) + unread
    root.failures = counts[Status.FAIL]
    root.errors = counts[Status.UNKNOWN] + unread
    root.skipped = counts[Status.WAIVED] + counts[Status.NOT_APPLICABLE]
    root.time = 0.0
    return _xml(root).rstrip().removesuffix(b"/>").rstrip() + b">\n"


def _xml(element: Element) -> bytes:
    return bytes(element.tostring())  # type: ignore[no-untyped-call]


def _suites(report: Report, time: str) -> Iterator[TestSuite]:
    if unread := unread_lines(report):
        yield _unread_suite(unread, time)
    for holder in holders(report):
        yield _suite(holder, time)


def _unread_suite(lines: Iterable[str], time: str) -> TestSuite:
    suite = TestSuite(PLACES)
    suite.timestamp = time
    cases: list[TestCase] = []
    for line in lines:
        case = _Case(visible(line), classname=PLACES)
        case.result = [Error(visible(line), "unread")]
        cases.append(case)
    suite.add_testcases(cases)  # at once: each single one would count all again
    return suite


def _suite(holder: Holder, time: str) -> TestSuite:
    suite = TestSuite(name_of(holder.name))
    suite.timestamp = time
    cluster = holder.cluster
    if cluster is not None:
        plane = f"{visible(cluster.dataplane.name, 100)} {visible(cluster.dataplane.version, 100)}".strip()
        suite.add_property("id", visible(cluster.id, 500))
        suite.add_property("read", visible(cluster.read, 100))
        suite.add_property("dataplane", f"{plane} (enforcing: {visible(cluster.dataplane.enforcing, 100)})")
        suite.add_property("score", score_text(cluster.score))
        suite.add_property("grade", visible(cluster.grade, 100))
    suite.add_testcases([_case(holder, control) for control in holder.controls])
    return suite


def _case(holder: Holder, control: ControlResult) -> TestCase:
    case = _Case(f"{visible(control.id, 200)} {visible(control.title)}", classname=_address(holder))
    if control.status is Status.PASS:
        return case
    deciding = list(items_of(control, control.status))
    result = _RESULTS[control.status](_summary(control, deciding), visible(control.reason, 200))
    result.text = "\n\n".join(_texts(control, deciding))
    case.result = [result]
    if place := next((place for item in deciding for place in item.origins), None):
        case.file = visible(place.file)
    return case


def _address(holder: Holder) -> str:
    cluster = holder.cluster
    if cluster is None:
        return name_of(holder.name)
    return "/".join(map(name_of, (cluster.cloud, cluster.account, cluster.location, cluster.name)))


def _summary(control: ControlResult, deciding: list[Item]) -> str:
    """The status in words, the reason, and the first subjects."""
    subjects = [name_of(item.subject) for item in deciding[:3]]
    more = f" and {len(deciding) - 3:,} more" if len(deciding) > 3 else ""
    status = str(control.status).replace("_", " ")
    return f"{control.severity} {status}: {words(control.reason)}: {', '.join(subjects)}{more}"


def _texts(control: ControlResult, deciding: list[Item]) -> Iterator[str]:
    """Every deciding item with where it stands, its evidence and its mend; of a failure, how many are unknown besides."""
    for item in deciding[:MOST_ITEMS]:
        places = ", ".join(f"{visible(place.file)}:{place.line}" for place in item.origins)
        mend = visible_lines(item.remediation)
        lines = (
            f"{name_of(item.subject)}: {words(item.reason)}" + (f" ({places})" if places else ""),
            *(f"  {visible(line)}" for line in item.evidence),
            mend and f"Mend: {mend}",
        )
        yield "\n".join(filter(None, lines))
    if len(deciding) > MOST_ITEMS:
        yield f"{len(deciding) - MOST_ITEMS:,} more are left out."
    others = Counter(item.status for item in control.items)
    if control.status is Status.FAIL and others[Status.UNKNOWN]:
        yield f"{others[Status.UNKNOWN]:,} more are unknown."
