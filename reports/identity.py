"""A finding's own id: the same in two runs for as long as it is about the same control and subject of the same cluster."""

from __future__ import annotations

from collections import Counter
from uuid import NAMESPACE_URL, uuid5

from scanner.findings import ControlResult


def finding_ids(cluster_id: str, control: ControlResult) -> tuple[str, ...]:
    """A UUID for each item of `control`, in their order; one, for the control itself, where it has no items."""
    return tuple(finding_id(cluster_id, control.id, subject, turn) for subject, turn in subjects(control))


def subjects(control: ControlResult) -> list[tuple[str, int]]:
    """What the findings of `control` are about, each with how often that was named until then, itself included."""
    seen: Counter[str] = Counter()
    found = []
    for subject in [item.subject for item in control.items] or [""]:
        seen[subject] += 1
        found.append((subject, seen[subject]))
    return found


def finding_id(cluster_id: str, control_id: str, subject: str, turn: int) -> str:
    """The UUID (RFC 9562, version 5) of one finding: of the cluster's id, the control's id and the item's subject.

    It stays when evidence, reason or status change. Items that share a subject are told apart by their `turn` (1, 2, ...).
    """
    place = f"\n{turn}" if turn > 1 else ""
    name = f"ringfence:{cluster_id}\n{control_id}\n{subject}{place}"
    return str(uuid5(NAMESPACE_URL, name.encode("utf-8", "backslashreplace").decode()))
