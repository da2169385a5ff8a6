"""What policy makes of a group of pods at one level: every field is known, or left out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import msgspec

from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.facts.internet import Internet
from scanner.facts.model import LevelView, Maybe
from scanner.findings import Level
from scanner.model import Pod
from scanner.reach.model import Direction, PodClass, Reach

UNKNOWN = LevelView()


class Levels:
    """One level of one cluster. `internet` says whether anybody asks for the fields that take the most work."""

    def __init__(self, case: Case, reach: Reach, *, internet: bool) -> None:
        self._case = case
        self._reach = reach
        self._internet = Internet(case, reach) if internet else None

    @cached_property
    def _class_of(self) -> dict[tuple[str, str], PodClass]:
        classes = self._reach.classes
        return {(item.namespace, pod): item for item in classes if not item.hypothetical for pod in item.pods}

    def of_pods(self, pods: Iterable[Pod]) -> LevelView:
        """The level of all these pods together."""
        found: dict[int, PodClass] = {}
        for pod in pods:
            known = self._class_of.get((pod.namespace, pod.name))
            if known is None:
                return UNKNOWN
            found[known.index] = known
        return self._view(tuple(found.values()))

    def of_namespace(self, namespace: str) -> LevelView:
        """The level of a pod without labels that somebody might create there."""
        return self._view((self._reach.hypothetical(namespace),))

    def _view(self, classes: tuple[PodClass, ...]) -> LevelView:
        ingress, egress = Direction.INGRESS, Direction.EGRESS
        isolated = {side: _all(self._isolated(each, side) for each in classes) for side in (ingress, egress)}
        view = LevelView(isolated_ingress=isolated[ingress], isolated_egress=isolated[egress])
        if self._internet is None:
            return view
        return msgspec.structs.replace(
            view,
            admits_internet=_any(self._internet.of(each, ingress) for each in classes),
            reaches_internet=_any(self._internet.of(each, egress) for each in classes),
        )

    def _isolated(self, pod: PodClass, direction: Direction) -> Answer:
        if pod.host_network and self._reach.level is Level.DECLARED:
            return Answer.UNKNOWN  # the specification leaves them to the data plane, and here none has spoken
        return self._case.isolation(self._reach, pod, direction).answer


def _all(answers: Iterable[Answer]) -> Maybe:
    """True where all are yes; false as soon as one is no; else not known."""
    seen = set(answers)
    if Answer.NO in seen:
        return False
    return msgspec.UNSET if Answer.UNKNOWN in seen else True


def _any(answers: Iterable[Answer]) -> Maybe:
    """True as soon as one is yes; false where all are no; else not known."""
    seen = set(answers)
    if Answer.YES in seen:
        return True
    return msgspec.UNSET if Answer.UNKNOWN in seen else False
