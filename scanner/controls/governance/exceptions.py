"""NB-GOV-06: whether waivers are time-boxed, owned and used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from scanner.controls.base import CLUSTER, Case, Verdict
from scanner.evidence import moment
from scanner.findings import Status, WaiverUse

IDLE = frozenset({"unused", "undecided", "lapsed"})  # states of a waiver that may be of use in another cluster
_SOON = timedelta(days=7)
_MENDS = {
    "unused": "Remove waiver {id}, or mend its scope: it matches nothing any more.",
    "expired": "Mend what waiver {id} covered, or renew it after a new review.",
    "lapsed": "Remove waiver {id}: it has expired, and what it covered is gone.",
    "invalid": "Have waiver {id} approved as its control demands, or remove it.",
    "undecided": "Grant what is missing to read what waiver {id} covers, so that it can be told whether it is needed.",
    "unmatched": "Audit what waiver {id} is for, or remove it, or mend its scope (`cluster: fabric` for NB-XC controls).",
    "over-broad": "Narrow the scope of waiver {id} to a namespace or object, or mark it `broad: true` if that is meant.",
}


def exceptions_are_boxed(case: Case) -> Iterator[Verdict]:
    """One verdict for each waiver that may concern this cluster.

    A waiver whose scope merely matches the cluster may be used in another one: whether it is unused, the fleet decides.
    """
    uses = [use for use in case.uses if use.named or use.state not in IDLE]
    if not uses:
        said = "no waiver names this cluster, or had an effect on it"
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-waivers", evidence=(said,))
    for use in uses:
        yield verdict_on(use, case.at)


def verdict_on(use: WaiverUse, at: str) -> Verdict:
    """How one waiver does at a time (RFC 3339), by what it did."""
    who = f"{use.control}, owner {use.owner}, {use.ticket}"
    holds = "held" if use.state in {"expired", "lapsed"} else "holds"
    items = "1 failure" if use.items == 1 else f"{use.items} failures"
    said = f"waiver {use.id} ({who}) {holds} until {use.expires} and matches {items}"
    if use.state == "used":
        evidence = (said, "it ends within a week: review it") if _ends_soon(use, at) else (said,)
        return Verdict(subject=use.id, status=Status.PASS, reason="used", evidence=evidence)
    why = "not all of what it is for could be seen" if use.state == "undecided" else use.problem
    return Verdict(
        subject=use.id,
        status=Status.UNKNOWN if use.state in {"undecided", "unmatched"} else Status.FAIL,
        reason=use.state,
        evidence=(said, why) if why else (said,),
        remediation=_MENDS[use.state].format(id=use.id),
    )


def _ends_soon(use: WaiverUse, at: str) -> bool:
    expires, now = moment(use.expires), moment(at)
    return expires is not None and now is not None and expires - now < _SOON
