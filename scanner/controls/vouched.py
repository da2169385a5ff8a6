"""Controls that no scan decides: what somebody vouches for, as a verdict."""

from __future__ import annotations

from scanner.controls.base import CLUSTER, Case, Verdict
from scanner.evidence import is_fresh, statements_on
from scanner.findings import Status


def stated(case: Case, control: str, *, days: int, otherwise: str) -> Verdict:
    """The verdict on the whole cluster that somebody vouches for.

    Unknown without a statement of the last `days`; `otherwise` says what would decide it.
    """
    found = statements_on(case.statements, control, case.snapshot.cluster)
    if not found:
        how = f"give it under `evidence:` in ringfence.yaml (docs/evidence.md): {otherwise}"
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
        remediation="" if good else "Mend what the statement says, then renew the evidence.",
    )
