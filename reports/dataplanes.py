"""The capability catalogue for a reader: what each engine honours, in which versions, and how that is known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.words import counted, plain
from scanner.dataplane.catalogue.engine import Engine, Limits, Ranged
from scanner.dataplane.model import Fact


class Known(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A fact with its source. `value`: honoured, partial, ignored, refused (the whole policy) or unknown."""

    value: str
    confidence: str
    source: str
    note: str = ""
    condition: str = ""
    since: str = ""
    below: str = ""


class Capability(msgspec.Struct, kw_only=True):
    """One capability, or one policy kind, with a fact for each range of versions."""

    name: str
    facts: list[Known]


class DataPlaneEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One engine. `support` lists announced ends of support as "subject: date"."""

    name: str
    title: str
    capabilities: list[Capability]
    kinds: list[Capability]
    other_kinds: Known
    support: list[str] = []
    minimum: str = ""
    limits: str = ""


class DataPlanes(msgspec.Struct, kw_only=True):
    """The catalogue, or the part of it that was asked for; `version` is empty where all versions are meant."""

    schema: str
    version: str
    dataplanes: list[DataPlaneEntry]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `dataplanes/v1`; unknown fields stay allowed."""
    return schema_of(DataPlanes, "dataplanes/v1", "What each data plane makes of policies")


def render_dataplanes(engines: Sequence[Engine], version: str) -> bytes:
    """The `dataplanes/v1` document."""
    entries = [_entry(engine, version) for engine in engines]
    document = DataPlanes(schema="dataplanes/v1", version=version, dataplanes=entries)
    return f"{encoded(msgspec.to_builtins(document))}\n".encode()


def _entry(engine: Engine, version: str) -> DataPlaneEntry:
    least, limits = engine.minimum, engine.limits
    return DataPlaneEntry(
        name=engine.name,
        title=engine.title,
        capabilities=[
            Capability(name=name.replace("_", "-"), facts=[_known(each) for each in _of(ranges, version)])
            for name, ranges in engine.facts.items()
        ],
        kinds=[
            Capability(name=kind, facts=[_known(each) for each in _of(ranges, version)])
            for kind, ranges in engine.kinds.items()
        ],
        other_kinds=_known(Ranged(engine.other_kinds)),
        support=[f"{each.subject}: {each.ends}" for each in engine.support],
        minimum=least.version if least else "",
        limits=_limits(limits) if limits else "",
    )


def _limits(limits: Limits) -> str:
    size = [f"{number:,} {what}" for number, what in ((limits.nodes, "nodes"), (limits.pods, "pods")) if number]
    parts = [f"supported up to {' and '.join(size)}"] if size else []
    parts += [f"keeps {limits.port_entries} port entries for one address"] if limits.port_entries else []
    return f"{', '.join(parts)} [{limits.fact.source}; {limits.fact.confidence.words}]"


def _of(ranges: Sequence[Ranged], version: str) -> Iterator[Ranged]:
    """The facts that may hold for a version; all of them without one."""
    return (each for each in ranges if not version or each.holds(version) is not False)


def _known(each: Ranged) -> Known:
    fact = each.fact
    return Known(
        value=str(fact.value),
        confidence=fact.confidence.words,
        source=fact.source,
        note=fact.note,
        condition=fact.condition,
        since=each.since,
        below=each.below,
    )


def catalogue_lines(engines: Sequence[Engine]) -> Iterator[str]:
    """One line an engine: for choosing one."""
    wide = max((len(engine.name) for engine in engines), default=0)
    for engine in engines:
        yield f"{engine.name:<{wide}}  {engine.title}"
    yield ""
    yield f"{counted(len(engines), 'data plane')}; name one for what it honours, and how that is known"


def engine_lines(engine: Engine, version: str, width: int) -> Iterator[str]:
    """One engine for a terminal: a line a capability, then what it says and where that is from."""
    yield f"{engine.name}{'@' + version if version else ''}: {engine.title}"
    if engine.minimum:
        yield f"network policy from version {engine.minimum.version} on"
    for end in engine.support:
        yield f"support of {end.subject} ends {end.ends}"
    if engine.limits:
        yield _limits(engine.limits)
    for title, found in (("capabilities", engine.facts), ("policy kinds", engine.kinds)):
        if found:
            yield from ("", title)
        wide = max((len(name) for name in found), default=0)
        for name, ranges in found.items():
            for each in _of(ranges, version):
                yield from _rows(name.replace("_", "-"), wide, each, width)
    yield from _rows(
        "other kinds", max((len(name) for name in engine.kinds), default=0), Ranged(engine.other_kinds), width
    )


def _rows(name: str, wide: int, each: Ranged, width: int) -> Iterator[str]:
    head = f"  {plain(name):<{wide}}  {each.fact.value:<9}"
    rest = "; ".join(part for part in (_versions(each), *_said(each.fact)) if part)
    yield from textwrap.wrap(f"{head}  {plain(rest)}", max(width, 60), subsequent_indent=" " * (wide + 15))


def _said(fact: Fact) -> Iterator[str]:
    if fact.condition:
        yield f"only where {fact.condition}"
    yield fact.note
    yield f"{fact.confidence.words}: {fact.source}"


def _versions(each: Ranged) -> str:
    if each.since and each.below:
        return f"from {each.since} to below {each.below}"
    return f"from {each.since} on" if each.since else f"below {each.below}" if each.below else ""
