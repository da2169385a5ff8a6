"""What every exchange form needs: the report as a flat row of findings, bounded safe text, times, and requirements by control."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache

import msgspec

from reports.document import Cluster, Report
from reports.exports.findings import FABRIC, holders
from reports.identity import finding_ids
from reports.keys import run_time as utc
from reports.reach.words import counted
from reports.subjects import CLUSTER, Subject, objects_of
from reports.wording import visible
from scanner.errors import InputError
from scanner.findings import ControlResult, Item
from scanner.frameworks.model import frameworks

PRODUCT = "ringfence"
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Finding:
    """One item of one control. `cluster` is None where it is about what joins clusters; `id` is the same in every run."""

    id: str
    cluster: Cluster | None
    control: ControlResult
    item: Item

    @property
    def cluster_id(self) -> str:
        """The id of its cluster, or `fabric`."""
        return self.cluster.id if self.cluster else FABRIC

    @property
    def cloud(self) -> str:
        """The cloud of its cluster; empty where it is about the fleet."""
        return self.cluster.cloud if self.cluster else ""

    @property
    def objects(self) -> tuple[Subject, ...]:
        """The objects that it is about; none where it is about the cluster."""
        return objects_of(self.control.id, self.item.subject)

    @property
    def headline(self) -> str:
        """One line for people: control, status, subject and reason."""
        status = str(self.item.status).replace("_", " ")
        where = visible(self.cluster.name if self.cluster else "the fleet", 253)
        about = "" if self.item.subject == CLUSTER else f" {visible(self.item.subject, 500)} in"
        return f"{visible(self.control.id, 100)} {status}:{about} {where}: {visible(self.item.reason, 200)}"


def findings_in(cluster: Cluster) -> Iterator[Finding]:
    """Every item of every control of a cluster, in the report's order."""
    for control in cluster.controls:
        yield from findings_of(control, cluster)


def fleet_findings(report: Report) -> Iterator[Finding]:
    """What was judged once for all clusters."""
    for control in fleet_controls(report):
        yield from findings_of(control, None)


def fleet_controls(report: Report) -> tuple[ControlResult, ...]:
    """The controls that no cluster has: about links, paths and policies between clusters, and the fleet's waivers."""
    return tuple(control for each in holders(report) if each.cluster is None for control in each.controls)


def findings_of(control: ControlResult, cluster: Cluster | None) -> Iterator[Finding]:
    """The items of one control; one that has none (nothing to judge, or unread) is a finding about the cluster itself."""
    if not control.items:
        whole = Item(subject=CLUSTER, status=control.status, reason=control.reason)
        control = msgspec.structs.replace(control, items=(whole,))
    ids = finding_ids(cluster.id if cluster else FABRIC, control)
    for name, item in zip(ids, control.items, strict=True):
        yield Finding(name, cluster, control, item)


def evidence_of(finding: Finding, limit: int) -> str:
    """The evidence as one line of at most `limit` characters, or the headline where there is none."""
    return within(_evidence(finding) or finding.headline, limit)


def described(finding: Finding, limit: int) -> str:
    """The headline and the evidence as one line of at most `limit` characters."""
    return within(". ".join(filter(None, (finding.headline, _evidence(finding)))), limit)


def _evidence(finding: Finding) -> str:
    """An unread cluster's reason stands in front: without it nothing that follows is to be understood."""
    unread = finding.cluster.unread if finding.cluster else ""
    return "; ".join(filter(str.strip, (f"not read: {unread}" if unread else "", *finding.item.evidence)))


def within(text: str, limit: int) -> str:
    """`text` on one line, with nothing that acts on its surroundings, in at most `limit` characters as UTF-16 counts them.

    A product that counts code points is served as well; "…" stands where something was cut off.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and _is_tidy(text):
        return text  # nearly every text, and a report has tens of millions
    return _made_safe(text[: limit * 2 + 1], limit)


@lru_cache(maxsize=2048)  # the same mends stand at many items
def _made_safe(text: str, limit: int) -> str:
    """`text`, of which what is behind twice the limit is of no account, as `within` gives it."""
    shown = " ".join(visible(" ".join(text.split()), limit * 2).split())
    encoded = shown.encode("utf-16-le")
    if len(encoded) <= limit * 2 and len(text) <= limit * 2:
        return shown
    return encoded[: limit * 2 - 2].decode("utf-16-le", "ignore") + _CUT  # half of a pair is left out


def moment(text: str, what: str) -> datetime:
    """A time of the report, aware.

    Raises:
        InputError: it is none; the line names `what`.
    """
    try:
        return datetime.fromisoformat(utc(text))
    except InputError as error:
        raise InputError(f"{what} {visible(text, 40)!r} is no time: the report was damaged or made by hand") from error


def run_time(report: Report) -> datetime:
    """When the run was, aware, in UTC.

    Raises:
        InputError: the report does not say.
    """
    return moment(report.run.time, "run.time")


def times_taken(report: Report) -> tuple[datetime, ...]:
    """When each cluster was looked at: the run's own time where that is not told, as of one that nobody could read.

    Raises:
        InputError: what the report holds is no time.
    """
    run = run_time(report)
    return tuple(
        moment(each.taken, f"cluster {visible(each.name, 80)!r}: taken") if each.taken else run
        for each in report.clusters
    )


@cache
def requirements(control: str, cloud: str) -> tuple[tuple[str, str], ...]:
    """The requirements with this control's very subject, as (framework, requirement), of frameworks about clusters of a cloud.

    Those that a control merely supports are left out: its status is not theirs.
    """
    return tuple(
        (framework.name, each.shown)
        for framework in frameworks()
        if not cloud or framework.applies_to(cloud)
        for each in framework.requirements
        if control in each.equal
    )


def unsearched(report: Report) -> Iterator[str]:
    """A notice where clusters may be missing, for forms that know findings alone."""
    places = sum(not each.is_whole for each in report.scopes)
    if places:
        yield f"{counted(places, 'place')} not searched whole: findings of clusters there may be missing"


def _is_tidy(text: str) -> bool:
    return "  " not in text and text[:1] != " " and text[-1:] != " "
