"""External addresses, cut into the classes that the policies distinguish; IPv4 and IPv6 are two independent lines."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from scanner.policy.model import BlockPeer, Matching
from scanner.policy.words import address_words

Span = tuple[int, int, int]  # IP version, first address, last address

_LAST = {4: (1 << 32) - 1, 6: (1 << 128) - 1}


def is_address(text: str) -> bool:
    """Whether text is an IP address; a Service's "None" and a node's host name are not."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def admitted_spans(peer: BlockPeer) -> tuple[Span, ...]:
    """The addresses of an ipBlock less its excepts, as ascending runs."""
    version, first = peer.block.version, int(peer.block.network_address)
    spans: list[Span] = []
    for _, low, high in excepted_spans(peer):
        if first < low:
            spans.append((version, first, low - 1))
        first = high + 1
    last = int(peer.block.broadcast_address)
    if first <= last:
        spans.append((version, first, last))
    return tuple(spans)


def excepted_spans(peer: BlockPeer) -> tuple[Span, ...]:
    """What an ipBlock excepts, as ascending runs without overlap (of two CIDRs that meet, one holds the other)."""
    spans: list[Span] = []
    for network in sorted(peer.excepts, key=lambda net: (int(net.network_address), net.prefixlen)):
        low, high = int(network.network_address), int(network.broadcast_address)
        if not spans or low > spans[-1][2]:
            spans.append((network.version, low, high))
    return tuple(spans)


# Addresses that no pod gets: loopback, link-local and multicast (IANA's special-purpose registries).
_NEVER_OF_PODS = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::1/128", "fe80::/10", "ff00::/8"))
)


def never_of_pods(peer: BlockPeer) -> bool:
    """Whether a block holds only addresses that no pod can have, so that none of unknown address can be in it."""
    return any(
        peer.block.version == special.version
        and peer.block.network_address in special
        and peer.block.prefixlen >= special.prefixlen
        for special in _NEVER_OF_PODS
    )


def address_sets(blocks: Sequence[BlockPeer], *, excepts_matter: bool) -> list[tuple[Span, ...]]:
    """What the address space must tell apart: every block, then what each excepts (empty where that changes nothing)."""
    return [admitted_spans(block) for block in blocks] + [
        excepted_spans(block) if excepts_matter and block.matching is Matching.IMPLEMENTATION else ()
        for block in blocks
    ]


class AddressSpace:
    """All addresses by signature: which of the given sets (ipBlocks, or what they except) hold an address.

    Addresses of one family with one signature are one class, numbered from 0, IPv4 before IPv6 and then by lowest address.
    Peers that are known by name only are classes of their own and follow; no set holds them.
    """

    def __init__(self, sets: Sequence[Iterable[Span]], names: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        self._signatures: list[int] = []
        self._spans: list[list[tuple[int, int]]] = []
        self._versions: list[int] = []
        self._starts: dict[int, list[int]] = {}
        self._numbers: dict[int, list[int]] = {}
        toggles: dict[int, dict[int, int]] = {4: {0: 0}, 6: {0: 0}}
        for number, spans in enumerate(sets):
            for version, first, last in spans:
                line = toggles[version]
                line[first] = line.get(first, 0) ^ (1 << number)
                if last < _LAST[version]:
                    line[last + 1] = line.get(last + 1, 0) ^ (1 << number)
        for version, line in toggles.items():
            self._sweep(version, line)

    def _sweep(self, version: int, toggles: dict[int, int]) -> None:
        numbers: dict[int, int] = {}
        signature = 0
        starts = sorted(toggles)
        self._starts[version], self._numbers[version] = starts, []
        for first, after in zip(starts, [*starts[1:], _LAST[version] + 1], strict=True):
            signature ^= toggles[first]
            number = numbers.get(signature)
            if number is None:
                number = numbers[signature] = len(self._signatures)
                self._signatures.append(signature)
                self._versions.append(version)
                self._spans.append([])
            spans = self._spans[number]
            if spans and spans[-1][1] == first - 1:
                spans[-1] = (spans[-1][0], after - 1)
            else:
                spans.append((first, after - 1))
            self._numbers[version].append(number)

    def __len__(self) -> int:
        """How many classes there are: of both families, and names."""
        return len(self._signatures) + len(self.names)

    @property
    def first_name(self) -> int:
        """The number of the first class that is a name."""
        return len(self._signatures)

    def name(self, number: int) -> str:
        """The name that a class stands for; empty where it stands for addresses."""
        return self.names[number - len(self._signatures)] if number >= len(self._signatures) else ""

    def family(self, version: int) -> list[int]:
        """The classes of addresses of one IP version."""
        return [number for number, each in enumerate(self._versions) if each == version]

    def signature(self, number: int) -> int:
        """The sets that hold the addresses of one class, as bits in the order they were given; none for a name."""
        return self._signatures[number] if number < len(self._signatures) else 0

    def spans(self, number: int) -> tuple[Span, ...]:
        """One class's maximal runs as numbers; none of a name."""
        if number >= len(self._signatures):
            return ()
        return tuple((self._versions[number], first, last) for first, last in self._spans[number])

    def ranges(self, number: int) -> tuple[str, ...]:
        """One class's maximal runs as "first-last"; of a name, the name."""
        name = self.name(number)
        return (name,) if name else self._texts(number, self._spans[number])

    def _texts(self, number: int, spans: Iterable[tuple[int, int]]) -> tuple[str, ...]:
        text = ipaddress.IPv4Address if self._versions[number] == 4 else ipaddress.IPv6Address
        return tuple(f"{address_words(text(first))}-{address_words(text(last))}" for first, last in spans)

    def locate(self, address: str) -> int:
        """The class of one address.

        Raises:
            ValueError: this is no IP address.
        """
        parsed = ipaddress.ip_address(address)
        found = bisect_right(self._starts[parsed.version], int(parsed)) - 1
        return self._numbers[parsed.version][found]

    def within(self, first: str, last: str) -> dict[int, tuple[str, ...]]:
        """The classes of the addresses from `first` to `last`, each with the parts of that range it holds, ascending.

        Raises:
            ValueError: one of the two is no IP address, they are of different families, or the second is the lower one.
        """
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
        if low.version != high.version or int(low) > int(high):
            raise ValueError(f"{first}-{last} is no range of addresses")
        ends = int(low), int(high)
        starts, numbers = self._starts[low.version], self._numbers[low.version]
        held = {numbers[at] for at in range(bisect_right(starts, ends[0]) - 1, bisect_right(starts, ends[1]))}
        parts = {
            number: [
                (max(start, ends[0]), min(end, ends[1]))
                for start, end in self._spans[number]
                if start <= ends[1] and end >= ends[0]
            ]
            for number in held
        }
        return {number: self._texts(number, parts[number]) for number in sorted(held, key=parts.__getitem__)}
