"""The parts of OSCAL assessment results that hold for the whole document: who judged, what, and which requirements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from trestle.oscal import OSCAL_VERSION

from reports.document import Cluster, Report
from reports.exports.common import PRODUCT, fleet_controls, within
from reports.exports.findings import FABRIC, unread_lines
from reports.exports.oscal_targets import View
from reports.identity import stable_id
from scanner.frameworks.model import ATTESTATION

_NAMESPACE = "urn:ringfence"
_TEXT = 4000
LINE = 1000
_NONE = "-"  # where OSCAL asks for a text and there is none


def metadata_of(report: Report, run: datetime) -> dict[str, Any]:
    """The document's own data: what it is, of which run, by which version."""
    return {
        "title": f"{PRODUCT} assessment results",
        "last-modified": stamp(run),
        "version": line(report.run.id),
        "oscal-version": OSCAL_VERSION,
        "props": [prop("tool-version", report.run.tool), prop("baseline", report.baseline)],
        "remarks": ATTESTATION,
    }


def plan_id(report: Report) -> str:
    """The UUID of what stands for the plan."""
    return stable_id("plan", report.baseline)


def plan_resource(report: Report) -> dict[str, Any]:
    """What stands for the assessment plan, which OSCAL asks for: nobody wrote one."""
    return {
        "uuid": plan_id(report),
        "title": line(f"{PRODUCT} baseline {report.baseline}"),
        "description": "There is no OSCAL assessment plan: every control of the baseline is judged on every cluster.",
    }


def remarks_of(report: Report, found: Sequence[View]) -> str:
    """A line for each thing to know before relying on a finding: what was not assessed, not searched, or not read."""
    notes = [f"{each.name}: {each.note}" for each in found]
    gaps = [f"{view.name}: {gap}" for view in found for gap in view.gaps]
    silent = [
        f"{view.name}: not assessed, or not applicable: {', '.join(each.shown for each in view.targets if not each.is_concluded)}"
        for view in found
        if not all(each.is_concluded for each in view.targets)
    ]
    return "\n".join(within(each, _TEXT) for each in (*notes, *silent, *gaps, *unread_lines(report)))


def definitions_of(report: Report) -> dict[str, Any]:
    """The scanner as a component, the clusters (and the fleet, where something is judged for it) as inventory items."""
    tool = {
        "uuid": tool_id(report),
        "type": "software",
        "title": PRODUCT,
        "description": "Judges the network policy of Kubernetes clusters from their objects and their cloud's records.",
        "props": [prop("version", report.run.tool)],
        "status": {"state": "operational"},
    }
    items = [_inventory_item(each, key) for each, key in zip(report.clusters, keys_of(report), strict=True)]
    if fleet_controls(report):
        items.append({"uuid": item_id(FABRIC), "description": "What joins the clusters: links, address plans, paths"})
    platform = {
        "uuid": stable_id("platform", tool_id(report)),
        "uses-components": [{"component-uuid": tool_id(report)}],
    }
    definitions = {"components": [tool], "assessment-assets": {"assessment-platforms": [platform]}}
    return {**definitions, "inventory-items": items} if items else definitions


def _inventory_item(cluster: Cluster, key: str) -> dict[str, Any]:
    props = {
        "cloud": cluster.cloud,
        "account": cluster.account,
        "location": cluster.location,
        "tier": cluster.tier,
        "read": cluster.read,
        "dataplane": f"{cluster.dataplane.name} {cluster.dataplane.version}",
        "enforcing": cluster.dataplane.enforcing,
        "grade": cluster.grade,
    }
    return {
        "uuid": item_id(key),
        "description": line(f"Kubernetes cluster {cluster.name}"),
        "props": [
            {"name": "asset-id", "value": line(cluster.id)},
            *(prop(name, value) for name, value in props.items() if value.strip()),
        ],
    }


def reviewed_by(found: Iterable[View]) -> dict[str, Any]:
    """A selection for each view: what a conclusion was reached on, and what not."""
    selections = []
    for view in found:
        included = [{"control-id": each.control_id} for each in view.targets if each.is_concluded]
        excluded = [{"control-id": each.control_id} for each in view.targets if not each.is_concluded]
        selection = {"description": line(view.name), "include-controls": included}
        selections.append({**selection, "exclude-controls": excluded} if excluded else selection)
    return {"control-selections": selections}


def keys_of(report: Report) -> Iterator[str]:
    """What tells each cluster from every other: its id."""
    return numbered(each.id for each in report.clusters)


def numbered(texts: Iterable[str]) -> Iterator[str]:
    """Each text, the second and further ones of the same with their number: no two UUIDs of a document may be equal."""
    seen: dict[str, int] = {}
    for text in texts:
        count = seen[text] = seen.get(text, 0) + 1
        yield text if count == 1 else f"{text}\n{count}"


def tool_id(report: Report) -> str:
    """The UUID of the scanner, which every origin names."""
    return stable_id("tool", PRODUCT, report.run.tool)


def item_id(key: str) -> str:
    """The UUID of a cluster as an inventory item: the same in every run."""
    return stable_id("inventory", key)


def prop(name: str, value: str) -> dict[str, str]:
    """A property of our own."""
    return {"name": name, "ns": _NAMESPACE, "value": line(value)}


def line(text: str, limit: int = LINE) -> str:
    """A text as OSCAL wants it: one line, never empty, no blank at either end."""
    return within(text, limit) or _NONE


def stamp(at: datetime) -> str:
    """RFC 3339, with the offset that OSCAL asks for."""
    return at.isoformat()
