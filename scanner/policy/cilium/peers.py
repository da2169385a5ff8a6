"""The peers of one rule: of one kind, as the agent refuses any two kinds in one rule.

Source: cilium/cilium, pkg/policy/api/rule_validation.go (which kinds go together), pkg/policy/utils (an empty list of
peers selects nobody, an absent one puts no limit; from 1.15 on).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scanner.policy.cilium.entities import EVERYONE, entity_peers
from scanner.policy.cilium.found import ADDRESSES, Found, Notes, Scope, entries
from scanner.policy.cilium.outside import cidr_peer, cidr_set_peers, name_peers
from scanner.policy.cilium.selectors import endpoint_peers
from scanner.policy.cilium.services import service_peers
from scanner.policy.cilium.terms import read_terms
from scanner.policy.cilium.wire import (
    WireCidrSet,
    WireEgress,
    WireIngress,
    WireIngressDeny,
    WireName,
    WireRule,
    WireService,
)
from scanner.policy.common import WireSelector
from scanner.policy.decode import FieldError, UnreadableError
from scanner.policy.model import Entity, EntityPeer

_SELECTING_NOBODY = frozenset({"Endpoints", "Nodes", "Entities", "CIDR", "CIDRSet"})  # when they are empty lists
_NODE_FLAG = "node selectors need the agent's enable-node-selector-labels, without which it may refuse the policy"


def rule_peers(wire: WireRule, place: str, scope: Scope, notes: Notes) -> tuple[Found, ...] | None:
    """The peers that a rule names; None where it names none, which puts no limit; empty where they are nobody.

    Raises:
        FieldError: it names two kinds of peers, or one that Cilium refuses.
        UnreadableError: it narrows what other policies allow (`fromRequires`, `toRequires`).
    """
    word, given, requires = _given(wire)
    if requires:
        message = (
            "narrows what other policies allow up to Cilium 1.18 and is gone since; write the labels into the peers"
        )
        raise UnreadableError(f"{place}.{word}Requires", message)
    full = [name for name, values in given.items() if values]
    if len(full) > 1:
        raise FieldError(place, f"has {word}{full[0]} together with {word}{full[1]}; write them as two rules")
    found = tuple(
        each
        for name in full
        for at, item in entries(given[name], f"{place}.{word}{name}")
        for each in _READERS[name](item, at, scope, notes)
    )
    for name, values in given.items():
        if values == [] and name in _SELECTING_NOBODY:
            notes.remark(f"{place}.{word}{name}", "is an empty list, which selects nobody; fill or remove it")
            return ()
    if full == ["Services"] and wire.to_ports:
        notes.remark(f"{place}.toServices", "stands beside toPorts, for which Cilium before 1.17 refuses the policy")
        if not any(each.peers for each in found):
            return (Found((EVERYONE,), "what ports let through where no Service is found is not known"),)
    return found if full else None


def _given(wire: WireRule) -> tuple[str, Mapping[str, list[Any] | None], list[Any] | None]:
    """The word before a rule's peer fields, the fields without it, and its `…Requires`."""
    if isinstance(wire, WireIngress | WireIngressDeny):
        return (
            "from",
            {
                "Endpoints": wire.from_endpoints,
                "CIDR": wire.from_cidr,
                "CIDRSet": wire.from_cidr_set,
                "Entities": wire.from_entities,
                "Groups": wire.from_groups,
                "Nodes": wire.from_nodes,
            },
            wire.from_requires,
        )
    return (
        "to",
        {
            "Endpoints": wire.to_endpoints,
            "CIDR": wire.to_cidr,
            "CIDRSet": wire.to_cidr_set,
            "Entities": wire.to_entities,
            "Groups": wire.to_groups,
            "Nodes": wire.to_nodes,
            "Services": wire.to_services,
            "FQDNs": wire.to_fqdns if isinstance(wire, WireEgress) else None,
        },
        wire.to_requires,
    )


def _endpoints(wire: WireSelector, place: str, scope: Scope, _: Notes) -> tuple[Found, ...]:
    return endpoint_peers(wire, scope.namespace, place)


def _cidr(text: str, place: str, _: Scope, notes: Notes) -> tuple[Found, ...]:
    return (cidr_peer(text, place, notes),)


def _cidr_set(wire: WireCidrSet, place: str, scope: Scope, notes: Notes) -> tuple[Found, ...]:
    return (cidr_set_peers(wire, place, scope.context, notes),)


def _entity(name: str, place: str, _: Scope, notes: Notes) -> tuple[Found, ...]:
    return (entity_peers(name, place, notes),)


def _groups(*_: object) -> tuple[Found, ...]:
    return (Found(ADDRESSES, "what a cloud's security groups hold is not known"),)


def _nodes(wire: WireSelector, place: str, _: Scope, notes: Notes) -> tuple[Found, ...]:
    read_terms(wire, place)
    notes.doubts.append(_NODE_FLAG)
    return (Found((EntityPeer(Entity.REMOTE_NODE),), "which nodes carry such labels is not modelled"),)


def _services(wire: WireService, place: str, scope: Scope, notes: Notes) -> tuple[Found, ...]:
    return service_peers(wire, place, scope.context, notes)


def _name(wire: WireName, place: str, _: Scope, notes: Notes) -> tuple[Found, ...]:
    return (name_peers(wire, place, notes),)


_READERS: Mapping[str, Callable[[Any, str, Scope, Notes], tuple[Found, ...]]] = {
    "Endpoints": _endpoints,
    "CIDR": _cidr,
    "CIDRSet": _cidr_set,
    "Entities": _entity,
    "Groups": _groups,
    "Nodes": _nodes,
    "Services": _services,
    "FQDNs": _name,
}
