"""`reach/v1` and `explain/v1`: who can talk to whom, and why, as documents and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from scanner.reach.model import ALL_PORTS, Connection, Explanation, Half, PortSet, Reach, RuleRef

_Encode = Callable[[object], bytes]
_ARROW = " -> "


def render_reach(reach: Reach) -> bytes:
    """The `reach/v1` document: the same bytes for the same cluster, whatever order its objects came in.

    Connections are encoded as they stream by, so a listing of millions of lines is held as bytes and never as objects.
    """
    encode = msgspec.json.Encoder().encode
    out = bytearray(b'{"schema":"reach/v1","level":')
    out += encode(str(reach.level))
    out += b',"peers":['
    out += b",".join(encode({"id": name, "kind": kind}) for name, kind in reach.peers)
    out += b'],"connections":['
    _append(out, reach.connections(), encode)
    out += b'],"unknown":['
    _append(out, reach.unknown(), encode)
    out += b'],"warnings":'
    out += encode([{"object": each.object, "field": each.field, "message": each.message} for each in reach.notices])
    out += b"}\n"
    return bytes(out)


def _append(out: bytearray, connections: Iterable[Connection], encode: _Encode) -> None:
    ports: dict[int, tuple[PortSet, bytes]] = {}  # by identity: the engine hands out one object per distinct set
    comma = b""
    for each in connections:
        known = ports.get(id(each.ports))
        if known is None:
            known = ports[id(each.ports)] = (each.ports, encode(each.ports))
        out += comma + b'{"src":' + encode(each.src) + b',"dst":' + encode(each.dst) + b',"ports":' + known[1]
        if each.via:
            out += b',"via":' + encode(each.via)
        if each.reason:
            out += b',"reason":' + encode(each.reason)
        out += b"}"
        comma = b","


def reach_lines(reach: Reach) -> Iterator[str]:
    """One line per connection, allowed ones first, then those that cannot be decided, then what to know of the input."""
    yield f"# {reach.level}: allowed connections"
    for each in reach.connections():
        yield _line(each)
    for number, each in enumerate(reach.unknown()):
        if not number:
            yield f"# {reach.level}: cannot be decided"
        yield _plain(f"{_line(each)}  (unknown: {each.reason})")
    for notice in reach.notices:
        yield _plain(f"# warning: {notice.object}: {notice.field}: {notice.message}")


def port_words(ports: PortSet) -> str:
    """A port set for people: "TCP 80,443 UDP all"."""
    if len(ports) == 3 and all(ranges == ALL_PORTS for ranges in ports.values()):
        return "all"
    return " ".join(f"{protocol} {_ranges(ranges)}" for protocol, ranges in ports.items())


def render_explanations(explanations: Iterable[Explanation]) -> bytes:
    """The `explain/v1` document."""
    document = {"schema": "explain/v1", "explanations": [_explanation(each) for each in explanations]}
    return msgspec.json.encode(document) + b"\n"


def explanation_lines(explanations: Iterable[Explanation]) -> list[str]:
    """Explanations for a terminal: one block each, the verdict first, then each half with its rules."""
    lines: list[str] = []
    for each in explanations:
        verdict = {"yes": "allowed", "no": "denied"}.get(each.allowed, "unknown")
        lines.append(f"{each.level}: {each.src}{_ARROW}{each.dst} {each.protocol} {each.port}: {verdict}")
        for half in each.halves:
            lines.append(f"  {half.direction} of {half.subject}: {half.allowed}, {half.reason}")
            lines += [f"    {_rule(rule)}" for rule in half.by]
    return [_plain(line) for line in lines]


def _rule(rule: RuleRef) -> str:
    name = f"{rule.object} {rule.rule}".rstrip()
    return f"{name}: {rule.text}" + (f" ({rule.place})" if rule.place else "")


def _explanation(each: Explanation) -> Mapping[str, object]:
    return {
        "level": str(each.level),
        "src": each.src,
        "dst": each.dst,
        "protocol": each.protocol,
        "port": each.port,
        "allowed": str(each.allowed),
        "halves": [_half(half) for half in each.halves],
    }


def _half(half: Half) -> Mapping[str, object]:
    return {
        "direction": str(half.direction),
        "subject": half.subject,
        "allowed": str(half.allowed),
        "isolated": str(half.isolated),
        "reason": half.reason,
        "by": [{"object": rule.object, "rule": rule.rule, "place": rule.place, "text": rule.text} for rule in half.by],
    }


def _line(each: Connection) -> str:
    via = f" via {each.via}" if each.via else ""
    return _plain(f"{each.src}{_ARROW}{each.dst}  {port_words(each.ports)}{via}")


def _ranges(ranges: Iterable[tuple[int, int]]) -> str:
    shown = [
        "all" if pair == ALL_PORTS[0] else str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}-{pair[1]}"
        for pair in ranges
    ]
    return ",".join(shown)


def _plain(text: str) -> str:
    """Names come from clusters: whatever could steer a terminal is shown escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
