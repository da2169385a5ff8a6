"""Own controls as the evaluation takes them: beside the built-in ones, with the same dependencies and evidence levels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from weakref import WeakKeyDictionary

import msgspec

from infra.policycode.checking import expressions_of
from infra.policycode.model import OwnControl
from infra.policycode.process import LIMITS, Limits, ask
from infra.text import printable
from scanner.controls.base import CLUSTER, Case, Control, Verdict, bounded, unread
from scanner.facts import LISTS, SCOPES, Facts
from scanner.findings import Evidence, Severity, Status

_WORD = re.compile(r"\w+")


def as_controls(owns: Sequence[OwnControl], limits: Limits = LIMITS) -> tuple[Control, ...]:
    """Each own control as a control; all of them are evaluated together, once for each cluster."""
    bench = _Bench(owns, limits)
    return tuple(
        Control(
            id=own.id,
            title=own.title,
            severity=Severity(own.severity),
            scope=own.scope,
            least=Evidence(own.evidence),
            requires=own.requires,
            remediation=own.remediation,
            check=partial(bench.verdicts, own.id),
        )
        for own in owns
    )


class _Bench:
    """All own controls of a run, and what they said of the clusters that are being judged."""

    def __init__(self, owns: Sequence[OwnControl], limits: Limits) -> None:
        self._owns = {own.id: own for own in owns}
        self._limits = limits
        self._said: WeakKeyDictionary[Case, dict[str, tuple[Verdict, ...]]] = WeakKeyDictionary()

    def verdicts(self, control: str, case: Case) -> Iterator[Verdict]:
        """One verdict for each subject that the control applies to."""
        if case not in self._said:
            self._said[case] = self._judge(case)
        yield from self._said[case][control]

    def _judge(self, case: Case) -> dict[str, tuple[Verdict, ...]]:
        texts = {own.id: _words(own) for own in self._owns.values()}
        facts = Facts(case, " ".join(text for words in texts.values() for text in words))
        said: dict[str, tuple[Verdict, ...]] = {}
        asked: list[OwnControl] = []
        for own in self._owns.values():
            subjects = SCOPES[own.scope]
            if subjects and (gaps := facts.missing(subjects)):
                said[own.id] = (unread(CLUSTER, gaps),)
            else:
                asked.append(own)
        if not asked:
            return said
        wanted = {name for own in asked for name in LISTS if name in texts[own.id]}
        wanted |= {SCOPES[own.scope] for own in asked} - {""}
        view = msgspec.to_builtins(facts.view(frozenset(wanted)))
        answers = ask([expressions_of(own) for own in asked], view, self._limits)
        for own, answer in zip(asked, answers, strict=True):
            if answer is None:
                said[own.id] = (_cut_off(self._limits),)
                continue
            doubts = [gap for name in LISTS if name in texts[own.id] for gap in facts.missing(name)]
            said[own.id] = tuple(
                Verdict(
                    subject=each.subject,
                    status=Status(each.status),
                    reason=each.reason,
                    evidence=_evidence(each.evidence, (*doubts, *facts.doubts()) if each.reason == "not-known" else ()),
                    remediation=each.remediation,
                )
                for each in answer.outcomes
            )
        return said


def _words(own: OwnControl) -> frozenset[str]:
    return frozenset(_WORD.findall(f"{own.when} {own.pass_} {own.message} {own.remediation}"))


def _evidence(said: Sequence[str], doubts: Sequence[str]) -> tuple[str, ...]:
    """What the expression gave, made fit for a line, and what the doubt comes from."""
    return bounded([*(printable(each, 500) for each in said), *doubts])


def _cut_off(limits: Limits) -> Verdict:
    most = f"{limits.cpu_s:g} s of processor time or {limits.memory_mib} MiB of memory"
    return Verdict(
        subject=CLUSTER,
        status=Status.UNKNOWN,
        reason="cut-off",
        evidence=(f"cut off: the expression took more than {most}: make it simpler",),
    )
