"""A report seen through a public framework: what is found for each of its requirements, per cluster and over the fleet."""

from __future__ import annotations

from collections.abc import Iterator

from reports.document import FrameworkView, Report, RequirementRow
from reports.reach.words import counted
from reports.wording import join_names, visible
from scanner.enums import Cloud
from scanner.frameworks.model import ATTESTATION, Framework
from scanner.frameworks.status import NOT_ASSESSED, fleet_statuses, requirement_statuses

_WORDS = {NOT_ASSESSED: "not assessed by this tool", "not_applicable": "not applicable", "not_judged": "not judged"}
_LONGEST = 32  # characters of a status: only a crafted report has a longer one


def framework_view(report: Report, framework: Framework) -> FrameworkView:
    """The framework's requirements over the clusters that it is about; rows in the framework's order."""
    fabric = [each for each in (report.fabric.controls if report.fabric else ()) if each.id.startswith("NB-XC")]
    clusters = [each for each in report.clusters if framework.applies_to(each.cloud)]
    found = [requirement_statuses(framework, (*each.controls, *fabric)) for each in clusters]
    rows = []
    for index, (worst, counts) in enumerate(fleet_statuses(found)):
        rows.append(
            RequirementRow(
                id=worst.id,
                status=worst.status,
                counts=dict(sorted(counts.items())),
                equal=dict(worst.equal),
                supporting=dict(worst.supporting),
                clusters={each.id: statuses[index].status for each, statuses in zip(clusters, found, strict=True)},
            )
        )
    return FrameworkView(
        name=framework.name,
        version=framework.version,
        publisher=framework.publisher,
        clouds=framework.clouds,
        note=f"{ATTESTATION}; {framework.note}",
        gaps=tuple(_gaps(report, framework)),
        requirements=tuple(rows),
    )


def _gaps(report: Report, framework: Framework) -> Iterator[str]:
    """What may be missing from the view, for a requirement that seems to hold everywhere may fail where nobody looked."""
    nowhere = [each.name for each in report.clusters if each.cloud == Cloud.OTHER]
    if framework.clouds and nowhere:
        yield (
            f"{join_names(nowhere, 3)} left out: the cloud is not known, nor whether {framework.name} is about it: "
            "give --cloud-record"
        )
    places = sum(not each.is_whole for each in report.scopes)
    if places:
        yield f"{counted(places, 'place')} not searched whole: clusters may be missing"


def requirement_words(status: str) -> str:
    """The status of a requirement, or of a control that speaks to it, for people."""
    return _WORDS.get(status) or visible(status)[:_LONGEST]
