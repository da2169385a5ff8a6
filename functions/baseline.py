"""What `baseline list` and `baseline show` do: print the controls, and which requirements they speak to."""

from __future__ import annotations

import difflib

from functions.output import text, width, write
from scanner.errors import InputError


def run_list(*, framework: str, profile: str, json: bool, output: str) -> int:
    """Print the controls of a profile (all without one), or a framework's requirements with their controls.

    Raises:
        InputError: no such framework.
    """
    from reports.baseline import framework_lines, list_lines, render_baseline, speaks_to
    from scanner.baselines.profiles import PROFILES
    from scanner.controls import CONTROLS
    from scanner.frameworks.model import find_framework

    found = find_framework(framework) if framework else None
    controls = [each for each in CONTROLS if not profile or each.id in PROFILES[profile]]
    if found is not None:
        controls = [each for each in controls if speaks_to(each, found)]
    if json:
        write((render_baseline(controls, found),), output)
    elif found is not None:
        write(text(framework_lines(found, controls, width())), output)
    else:
        write(text(list_lines(controls, profile, width())), output)
    return 0


def run_show(control: str, *, json: bool, output: str) -> int:
    """Print one control.

    Raises:
        InputError: no such control; names the nearest.
    """
    from infra.text import printable
    from reports.baseline import control_lines, render_baseline
    from scanner.controls import CONTROLS

    wanted = control.upper() if control.upper().startswith("NB-") else f"NB-{control.upper()}"
    found = next((each for each in CONTROLS if each.id == wanted), None)
    if found is None:
        near = difflib.get_close_matches(wanted, [each.id for each in CONTROLS], 3, 0.7)
        choices = f"write {' or '.join(near)}" if near else "`ringfence baseline list` shows them"
        raise InputError(f"{printable(control, 40)!r} is no control: {choices}")
    if json:
        write((render_baseline([found]),), output)
    else:
        write(text(control_lines(found, width())), output)
    return 0
