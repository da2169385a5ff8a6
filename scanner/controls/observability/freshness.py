"""NB-OBS-06: is the evidence of today, and does it cover enough?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase

from scanner.baselines.profiles import PROFILES
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names
from scanner.evidence import moment
from scanner.findings import Status
from scanner.gaps import gaps_of
from scanner.scoring import cluster_score

CONTROL = "NB-OBS-06"
LEAST = 0.90  # coverage K below which a scan is not complete
_SKEW = timedelta(minutes=5)  # how far two machines' clocks may differ
_FIX = (
    "Mend the credentials or the network path of the scheduled scan (`ringfence doctor` names what is missing), give evidence "
    "for what no scan can decide, and scan again."
)


def scans_are_fresh(case: Case) -> Iterator[Verdict]:
    """NB-OBS-06: judged behind all other controls of the profile, whose coverage it takes without its own share.

    Never unknown: evidence whose age cannot be told is not fresh.
    """
    cluster = case.snapshot.cluster.name
    for pattern in case.config.out_of_scope:
        if fnmatchcase(cluster, pattern):
            why = (f"declared out of scope by baseline.out_of_scope: {pattern}",)
            yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="out-of-scope", evidence=why)
            return
    stale = _stale(case)
    chosen = PROFILES[case.config.profile]
    results = [result for result in case.results.values() if result.id in chosen and result.id != CONTROL]
    coverage = cluster_score(results).coverage
    unknown = [result.id for result in results if result.status is Status.UNKNOWN]
    said = f"coverage K is {coverage:.1%} of profile {case.config.profile}"
    if stale:
        lines, status, reason = (stale, said), Status.FAIL, "stale"
    elif coverage < LEAST:
        gaps = (f"not read whole: {gap}" for gap in gaps_of(case.snapshot))
        unread = (f"nothing could be read: {case.snapshot.unread}",) if case.snapshot.unread else ()
        lines = (f"{said}, below {LEAST:.0%}", *unread, f"unknown: {names(unknown, 10)}", *gaps)
        status, reason = Status.FAIL, "incomplete"
    else:
        lines, status, reason = (f"taken {case.snapshot.taken}, judged {case.at}", said), Status.PASS, "fresh"
    fix = _FIX if status is Status.FAIL else ""
    yield Verdict(subject=CLUSTER, status=status, reason=reason, evidence=bounded(lines), remediation=fix)


def _stale(case: Case) -> str:
    """Why a scan is not of today, or empty."""
    taken, now = moment(case.snapshot.taken), moment(case.at)
    if taken is None or now is None:
        return f"when it was taken cannot be read: {case.snapshot.taken!r}"
    if taken - now > _SKEW:
        return f"taken {case.snapshot.taken}, which is later than the judgement at {case.at}"
    if now - taken > timedelta(hours=case.config.scan_hours):
        return f"taken {case.snapshot.taken}, more than {case.config.scan_hours} hours before {case.at}"
    return ""
