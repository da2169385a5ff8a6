"""Ids of findings: the same in every run, no two the same, and no crafted name breaks them."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from reports.identity import finding_ids
from scanner.findings import Status
from tests.reports.report_factory import control, item


def test_an_id_hangs_on_cluster_control_and_subject_alone():
    """Another status, evidence or run changes nothing; another cluster or control does."""
    ours = finding_ids("arn:1", control(4, items=(item("shop"),)))
    assert ours == (str(uuid5(NAMESPACE_URL, "ringfence:arn:1\nNB-ISO-01\nshop")),)
    assert finding_ids("arn:1", control(4, Status.PASS, items=(item("shop", Status.PASS, evidence=()),))) == ours
    assert finding_ids("arn:2", control(4, items=(item("shop"),))) != ours
    assert finding_ids("arn:1", control(5, items=(item("shop"),))) != ours


def test_items_with_one_subject_are_numbered():
    """The first keeps the id that it has alone."""
    items = (item("shop"), item("edge"), item("shop"), item("shop"))
    found = finding_ids("c", control(4, items=items))
    third = str(uuid5(NAMESPACE_URL, "ringfence:c\nNB-ISO-01\nshop\n3"))
    assert (len(set(found)), found[0], found[3]) == (4, *finding_ids("c", control(4, items=(item("shop"),))), third)


def test_half_a_surrogate_pair_has_an_id_and_so_has_a_control_without_items():
    """One id an item; where there is none, one that stands for the control, which no item's is."""
    assert len(finding_ids("\ud800", control(4, items=(item("\udfff"),)))) == 1
    assert finding_ids("c", control(4, items=())) == (str(uuid5(NAMESPACE_URL, "ringfence:c\nNB-ISO-01\n")),)
