"""Whether one rule holds another whatever pods there are: by their selectors, blocks and ports alone.

A no means that this cannot be told by looking, not that it is false.
"""

from __future__ import annotations

from scanner.model import NAME_LABEL
from scanner.policy.model import (
    BlockPeer,
    Entity,
    EntityPeer,
    Network,
    Operator,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Requirement,
    Rule,
    Selector,
)


def selector_implies(narrow: Selector, wide: Selector) -> bool:
    """Whether all that `narrow` selects is selected by `wide`."""
    return all(any(_follows(each, wanted) for each in narrow.requirements) for wanted in wide.requirements) and all(
        clause in narrow.clauses for clause in wide.clauses
    )


def _follows(known: Requirement, wanted: Requirement) -> bool:
    """Whether one condition on a label follows from another."""
    if known.key != wanted.key:
        return False
    values, others = frozenset(known.values), frozenset(wanted.values)
    absent = known.operator in {Operator.NOT_IN, Operator.DOES_NOT_EXIST}
    match wanted.operator:
        case Operator.IN:
            return known.operator is Operator.IN and values <= others
        case Operator.NOT_IN if known.operator is Operator.NOT_IN:
            return values >= others
        case Operator.NOT_IN:
            return known.operator is Operator.DOES_NOT_EXIST or (known.operator is Operator.IN and not values & others)
        case Operator.EXISTS:
            return not absent
    return known == wanted


def rule_implies(policy: Policy, narrow: Rule, other: Policy, wide: Rule) -> bool:
    """Whether all that `narrow` of `policy` matches is matched by `wide` of `other`."""
    return (
        narrow.direction is wide.direction
        and policy_implies(policy, other)
        and (wide.subject is None or wide.subject == narrow.subject)
        and _peers_imply(policy, narrow, other, wide)
        and _ports_imply(narrow.ports, wide.ports)
    )


def policy_implies(policy: Policy, other: Policy) -> bool:
    """Whether `other` selects every pod that `policy` selects."""
    return _namespaces_imply(
        policy.namespace, policy.namespaces, other.namespace, other.namespaces
    ) and selector_implies(policy.subject, other.subject)


def _namespaces_imply(own: str, narrow: Selector | None, other: str, wide: Selector | None) -> bool:
    """The same for namespaces; None is the policy's own, `own` and `other`."""
    if wide is None:
        return narrow is None and own == other
    if narrow is None:
        narrow = Selector((Requirement(NAME_LABEL, Operator.IN, (own,)),))
    return selector_implies(narrow, wide)


def _peers_imply(policy: Policy, narrow: Rule, other: Policy, wide: Rule) -> bool:
    if wide.peers is None:
        return True
    return narrow.peers is not None and all(
        any(_peer_implies(policy.namespace, each, other.namespace, candidate) for candidate in wide.peers or ())
        for each in narrow.peers
    )


def _peer_implies(own: str, narrow: Peer, other: str, wide: Peer) -> bool:
    if wide == EntityPeer(Entity.ALL):
        return True
    if isinstance(narrow, PodPeer) and isinstance(wide, PodPeer):
        return _namespaces_imply(own, narrow.namespaces, other, wide.namespaces) and selector_implies(
            narrow.pods, wide.pods
        )
    if isinstance(narrow, BlockPeer) and isinstance(wide, BlockPeer):
        return _block_implies(narrow, wide)
    return narrow == wide


def _block_implies(narrow: BlockPeer, wide: BlockPeer) -> bool:
    if narrow.matching is not wide.matching or not _inside(narrow.block, wide.block):
        return False
    return all(any(_inside(each, known) for known in narrow.excepts) for each in wide.excepts if _touches(each, narrow))


def _inside(network: Network, other: Network) -> bool:
    return network.network_address in other and network.broadcast_address in other


def _touches(network: Network, peer: BlockPeer) -> bool:
    """Whether two networks have addresses in common: then one holds the other."""
    return _inside(network, peer.block) or _inside(peer.block, network)


def _ports_imply(narrow: tuple[Ports, ...] | None, wide: tuple[Ports, ...] | None) -> bool:
    if wide is None:
        return True
    return narrow is not None and all(any(_port_implies(each, known) for known in wide) for each in narrow)


def _port_implies(narrow: Ports, wide: Ports) -> bool:
    if narrow == wide:
        return True
    if narrow.protocol != wide.protocol or wide.name:
        return False
    if narrow.name:
        return (wide.first, wide.last) == (1, 65535)
    return wide.first <= narrow.first and narrow.last <= wide.last
