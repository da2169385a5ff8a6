"""What every form of a listing says the same way: names, ports, counts and selections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from scanner.reach.model import ALL_PORTS, PortSet
from scanner.reach.selection import Selection


def plain(text: str) -> str:
    """A name as it may be shown, whole: whatever could steer a terminal or break a line is spelled out."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def port_words(ports: PortSet) -> str:
    """A port set for people: "TCP 80,443 UDP all"; "all" where it is every port of every protocol."""
    if len(ports) == 3 and all(ranges == ALL_PORTS for ranges in ports.values()):
        return "all"
    return " ".join(
        f"{protocol} {'all' if ranges == ALL_PORTS else ','.join(spans(ranges))}" for protocol, ranges in ports.items()
    )


def spans(ranges: Iterable[tuple[int, int]]) -> list[str]:
    """Ranges as "80" and "8000-8100"."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 connection", "1,200 connections"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


_KINDS = {
    "workload": ("workload", "workloads"),
    "ip": ("address range", "address ranges"),
    "dns": ("DNS name", "DNS names"),
    "entity": ("entity", "entities"),
    "ingress-controller": ("ingress controller", "ingress controllers"),
}


def peer_words(peers: Iterable[tuple[str, str]]) -> str:
    """How many peers there are of each kind: "2 workloads, 1 address range"."""
    found = Counter(kind for _, kind in peers)
    return ", ".join(counted(found[kind], *nouns) for kind, nouns in _KINDS.items() if found[kind]) or "no peers"


def selection_words(selection: Selection) -> str:
    """What a listing was reduced to, so that nobody takes it for the whole: "lines that touch namespace shop, on TCP 80"."""
    touched = [f"{word} {_either(names)}" for word, names in _filters(selection) if names]
    words = f"lines that touch {' and '.join(touched)}" if touched else "lines"
    if selection.port:
        words += f"{',' if touched else ''} on {selection.port[0]} {selection.port[1]}"
    return words


def _filters(selection: Selection) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("namespace", selection.namespaces), ("workload", selection.workloads)


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(plain(name) for name in names)
