"""What of each rule decides whether it may be redundant, or stand in for another."""

from __future__ import annotations

from scanner.lint.boxes import Boxes
from scanner.policy.model import BlockPeer, Entity, EntityPeer, Matching, NamePeer, Peer
from scanner.reach.grants import Grant


class Traits:
    """The traits of the rules of one direction, by number.

    `verdict` is a number for each tier and action. `helpful` rules may stand in for others, `eligible` ones be redundant.
    `by_width` is a place for each ref, the widest first.
    """

    def __init__(self, boxes: Boxes) -> None:
        self._boxes = boxes
        grants = boxes.grants
        sequences: dict[tuple[int, int], set[int]] = {}
        verdicts: dict[tuple[int, str], int] = {}
        self.verdict: list[int] = []
        for grant in grants:
            sequences.setdefault(grant.place[:2], set()).add(grant.place.sequence)
            key = (grant.place.tier, grant.rule.action)
            self.verdict.append(verdicts.setdefault(key, len(verdicts)))
        tied = {place for place, found in sequences.items() if len(found) > 1}  # policies whose order is not defined
        self.helpful = {at for at, grant in enumerate(grants) if not grant.rule.l7 and grant.place[:2] not in tied}
        self.eligible = {at for at in self.helpful if boxes.certain(at)}
        self._choice = {at for at, grant in enumerate(grants) if any(map(_of_choice, grant.rule.peers or ()))}
        self._outside = {at for at, grant in enumerate(grants) if any(map(_outside, grant.rule.peers or ()))}
        self.width = [_width(grant) for grant in grants]
        order = sorted(range(len(grants)), key=lambda at: -self.width[at])
        places = [0] * len(grants)
        for place, at in enumerate(order):
            places[at] = place
        self.by_width = [places[ref >> 1] for ref in range(2 * len(grants))]

    def may_cover(self, other: int, number: int) -> bool:
        """Whether a rule may stand in for another on every engine, if it matches as much on this one.

        Whether an ipBlock matches pods is each engine's choice. So for one stands in what holds the pods behind its addresses
        too, and no ipBlock stands in for pods by selector only because an engine happens to match them.
        """
        if other not in self.helpful or (number in self._choice and other in self._outside):
            return False
        if self._boxes.declared or other not in self._choice:
            return True
        peers = self._boxes.grants[number].rule.peers
        return peers is not None and all(isinstance(peer, BlockPeer) for peer in peers)

    def holds(self, wide: int, narrow: int) -> bool:
        """Whether a rule of the same step surely matches, wherever both concern a pod, all that another does."""
        boxes = self._boxes
        one, other = boxes.grants[wide], boxes.grants[narrow]
        if one.place != other.place or not (boxes.same_everywhere[wide] and boxes.same_everywhere[narrow]):
            return False
        return not boxes.left(narrow, wide)


def _width(grant: Grant) -> int:
    """How much a rule matches, roughly."""
    spans = (1 if port.name else port.last - port.first + 1 for port in grant.rule.ports or ())
    ports = 3 * 65536 if grant.rule.ports is None else sum(spans)
    return grant.subject.maybe.bit_count() * grant.peers.all.maybe.bit_count() * ports


def _of_choice(peer: Peer) -> bool:
    """Whether it is each engine's own choice if a peer matches pods."""
    return isinstance(peer, BlockPeer) and peer.matching is Matching.IMPLEMENTATION


def _outside(peer: Peer) -> bool:
    """Whether a peer holds addresses and never the pods behind them."""
    if isinstance(peer, BlockPeer):
        return peer.matching is Matching.OUTSIDE
    return isinstance(peer, NamePeer) or (isinstance(peer, EntityPeer) and peer.entity is not Entity.ALL)
