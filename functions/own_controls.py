"""What `baseline validate`, `baseline test` and `audit --controls` do with people's own controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from functions.gate import Exit
from functions.output import text, write
from infra.text import printable
from reports.reach.words import counted, plain
from scanner.controls import CONTROLS
from scanner.controls.base import Control
from scanner.errors import InputError

_KNOWN = tuple(control.id for control in CONTROLS if control.check is not None)


def own_controls(places: Sequence[str]) -> tuple[Control, ...]:
    """The own controls of files, folders and URLs; none where no place is given.

    Raises:
        InputError: a place or one of its controls cannot be used.
        StoreError: an object store refused.
    """
    if not places:
        return ()
    from infra.policycode import as_controls, load

    return as_controls(load(places, _KNOWN))


def run_validate(places: Sequence[str]) -> int:
    """Print every mistake, and how many controls are good; 2 where there is a mistake."""
    from infra.policycode import check, read_places

    placed, mistakes = read_places(places, _KNOWN)
    found = sorted((*mistakes, *check(placed)), key=lambda each: (each.file, each.mistake.line))
    bad = {(each.file, each.document) for each in found}
    good = sum((each.file, each.line) not in bad for each in placed)
    lines = [plain(str(each)) for each in found]
    lines.append(f"{counted(good, 'control')} good, {counted(len(found), 'mistake')}")
    write(text(lines), "")
    return Exit.USAGE if found else Exit.DONE


def run_test(folder: str, places: Sequence[str], config: str) -> int:
    """Judge every case of a folder; 1 where one comes out otherwise than it says.

    Raises:
        InputError: there is no case, or one or a control cannot be used.
    """
    from functions.cases import find_cases

    root = Path(folder)
    cases = find_cases(root)
    controls = (*CONTROLS, *own_controls(places or _default_places(root, config)))
    failed = 0
    lines = []
    for path in cases:
        shown = plain(printable(str(path), 200))
        wrong = list(_wrong(path, controls))
        failed += bool(wrong)
        lines += [f"FAILED {shown}: {plain(each)}" for each in wrong] or [f"ok     {shown}"]
    lines.append(f"{counted(len(cases), 'case')}, {failed} failed")
    write(text(lines), "")
    return Exit.GATE_FAILED if failed else Exit.DONE


def _default_places(root: Path, config: str) -> tuple[str, ...]:
    from functions.ways import WaysIn, choose

    named = choose(WaysIn(config=config)).settings.controls
    if named:
        return named
    beside = [path for path in root.iterdir() if path.suffix in {".yaml", ".yml"}] if root.is_dir() else []
    return (str(root),) if beside and not (root / "case.yaml").exists() else ()


def _wrong(path: Path, controls: Sequence[Control]) -> Iterator[str]:
    """How a case comes out otherwise than it says, and what is said to decide it and does not."""
    from functions.case_without import without
    from functions.cases import judge_case, problems, read_case
    from functions.fleet_cases import FleetFolder
    from functions.fleet_cases import without as without_in_fleet

    try:
        folder = read_case(path)
        result = judge_case(folder, controls)
        found = tuple(problems(folder, result))
        yield from found
        for deciding in () if found else folder.case.decided_by:
            less = without_in_fleet(folder, deciding) if isinstance(folder, FleetFolder) else without(folder, deciding)
            other = judge_case(less, controls).status
            wanted = folder.case.without or f"anything but {folder.case.expect.status}"
            if other == folder.case.expect.status or (folder.case.without and other != folder.case.without):
                yield f"without {deciding} the status is {other}, expected {wanted}"
    except InputError as error:
        yield str(error)
