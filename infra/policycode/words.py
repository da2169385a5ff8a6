"""What the CEL library says, in words that name the mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

_PROBLEM = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_FIELD = re.compile(r"undefined field '(\w+)' not found in struct '([\w.]+)'")
_NAME = re.compile(r"undeclared reference to '(\w+)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '\((.*)\)'")
_MISSING = re.compile(r'Key not found in map : "(.*)"', re.DOTALL)
_UNBOUND = re.compile(r'No value with name "(\w+)"')
_DEEP = re.compile(r"recursion (?:depth|limit)", re.IGNORECASE)


def compile_problems(
    text: str, fields: Mapping[str, Sequence[str]], names: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    """Line, column (both from 1) and the mend, for each mistake that compiling found.

    `fields` are those of each type and `names` the variables, so that the nearest one can be named.
    """
    found = _PROBLEM.findall(text)
    if not found:
        deep = bool(_DEEP.search(text))
        yield 1, 1, "nested too deeply: make it shorter" if deep else f"{text.partition(' [')[0]}: mend it"
    for line, column, problem in found:
        yield max(int(line), 1), max(int(column), 1), _mend(problem, fields, names)


def _mend(problem: str, fields: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    if match := _FIELD.search(problem):
        name, kind = match.groups()
        return f"{kind.rpartition('.')[2]} has no field {name!r}: {_nearest(name, fields.get(kind, ()))}"
    if match := _NAME.search(problem):
        return f"there is no {match[1]!r}: {_nearest(match[1], names)}"
    if match := _OVERLOAD.search(problem):
        operator = match[1].strip("_").replace("_", " ") or match[1]
        return f"{operator!r} does not go with ({match[2]}): compare and join values of one type"
    if _DEEP.search(problem):
        return "nested too deeply: make it shorter"
    return f"{problem}: mend it"


def _nearest(name: str, choices: Sequence[str]) -> str:
    folded = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(name.lower(), folded, 1, cutoff=0.5)
    return f"write {folded[close[0]]}" if close else f"use {', '.join(choices)}"


def evaluation_problem(text: str, fields: frozenset[str]) -> tuple[str, str]:
    """The reason of an unknown item and its sentence, from what evaluating said. `fields` are all names of `facts/v1`."""
    if match := _MISSING.search(text):
        if match[1] in fields:
            return "not-known", f"{match[1]} could not be established"
        return "evaluation-error", f"there is no key {match[1]!r}: ask `{match[1]!r} in …` first"
    if match := _UNBOUND.search(text):
        return "not-known", f"{match[1]} could not be read whole"
    if "Iteration budget" in text:
        return "cut-off", "cut off: more than 10,000 steps for one subject"
    return "evaluation-error", f"the expression failed: {text}"
