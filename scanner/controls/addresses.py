"""Address arithmetic: how much of the public internet a set of ranges is, and whether a piece of it is wide."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

Range = tuple[int, int]  # first and last address as numbers, inclusive
Ranges = dict[int, list[Range]]  # by IP version, 4 and 6; sorted and disjoint
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNRESTRICTED = 0.1  # from this share of the public addresses of a family on, a set of ranges counts as the internet
WIDEST = {
    4: 2 ** (32 - 24),
    6: 2 ** (128 - 48),
}  # addresses of the widest public block that is no "wide range" (NB-LP-01)
WORLD = {4: (0, 2**32 - 1), 6: (0, 2**128 - 1)}

# Global unicast less what the IANA special-purpose registries take out of it. IPv6 is allocated from 2000::/3 only.
_SPECIAL = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3",
)  # fmt: skip


def of_networks(networks: Iterable[Network]) -> Ranges:
    """Networks as ranges, touching ones joined."""
    found: Ranges = {4: [], 6: []}
    for network in networks:
        found[network.version].append((int(network.network_address), int(network.broadcast_address)))
    return {version: _joined(ranges) for version, ranges in found.items()}


def of_texts(texts: Iterable[str]) -> Ranges:
    """Ranges written "first-last", as the reachability engine prints them, joined."""
    found: Ranges = {4: [], 6: []}
    for text in texts:
        first, _, last = text.partition("-")
        start = ipaddress.ip_address(first)
        found[start.version].append((int(start), int(ipaddress.ip_address(last or first))))
    return {version: _joined(ranges) for version, ranges in found.items()}


def union(parts: Iterable[Ranges]) -> Ranges:
    """Everything that is in one of the parts."""
    listed = list(parts)
    return {version: _joined([item for part in listed for item in part[version]]) for version in (4, 6)}


def less(ranges: Ranges, removed: Ranges) -> Ranges:
    """What of `ranges` is not in `removed`."""
    return {version: _less(ranges[version], removed[version]) for version in (4, 6)}


def public(ranges: Ranges) -> Ranges:
    """The public part of ranges."""
    outside = {version: _less([WORLD[version]], _public()[version]) for version in (4, 6)}
    return less(ranges, outside)


def public_runs(parts: Iterable[Ranges]) -> list[Ranges]:
    """The public addresses, cut wherever one of the parts begins or ends: within a run all parts say the same."""
    cuts = {version: {first, last + 1} for version, (first, last) in WORLD.items()}
    for part in parts:
        for version, ranges in part.items():
            cuts[version] |= {end for first, last in ranges for end in (first, last + 1)}
    runs = []
    for version, ends in cuts.items():
        ordered = sorted(ends)
        for start, stop in pairwise(ordered):
            run = public({4: [], 6: [], version: [(start, stop - 1)]})
            if run[version]:
                runs.append(run)
    return runs


def first(ranges: Ranges) -> str:
    """The first address of ranges that are not empty."""
    version, items = next((version, items) for version, items in ranges.items() if items)
    return str(ipaddress.IPv4Address(items[0][0]) if version == 4 else ipaddress.IPv6Address(items[0][0]))


def shares(ranges: Ranges) -> dict[int, float]:
    """The share of each family's public addresses that lies in `ranges`, however it is cut into pieces."""
    return {version: _size(items) / _size(_public()[version]) for version, items in public(ranges).items()}


def is_unrestricted(ranges: Ranges) -> bool:
    """Whether ranges are so much of the public internet that no list of partners could be meant."""
    return max(shares(ranges).values()) >= UNRESTRICTED


def is_wide(ranges: Ranges) -> bool:
    """Whether a run of public addresses without a gap is longer than a /24 (IPv4) or /48 (IPv6)."""
    return any(last - first + 1 > WIDEST[version] for version, items in public(ranges).items() for first, last in items)


def within(ranges: Ranges, allowed: Ranges) -> bool:
    """Whether nothing of `ranges` lies outside `allowed`."""
    return not any(less(ranges, allowed).values())


@cache
def _public() -> dict[int, tuple[Range, ...]]:
    special = of_networks(ipaddress.ip_network(text) for text in _SPECIAL)
    unicast = of_networks([ipaddress.ip_network("2000::/3")])
    return {4: tuple(_less([WORLD[4]], special[4])), 6: tuple(unicast[6])}


def _size(ranges: Iterable[Range]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _joined(ranges: Iterable[Range]) -> list[Range]:
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _less(ranges: Iterable[Range], removed: Iterable[Range]) -> list[Range]:
    found = []
    holes = list(removed)
    for first, last in ranges:
        start = first
        for gap_first, gap_last in holes:
            if gap_last < start or gap_first > last:
                continue
            if gap_first > start:
                found.append((start, gap_first - 1))
            start = gap_last + 1
        if start <= last:
            found.append((start, last))
    return found
