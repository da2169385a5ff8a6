"""A rule's protocols and ports.

Sources: Calico's `api/pkg/lib/numorstring` (how protocols and ports are written), `libcalico-go/lib/validator/v3` (which go
together), `felix/calc/rule_scanner.go` (a named port without a protocol is TCP).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scanner.policy.calico.wire import WireEntity, WireRule
from scanner.policy.decode import FieldError
from scanner.policy.model import Ports
from scanner.reach.model import PROTOCOLS

_NUMBERS = {6: "TCP", 17: "UDP", 132: "SCTP", 1: "ICMP", 58: "ICMPv6", 136: "UDPLite"}
_NAMES = frozenset(_NUMBERS.values())
_RANGE = re.compile(r"(\d{1,9})(?::(\d{1,9}))?\Z", re.ASCII)
_BYTE = re.compile(r"\d{1,3}\Z", re.ASCII)
_PORT_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}\Z")
_LAST = 65535

_Span = tuple[int, int]


def rule_ports(wire: WireRule, destination: WireEntity, field: str) -> tuple[tuple[Ports, ...] | None, str]:
    """The ports of a rule, and the doubt about them (then they are the widest reading).

    None is every port of every protocol, () is what has no ports here (ICMP and the like).

    Raises:
        FieldError: a protocol or port is none, or they do not go together.
    """
    only = read_protocol(wire.protocol, f"{field}.protocol")
    never = read_protocol(wire.not_protocol, f"{field}.notProtocol")
    place = f"{field}.destination"
    named, numbers = read_ports(destination.ports, only, f"{place}.ports")
    unnamed, not_numbers = read_ports(destination.not_ports, only, f"{place}.notPorts")
    if wire.icmp is not None and only not in (None, "ICMP", "ICMPv6"):
        raise FieldError(f"{field}.icmp", "needs protocol ICMP or ICMPv6; write it or remove icmp")
    protocols = [each for each in PROTOCOLS if only in (None, each) and each != never]
    if wire.icmp is not None:
        return (), ""
    doubt = f"{place}.notPorts names ports, which are not modelled there" if unnamed else ""
    if wire.not_icmp is not None and only is None:
        doubt = f"{field}.notICMP without a protocol is not modelled"
    if destination.ports:
        spans = subtract(numbers, not_numbers)
        found = [Ports(each, first, last) for each in protocols for first, last in spans]
        found += [Ports(only or "TCP", name=name) for name in named if (only or "TCP") in protocols]
        if named and not_numbers:
            doubt = doubt or f"{place}.ports names ports next to notPorts, which is not modelled"
        return tuple(sorted(set(found), key=_order)), doubt
    if not_numbers:
        spans = subtract([(1, _LAST)], not_numbers)
        return tuple(Ports(each, first, last) for each in protocols for first, last in spans), doubt
    if only is None and never is None:
        return None, doubt
    return tuple(Ports(each) for each in protocols), doubt


def read_protocol(wire: int | str | None, field: str) -> str | None:
    """A protocol by name: one of those with ports, ICMP, ICMPv6, UDPLite, or its number as text."""
    if wire is None:
        return None
    if isinstance(wire, str) and wire in _NAMES:
        return wire
    if isinstance(wire, str) and _BYTE.match(wire):
        wire = int(wire)
    if isinstance(wire, str) or not 1 <= wire <= 255:
        raise FieldError(field, f"is no protocol; write {', '.join(sorted(_NAMES))} or a number from 1 to 255")
    return _NUMBERS.get(wire, str(wire))


def read_ports(
    wire: Sequence[int | str | None] | None, protocol: str | None, field: str
) -> tuple[list[str], list[_Span]]:
    """The names and the ranges of a list of ports.

    Raises:
        FieldError: one is no port, or the rule's protocol does not go with it.
    """
    names: list[str] = []
    spans: list[_Span] = []
    for index, item in enumerate(wire or ()):
        span = _span(item, f"{field}[{index}]")
        if isinstance(span, str):
            names.append(span)
        else:
            spans.append(span)
    if (spans and protocol not in PROTOCOLS) or (names and protocol not in (None, *PROTOCOLS)):
        raise FieldError(field, "needs protocol TCP, UDP or SCTP; write it or remove the ports")
    return names, spans


def _span(item: int | str | None, field: str) -> _Span | str:
    if item is None or (isinstance(item, int) and not 1 <= item <= _LAST):
        raise FieldError(field, f"is no port; write a number from 1 to {_LAST}, a range 8000:8080 or a port's name")
    text = str(item)
    numbers = _RANGE.match(text)
    if numbers is None:
        if not _PORT_NAME.match(text) or text.isdecimal():
            raise FieldError(field, f"{text[:200]!r} is no port; write a number, a range 8000:8080 or a port's name")
        return text
    first = int(numbers[1])
    last = int(numbers[2] or numbers[1])
    if not 1 <= first <= last <= _LAST:
        raise FieldError(field, f"is {text}; write numbers from 1 to {_LAST}, the lower one first")
    return first, last


def subtract(spans: Iterable[_Span], excluded: Iterable[_Span]) -> list[_Span]:
    """The ranges less the excluded ones: sorted, disjoint, and merged where they touch."""
    found: list[_Span] = []
    holes = _merge(excluded)
    at = 0
    for first, last in _merge(spans):
        low = first
        while at < len(holes) and holes[at][1] < low:
            at += 1
        hole = at
        while hole < len(holes) and holes[hole][0] <= last:
            if low < holes[hole][0]:
                found.append((low, holes[hole][0] - 1))
            low = holes[hole][1] + 1
            hole += 1
        if low <= last:
            found.append((low, last))
    return found


def _merge(spans: Iterable[_Span]) -> list[_Span]:
    found: list[_Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _order(port: Ports) -> tuple[int, str, int, int]:
    return PROTOCOLS.index(port.protocol), port.name, port.first, port.last
