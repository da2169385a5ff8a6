"""The process in which expressions run: a request on stdin, one line of answer for each control on stdout.

Whoever starts it may kill it at any moment, and the system does so where a control takes more processor time than it may.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from infra.policycode.request import Answer, Expressions, Outcome, Problem, Request
from infra.policycode.template import Hole, UnclosedError, parts
from infra.policycode.types import environments, fields_of
from infra.policycode.words import compile_problems, evaluation_problem
from scanner.facts.model import LISTS, SCOPES

_CUT_OFF = 77  # the exit code of a process that ran out of memory
_FAILURES = (RuntimeError, ValueError, IndexError, OverflowError, TypeError)  # what the library turns its errors into
_NAMES = ("self", "cluster", *LISTS)
_PLAIN = re.compile(r"[\w./:@\[\]-]*", re.ASCII)
_PATH = re.compile(r"(?<![\w.])self((?:\.[A-Za-z]\w*)+)(?!\w*\()")
_SHOWN, _LONGEST = 6, 500


def main() -> None:
    """Answer the request on stdin."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    _limit(request)
    try:
        for control in request.controls:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_PROF, request.cpu_s)  # its signal ends the process, whatever runs
            answer = check(control) if request.view is None else judge(control, request.view)
            sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
            sys.stdout.buffer.flush()
    except MemoryError:
        sys.exit(_CUT_OFF)


def _limit(request: Request) -> None:
    if sys.platform != "win32":
        import resource

        most = request.memory_mib << 20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _library() -> tuple[Any, list[Any]]:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_strings

    return cel, [ext_strings.ExtStrings()]


def check(control: Expressions) -> Answer:
    """Every mistake of a control's expressions, as the types of `facts/v1` show them."""
    cel, extensions = _library()
    typed = environments(cel, extensions)[control.scope]
    loose = _loose(cel, extensions)
    problems: list[Problem] = []
    for key, expression, line, wanted in _expressions(control, problems):
        try:
            found = typed.compile(expression).return_type().name()
            loose.compile(_of_subject(expression, 0), disable_check=True)
        except _FAILURES as error:
            mends = compile_problems(str(error), fields_of(), _NAMES)
            problems += [Problem(key=key, line=line + at - 1, message=message) for at, _, message in mends]
            continue
        if found not in wanted:
            message = f"gives {found.lower()}, and {' or '.join(wanted).lower()} is needed: mend it"
            problems.append(Problem(key=key, line=line, message=message))
    return Answer(problems=problems)


def _expressions(control: Expressions, problems: list[Problem]) -> Iterator[tuple[str, str, int, tuple[str, ...]]]:
    """Key, expression, the line of the key's text it begins on (from 0), and the types it may give."""
    for key, text in (("when", control.when), ("pass", control.holds)):
        if text:
            yield key, text, 0, ("BOOL", "DYN")
    for key, text in (("message", control.message), ("remediation", control.remediation)):
        try:
            holes = [part for part in parts(text) if isinstance(part, Hole)]
        except UnclosedError as error:
            problems.append(Problem(key=key, line=error.line, message="$( has no closing ): add it"))
            continue
        for hole in holes:
            yield key, hole.expression, hole.line, ("STRING", "INT", "BOOL", "DOUBLE", "DYN")


def judge(control: Expressions, view: Mapping[str, Any]) -> Answer:
    """What a control says of each of its subjects, those it does not apply to left out."""
    asked = _Asked(control, view)
    outcomes = []
    for index, subject in enumerate(asked.subjects):
        if control.platform or not subject.get("platform"):
            outcome = _outcome(asked, index, subject)
            outcomes += [outcome] if outcome else []
    return Answer(outcomes=outcomes)


def _loose(cel: Any, extensions: list[Any]) -> Any:  # noqa: ANN401 - the library has no types of its own
    names = ("subjects", *_NAMES)
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=extensions)


def _of_subject(expression: str, index: int) -> str:
    """The expression about one of the subjects that an activation holds; what ends in a comment stays closed."""
    return f"[subjects[{index}]].map(self, (\n{expression}\n))[0]"


class _FailedError(Exception):
    """An expression gave no value; holds what the library said."""


