"""What the program and the process that runs expressions say to each other."""

from __future__ import annotations

from typing import Any

import msgspec


class Expressions(msgspec.Struct, kw_only=True):
    """The part of a control that is evaluated."""

    scope: str
    holds: str
    when: str = ""
    message: str = ""
    remediation: str = ""
    platform: bool = False


class Request(msgspec.Struct, kw_only=True):
    """Controls to check (no `view`) or to judge; the bounds are for each control, memory for the process."""

    controls: list[Expressions]
    view: dict[str, Any] | None = None
    cpu_s: float
    memory_mib: int


class Problem(msgspec.Struct, kw_only=True):
    """A mistake in one of a control's texts; `line` counts from 0, within that text."""

    key: str
    line: int
    message: str


class Outcome(msgspec.Struct, kw_only=True):
    """How one subject did."""

    subject: str
    status: str
    reason: str
    evidence: list[str] = []
    remediation: str = ""


class Answer(msgspec.Struct, kw_only=True):
    """What came of one control."""

    problems: list[Problem] = []
    outcomes: list[Outcome] = []
