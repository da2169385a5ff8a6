"""Address ranges as integers: parsing, set operations, and the longest match of a route table as one sorted line."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from scanner.reach.addresses import Span

WHOLE: tuple[Span, Span] = ((4, 0, (1 << 32) - 1), (6, 0, (1 << 128) - 1))
T = TypeVar("T")


def span_of(text: str) -> Span:
    """The addresses of a prefix or a single address; host bits are ignored, as the clouds ignore them.

    Raises:
        ValueError: the text is neither.
    """
    network = ipaddress.ip_network(text.strip(), strict=False)
    return network.version, int(network.network_address), int(network.broadcast_address)


def is_prefix(text: str) -> bool:
    """Whether text is a prefix or an address."""
    try:
        span_of(text)
    except ValueError:
        return False
    return True


def spans_of(texts: Iterable[str]) -> list[Span]:
    """The addresses of several prefixes, ascending, without overlap, neighbours joined."""
    return union(span_of(text) for text in texts)


def union(spans: Iterable[Span]) -> list[Span]:
    """The same addresses as ascending runs without overlap, neighbours joined."""
    joined: list[Span] = []
    for version, first, last in sorted(spans):
        if joined and joined[-1][0] == version and first <= joined[-1][2] + 1:
            joined[-1] = (version, joined[-1][1], max(last, joined[-1][2]))
        else:
            joined.append((version, first, last))
    return joined


def meet(one: Span, other: Span) -> Span | None:
    """The addresses in both; None where there are none."""
    first, last = max(one[1], other[1]), min(one[2], other[2])
    return (one[0], first, last) if one[0] == other[0] and first <= last else None


def within(span: Span, runs: Sequence[Span]) -> list[Span]:
    """The parts of `span` that ascending `runs` hold."""
    found = []
    for run in runs[max(0, bisect_right(runs, span) - 1) :]:
        if (part := meet(span, run)) is not None:
            found.append(part)
        elif run > span and (run[0] != span[0] or run[1] > span[2]):
            break
    return found


def without(span: Span, runs: Sequence[Span]) -> list[Span]:
    """The parts of `span` that ascending `runs` do not hold."""
    version, first, last = span
    left = []
    for _, low, high in within(span, runs):
        if first < low:
            left.append((version, first, low - 1))
        first = high + 1
    if first <= last:
        left.append((version, first, last))
    return left


def is_public(span: Span) -> bool:
    """Whether an end of a run is routed on the internet; a network's range is private or public as a whole."""
    return _address(span[0], span[1]).is_global or _address(span[0], span[2]).is_global


def prefixes(spans: Iterable[Span]) -> tuple[str, ...]:
    """The fewest prefixes that hold just these addresses, ascending."""
    return tuple(text for span in union(spans) for text in _prefixes(span))


@lru_cache(maxsize=1 << 16)  # the same ranges come up in the answers for every pair of clusters
def _prefixes(span: Span) -> tuple[str, ...]:
    version, first, last = span
    networks = ipaddress.summarize_address_range(_address(version, first), _address(version, last))
    return tuple(str(network) for network in networks)


def _address(version: int, number: int) -> ipaddress.IPv4Address:
    # typed as IPv4: the library's functions take either, and no annotation says so of a pair
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)  # type: ignore[return-value]


class LongestMatch(Generic[T]):
    """Entries by prefix, laid out as disjoint runs, each with the entries of the longest prefix that holds it."""

    def __init__(self, entries: Iterable[tuple[Span, T]]) -> None:
        grouped: dict[Span, list[T]] = {}
        for span, entry in entries:
            grouped.setdefault(span, []).append(entry)
        self._runs: list[Span] = []
        self._entries: list[list[T]] = []
        open_spans: list[Span] = []  # those that hold the current position, the shortest prefix first
        position = 0
        for span in sorted(grouped, key=lambda each: (each[0], each[1], -each[2])):
            while open_spans and (open_spans[-1][0] != span[0] or open_spans[-1][2] < span[1]):
                position = self._close(open_spans, position, grouped)
            if open_spans and position < span[1]:
                self._add((span[0], position, span[1] - 1), grouped[open_spans[-1]])
            position = span[1]
            open_spans.append(span)
        while open_spans:
            position = self._close(open_spans, position, grouped)

    def _close(self, open_spans: list[Span], position: int, grouped: dict[Span, list[T]]) -> int:
        version, _, last = span = open_spans.pop()
        if position <= last:
            self._add((version, position, last), grouped[span])
        return max(position, last + 1)

    def _add(self, span: Span, entries: list[T]) -> None:
        self._runs.append(span)
        self._entries.append(entries)

    def pieces(self, span: Span) -> Iterator[tuple[Span, list[T]]]:
        """The whole of `span` in ascending pieces, each with the entries that decide there (none: an empty list)."""
        version, position, last = span
        at = max(0, bisect_right(self._runs, (version, position, 1 << 128)) - 1)
        while at < len(self._runs) and position <= last:
            run = self._runs[at]
            if (part := meet((version, position, last), run)) is not None:
                if position < part[1]:
                    yield (version, position, part[1] - 1), []
                yield part, self._entries[at]
                position = part[2] + 1
            elif run[0] > version or (run[0] == version and run[1] > last):
                break
            at += 1
        if position <= last:
            yield (version, position, last), []