class _Asked:
    """A control and a view, ready to evaluate.

    An activation copies what it holds, so lists are handed over once, and a subject is then chosen within; an expression
    that asks about `self` alone is compiled once instead.
    """

    def __init__(self, control: Expressions, view: Mapping[str, Any]) -> None:
        self.control = control
        cel, extensions = _library()
        self._env = _loose(cel, extensions)
        name = SCOPES[control.scope]
        self.subjects: list[dict[str, Any]] = list(view[name]) if name else [view["cluster"]]
        texts = f"{control.when} {control.holds} {control.message} {control.remediation}"
        self._used = {key: value for key, value in view.items() if re.search(rf"\b{key}\b", texts)}
        self._shared = None
        if self._used.keys() & LISTS.keys():
            self._shared = self._env.Activation({**self._used, "subjects": self.subjects})
        self._compiled: dict[str, Any] = {}

    def value(self, expression: str, index: int) -> Any:  # noqa: ANN401 - any CEL value
        """What an expression gives for a subject.

        Raises:
            _FailedError: it gave none.
        """
        try:
            if self._shared is not None:
                made = self._env.compile(_of_subject(expression, index), disable_check=True)
                found = made.eval(self._shared)
            else:
                if expression not in self._compiled:
                    self._compiled[expression] = self._env.compile(expression, disable_check=True)
                found = self._compiled[expression].eval(data={**self._used, "self": self.subjects[index]})
            kind, value = found.type().name(), found.value()
        except _FAILURES as error:
            raise _FailedError(str(error)) from error
        if kind == "ERROR":
            raise _FailedError(str(value))
        return value

    def answer(self, expression: str, index: int) -> bool:
        """The same of an expression that gives true or false."""
        found = self.value(expression, index)
        if not isinstance(found, bool):
            raise _FailedError("it gave neither true nor false")
        return found

    def text(self, template: str, index: int, *, pasted: bool) -> str:
        """A text with its expressions filled in.

        In one that is to be pasted, what is no plain name stands in quotes, so that it cannot break out.
        """
        filled = []
        for part in parts(template):
            if isinstance(part, str):
                filled.append(part)
                continue
            try:
                value = self.value(part.expression, index)
            except _FailedError:
                filled.append("(not known)")
                continue
            words = str(value).lower() if isinstance(value, bool) else str(value)
            filled.append(words if not pasted or _PLAIN.fullmatch(words) else msgspec.json.encode(words).decode())
        return "".join(filled)


def _outcome(asked: _Asked, index: int, subject: Mapping[str, Any]) -> Outcome | None:
    """One subject's outcome; None where the control does not apply to it."""
    control = asked.control
    name = _subject_name(control.scope, subject)
    try:
        if control.when and not asked.answer(control.when, index):
            return None
        good = asked.answer(control.holds, index)
    except _FailedError as error:
        known = frozenset(field for fields in fields_of().values() for field in fields)
        reason, sentence = evaluation_problem(str(error)[:_LONGEST], known)
        return Outcome(subject=name, status="unknown", reason=reason, evidence=[sentence])
    looked_at = list(_looked_at(control, subject))
    if good:
        return Outcome(subject=name, status="pass", reason="holds", evidence=looked_at)
    message = asked.text(control.message, index, pasted=False)[: 4 * _LONGEST] if control.message else ""
    evidence = [message, *looked_at] if message else looked_at or [f"false: {control.holds}"[:_LONGEST]]
    fix = asked.text(control.remediation, index, pasted=True)
    return Outcome(subject=name, status="fail", reason="does-not-hold", evidence=evidence, remediation=fix)


def _subject_name(scope: str, subject: Mapping[str, Any]) -> str:
    if scope == "cluster":
        return "cluster"
    return str(subject["name"] if scope == "namespace" else subject["id"])


def _looked_at(control: Expressions, subject: Mapping[str, Any]) -> Iterator[str]:
    """The fields of the subject that the control names, with their values: what an auditor can check."""
    paths = dict.fromkeys(match[1] for match in _PATH.finditer(f"{control.when} {control.holds}"))
    for path in list(paths)[:_SHOWN]:
        value: Any = subject
        for part in path.split(".")[1:]:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, dict):
            yield f"self{path} is {msgspec.json.encode(value).decode()}"[:_LONGEST]


if __name__ == "__main__":
    main()
