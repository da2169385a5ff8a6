"""The form of a catalogue entry: what an engine honours in which versions, and how long it is supported."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scanner.dataplane.model import Capabilities, Confidence, Fact, Value
from scanner.dataplane.versions import at_least

_NOT_SAID = Fact(Value.UNKNOWN, Confidence.MEMORY, "the catalogue", "nothing is said of this")


@dataclass(frozen=True, slots=True)
class Ranged:
    """A fact that holds from version `since` on and below version `below`; empty is no bound."""

    fact: Fact
    since: str = ""
    below: str = ""

    def holds(self, version: str) -> bool | None:
        """Whether it is about this version; None where the version cannot be read and a bound matters."""
        first = at_least(version, self.since) if self.since else True
        past = at_least(version, self.below) if self.below else False
        if first is False or past is True:
            return False
        return None if first is None or past is None else True


@dataclass(frozen=True, slots=True)
class Support:
    """The day on which support of something ends, as YYYY-MM-DD (the last day that is supported is the one before)."""

    subject: str
    ends: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Minimum:
    """The oldest version that has network policy at all."""

    version: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest cluster in which an engine is supported, and how many port entries it keeps for an address; 0 is no limit."""

    nodes: int
    pods: int
    fact: Fact
    port_entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine of the catalogue.

    `facts` are by capability (a field of `Capabilities`), `kinds` by "Kind.group" (and "Kind.group/feature" for what only
    some kinds have), both as alternatives for versions;
    `other_kinds` is about every kind that is not named. `support` lists announced ends only.
    """

    name: str
    title: str
    facts: Mapping[str, tuple[Ranged, ...]] = field(default_factory=dict)
    kinds: Mapping[str, tuple[Ranged, ...]] = field(default_factory=dict)
    other_kinds: Fact = _NOT_SAID
    support: tuple[Support, ...] = ()
    minimum: Minimum | None = None
    limits: Limits | None = None

    def at(self, version: str) -> Capabilities:
        """What this engine honours in one version; what hangs on a version that cannot be read is unknown."""
        return Capabilities(
            **{each.name: _pick(self.facts.get(each.name, ()), version) for each in dataclasses.fields(Capabilities)}
        )

    def kind_at(self, kind: str, version: str) -> Fact:
        """Whether this engine honours a policy kind ("Kind.group") in one version."""
        found = self.kinds.get(kind)
        return self.other_kinds if found is None else _pick(found, version)

    def feature_at(self, kind: str, feature: str, version: str) -> Fact:
        """Whether this engine honours what only some kinds have: `layer-7` or `names` of "Kind.group".

        The catalogue writes it as "Kind.group/feature" beside the kinds; what it does not name is not known.
        """
        return _pick(self.kinds.get(f"{kind}/{feature}", ()), version)

    def settled(self, conditions: Mapping[str, bool]) -> Engine:
        """The entry where it is known which of its conditions hold: what hangs on one is honoured there, or ignored."""
        return dataclasses.replace(
            self,
            facts={name: _settled(ranges, conditions) for name, ranges in self.facts.items()},
            kinds={kind: _settled(ranges, conditions) for kind, ranges in self.kinds.items()},
        )

    def over(self, other: Engine) -> Engine:
        """This entry laid over another: what it says of a capability, a kind or a date counts instead."""
        return dataclasses.replace(
            other,
            title=self.title or other.title,
            facts={**other.facts, **self.facts},
            kinds={**other.kinds, **self.kinds},
            other_kinds=other.other_kinds if self.other_kinds is _NOT_SAID else self.other_kinds,
            support=self.support or other.support,
            minimum=self.minimum or other.minimum,
            limits=self.limits or other.limits,
        )


def _settled(ranges: Sequence[Ranged], conditions: Mapping[str, bool]) -> tuple[Ranged, ...]:
    return tuple(
        dataclasses.replace(each, fact=_on_or_off(each.fact, holds=conditions[each.fact.condition]))
        if each.fact.condition in conditions
        else each
        for each in ranges
    )


def _on_or_off(fact: Fact, *, holds: bool) -> Fact:
    note = f"{fact.condition}: {'so' if holds else 'not so'} in this cluster"
    return dataclasses.replace(fact, value=fact.value if holds else Value.IGNORED, condition="", note=note)


def _pick(alternatives: Sequence[Ranged], version: str) -> Fact:
    """The fact for a version. Where several may hold and differ, nobody knows which."""
    possible = [each.fact for each in alternatives if each.holds(version) is not False]
    if not possible:
        return _NOT_SAID
    first = possible[0]
    if all(each.value is first.value for each in possible):
        return first
    notes = "; ".join(dict.fromkeys(each.note for each in possible if each.note))
    return dataclasses.replace(first, value=Value.UNKNOWN, note=f"depends on the version: {notes}".removesuffix(": "))
