"""How a report speaks to people: safe text, scores, statuses, and the verdict in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from reports.document import Cluster, Report
from scanner.findings import Score, Severity, Status

NAME_LIMIT = 120  # characters of a name that are shown; a cluster, namespace or object name is far shorter
LISTED_LIMIT = 48  # and of each where several are listed in a sentence
TEXT_LIMIT = 2000

STATUS_WORDS = {
    Status.FAIL: "fail",
    Status.UNKNOWN: "unknown",
    Status.WAIVED: "waived",
    Status.PASS: "pass",
    Status.NOT_APPLICABLE: "not applicable",
}  # worst first: the order in which everything is listed
CLOUD_WORDS = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure", "other": "Other"}
STATUS_RANK = {status: rank for rank, status in enumerate(STATUS_WORDS)}
SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def visible(text: str, limit: int = TEXT_LIMIT) -> str:
    r"""Return `text` as it may be shown: one line, at most `limit` characters, nothing that acts on its surroundings.

    Control characters, escape sequences, line ends, bidirectional overrides, zero-width characters and lone surrogates
    are spelled out (`\x1b`, `\u202e`), so a crafted name can neither drive a terminal nor reorder what stands beside it.
    """
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)
    return shown if len(text) <= limit else f"{shown}… ({len(text):,} characters)"


def visible_lines(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return `text` as `visible` does, with its line breaks kept: for a command or manifest that somebody will paste."""
    return "\n".join(visible(line, limit) for line in text[:limit].split("\n"))


def name_of(text: str) -> str:
    """Return a name as it may be shown; an empty one is said to be empty."""
    return visible(text, NAME_LIMIT) or "(no name)"


def words(reason: str) -> str:
    """Spell a stable machine-readable word (`node-enforcement-off`) for people; a sentence stays as it is."""
    shown = visible(reason)
    return shown if " " in shown else shown.replace("-", " ").replace("_", " ")


def number(value: float) -> str:
    """One decimal, rounded down: 89.96 must not read as the 90.0 that a better grade asks for."""
    return f"{math.floor(value * 10 + 1e-6) / 10:.1f}"


def percent(share: float) -> str:
    """A share in [0, 1] as whole per cent, rounded down: 0.8999 must not read as the 90% that a firm grade asks for."""
    return f"{math.floor(share * 100 + 1e-6)}%"


def score_text(score: Score) -> str:
    """The form a score is always printed in: the proven part, the ceiling and the coverage together."""
    return f"{number(score.proven)} (up to {number(score.ceiling)}, coverage {percent(score.coverage)})"


def score_meaning(score: Score) -> str:
    """One sentence that says what the numbers of a score are; the three parts add up to 100 as printed."""
    proven, ceiling = float(number(score.proven)), float(number(score.ceiling))
    return (
        f"Of 100 points {proven:.1f} are backed by evidence, {ceiling - proven:.1f} could not be checked "
        f"and {100 - ceiling:.1f} are known failures."
    )


def grade_letter(grade: str) -> str:
    """Return the letter of a grade, or `none` where there is too little evidence for one."""
    letter = grade.partition(" ")[0]
    return letter if letter in {"A", "B", "C", "D", "F"} else "none"


def is_unread(cluster: Cluster) -> bool:
    """Whether nothing could be read from the cluster's Kubernetes API."""
    return cluster.read not in {"complete", "partial"}


def enforces(cluster: Cluster, *answers: str) -> bool:
    """Whether the cluster's data plane enforces policy as one of `answers` says; an unheard-of word counts as unknown."""
    known = cluster.dataplane.enforcing if cluster.dataplane.enforcing in {"yes", "no", "partly"} else "unknown"
    return known in answers


def _confirmed(cluster: Cluster) -> bool:
    """Whether the engine was seen inside the cluster; without that, NB-ENF-01 is unknown however good the record looks."""
    return all(control.status is Status.PASS for control in cluster.controls if control.id == "NB-ENF-01")


def badness(cluster: Cluster) -> tuple[bool, bool, float, str]:
    """Sort key that puts the clusters in most need of work first and the unread ones, of which nothing is known, last."""
    return (is_unread(cluster), not enforces(cluster, "no"), cluster.score.proven, cluster.name)


def verdict(report: Report) -> tuple[str, ...]:
    """The plain sentences a report opens with: what is not enforced, then what is not known, then what is in order."""
    clusters = report.clusters
    if not clusters:
        return ("No cluster was found, so nothing was judged.",)
    total = len(clusters)
    inert = [c for c in clusters if enforces(c, "no")]
    partly = [c for c in clusters if enforces(c, "partly")]
    unread = [c for c in clusters if is_unread(c)]
    doubtful = [c for c in clusters if enforces(c, "unknown") and not is_unread(c)]
    told = [c for c in clusters if enforces(c, "yes") and not _confirmed(c)]
    sound = sum(enforces(c, "yes") and _confirmed(c) for c in clusters)
    lines = []
    if inert:
        lines.append(
            f"{_share(inert, total)} {_verb(inert, 'enforces', 'enforce')} no network policy: {_names(inert)}."
        )
    if partly:
        verb = _verb(partly, "enforces", "enforce")
        lines.append(f"{_share(partly, total)} {verb} network policy on some nodes only: {_names(partly)}.")
    if doubtful:
        verb = _verb(doubtful, "enforces", "enforce")
        lines.append(f"Whether {_share(doubtful, total)} {verb} network policy cannot be told: {_names(doubtful)}.")
    if told:
        verb = _verb(told, "enforces", "enforce")
        lines.append(f"By the cloud's word alone {_share(told, total)} {verb} network policy: {_names(told)}.")
    if unread:
        lines.append(f"{_share(unread, total)} could not be read: {_names(unread)}.")
    if sound:
        subject = (
            "Every cluster enforces"
            if sound == total
            else f"{sound} of {total} {'enforces' if sound == 1 else 'enforce'}"
        )
        lines.append(f"{subject} network policy wherever workloads run.")
    return tuple(lines)


def join_names(names: Sequence[str], shown: int) -> str:
    """The first `shown` names in words, then how many more there are."""
    listed = [visible(name, LISTED_LIMIT) or "(no name)" for name in names[:shown]]
    if len(names) > shown:
        return f"{', '.join(listed)} and {len(names) - shown:,} more"
    return " and ".join(filter(None, (", ".join(listed[:-1]), *listed[-1:])))


def tally(statuses: Iterable[Status]) -> dict[Status, int]:
    """How often each status occurs, worst first, absent ones left out."""
    seen = list(statuses)
    return {status: seen.count(status) for status in STATUS_WORDS if status in seen}


def _names(clusters: Sequence[Cluster]) -> str:
    return join_names([c.name for c in clusters], 4)


def _share(clusters: Sequence[Cluster], total: int) -> str:
    return f"{len(clusters)} of {total} {'cluster' if total == 1 else 'clusters'}"


def _verb(clusters: Sequence[Cluster], singular: str, plural: str) -> str:
    return singular if len(clusters) == 1 else plural
