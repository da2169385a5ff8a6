"""Every check over one cluster's policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.findings import Level
from scanner.lint.boxes import Boxes, Budget, TooMuch
from scanner.lint.case import Case
from scanner.lint.dangling import Dangling
from scanner.lint.dns import no_dns, without_udp
from scanner.lint.idle import dead_policies, dead_rules, host_network
from scanner.lint.model import Finding, Kind, Severity, ordered
from scanner.lint.notices import from_notices, noted_rules
from scanner.lint.opening import open_rules, split_peers
from scanner.lint.order import judge_order, order_findings
from scanner.lint.redundant import Redundant, find_redundant
from scanner.lint.superfluous import redundant_findings
from scanner.model import Notice, Snapshot
from scanner.reach.engine import ClusterReach
from scanner.reach.model import Direction
from scanner.reach.reasons import engine_notices


def lint(snapshot: Snapshot, reach: ClusterReach, budget: Budget | None = None) -> tuple[Finding, ...]:
    """What is odd about the policies of a cluster, the severest first.

    `reach` is built from the snapshot, as declared, or with the data plane as which the policies are to be read.
    """
    population, standing, grants = reach.rules
    case = Case(snapshot, population, standing, grants, declared=reach.level is Level.DECLARED)
    own = set(engine_notices(population, standing, grants, reach.level))  # said below, with places
    notices = [notice for notice in reach.notices if notice not in own]
    findings = set(from_notices(snapshot, notices))
    findings |= set(_of_rules(case, notices, budget or Budget()))
    return ordered(findings)


def _of_rules(case: Case, notices: Iterable[Notice], budget: Budget) -> Iterator[Finding]:
    dead, found = dead_policies(case)
    yield from found
    hosts, found = host_network(case)
    yield from found
    yield from dead_rules(case, dead, noted_rules(notices))
    silent = _grants_of(case, dead | hosts)
    dangling = Dangling(case)
    yield from dangling.peers(silent)
    yield from dangling.ports(silent)
    yield from without_udp(case, silent)
    yield from split_peers(case, silent)
    redundant: list[Redundant] = []
    shadowed: set[int] = set()
    try:
        for direction in (Direction.INGRESS, Direction.EGRESS):
            boxes = Boxes(case, direction, budget)
            if direction is Direction.EGRESS:
                yield from no_dns(case, boxes)
            order = judge_order(boxes, budget)
            yield from order_findings(boxes, order, budget)
            never = {number for numbers in order.shadowed.values() for number in numbers}
            redundant.append(find_redundant(boxes, never, budget))
            shadowed.update(boxes.origins[number] for number in never)
        yield from redundant_findings(case, redundant, shadowed, dead, budget)
    except TooMuch:
        message = "too many rules concern the same pods: not all were compared with each other"
        yield Finding(kind=Kind.NOT_JUDGED, severity=Severity.WARNING, object="cluster", message=message)
    eclipsed = {number: count for each in redundant for number, count in each.eclipsed.items()}
    yield from open_rules(case, silent, eclipsed)


def _grants_of(case: Case, positions: frozenset[int]) -> frozenset[int]:
    """The rules of policies that concern nobody, by number: of these nothing more is said."""
    found: list[int] = []
    first = 0
    for at, (policy, _) in enumerate(case.standing.selected_by):
        if at in positions:
            found += range(first, first + len(policy.rules))
        first += len(policy.rules)
    return frozenset(found)
