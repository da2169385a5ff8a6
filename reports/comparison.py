"""How data planes differ from what policies declare: as a document, and as something to act on."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.schema import Ports
from reports.reach.words import counted, plain, port_words
from scanner.reach.effects.compare import Compared, Effect
from scanner.reach.model import PortSet

KINDS = ("gap", "breakage", "both", "doubt")
_WORDS = {
    "gap": "possible though policies deny it",
    "breakage": "denied though policies allow it",
    "both": "with ports possible that policies deny, and ports denied that they allow",
    "doubt": "in doubt",
}
_EXAMPLES = 5


class Difference(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One connection: what the policies declare, and what this data plane lets through.

    `kind`: gap (possible though policies deny it), breakage (the reverse), both, or doubt. `rules` are the names of the
    rules it hangs on. `unknown` are ports that are undecided.
    """

    src: str
    dst: str
    kind: str
    declared: Ports
    effective: Ports
    rules: list[str]
    via: str = ""
    declared_unknown: Ports | msgspec.UnsetType = msgspec.UNSET
    unknown: Ports | msgspec.UnsetType = msgspec.UNSET


class RuleEntry(msgspec.Struct, kw_only=True):
    """A rule by which a data plane differs from the specification, and on how many connections that shows."""

    name: str
    words: str
    connections: int


class Plane(msgspec.Struct, kw_only=True):
    """One data plane beside the declared level. `counts` are connections by kind."""

    name: str
    version: str
    counts: dict[str, int]
    rules: list[RuleEntry]
    connections: list[Difference]


class Comparison(msgspec.Struct, kw_only=True):
    """Data planes beside what the policies of one cluster declare; connections are sorted by src, dst and via."""

    schema: str
    dataplanes: list[Plane]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `comparison/v1`; unknown fields stay allowed."""
    return schema_of(Comparison, "comparison/v1", "How data planes differ from what policies declare")


def render_comparison(compared: Compared) -> bytes:
    """The `comparison/v1` document."""
    planes = [_plane(compared, at) for at in range(len(compared.planes))]
    return f"{encoded(msgspec.to_builtins(Comparison(schema='comparison/v1', dataplanes=planes)))}\n".encode()


def _plane(compared: Compared, at: int) -> Plane:
    plane, effects = compared.planes[at], compared.all_effects[at]
    counts = Counter(effect.kind for effect in effects)
    shows = Counter(rule.name for effect in effects for rule in effect.rules)
    return Plane(
        name=plane.name,
        version=plane.version,
        counts={kind: counts[kind] for kind in KINDS},
        rules=[
            RuleEntry(name=rule.name, words=rule.words, connections=shows[rule.name]) for rule in compared.rules[at]
        ],
        connections=[_difference(effect) for effect in effects],
    )


def _difference(effect: Effect) -> Difference:
    change = effect.change
    return Difference(
        src=change.src,
        dst=change.dst,
        via=change.via,
        kind=effect.kind,
        declared=_ports(change.before),
        effective=_ports(change.after),
        declared_unknown=_ports(change.unknown_before) if change.unknown_before else msgspec.UNSET,
        unknown=_ports(change.unknown_after) if change.unknown_after else msgspec.UNSET,
        rules=[rule.name for rule in effect.rules],
    )


def _ports(ports: PortSet) -> Ports:
    return msgspec.convert(ports, Ports)


def comparison_lines(compared: Compared, width: int) -> Iterator[str]:
    """For a terminal: a row of numbers a data plane, then what differs by kind and cause, with examples."""
    yield f"{counted(len(compared.planes), 'data plane')} beside what the policies declare"
    yield ""
    names = [_name(plane.name, plane.version) for plane in compared.planes]
    wide = max(len(name) for name in names)
    yield f"{'':<{wide}}  {'gaps':>8}  {'broken':>8}  {'in doubt':>8}"
    for name, effects in zip(names, compared.all_effects, strict=True):
        counts = Counter(effect.kind for effect in effects)
        gaps, broken = counts["gap"] + counts["both"], counts["breakage"] + counts["both"]
        yield f"{name:<{wide}}  {gaps:>8,}  {broken:>8,}  {counts['doubt']:>8,}"
    yield ""
    yield "gaps: possible though policies deny it. broken: denied though policies allow it."
    for name, effects in zip(names, compared.all_effects, strict=True):
        yield from _of_plane(name, effects, width)


def _name(name: str, version: str) -> str:
    return f"{name}@{version}" if version else name


def _of_plane(name: str, effects: Sequence[Effect], width: int) -> Iterator[str]:
    groups: dict[tuple[int, tuple[str, ...]], list[Effect]] = {}
    for effect in effects:
        key = (KINDS.index(effect.kind), tuple(rule.name for rule in effect.rules))
        groups.setdefault(key, []).append(effect)
    for (kind, _), found in sorted(groups.items()):
        yield ""
        yield f"{name}: {counted(len(found), 'connection')} {_WORDS[KINDS[kind]]}"
        for at, rule in enumerate(found[0].rules):
            lead = "  because of " if not at else "  and of "
            yield from textwrap.wrap(f"{lead}{plain(rule.words)}", max(width, 60), subsequent_indent="    ")
        for effect in found[:_EXAMPLES]:
            yield from _example(effect, width)
        if len(found) > _EXAMPLES:
            yield f"    and {len(found) - _EXAMPLES:,} more; --format json has them all"


def _example(effect: Effect, width: int) -> Iterator[str]:
    change = effect.change
    via = f" through Service {change.via}" if change.via else ""
    declared = _answer(change.before, change.unknown_before)
    effective = _answer(change.after, change.unknown_after)
    text = f"    {change.src} -> {change.dst}{via}: declared {declared}, here {effective}"
    yield from textwrap.wrap(plain(text), max(width, 60), subsequent_indent="      ", break_on_hyphens=False)


def _answer(allowed: PortSet, unknown: PortSet) -> str:
    """What a level says of a connection: "denied", "TCP 80", "TCP 80, perhaps TCP 443"."""
    parts = [port_words(allowed)] if allowed else []
    parts += [f"perhaps {port_words(unknown)}"] if unknown else []
    return ", ".join(parts) or "denied"
