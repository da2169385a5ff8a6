"""The ports of one rule: `toPorts` with what filters above them, and `icmps`.

Sources: Cilium's documentation, "Layer 4 Policies"; cilium/cilium, pkg/policy/api/rule_validation.go, pkg/iana,
pkg/k8s/apis/cilium.io/client/crds (which protocols the schema takes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanner.policy.cilium.found import Notes, entries, join_doubts
from scanner.policy.cilium.layer7 import filtered
from scanner.policy.cilium.wire import WireAllowPorts, WireDenyPorts, WirePort
from scanner.policy.decode import FieldError, UnreadableError
from scanner.policy.model import Ports
from scanner.reach.model import PROTOCOLS

_MOST_PORTS = 40
_ANY = ("", "ANY")
# Protocols without ports of TCP's kind; those after ICMP need a flag of a recent agent.
_PORTLESS = frozenset({"ICMP", "ICMPv6", "VRRP", "IGMP", "GRE", "IPIP", "IPv6", "ESP", "AH"})
_SERVICE_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z")
_LETTER = re.compile(r"[A-Za-z]")
_NUMBER = re.compile(r"[0-9][0-9_]{0,19}\Z")
_EVERY_PORT = tuple(Ports(protocol) for protocol in PROTOCOLS)


@dataclass(frozen=True, slots=True)
class PortGroup:
    """Ports of one rule that the same filter stands above. `ports` None is every port of every protocol."""

    ports: tuple[Ports, ...] | None
    l7: str = ""
    doubt: str = ""


def port_groups(
    to_ports: Sequence[WireDenyPorts | None] | None,
    icmps: Sequence[Any] | None,
    place: str,
    notes: Notes,
    *,
    ingress: bool,
) -> tuple[PortGroup, ...]:
    """The ports of a rule by what filters above them; `toPorts` that is absent or empty puts no limit.

    Raises:
        FieldError: a port, a protocol or a filter that Cilium refuses.
        UnreadableError: a number in a form that is not read here.
    """
    if icmps and to_ports:
        raise FieldError(f"{place}.icmps", "stands beside toPorts; write them as two rules")
    if icmps:
        notes.remark(f"{place}.icmps", "concerns ICMP only and no TCP, UDP or SCTP port")
        return (PortGroup(()),)
    if not to_ports:
        return (PortGroup(None),)
    groups: dict[tuple[str, str], dict[Ports, None]] = {}
    for at, entry in entries(to_ports, f"{place}.toPorts"):
        if len(entry.ports or ()) > _MOST_PORTS:
            raise FieldError(f"{at}.ports", f"has more than {_MOST_PORTS} entries; write a second entry of toPorts")
        if not entry.ports:
            notes.remark(at, "names no port, so it matches nothing; write port 0 for all ports")
        l7 = filtered(entry, at, ingress=ingress) if isinstance(entry, WireAllowPorts) else ""
        for port_at, port in entries(entry.ports, f"{at}.ports"):
            found, doubt = _port(port, port_at, notes)
            groups.setdefault((l7, doubt), {}).update(dict.fromkeys(found))
    full = [PortGroup(tuple(ports), l7, doubt) for (l7, doubt), ports in groups.items() if ports]
    return tuple(full) or (PortGroup(()),)


def _port(wire: WirePort, place: str, notes: Notes) -> tuple[tuple[Ports, ...], str]:
    """One port in each of its protocols, and why it may mean less."""
    protocols, doubt = _protocols(wire.protocol or "", f"{place}.protocol", notes)
    text = wire.port or ""
    end = wire.end_port or 0
    if not 0 <= end <= 65535:
        raise FieldError(f"{place}.endPort", f"is {end}; write a number from 1 to 65535")
    if not text:
        if protocols:
            notes.doubts.append("a port is missing, which Cilium refuses unless enable-extended-ip-protocols is on")
        return tuple(Ports(protocol) for protocol in protocols), doubt
    if len(text) <= 15 and _SERVICE_NAME.match(text) and _LETTER.search(text):
        if end:
            notes.remark(f"{place}.endPort", "is ignored beside a port's name; write numbers for both")
        return tuple(Ports(protocol, name=text.lower()) for protocol in protocols), doubt
    first = _number(text, f"{place}.port", notes)
    if end and end < first:
        return _EVERY_PORT, join_doubts(doubt, f"{place}.endPort is below the port")
    span = (first or 1, end or first) if first or end else (1, 65535)
    return tuple(Ports(protocol, *span) for protocol in protocols), doubt


def _protocols(text: str, place: str, notes: Notes) -> tuple[tuple[str, ...], str]:
    if text in _ANY:
        return PROTOCOLS, ""
    if text in PROTOCOLS:
        return (text,), ""
    if text in _PORTLESS:
        notes.remark(place, f"{text} is none of TCP, UDP and SCTP and is kept apart")
        return (), ""
    if text.upper() in {each.upper() for each in (*PROTOCOLS, *_ANY, *_PORTLESS)}:
        raise FieldError(place, f"is {text!r}; write it in capitals")
    doubt = f"protocol {text!r} is not known: Cilium refuses the policy, or is newer"
    notes.remark(place, f"{text!r} is no protocol known here; write TCP, UDP, SCTP or ANY")
    notes.doubts.append(doubt)
    return PROTOCOLS, doubt


def _number(text: str, place: str, notes: Notes) -> int:
    """A port number as Go reads an integer literal: a leading zero makes it octal."""
    if not _NUMBER.match(text):
        raise FieldError(place, f"{text!r} is no port; write a number or a port's name")
    if "_" in text:
        raise UnreadableError(place, f"{text!r} is no plain number; leave the underscores out")
    octal = len(text) > 1 and text.startswith("0")
    if octal and ("8" in text or "9" in text):
        raise FieldError(place, f"{text!r} is no octal number, which the leading zero says; leave it out")
    number = int(text, 8 if octal else 10)
    if octal:
        notes.remark(place, f"{text!r} is read as the octal number {number}; leave the leading zero out")
    if number > 65535:
        raise FieldError(place, f"is {number}; write a number from 0 to 65535")
    return number
