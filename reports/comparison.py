"""How data planes differ from what policies declare: as a document, and as something to act on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.schema import Ports
from reports.reach.words import counted, plain, port_words
from scanner.reach.effects.compare import KINDS, Compared, Effect, Example, Share
from scanner.reach.effects.rules import Rule
from scanner.reach.model import PortSet

KIND_WORDS = {
    "gap": "possible though policies deny it",
    "breakage": "denied though policies allow it",
    "both": "with ports possible that policies deny, and ports denied that they allow",
    "doubt": "in doubt",
}


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


def render_comparison(compared: Compared) -> Iterator[bytes]:
    """The `comparison/v1` document, in pieces: connections are not held."""
    yield b'{"schema":"comparison/v1","dataplanes":['
    for at, plane in enumerate(compared.planes):
        shares = compared.shares(at)
        head = {"name": plane.name, "version": plane.version, "counts": counts_of(shares)}
        rules = [
            {"name": rule.name, "words": rule.words, "connections": _shown_by(rule, shares)}
            for rule in compared.rules[at]
        ]
        opening = f'{encoded(head | {"rules": rules})[:-1]},"connections":['
        yield f"{',' if at else ''}{opening}".encode()
        for number, effect in enumerate(compared.effects(at)):
            yield f"{',' if number else ''}{encoded(msgspec.to_builtins(_difference(effect)))}".encode()
        yield b"]}"
    yield b"]}\n"


def counts_of(shares: Iterable[Share]) -> dict[str, int]:
    """How many connections there are of each kind."""
    found = dict.fromkeys(KINDS, 0)
    for share in shares:
        found[share.kind] += share.connections
    return found


def _shown_by(rule: Rule, shares: Iterable[Share]) -> int:
    return sum(share.connections for share in shares if rule.name in share.names)


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
    shares = [compared.shares(at) for at in range(len(names))]
    yield f"{'':<{wide}}  {'gaps':>10}  {'broken':>10}  {'in doubt':>10}"
    for name, found in zip(names, shares, strict=True):
        counts = counts_of(found)
        gaps, broken = counts["gap"] + counts["both"], counts["breakage"] + counts["both"]
        yield f"{name:<{wide}}  {gaps:>10,}  {broken:>10,}  {counts['doubt']:>10,}"
    yield ""
    if not any(shares):
        yield "no connection differs from what the policies declare"
        return
    yield "gaps: possible though policies deny it. broken: denied though policies allow it."
    for name, found in zip(names, shares, strict=True):
        for share in found:
            yield ""
            yield f"{name}: {counted(share.connections, 'connection')} {KIND_WORDS[share.kind]}"
            yield from share_lines(share, width)


def _name(name: str, version: str) -> str:
    return f"{name}@{version}" if version else name


def share_lines(share: Share, width: int) -> Iterator[str]:
    """Why, and the first few."""
    for at, rule in enumerate(share.rules):
        lead = "  because of " if not at else "  and of "
        yield from textwrap.wrap(f"{lead}{plain(rule.words)}", max(width, 60), subsequent_indent="    ")
    for example in share.examples:
        text = f"    {example_words(example)}"
        yield from textwrap.wrap(plain(text), max(width, 60), subsequent_indent="      ", break_on_hyphens=False)
    if share.connections > len(share.examples):
        yield f"    and {share.connections - len(share.examples):,} more; --format json has them all"


def example_words(example: Example) -> str:
    """One connection: its ends, and what is declared and effective."""
    via = f" through Service {example.via}" if example.via else ""
    declared, effective = answer_words(*example.declared), answer_words(*example.effective)
    return f"{example.src} -> {example.dst}{via}: declared {declared}, here {effective}"


def answer_words(allowed: PortSet, unknown: PortSet) -> str:
    """What a level says of a connection: "denied", "TCP 80", "TCP 80, perhaps TCP 443"."""
    parts = [port_words(allowed)] if allowed else []
    parts += [f"perhaps {port_words(unknown)}"] if unknown else []
    return ", ".join(parts) or "denied"
