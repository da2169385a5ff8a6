"""From a `networking.k8s.io/v1` NetworkPolicy to the resolved form, as the API server validates and defaults it.

Sources: the API reference of NetworkPolicy v1, and the server's own validation of networking objects (what it refuses
never becomes a policy; what it tolerates is kept with a notice).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from scanner.model import ApiObject
from scanner.policy.model import BlockPeer, Operator, PodPeer, Policy, Ports, Requirement, Rule, Selector
from scanner.policy.wire import (
    FieldError,
    WireBlock,
    WireEgress,
    WireExpression,
    WireIngress,
    WirePeer,
    WirePort,
    WireSelector,
    WireSpec,
    decode_spec,
)
from scanner.policy.words import block_words
from scanner.reach.model import PROTOCOLS, Direction

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Remark = tuple[str, str]  # field, message

_TYPES = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}
_NAME_PART = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_PORT_NAME = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?\Z")
_LEADING_ZEROS = re.compile(r"(?<![0-9a-fA-F:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])")


def resolve_network_policy(source: ApiObject) -> tuple[Policy, list[Remark]]:
    """The resolved policy, with remarks on what is ignored or will not do what it seems to.

    Raises:
        FieldError: the API server refuses such an object, so it is no policy at all.
    """
    spec, unknown = decode_spec(source.spec)
    remarks = list(unknown)
    directions = _directions(spec)
    rules: list[Rule] = []
    for direction, wire_rules in ((Direction.INGRESS, spec.ingress), (Direction.EGRESS, spec.egress)):
        resolved = [
            _rule(direction, index, wire or _EMPTY[direction], remarks) for index, wire in enumerate(wire_rules or ())
        ]
        remarks += [
            (f"spec.{direction}[{index}]", "is an empty list item, which the API server reads as {}: everything")
            for index, wire in enumerate(wire_rules or ())
            if wire is None
        ]
        if direction in directions:
            rules += resolved
        elif resolved:
            remarks.append((f"spec.{direction}", f"is ignored: policyTypes does not list {direction.capitalize()}"))
    policy = Policy(
        kind="NetworkPolicy",
        namespace=source.namespace or "default",
        name=source.name,
        subject=_selector(spec.pod_selector, "spec.podSelector"),
        directions=directions,
        rules=tuple(rules),
        origin=source.origin,
    )
    return policy, remarks


_EMPTY: dict[Direction, WireIngress | WireEgress] = {
    Direction.INGRESS: WireIngress(),
    Direction.EGRESS: WireEgress(),
}


def _directions(spec: WireSpec) -> frozenset[Direction]:
    """`policyTypes`; where it is absent, null or empty: Ingress, and Egress if there is at least one egress rule."""
    types = spec.policy_types
    if not types:
        return frozenset(_TYPES.values()) if spec.egress else frozenset({Direction.INGRESS})
    if len(types) > len(_TYPES):
        raise FieldError("spec.policyTypes", "has more than two entries; write Ingress, Egress or both")
    for index, name in enumerate(types):
        if name not in _TYPES:
            raise FieldError(f"spec.policyTypes[{index}]", f"is {name or ''!r}; write Ingress or Egress")
    return frozenset(_TYPES[name] for name in types if name)


def _rule(direction: Direction, index: int, wire: WireIngress | WireEgress, remarks: list[Remark]) -> Rule:
    field = f"spec.{direction}[{index}]"
    wire_peers, word = (wire.from_, "from") if isinstance(wire, WireIngress) else (wire.to, "to")
    peers = [_peer(peer or WirePeer(), f"{field}.{word}[{at}]", remarks) for at, peer in enumerate(wire_peers or ())]
    ports = [_port(port or WirePort(), f"{field}.ports[{at}]") for at, port in enumerate(wire.ports or ())]
    if direction is Direction.EGRESS and any(isinstance(peer, BlockPeer) for peer in peers):
        remarks += [
            (f"{field}.ports", f"port name {port.name!r} matches no address of an ipBlock; write the number")
            for port in ports
            if port.name
        ]
    return Rule(direction=direction, index=index, peers=tuple(peers) or None, ports=tuple(ports) or None)


def _peer(wire: WirePeer, field: str, remarks: list[Remark]) -> PodPeer | BlockPeer:
    pods, namespaces, block = wire.pod_selector, wire.namespace_selector, wire.ip_block
    if block is not None:
        if pods is not None or namespaces is not None:
            raise FieldError(field, "has an ipBlock together with a selector; write them as two peers")
        return _block(block, f"{field}.ipBlock", remarks)
    if pods is None and namespaces is None:
        raise FieldError(field, "names no peer; write a podSelector, a namespaceSelector or an ipBlock")
    return PodPeer(
        pods=_selector(pods, f"{field}.podSelector"),
        namespaces=None if namespaces is None else _selector(namespaces, f"{field}.namespaceSelector"),
    )


def _selector(wire: WireSelector | None, field: str) -> Selector:
    if wire is None:
        return Selector()
    found: set[Requirement] = set()
    for key, value in (wire.match_labels or {}).items():
        found.add(Requirement(_key(key, f"{field}.matchLabels"), Operator.IN, (_value(value, f"{field}.matchLabels"),)))
    for index, item in enumerate(wire.match_expressions or ()):
        place = f"{field}.matchExpressions[{index}]"
        expression = item or WireExpression()
        if expression.operator not in set(Operator):
            mend = "write In, NotIn, Exists or DoesNotExist"
            raise FieldError(f"{place}.operator", f"is {expression.operator or ''!r}; {mend}")
        operator = Operator(expression.operator)
        values = _values(expression.values, f"{place}.values")
        listed = operator in {Operator.IN, Operator.NOT_IN}
        if listed != bool(values):
            mend = "needs at least one value" if listed else "takes no values"
            raise FieldError(f"{place}.values", f"operator {operator} {mend}")
        found.add(Requirement(_key(expression.key or "", f"{place}.key"), operator, values))
    return Selector(tuple(sorted(found)))


def _values(values: Iterable[str | None] | None, field: str) -> tuple[str, ...]:
    return tuple(sorted({_value(value, field) for value in values or ()}))


def _key(key: str, field: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if not _NAME_PART.match(name) or (slash and (len(prefix) > 253 or not _SUBDOMAIN.match(prefix))):
        raise FieldError(field, f"{key!r} is no label key; write name or prefix/name")
    return key


def _value(value: str | None, field: str) -> str:
    text = value or ""
    if text and not _NAME_PART.match(text):
        raise FieldError(field, f"{text!r} is no label value; use at most 63 letters, digits, '-', '_' and '.'")
    return text


def _port(wire: WirePort, field: str) -> Ports:
    protocol = "TCP" if wire.protocol is None else wire.protocol
    if protocol not in PROTOCOLS:
        raise FieldError(f"{field}.protocol", f"is {protocol!r}; write TCP, UDP or SCTP")
    port, last = wire.port, wire.end_port
    if isinstance(port, str):
        if not _PORT_NAME.match(port):
            mend = "write the number without quotes" if port.isdecimal() else "write a number or a port's name"
            raise FieldError(f"{field}.port", f"{port!r} is no port name; {mend}")
        if last is not None:
            raise FieldError(f"{field}.endPort", "needs a numeric port; write numbers for both")
        return Ports(protocol, name=port)
    if port is None:
        if last is not None:
            raise FieldError(f"{field}.endPort", "needs a port; add the first port of the range")
        return Ports(protocol)
    for name, number in (("port", port), ("endPort", port if last is None else last)):
        if not 1 <= number <= 65535:
            raise FieldError(f"{field}.{name}", f"is {number}; write a number from 1 to 65535")
    if last is not None and last < port:
        raise FieldError(f"{field}.endPort", f"is {last}, below port {port}; write the higher number last")
    return Ports(protocol, port, port if last is None else last)


def _block(wire: WireBlock, field: str, remarks: list[Remark]) -> BlockPeer:
    block = _network(wire.cidr or "", f"{field}.cidr", remarks)
    excepts = []
    for index, text in enumerate(wire.except_ or ()):
        place = f"{field}.except[{index}]"
        network = _network(text or "", place, remarks)
        inside = network.version == block.version and network.network_address in block
        if not inside or network.prefixlen <= block.prefixlen:
            raise FieldError(
                place,
                f"{block_words(network)} is not strictly inside {block_words(block)}; except only part of the cidr",
            )
        excepts.append(network)
    return BlockPeer(
        block=block, excepts=tuple(sorted(set(excepts), key=lambda net: (net.network_address, net.prefixlen)))
    )


def _network(text: str, field: str, remarks: list[Remark]) -> Network:
    """One CIDR. Host bits and leading zeros (read as decimal) are tolerated by the API server, so they are here."""
    address, _, length = text.partition("/")
    try:
        if not length.isascii() or not length.isdecimal() or "%" in address:
            raise ValueError("no prefix length")  # noqa: TRY301 - one message for all that is no CIDR
        plain = _LEADING_ZEROS.sub("", address) if ":" not in address else address
        network = ipaddress.ip_network(f"{plain}/{length}", strict=False)
    except ValueError as error:
        raise FieldError(field, f"{text!r} is no CIDR; write an address and a prefix length, 10.0.0.0/8") from error
    if plain != address or ipaddress.ip_address(plain) != network.network_address:
        remarks.append((field, f"{text!r} is read as {block_words(network)}; write it so"))
    return network
