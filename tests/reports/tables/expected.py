"""What the findings table of a report must hold, worked out row by row without the code under test."""

from __future__ import annotations

from typing import Any

from reports.document import Report

# Acting on what shows it, starting a formula here or in a cell that another program splits off, no UTF-8, too long for Excel.
HOSTILE = (
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", '"=1+1', "'=1+1",
    "a;=1+1", "a,=1+1", 'a";"=1+1', "a\t=1+1", "a\r\n=1+1", "a, \uff1d1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)",
    "<script>alert(1)</script>", "\x1b[31mred", "\u202egnp", "nul\x00nul", "half \ud800 pair", "é日本\U0001f600", "", " ",
    "http://evil.example/", "mailto:a@b", "_x0041_", "{=1+1}", "'; DROP TABLE findings; --",
)  # fmt: skip


def rows(report: Report) -> list[dict[str, Any]]:
    """A dict for each row, in order, without the ids."""
    holders = [(each, each.controls) for each in report.clusters]
    if report.fabric is not None:
        holders.append((None, report.fabric.controls))
    found = []
    for cluster, controls in holders:
        place = {
            "cloud": (cluster.cloud if cluster else "") or "fleet",
            "account": cluster.account if cluster else "",
            "location": cluster.location if cluster else "",
            "cluster_id": cluster.id if cluster else "",
            "cluster_name": cluster.name if cluster else "",
            "tier": cluster.tier if cluster else "",
            "data_plane": cluster.dataplane.name if cluster else "",
            "data_plane_version": cluster.dataplane.version if cluster else "",
            "enforcing": cluster.dataplane.enforcing if cluster else "",
            "read_state": cluster.read if cluster else "",
        }
        for control in controls:
            shared = place | {
                "control_id": control.id,
                "title": control.title,
                "severity": str(control.severity),
                "status": str(control.status),
                "reason": control.reason,
                "level": str(control.level),
                "fraction": control.fraction,
            }
            found += [
                shared | _item(each.subject, each.status, each.reason, each.evidence, each.remediation)
                for each in control.items
            ]
            if not control.items:
                why = (cluster.unread,) if cluster and cluster.unread else ()
                found.append(shared | _item("", control.status, control.reason, why, ""))
    return found


def _item(subject: str, status: str, reason: str, evidence: tuple[str, ...], remediation: str) -> dict[str, Any]:
    return {
        "subject": subject,
        "item_status": str(status),
        "item_reason": reason,
        "evidence": evidence,
        "remediation": remediation,
    }
