"""A finding's id: stable over runs, unique within one, and derived by the documented rule."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from reports.identity import finding_ids
from scanner.findings import Status
from tests.reports.report_factory import control, item


def test_ids_follow_the_documented_rule():
    """uuid5 of cluster, control and subject; items of one subject are counted; without items the control itself."""
    judged = control(4, items=(item("a"), item("b"), item("a"), item("a")))
    expected = [str(uuid5(NAMESPACE_URL, f"ringfence:c\n{judged.id}\n{rest}")) for rest in ("a", "b", "a\n2", "a\n3")]
    assert list(finding_ids("c", judged)) == expected
    assert [UUID(each).version for each in expected] == [5] * 4
    assert finding_ids("c", control(4, items=())) == (str(uuid5(NAMESPACE_URL, f"ringfence:c\n{judged.id}\n")),)


def test_what_changes_between_runs_leaves_the_id():
    """Status, reason, evidence and other items are not part of it; half a surrogate pair has one too."""
    one = finding_ids("c", control(4, items=(item("a"),)))
    other = finding_ids("c", control(4, Status.PASS, items=(item("z"), item("a", Status.PASS, evidence=("x",)))))
    assert one[0] == other[1]
    assert len(set(finding_ids("c", control(4, items=(item("\ud800"), item("\udfff")))))) == 2
