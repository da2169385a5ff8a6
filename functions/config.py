"""What `config check` does: every mistake of a settings file, a line each."""

from __future__ import annotations

from pathlib import Path

from functions.gate import Exit
from functions.output import text, write
from infra.settings import check_settings
from infra.settings.evidence import check_evidence
from infra.settings.waivers import check_waivers
from reports.mistakes import mistake_lines, render_mistakes


def run_check(file: str, *, json: bool) -> int:
    """Check and print; returns 0 where nothing is wrong, 2 where something is."""
    settings, found = check_settings(Path(file))
    mistakes = [(each.line, each.key, each.message) for each in found]
    for key, path, check in (
        ("evidence", settings.evidence, check_evidence),
        ("waivers", settings.waivers, check_waivers),
    ):
        beside = check(Path(path))[1] if path else ()
        mistakes += [(0, key, f"{path}{f':{each.line}' if each.line else ''}: {each}") for each in beside]
    if json:
        write((render_mistakes(file, mistakes),), "")
    else:
        write(text(mistake_lines(file, mistakes, sources=len(settings.sources))), "")
    return Exit.USAGE if mistakes else Exit.DONE
