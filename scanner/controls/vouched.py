"""Controls that no scan decides: what somebody vouches for, as a verdict."""

from __future__ import annotations

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, unread
from scanner.evidence import TAKEN_BY, is_fresh, statements_on
from scanner.findings import Evidence, Status


def stated(case: Case, control: str, *, otherwise: str = "", level: Evidence = Evidence.E2) -> Verdict:
    """The verdict on the whole cluster that somebody vouches for: as good as evidence of `level`.

    Unknown without a statement that is young enough (`TAKEN_BY`); `otherwise` says what would decide it, by default what a
    statement must show.
    """
    taken = TAKEN_BY[control]
    days = taken.days
    found = statements_on(case.statements, control, case.snapshot.cluster)
    if not found:
        what = otherwise or f"a statement {taken.shows}, not older than {days} days"
        how = f"nothing shows it: give under `evidence` (docs/evidence.md) {what}"
        return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="no-evidence", evidence=(how,))
    newest = found[0]
    if not is_fresh(newest, case.at, days):
        late = f"not within the {days} days before {case.at}: renew it"
        evidence = (newest.sentence, late)
        return Verdict(subject=newest.subject, status=Status.UNKNOWN, reason="stale-evidence", evidence=evidence)
    good = newest.outcome == "pass"
    return Verdict(
        subject=newest.subject,
        status=Status.PASS if good else Status.FAIL,
        reason="stated" if good else "stated-failing",
        evidence=(newest.sentence,),
        level=level,
        remediation="" if good else "Mend what the statement says, then renew the evidence.",
    )


def without_policies(case: Case) -> Verdict | None:
    """The verdict of a control that is about declared policies on a cluster that has none; None where it has some."""
    if case.snapshot.policies:
        return None
    gaps = case.missing(POLICIES)
    if gaps:
        return unread(CLUSTER, gaps)
    said = "the cluster holds no network policy of any kind (NB-ISO-01 reports that)"
    return Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-policies", evidence=(said,))
