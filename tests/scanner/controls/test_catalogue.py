"""The controls as data: ids, order, dependencies and mappings."""

from __future__ import annotations

from scanner.baselines.profiles import ALL, PROFILES
from scanner.controls import CONTROLS
from scanner.findings import Severity

IDS = [control.id for control in CONTROLS]


def test_controls_stand_in_the_baselines_order_behind_what_they_require():
    """Report order is the baseline's, and what a control requires is judged before it."""
    assert sorted(IDS, key=ALL.index) == IDS
    assert len(set(IDS)) == len(IDS)
    for number, control in enumerate(CONTROLS):
        assert set(control.requires) <= set(IDS[:number])


def test_every_control_is_declared_and_profiles_nest():
    """The baseline has sixty controls, each of them judged; each profile holds the smaller one."""
    assert len(ALL) == 60
    assert tuple(IDS) == ALL
    assert PROFILES["essential"] < PROFILES["standard"] < PROFILES["strict"] == set(ALL)
    assert {c.id for c in CONTROLS if c.severity is Severity.CRITICAL} <= PROFILES["essential"]
