"""Whom the `source` or `destination` of a rule matches: as the peer, or as the rule's own side.

Sources: Calico's `libcalico-go/lib/backend/syncersv1/updateprocessors/rules.go` (how selectors are scoped by namespaces),
`felix/calc/rule_scanner.go` (a notSelector narrows a selector; alone it also matches what is no endpoint),
`felix/rules/policy.go` (all criteria must match; a rule holds for the versions of IP that all its lists of nets have).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.policy.calico.facts import Facts
from scanner.policy.calico.labels import (
    ACCOUNT,
    account_selector,
    endpoint_selector,
    in_namespace,
    namespace_selector,
    namespaced_selector,
)
from scanner.policy.calico.nets import EVERYWHERE, blocks
from scanner.policy.calico.normal import conjunction
from scanner.policy.calico.sets import Matched
from scanner.policy.calico.wire import WireEntity, WireServiceAccounts
from scanner.policy.decode import Context
from scanner.policy.model import (
    EVERYTHING,
    NOTHING,
    BlockPeer,
    Entity,
    EntityPeer,
    Matching,
    Network,
    Operator,
    Peer,
    PodPeer,
    Requirement,
    Selector,
)

BOTH_FAMILIES = frozenset({4, 6})


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule stands: the policy's namespace (empty for a global one), what it may refer to, and whether the API read it."""

    namespace: str
    context: Context
    facts: Facts
    strict: bool


@dataclass(frozen=True, slots=True)
class Nets:
    """The lists of nets of one side, and the versions of IP that the whole rule holds for."""

    nets: tuple[Network, ...]
    not_nets: tuple[Network, ...]
    families: frozenset[int]

    @property
    def any(self) -> bool:
        """Whether this side has such a list."""
        return bool(self.nets or self.not_nets)

    def blocks(self, matching: Matching) -> tuple[BlockPeer, ...]:
        """What the lists leave of everywhere."""
        mine = [each for each in self.nets or EVERYWHERE if each.version in self.families]
        return blocks(mine, self.not_nets, matching=matching)


@dataclass(frozen=True, slots=True)
class Found:
    """The peers of a rule (None: everybody), the doubt about them, and more peers that are in doubt themselves."""

    peers: tuple[Peer, ...] | None
    doubt: str = ""
    more: tuple[Peer, ...] = ()
    more_doubt: str = ""


def peers_of(wire: WireEntity, nets: Nets, field: str, scope: Scope) -> Found:
    """Whom a rule's other side matches, but for `services`.

    Raises:
        FieldError: a selector is none.
    """
    if wire.namespace_selector or wire.selector or _constrains(wire.service_accounts):
        return _endpoints(wire, nets, field, scope)
    if wire.not_selector:
        return (
            _endpoints(wire, nets, field, scope) if scope.namespace else _all_but(wire.not_selector, nets, field, scope)
        )
    if nets.any or nets.families != BOTH_FAMILIES:
        return Found(nets.blocks(Matching.PODS))
    return Found(None)


def _endpoints(wire: WireEntity, nets: Nets, field: str, scope: Scope) -> Found:
    """Pods, sets and host endpoints by labels."""
    labels, doubt = _labels(wire, field)
    namespaces: Selector | None = None if scope.namespace else EVERYTHING
    placed = in_namespace(scope.namespace) if scope.namespace else EVERYTHING
    if wire.namespace_selector:
        place = f"{field}.namespaceSelector"
        namespaces = namespace_selector(wire.namespace_selector, place)
        placed = namespaced_selector(wire.namespace_selector, place)
    sets = scope.facts.sets.matched(conjunction([labels, placed]))
    pods = () if NOTHING in (labels, namespaces) else (PodPeer(labels, namespaces),)
    if nets.any:
        doubt = f"{field} names nets together with selectors, which is not modelled"
    split = bool(pods) and not nets.any and _splits_pods(nets, scope)
    unsure = [f"which network sets {field} selects is not known: {sets.doubt}"] if sets.doubt else []
    unsure += [_one_version(field)] if split else []
    found = _of_families(sets.blocks, nets)
    rest = _of_families(blocks(EVERYWHERE, matching=Matching.PODS), nets) if sets.doubt else ()
    return Found(
        peers=found if split else (*pods, *found),
        doubt=doubt,
        more=(*pods, *rest) if split else rest,
        more_doubt="; ".join(unsure),
    )


