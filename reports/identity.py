"""A finding's own id: the same in two runs for as long as it is about the same control and subject of the same cluster."""

from __future__ import annotations

from collections import Counter
from uuid import NAMESPACE_URL, uuid5

from scanner.findings import ControlResult


def finding_ids(cluster_id: str, control: ControlResult) -> tuple[str, ...]:
    """A UUID for each item of `control`, in their order; one, for the control itself, where it has no items.

    It is derived (RFC 9562, version 5) from the cluster's id, the control's id and the item's subject, so that it stays when
    evidence, reason or status change. Items that share a subject are told apart by their order.
    """
    seen: Counter[str] = Counter()
    ids = []
    for subject in [item.subject for item in control.items] or [""]:
        seen[subject] += 1
        place = f"\n{seen[subject]}" if seen[subject] > 1 else ""
        name = f"ringfence:{cluster_id}\n{control.id}\n{subject}{place}"
        ids.append(str(uuid5(NAMESPACE_URL, name.encode("utf-8", "backslashreplace").decode())))
    return tuple(ids)
