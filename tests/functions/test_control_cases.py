"""Every control has its cases, each comes out as its folder says, and what decides a pass is decisive."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from functions.case_without import without
from functions.cases import Folder, find_cases, judge_case, problems, read_case
from functions.fleet_cases import FleetFolder
from functions.fleet_cases import without as without_in_fleet
from scanner.controls import CONTROLS
from scanner.findings import ControlResult, Status

ROOT = Path(__file__).parents[1] / "cases" / "controls"
NAMES = [str(path.relative_to(ROOT)) for path in find_cases(ROOT)]
OUTCOMES = (Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE)


@cache
def folder(name: str) -> Folder | FleetFolder:
    """One case, read."""
    return read_case(ROOT / name)


@cache
def judged(name: str) -> ControlResult:
    """What came of it."""
    return judge_case(folder(name), CONTROLS)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_comes_out_as_it_says(name: str):
    """Status, reason and items; what does not pass says what to look at."""
    assert not problems(folder(name), judged(name))
    assert folder(name).case.control == name.partition("/")[0]
    for item in judged(name).items:
        assert item.evidence or item.status in {Status.PASS, Status.NOT_APPLICABLE}, item.subject
        assert item.remediation or item.status is not Status.FAIL, item.subject


@pytest.mark.parametrize("name", [name for name in NAMES if folder(name).case.decided_by])
def test_a_case_hangs_on_what_decides_it(name: str):
    """Without any one of the objects that are said to decide it, the control comes out otherwise."""
    case = folder(name).case
    for deciding in case.decided_by:
        whole = folder(name)
        less = without_in_fleet(whole, deciding) if isinstance(whole, FleetFolder) else without(whole, deciding)
        other = judge_case(less, CONTROLS)
        assert other.status != case.expect.status, deciding
        assert not case.without or other.status == case.without, deciding


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_every_control_has_a_case_of_each_outcome(control):
    """A passing, a failing, an unknown and a not applicable one, unless its text excludes it; a pass hangs on something."""
    cases = [folder(name).case for name in NAMES if folder(name).case.control == control.id]
    missing = set(OUTCOMES) - set(control.never) - {Status(case.expect.status) for case in cases}
    assert not missing
    assert any(case.decided_by for case in cases if case.expect.status == "pass")
