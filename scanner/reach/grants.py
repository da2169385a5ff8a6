"""One rule over the classes of a cluster: whom it selects, whom it matches, and on which ports."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.policy.model import Policy, Ports, Rule
from scanner.reach.flows import Bounds
from scanner.reach.walk import Place

NOBODY = Bounds(0, 0)


@dataclass(frozen=True, slots=True)
class Peers:
    """Whom a rule's peers match: pods by selector, everything else, and what ipBlocks except."""

    selected: Bounds
    addressed: Bounds
    excepted: int
    all: Bounds = field(init=False)  # everybody

    def __post_init__(self) -> None:
        """Join once what is asked for again and again."""
        object.__setattr__(self, "all", self.selected | self.addressed)


@dataclass(frozen=True, slots=True)
class Grant:
    """One rule of one policy over the classes, with the ports it surely and maybe concerns.

    `sure_ports` leaves out what the plane is known not to honour, and names that it may read in its own way; `maybe_ports`
    has whatever numbers such names may stand for.
    """

    policy: Policy
    rule: Rule
    place: Place
    subject: Bounds
    peers: Peers
    sure_ports: tuple[Ports, ...] | None
    maybe_ports: tuple[Ports, ...] | None

    @property
    def doubt(self) -> str:
        """Why the rule may match less than it names; empty where it is known."""
        return self.policy.doubt or self.rule.doubt
