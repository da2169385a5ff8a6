"""NB-VER-03: flows that must and must not be possible, asserted by the operator and judged on the effective level."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from scanner.baselines.assertions import Assertion
from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, unread
from scanner.dataplane.model import Answer
from scanner.errors import InputError
from scanner.findings import Status
from scanner.reach.model import Explanation

_WANTED = {"allowed": Answer.YES, "denied": Answer.NO}


def assertions_hold(case: Case) -> Iterator[Verdict]:
    """One verdict for each assertion that is made of this cluster, with the rule that decides."""
    mine = [each for each in case.config.assertions if fnmatchcase(case.snapshot.cluster.name, each.cluster)]
    if not mine:
        said = "no assertion is made of this cluster: write some under baseline.assertions"
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-assertions", evidence=(said,))
        return
    gaps = case.missing(POLICIES, "pods", "namespaces")
    for each in mine:
        yield unread(str(each), gaps) if gaps else _verdict(case, each)


def _verdict(case: Case, asserted: Assertion) -> Verdict:
    protocol, number = asserted.end
    try:
        found = case.reach.explain(asserted.source, asserted.to, protocol, number)
    except InputError as error:
        return Verdict(
            subject=str(asserted), status=Status.UNKNOWN, reason="no-such-peer", evidence=(f"{error}",),
        )  # fmt: skip
    against = [each for each in found if each.allowed is not _WANTED[asserted.expect]]
    broken = [each for each in against if each.allowed is not Answer.UNKNOWN]
    evidence = bounded(line for each in (broken or against or found) for line in _because(each))
    if broken:
        mend = (
            f"Mend the policy that decides it, or the assertion {asserted.name!r} if the flow is meant to be otherwise."
        )
        return Verdict(
            subject=str(asserted),
            status=Status.FAIL,
            reason=f"not-{asserted.expect}",
            evidence=evidence,
            remediation=mend,
        )
    if against:
        return Verdict(subject=str(asserted), status=Status.UNKNOWN, reason="undecided", evidence=evidence)
    return Verdict(subject=str(asserted), status=Status.PASS, reason="holds", evidence=evidence)


def _because(found: Explanation) -> Iterator[str]:
    """Each half that decides: the rule that lets through, or why nothing does."""
    for half in found.halves:
        by = ", ".join(f"{rule.object} {rule.rule}" for rule in half.by[:3])
        yield f"{half.direction} at {half.subject}: {half.reason}{f' ({by})' if by else ''}"
