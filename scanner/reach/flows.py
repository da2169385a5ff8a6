"""What a matrix is made of: sets of classes known from both ends, rules as rectangles, and how each direction stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from scanner.policy.model import Action, Ports
from scanner.reach.model import Direction
from scanner.reach.ports import NamedPorts, PortAtoms
from scanner.reach.walk import Place

PortList = tuple[Ports, ...] | None


class Bound(StrEnum):
    """Which end of the truth a matrix holds."""

    POSSIBLE = "possible"
    CERTAIN = "certain"


class Bounds(NamedTuple):
    """A bit set of classes known from both ends."""

    sure: int
    maybe: int

    def __and__(self, other: Bounds) -> Bounds:
        """What is in both."""
        return Bounds(self.sure & other.sure, self.maybe & other.maybe)

    def __or__(self, other: Bounds) -> Bounds:
        """What is in either."""
        sure = self.sure | other.sure
        if self.sure is self.maybe and other.sure is other.maybe:  # mostly there is no doubt, and sets are wide
            return Bounds(sure, sure)
        return Bounds(sure, self.maybe | other.maybe)

    def without(self, classes: int) -> Bounds:
        """Less some classes."""
        if not self.maybe & classes:
            return self
        return Bounds(self.sure & ~classes, self.maybe & ~classes)


class Flow(NamedTuple):
    """One rectangle: what a rule says of the classes in `subject` and those in `peers`, at its place in the order."""

    direction: Direction
    place: Place
    action: Action
    subject: Bounds
    peers: Bounds
    sure_ports: PortList
    maybe_ports: PortList

    @property
    def certain(self) -> bool:
        """Whether both readings are one."""
        return (
            self.subject.sure == self.subject.maybe
            and self.peers.sure == self.peers.maybe
            and self.sure_ports == self.maybe_ports
        )


class Space(NamedTuple):
    """The peers: pod classes first, then the classes of external addresses. `named` has one entry per pod class."""

    pods: int
    size: int
    named: tuple[NamedPorts, ...]
    atoms: PortAtoms

    @property
    def everyone(self) -> int:
        """Every peer."""
        return (1 << self.size) - 1

    @property
    def external(self) -> int:
        """The classes of external addresses and names."""
        return self.everyone & ~((1 << self.pods) - 1)


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of one bound: `opened` classes nothing restricts, `closed` ones may do nothing, the rest is judged.

    `endings` go by tier. `always` are peers that every judged class admits whatever its policies say.
    """

    opened: int
    closed: int
    endings: tuple[Bounds, ...]
    always: int = 0
