"""Runs expressions in a process that may be cut off: the controls behind the culprit are then asked in a new one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from infra.policycode.request import Answer, Expressions, Request
from scanner.errors import InputError

_CUT_OFF = 77  # as in worker.py, which only the process itself imports
_START = "from infra.policycode.worker import main; main()"
_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")  # no credential has any business there


@dataclass(frozen=True, slots=True)
class Limits:
    """What one control may take in one cluster; `wall_s` is for where a process waits instead of working."""

    cpu_s: float = 10.0
    memory_mib: int = 1024
    wall_s: float = 60.0


LIMITS = Limits()


def ask(
    controls: Sequence[Expressions], view: Mapping[str, Any] | None, limits: Limits = LIMITS
) -> tuple[Answer | None, ...]:
    """The answer on each control, None for one that was cut off. Without a `view` the expressions are checked only.

    Raises:
        InputError: the CEL library is not installed.
    """
    _require("cel_expr_python", "google.protobuf")
    answers: list[Answer | None] = []
    while len(answers) < len(controls):
        left = list(controls[len(answers) :])
        request = Request(
            controls=left,
            view=dict(view) if view is not None else None,
            cpu_s=limits.cpu_s,
            memory_mib=limits.memory_mib,
        )
        given, cut = _run(msgspec.json.encode(request), limits.wall_s * len(left))
        answers += given[: len(left)]
        if cut and len(answers) < len(controls):
            answers.append(None)
    return tuple(answers)


def _run(request: bytes, wall_s: float) -> tuple[list[Answer], bool]:
    """The answers that came, and whether the process was cut off."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(part or str(Path.cwd()) for part in sys.path)
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, and nothing of the request on the command line
            [sys.executable, "-c", _START],
            input=request,
            capture_output=True,
            timeout=wall_s,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return _answers(error.stdout or b""), True
    if ended.returncode not in {0, _CUT_OFF} and ended.returncode > 0:
        raise RuntimeError(f"the process that runs expressions failed: {ended.stderr.decode(errors='replace')[-2000:]}")
    return _answers(ended.stdout), ended.returncode != 0


def _answers(output: bytes) -> list[Answer]:
    """The lines that are whole."""
    return [msgspec.json.decode(line, type=Answer) for line in output.split(b"\n")[:-1]]


def _require(*modules: str) -> None:
    for module in modules:
        try:
            found = find_spec(module) is not None
        except ModuleNotFoundError:
            found = False
        if not found:
            raise InputError(
                "own controls need the CEL library: install ringfence with its extra, ringfence[policy-code]"
            )
