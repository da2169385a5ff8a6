"""What an OSCAL assessment is about, under its own ids: the requirements of the frameworks, or else the baseline's controls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.document import FrameworkView, Report, RequirementRow
from reports.exports.common import fleet_controls, unsearched
from scanner.findings import WORST_FIRST, Status
from scanner.frameworks.model import ATTESTATION, frameworks
from scanner.frameworks.status import NOT_ASSESSED

_NIST = re.compile(r"([A-Z]{2})-([0-9]+)(?:\(([0-9]+)\))?\Z")


@dataclass(frozen=True, slots=True)
class Target:
    """One requirement. `control_id` and `objective_id` are OSCAL tokens, `shown` the id that people know.

    `status` is the worst over the clusters, `counts` how many have which; `equal` are the baseline's controls that decide it, and
    `supporting` those that decide nothing, with their worst status.
    """

    control_id: str
    objective_id: str
    shown: str
    status: str
    counts: Mapping[str, int]
    equal: tuple[str, ...]
    supporting: tuple[tuple[str, str], ...] = ()

    @property
    def is_concluded(self) -> bool:
        """Whether there is something to say: what was not assessed, or does not apply, is neither satisfied nor not."""
        return self.status not in {NOT_ASSESSED, str(Status.NOT_APPLICABLE)}


@dataclass(frozen=True, slots=True)
class View:
    """A set of requirements and the clusters, by id, that it is about."""

    name: str
    note: str
    targets: tuple[Target, ...]
    clusters: frozenset[str]
    gaps: tuple[str, ...] = ()

    @property
    def controls(self) -> frozenset[str]:
        """The baseline's controls that decide a requirement of it."""
        return frozenset(control for each in self.targets if each.is_concluded for control in each.equal)


def views(report: Report) -> tuple[View, ...]:
    """The frameworks of the report of which anything was assessed; the baseline where there is none."""
    found = tuple(map(_framework, report.frameworks))
    told = tuple(each for each in found if any(target.is_concluded for target in each.targets))
    return told or (_baseline(report),)


def _framework(view: FrameworkView) -> View:
    slug = next((each.slug for each in frameworks() if each.name == view.name), "") or _token(view.name).lower()
    return View(
        name=view.name,
        note=view.note,
        targets=tuple(_requirement(slug, each) for each in view.requirements),
        clusters=frozenset(name for each in view.requirements for name in each.clusters),
        gaps=view.gaps,
    )


def _requirement(slug: str, row: RequirementRow) -> Target:
    """Ids as NIST's own catalogue spells them, so that a plan can refer to it; for others the framework stands in front."""
    control = objective = _token(f"{slug}_{row.id}")
    if slug == "nist-800-53" and (nist := _NIST.match(row.id)):
        control = f"{nist[1].lower()}-{nist[2]}" + (f".{nist[3]}" if nist[3] else "")
        objective = f"{control}_obj"
    return Target(
        control_id=control,
        objective_id=objective,
        shown=row.id,
        status=row.status,
        counts=row.counts,
        equal=tuple(row.equal),
        supporting=tuple(row.supporting.items()),
    )


def _baseline(report: Report) -> View:
    statuses: dict[str, dict[str, int]] = {}
    for control, status in _judged(report):
        counts = statuses.setdefault(control, {})
        counts[status] = counts.get(status, 0) + 1
    return View(
        name=f"ringfence baseline {report.baseline}",
        note=ATTESTATION,
        targets=tuple(_control(name, counts) for name, counts in sorted(statuses.items())),
        clusters=frozenset(each.id for each in report.clusters),
        gaps=tuple(unsearched(report)),
    )


def _judged(report: Report) -> Iterator[tuple[str, str]]:
    for cluster in report.clusters:
        for control in cluster.controls:
            yield control.id, str(control.status)
    for control in fleet_controls(report):
        yield control.id, str(control.status)


def _control(name: str, counts: Mapping[str, int]) -> Target:
    worst = str(next(each for each in WORST_FIRST if each in counts))
    token = _token(name)
    return Target(control_id=token, objective_id=token, shown=name, status=worst, counts=counts, equal=(name,))


def _token(text: str) -> str:
    """`text` as an OSCAL token: it starts with a letter or "_", then come letters, digits, ".", "_" and "-"."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text[:200]).strip("-.")
    return plain if plain[:1].isalpha() else f"_{plain}"


def tally(counts: Mapping[str, int]) -> str:
    """How many clusters have which status, the worst first."""
    order: Sequence[str] = [*map(str, WORST_FIRST), NOT_ASSESSED]
    return ", ".join(f"{each.replace('_', ' ')} {counts[each]:,}" for each in order if each in counts)
