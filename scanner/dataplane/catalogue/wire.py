"""What stands in a catalogue file: one engine, as TOML, and what makes a file one that does not load."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec

from scanner.dataplane.catalogue.engine import Engine, Limits, Minimum, Ranged, Support
from scanner.dataplane.model import Capabilities, Confidence, Fact, Value
from scanner.dataplane.versions import at_least, parse
from scanner.errors import InputError

CAPABILITIES = tuple(each.name.replace("_", "-") for each in dataclasses.fields(Capabilities))
CONFIDENCES = {each.words: each for each in Confidence if each is not Confidence.OBSERVED}
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    """How something is known. Without a source it does not load."""

    source: _Word
    confidence: str
    note: str = ""
    condition: str = ""


class _Fact(_Known, kw_only=True, forbid_unknown_fields=True):
    value: str
    since: str = ""
    below: str = ""


class _Capability(_Fact, kw_only=True, forbid_unknown_fields=True):
    capability: str


class _Kinds(_Fact, kw_only=True, forbid_unknown_fields=True):
    kinds: list[_Word]


class _Support(_Known, kw_only=True, forbid_unknown_fields=True):
    subject: _Word
    ends: dt.date


class _Minimum(_Known, kw_only=True, forbid_unknown_fields=True):
    version: _Word


class _Limits(_Known, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    nodes: Annotated[int, msgspec.Meta(ge=0)] = 0
    pods: Annotated[int, msgspec.Meta(ge=0)] = 0
    port_entries: Annotated[int, msgspec.Meta(ge=0)] = 0


class _Engine(msgspec.Struct, rename="kebab", forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
    title: str = ""
    sources: dict[str, _Word] = {}
    facts: list[_Capability] = []
    kinds: list[_Kinds] = []
    other_kinds: _Fact | None = None
    support: list[_Support] = []
    minimum: _Minimum | None = None
    limits: _Limits | None = None


def read_engine(data: bytes, where: str) -> Engine:
    """One engine from a file; `where` names the file in errors.

    Raises:
        InputError: the file is no TOML, lacks something, says something unknown, or says two things of one version.
    """
    try:
        wire = msgspec.toml.decode(data, type=_Engine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{where}: is no catalogue entry: {error}: mend it there") from error
    return _Reader(wire, where).engine()


class _Reader:
    def __init__(self, wire: _Engine, where: str) -> None:
        self._wire, self._where = wire, where

    def engine(self) -> Engine:
        wire = self._wire
        facts: dict[str, list[Ranged]] = {}
        for at, each in enumerate(wire.facts):
            self._one_of(each.capability, CAPABILITIES, f"facts[{at}].capability")
            facts.setdefault(each.capability.replace("-", "_"), []).append(self._ranged(each, f"facts[{at}]"))
        kinds: dict[str, list[Ranged]] = {}
        for at, item in enumerate(wire.kinds):
            for kind in item.kinds:
                kinds.setdefault(kind, []).append(self._ranged(item, f"kinds[{at}]"))
        for name, ranges in (*facts.items(), *kinds.items()):
            self._apart(name.replace("_", "-"), ranges)
        fields: dict[str, Any] = {}
        if wire.other_kinds is not None:
            fields["other_kinds"] = self._fact(wire.other_kinds, "other-kinds")
        if wire.minimum is not None:
            self._version(wire.minimum.version, "minimum.version")
            fields["minimum"] = Minimum(wire.minimum.version, self._known(wire.minimum, "minimum"))
        if wire.limits is not None:
            fields["limits"] = self._limits(wire.limits)
        return Engine(
            name=wire.name,
            title=wire.title,
            facts={name: tuple(ranges) for name, ranges in facts.items()},
            kinds={name: tuple(ranges) for name, ranges in kinds.items()},
            support=tuple(
                Support(each.subject, each.ends.isoformat(), self._known(each, f"support[{at}]"))
                for at, each in enumerate(wire.support)
            ),
            **fields,
        )

    def _limits(self, wire: _Limits) -> Limits:
        if not (wire.nodes or wire.pods or wire.port_entries):
            raise self._error("limits", "names no limit: give nodes, pods or port-entries")
        return Limits(wire.nodes, wire.pods, self._known(wire, "limits"), wire.port_entries)

    def _ranged(self, wire: _Fact, field: str) -> Ranged:
        for version, name in ((wire.since, "since"), (wire.below, "below")):
            if version:
                self._version(version, f"{field}.{name}")
        if wire.since and wire.below and at_least(wire.since, wire.below):
            raise self._error(f"{field}.below", f"{wire.below} is not above since, {wire.since}: no version is meant")
        return Ranged(self._fact(wire, field), wire.since, wire.below)

    def _fact(self, wire: _Fact, field: str) -> Fact:
        self._one_of(wire.value, [str(each) for each in Value], f"{field}.value")
        return dataclasses.replace(self._known(wire, field), value=Value(wire.value))

    def _known(self, wire: _Known, field: str) -> Fact:
        self._one_of(wire.confidence, list(CONFIDENCES), f"{field}.confidence")
        source = self._wire.sources.get(wire.source, wire.source)
        return Fact(Value.HONOURED, CONFIDENCES[wire.confidence], source, wire.note, wire.condition)

    def _apart(self, name: str, ranges: Sequence[Ranged]) -> None:
        """Two facts about one capability must not be about one version."""
        bounds = {each.since for each in ranges} | {each.below for each in ranges} | {"0.0"}
        for version in sorted(bounds - {""}):
            if sum(each.holds(version) is True for each in ranges) > 1:
                raise self._error(name, f"two facts hold for version {version}: give them since and below")

    def _version(self, text: str, field: str) -> None:
        if parse(text) is None:
            raise self._error(field, f"{text!r} is no version: write numbers such as 1.17.2")

    def _one_of(self, word: str, known: Iterable[str], field: str) -> None:
        if word not in known:
            raise self._error(field, f"{word[:80]!r} is not known: write one of {', '.join(known)}")

    def _error(self, field: str, problem: str) -> InputError:
        return InputError(f"{self._where}: {field}: {problem}")
