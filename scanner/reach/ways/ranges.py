"""Ranges of addresses as a listing writes them: "first-last"."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from scanner.facing import Network
from scanner.policy.words import address_words


def runs(networks: Iterable[Network]) -> Iterator[tuple[str, str]]:
    """Networks as disjoint runs (first, last), IPv4 before IPv6."""
    listed = list(networks)
    v4 = [network for network in listed if isinstance(network, ipaddress.IPv4Network)]
    v6 = [network for network in listed if isinstance(network, ipaddress.IPv6Network)]
    for family in (ipaddress.collapse_addresses(v4), ipaddress.collapse_addresses(v6)):
        for network in family:
            yield str(network.network_address), str(network.broadcast_address)


def joined(texts: Iterable[str]) -> tuple[str, ...]:
    """Disjoint ranges in order, those that touch made one."""
    spans = []
    for text in texts:
        first, _, last = text.partition("-")
        start = ipaddress.ip_address(first)
        spans.append((start.version, int(start), int(ipaddress.ip_address(last))))
    found: list[tuple[int, int, int]] = []
    for version, first_number, last_number in sorted(spans):
        if found and found[-1][0] == version and first_number == found[-1][2] + 1:
            found[-1] = (version, found[-1][1], last_number)
        else:
            found.append((version, first_number, last_number))
    return tuple(f"{_text(version, start)}-{_text(version, end)}" for version, start, end in found)


def _text(version: int, number: int) -> str:
    return address_words(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))
