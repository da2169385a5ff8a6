"""Reports for the forms that other products take: one with every status, a fabric and frameworks, and a hostile one."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from reports.document import Report, Run, Scope
from reports.exports import render
from reports.exports.findings import holders
from reports.frameworks import framework_view
from scanner.findings import Status
from scanner.frameworks.model import find_framework
from tests.reports.governed_factory import framework, governed, requirement
from tests.reports.report_factory import cluster, control, item, renamed, report

HOSTILE = "evil\x1b[2J\u202e\ud800 <b>&'\"\r\n=cmd()\x00 \U0001f600" * 200
DENIED = (Scope(cloud="aws", account="1", location="eu-west-1", outcome="denied", reason="no"),)


def whole() -> Report:
    """Seven clusters of three clouds, one unread, one with a waiver; a fabric; the report seen through two frameworks."""
    source = governed()
    seen = tuple(framework_view(source, find_framework(each)) for each in ("nist 800-53", "pci"))
    return msgspec.structs.replace(source, frameworks=seen)


def hostile(**overrides: Any) -> Report:
    """Every text that a cluster, a cloud or a file chooses is crafted, but for when the clusters were read."""
    found = renamed(governed(), HOSTILE)
    clusters = tuple(msgspec.structs.replace(each, taken="", **overrides) for each in found.clusters)
    rows = (
        requirement(HOSTILE, "fail", clusters={HOSTILE: "fail"}),
        requirement("1", HOSTILE, supporting={HOSTILE: HOSTILE}),
    )
    return msgspec.structs.replace(
        found,
        baseline=HOSTILE,
        run=Run(id=HOSTILE, time=found.run.time, tool=HOSTILE),
        clusters=clusters,
        frameworks=(framework(*rows, name=HOSTILE, note=HOSTILE, gaps=(HOSTILE,)),),
    )


def of_statuses() -> Report:
    """One cluster of AWS, and a control for each status there is, with one item of that status."""
    controls = tuple(control(place, status, items=(item("shop", status),)) for place, status in enumerate(Status))
    return report(cluster("shop-prod", id="arn:aws:eks:eu-west-1:123456789012:cluster/shop-prod", controls=controls))


def written(name: str, source: Report) -> bytes:
    """The whole form; rendered twice, it is the same."""
    first = b"".join(render(name, source))
    assert first == b"".join(render(name, source))
    return first


def lines(name: str, source: Report) -> list[Any]:
    """A form of JSON lines, decoded."""
    return [json.loads(line) for line in written(name, source).splitlines()]


def count(source: Report) -> int:
    """The findings of the clusters and of the fleet: their items, and the controls without any."""
    return sum(len(result.items) or 1 for each in holders(source) for result in each.controls)
