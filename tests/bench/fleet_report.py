"""A report of any size, for measuring what is made of one: deterministic, with texts as an audit writes them.

Strings that repeat in a real report are shared here as they are after decoding one text per cluster, control and subject: the
names of namespaces and workloads repeat, evidence names them.
"""

from __future__ import annotations

from functools import cache

from reports.document import Cluster, Report
from scanner.controls import CONTROLS
from scanner.findings import ControlResult, DataPlaneSummary, Item, Level, Score, Status, roll_up
from tests.reports.report_factory import report as report_of

CLOUDS = ("aws", "gcp", "azure")
PLANES = {
    "aws": ("eks-vpc-cni", "1.21.1"),
    "gcp": ("gke-dataplane-v2", "1.33.5-gke.1080000"),
    "azure": ("aks-cilium", "1.17.7"),
}
REGIONS = {"aws": "eu-west-1", "gcp": "europe-west4", "azure": "westeurope"}
_SPACES = ("checkout", "catalog", "payments", "identity", "search", "reporting", "edge", "batch")
_LOADS = ("api", "web", "worker", "cache", "db", "gateway", "indexer")


def fleet_report(clusters: int = 1000, controls: int = 60, items: int = 17) -> Report:
    """`clusters` times `controls` times `items`, by default 1,020,000, about a third of them failing or unknown."""
    chosen = CONTROLS[:controls]
    made = []
    for number in range(clusters):
        cloud = CLOUDS[number % 3]
        results = tuple(_control(at, (number + at) % 7, items, number % 11) for at in range(len(chosen)))
        made.append(_cluster(number, cloud, results))
    return report_of(*made)


@cache
def _control(at: int, turn: int, items: int, kind: int) -> ControlResult:
    """One control's result; clusters of one kind share it, as clusters of one make do their findings."""
    control = CONTROLS[at]
    made = tuple(_item(control.id, turn, number, kind) for number in range(items))
    status = roll_up(item.status for item in made)
    passed = sum(item.status is Status.PASS for item in made)
    return ControlResult(
        id=control.id, title=control.title, severity=control.severity, status=status,
        reason=next((item.reason for item in made if item.status is status), "no-items"), fraction=passed / max(1, items),
        level=Level.EFFECTIVE, items=made,
    )  # fmt: skip


def _item(control: str, turn: int, number: int, kind: int) -> Item:
    space, load = _SPACES[(number + kind) % len(_SPACES)], _LOADS[number // 2 % len(_LOADS)]
    subject = f"{space}/{load}-{number}[Deployment]"
    match (number + turn) % 6:
        case 0:
            return Item(
                subject=subject, status=Status.FAIL, reason="not-isolated",
                evidence=(
                    f"{control}: no policy that the data plane honours selects every pod of {subject} for ingress.",
                    f"NetworkPolicy {space}/allow-{load} admits 0.0.0.0/0 on 8080/TCP (spec.ingress[0], line {number + 4}).",
                ),
                remediation=f"Add a NetworkPolicy with an empty podSelector to namespace {space}: kubectl apply -n {space} -f -",
            )  # fmt: skip
        case 1:
            return Item(subject=subject, status=Status.UNKNOWN, reason="declared-pass",
                        evidence=(f"{subject}: what the policies declare was not seen on its node.",))  # fmt: skip
        case _:
            return Item(subject=subject, status=Status.PASS, reason="isolated",
                        evidence=(f"NetworkPolicy {space}/default-deny isolates {subject}.",))  # fmt: skip


def _cluster(number: int, cloud: str, controls: tuple[ControlResult, ...]) -> Cluster:
    name, account = f"prod-{number:04}", f"{100000000000 + number // 10}"
    plane, version = PLANES[cloud]
    place = f"{cloud}/{account}/{REGIONS[cloud]}"
    return Cluster(
        id=f"{place}/{name}", cloud=cloud, account=account, location=REGIONS[cloud], name=name, tier="prod", read="complete",
        unread="", gaps=(), taken="2026-11-23T07:58:12Z",
        dataplane=DataPlaneSummary(name=plane, version=version, enforcing="yes", reason="on"),
        exposure=(), score=Score(proven=61.0, ceiling=78.0, coverage=0.91), grade="D", gates=(), controls=controls, notices=(),
    )  # fmt: skip
