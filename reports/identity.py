"""What a finding is called for ever: the same in every run and every form of the report."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from scanner.findings import ControlResult


def finding_ids(cluster_id: str, control: ControlResult) -> tuple[str, ...]:
    """One UUID an item of a control, in the items' order; the fabric's cluster id is `fabric`.

    It hangs on the cluster, the control and the subject alone, so that a product recognises a finding when the next run finds it
    again. The second and further items with the same subject are told apart by their number.
    """
    seen: dict[str, int] = {}
    ids = []
    for item in control.items:
        count = seen[item.subject] = seen.get(item.subject, 0) + 1
        ids.append(stable_id(cluster_id, control.id, item.subject, *([str(count)] if count > 1 else [])))
    return tuple(ids)


def stable_id(*parts: str) -> str:
    """The UUID (version 5) of what these parts name together."""
    name = "ringfence:" + "\n".join(parts)
    return str(uuid5(NAMESPACE_URL, name.encode("utf-8", "backslashreplace").decode()))  # lone surrogates are no UTF-8