def _all_but(not_selector: str, nets: Nets, field: str, scope: Scope) -> Found:
    """A global policy's notSelector alone: everybody but the pods, sets and host endpoints that it selects."""
    place = f"{field}.notSelector"
    pods, doubt = endpoint_selector(not_selector, place, negated=True)
    if nets.any:
        doubt = f"{field} names nets together with a notSelector, which is not modelled"
        return Found(nets.blocks(Matching.PODS), doubt)
    selected, _ = endpoint_selector(not_selector, place)
    sets = scope.facts.sets.matched(selected)
    if sets.blocks or sets.doubt:
        doubt = doubt or f"{place} leaves out network sets, whose addresses may be those of pods and nodes"
    outside = _of_families(blocks(EVERYWHERE, matching=Matching.OUTSIDE), nets)
    inside = (PodPeer(pods, EVERYTHING), EntityPeer(Entity.NODES))
    if _splits_pods(nets, scope):
        return Found(outside, doubt, more=inside, more_doubt=_one_version(field))
    return Found((*inside, *outside), doubt)


def _splits_pods(nets: Nets, scope: Scope) -> bool:
    """Whether a rule is for one version of IP and pods may have the other."""
    return nets.families not in (BOTH_FAMILIES, scope.facts.families)


def _one_version(field: str) -> str:
    return f"{field} holds for one version of IP, and pods may have both"


@dataclass(frozen=True, slots=True)
class OwnSide:
    """What a rule's own side narrows the policy's subject to (None: nothing), and the doubt about it.

    With `wider`, the rule may hold for more of the subject than that, for the reason given.
    """

    subject: Selector | None
    doubt: str = ""
    wider: str = ""


def own_side(wire: WireEntity, nets: Nets, field: str, scope: Scope) -> OwnSide:
    """The side of a rule that stands for the policy's own pods.

    A packet is matched by its address there too, so network sets count where they hold addresses of pods.

    Raises:
        FieldError: a selector is none.
    """
    labels, doubt = _labels(wire, field)
    placed = in_namespace(scope.namespace) if scope.namespace else EVERYTHING
    own = labels
    if wire.namespace_selector:
        # On a pod, `all()` always holds and `global()` never does; the namespace's labels stand behind a prefix.
        placed = namespaced_selector(wire.namespace_selector, f"{field}.namespaceSelector")
        own = conjunction([labels, placed])
    if own.everything:
        return OwnSide(None, _own_nets(field) if nets.any else doubt)
    if nets.any:
        doubt = _own_nets(field)
    if _holds(scope.facts.sets.matched(conjunction([labels, placed]))):
        return OwnSide(
            own, doubt, f"{field} selects network sets, whose addresses may be those of the policy's own pods"
        )
    if wire.not_selector:
        selected, _ = endpoint_selector(wire.not_selector, f"{field}.notSelector")
        if _holds(scope.facts.sets.matched(selected)):
            why = f"{field}.notSelector leaves out network sets, whose addresses may be those of the policy's own pods"
            return OwnSide(own, doubt or why)
    return OwnSide(own, doubt)


def _holds(sets: Matched) -> bool:
    return bool(sets.blocks or sets.doubt)


def _own_nets(field: str) -> str:
    return f"{field} names the addresses of the policy's own pods, which is not modelled"


def _labels(wire: WireEntity, field: str) -> tuple[Selector, str]:
    """The conditions on labels of one side but for the namespace."""
    found: list[tuple[Selector, str]] = []
    accounts = wire.service_accounts
    names = sorted({name or "" for name in (accounts.names if accounts else None) or ()})
    if names:
        found.append((Selector((Requirement(ACCOUNT, Operator.IN, tuple(names)),)), ""))
    if accounts and accounts.selector:
        found.append(account_selector(accounts.selector, f"{field}.serviceAccounts.selector"))
    if wire.selector:
        found.append(endpoint_selector(wire.selector, f"{field}.selector"))
    if wire.not_selector:
        found.append(endpoint_selector(wire.not_selector, f"{field}.notSelector", negated=True))
    doubts = [f"{field}: {doubt}" for _, doubt in found if doubt]
    return conjunction([each for each, _ in found]), doubts[0] if doubts else ""


def _constrains(accounts: WireServiceAccounts | None) -> bool:
    return accounts is not None and bool(accounts.names or accounts.selector)


def _of_families(found: Iterable[BlockPeer], nets: Nets) -> tuple[BlockPeer, ...]:
    return tuple(each for each in found if each.block.version in nets.families)
