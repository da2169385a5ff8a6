"""What a finding is called for ever: the same in every run and in every form of the report."""

from __future__ import annotations

from collections import Counter
from uuid import NAMESPACE_URL, uuid5

from scanner.findings import ControlResult


def finding_ids(cluster_id: str, control: ControlResult) -> tuple[str, ...]:
    """One UUID an item of a control, in the items' order; one, for the control itself, where it has none.

    It hangs on the cluster's id (`fabric` for the fabric's), the control's and the item's subject alone, so that a product
    knows a finding again when its evidence, reason or status has changed. Items that share a subject are told apart by
    their order.
    """
    seen: Counter[str] = Counter()
    ids = []
    for subject in [item.subject for item in control.items] or [""]:
        seen[subject] += 1
        ids.append(stable_id(cluster_id, control.id, subject, *([str(seen[subject])] if seen[subject] > 1 else [])))
    return tuple(ids)


def stable_id(*parts: str) -> str:
    """The UUID (RFC 9562, version 5) of what these parts name together."""
    name = "ringfence:" + "\n".join(parts)
    return str(uuid5(NAMESPACE_URL, name.encode("utf-8", "backslashreplace").decode()))  # lone surrogates are no UTF-8
