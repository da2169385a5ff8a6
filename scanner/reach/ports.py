"""Port space cut into atoms at the boundaries that policies and Services mention: a port set becomes a small bit mask."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from scanner.policy.model import Ports
from scanner.reach.model import PROTOCOLS, PortSet

NamedPorts = tuple[tuple[str, str, int], ...]  # protocol, name, number: what a name means on one class of pods

_END = 65536


class PortAtoms:
    """The atoms of every protocol side by side in one mask, TCP lowest.

    `spans` are (protocol, first, last) that must be told apart.
    """

    def __init__(self, spans: Iterable[tuple[str, int, int]]) -> None:
        cuts: dict[str, set[int]] = {protocol: {1} for protocol in PROTOCOLS}
        for protocol, first, last in spans:
            if protocol in cuts:
                cuts[protocol].update({first, last + 1} - {_END})
        self._starts = {protocol: sorted(numbers) for protocol, numbers in cuts.items()}
        self._offset: dict[str, int] = {}
        size = 0
        for protocol in PROTOCOLS:
            self._offset[protocol] = size
            size += len(self._starts[protocol])
        self.full = (1 << size) - 1
        self._masks: dict[tuple[tuple[Ports, ...], NamedPorts], int] = {}
        self._port_sets: dict[int, PortSet] = {}

    def span(self, protocol: str, first: int, last: int) -> int:
        """The atoms from one port to another; each end must be a boundary that was given."""
        starts, offset = self._starts[protocol], self._offset[protocol]
        low = bisect_right(starts, first) - 1
        high = bisect_right(starts, last)
        return ((1 << high) - (1 << low)) << offset

    def at(self, protocol: str, number: int) -> int:
        """The one atom that holds a port, whether that is a boundary or not."""
        return 1 << self._offset[protocol] + bisect_right(self._starts[protocol], number) - 1

    def numbers(self, ports: Iterable[tuple[str, int]]) -> int:
        """The atoms of single ports, each of which must be a boundary."""
        found = 0
        for protocol, number in ports:
            found |= self.span(protocol, number, number)
        return found

    def mask(self, ports: tuple[Ports, ...] | None, named: NamedPorts) -> int:
        """What a rule's `ports` mean at a destination with these named ports; None is every port of every protocol."""
        if ports is None:
            return self.full
        found = self._masks.get((ports, named))
        if found is None:
            found = 0
            for port in ports:
                if not port.name:
                    found |= self.span(port.protocol, port.first, port.last)
                    continue
                for protocol, name, number in named:
                    if (protocol, name) == (port.protocol, port.name):
                        found |= self.span(protocol, number, number)
            self._masks[ports, named] = found
        return found

    def fixed(self, ports: tuple[Ports, ...] | None) -> int | None:
        """What a rule's `ports` mean at every destination; None where that hangs on the destination's named ports."""
        return None if ports is not None and any(port.name for port in ports) else self.mask(ports, ())

    def port_set(self, mask: int) -> PortSet:
        """A mask as sorted, disjoint, inclusive ranges per protocol."""
        found = self._port_sets.get(mask)
        if found is None:
            found = {protocol: ranges for protocol in PROTOCOLS if (ranges := self._ranges(protocol, mask))}
            self._port_sets[mask] = found
        return found

    def _ranges(self, protocol: str, mask: int) -> tuple[tuple[int, int], ...]:
        starts, bits = self._starts[protocol], mask >> self._offset[protocol]
        ranges: list[tuple[int, int]] = []
        for at, first in enumerate(starts):
            if not bits >> at & 1:
                continue
            last = (starts[at + 1] if at + 1 < len(starts) else _END) - 1
            if ranges and ranges[-1][1] == first - 1:
                ranges[-1] = (ranges[-1][0], last)
            else:
                ranges.append((first, last))
        return tuple(ranges)
