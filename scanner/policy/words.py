"""Rules in words, for people who ask why."""

from __future__ import annotations

import ipaddress

from scanner.model import NAME_LABEL
from scanner.policy.model import (
    Action,
    BlockPeer,
    EntityPeer,
    NamePeer,
    Operator,
    Peer,
    Policy,
    Ports,
    Requirement,
    Rule,
    Selector,
)
from scanner.reach.model import Direction


def rule_words(rule: Rule, namespace: str) -> str:
    """One rule: "from pods app=web in namespace shop, on TCP 5432". `namespace` is the policy's own."""
    preposition = "from" if rule.direction is Direction.INGRESS else "to"
    peers = "anywhere" if rule.peers is None else " or ".join(_peer(peer, namespace) for peer in rule.peers) or "nobody"
    ports = (
        "every port" if rule.ports is None else ", ".join(_port(port) for port in rule.ports) or "no TCP, UDP or SCTP"
    )
    verb = "" if rule.action is Action.ALLOW else f"{rule.action} "
    own = f", for pods {selector_words(rule.subject)}" if rule.subject is not None else ""
    return f"{verb}{preposition} {peers}, on {ports}{own}"


def isolation_words(policy: Policy, direction: Direction) -> str:
    """What an isolating policy does: "isolates pods app=db in namespace shop for ingress"."""
    pods = selector_words(policy.subject)
    where = f"namespace {policy.namespace}" if policy.namespaces is None else _namespaces(policy.namespaces)
    return f"isolates {'pods ' + pods if pods else 'all pods'} in {where} for {direction}"


def selector_words(selector: Selector) -> str:
    """A selector as kubectl would print it: "app=web,tier in (a,b),!legacy"; empty for everything."""
    parts = [_requirement(requirement) for requirement in selector.requirements]
    for clause in selector.clauses:
        either = " || ".join(selector_words(each) or "all" for each in clause.any_of)
        parts.append(f"{'!' if clause.negated else ''}({either})" if clause.any_of else "nothing")
    return ",".join(parts)


def address_words(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """An address as RFC 5952 writes it, IPv4-mapped ones too, which Pythons before 3.13 write otherwise."""
    if address.version == 6 and int(address) >> 32 == 0xFFFF:
        return f"::ffff:{ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)}"
    return str(address)


def block_words(block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """A CIDR, its address written as `address_words` does."""
    return f"{address_words(block.network_address)}/{block.prefixlen}"


def _peer(peer: Peer, namespace: str) -> str:
    if isinstance(peer, BlockPeer):
        excepts = f" except {', '.join(map(block_words, peer.excepts))}" if peer.excepts else ""
        return f"addresses {block_words(peer.block)}{excepts}"
    if isinstance(peer, NamePeer):
        return f"the name {peer.name}"
    if isinstance(peer, EntityPeer):
        return f"the entity {peer.entity}"
    pods = f"pods {selector_words(peer.pods)}" if not peer.pods.everything else "all pods"
    return f"{pods} in {f'namespace {namespace}' if peer.namespaces is None else _namespaces(peer.namespaces)}"


def _namespaces(selector: Selector) -> str:
    if selector.everything:
        return "all namespaces"
    match selector.requirements:
        case (Requirement(key=key, operator=Operator.IN, values=(name,)),) if (
            key == NAME_LABEL and not selector.clauses
        ):
            return f"namespace {name}"
    return f"namespaces {selector_words(selector)}"


def _requirement(requirement: Requirement) -> str:
    match requirement.operator:
        case Operator.IN if len(requirement.values) == 1:
            return f"{requirement.key}={requirement.values[0]}"
        case Operator.IN:
            return f"{requirement.key} in ({','.join(requirement.values)})"
        case Operator.NOT_IN:
            return f"{requirement.key} notin ({','.join(requirement.values)})"
        case Operator.EXISTS:
            return requirement.key
        case Operator.DOES_NOT_EXIST:
            return f"!{requirement.key}"
        case _:
            verb = {"Contains": "contains", "StartsWith": "starts with", "EndsWith": "ends with"}[requirement.operator]
            return f"{requirement.key} {verb} {' or '.join(map(repr, requirement.values))}"


def _port(port: Ports) -> str:
    if port.name:
        return f"{port.protocol} port named {port.name}"
    if (port.first, port.last) == (1, 65535):
        return f"all {port.protocol}"
    span = str(port.first) if port.first == port.last else f"{port.first}-{port.last}"
    return f"{port.protocol} {span}"
