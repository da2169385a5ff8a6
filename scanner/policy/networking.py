"""From a `networking.k8s.io/v1` NetworkPolicy to the resolved form, as the API server validates and defaults it.

Sources: the API reference of NetworkPolicy v1, and the server's own validation of networking objects (what it refuses
never becomes a policy; what it tolerates is kept with a notice).
"""

from __future__ import annotations

import msgspec

from scanner.model import ApiObject
from scanner.policy.common import WireSelector, cidr, label_selector, port_name, port_number
from scanner.policy.decode import Context, FieldError, Remark, Wire, decode_spec
from scanner.policy.model import BlockPeer, PodPeer, Policy, Ports, Rule
from scanner.policy.words import block_words
from scanner.reach.model import PROTOCOLS, Direction


class WireBlock(Wire, frozen=True):
    """An `ipBlock`; `except` is a word of Python."""

    cidr: str | None = None
    except_: list[str | None] | None = msgspec.field(default=None, name="except")


class WirePeer(Wire, frozen=True):
    """One of `from` or `to`."""

    pod_selector: WireSelector | None = None
    namespace_selector: WireSelector | None = None
    ip_block: WireBlock | None = None


class WirePort(Wire, frozen=True):
    """One of `ports`."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class WireIngress(Wire, frozen=True):
    """One of `ingress`."""

    from_: list[WirePeer | None] | None = msgspec.field(default=None, name="from")
    ports: list[WirePort | None] | None = None


class WireEgress(Wire, frozen=True):
    """One of `egress`."""

    to: list[WirePeer | None] | None = None
    ports: list[WirePort | None] | None = None


class WireSpec(Wire, frozen=True):
    """`spec`."""

    pod_selector: WireSelector | None = None
    policy_types: list[str | None] | None = None
    ingress: list[WireIngress | None] | None = None
    egress: list[WireEgress | None] | None = None


_NETWORK = "networking.gke.io/network"
_TYPES = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}


def resolve_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """The resolved policy, with remarks on what is ignored or will not do what it seems to.

    Raises:
        FieldError: the API server refuses such an object, so it is no policy at all.
    """
    spec, unknown = decode_spec(source.spec, WireSpec)
    remarks = [(f"{path}.{name}", "is no field of a NetworkPolicy and is ignored; remove it") for path, name in unknown]
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
        subject=label_selector(spec.pod_selector, "spec.podSelector"),
        directions=directions,
        rules=tuple(rules),
        origin=source.origin,
        version=source.resource_version,
        doubt=_elsewhere(source),
    )
    return (policy,), remarks


def _elsewhere(source: ApiObject) -> str:
    """The doubt on a policy for a further network of GKE's: Dataplane V2 leaves the cluster's own network open to it.

    Source: Google Kubernetes Engine documentation, "Set up multi-network network policies".
    """
    network = source.annotations.get(_NETWORK, "").strip()
    if network in {"", "default"}:
        return ""
    return f"annotation {_NETWORK} may make it a policy of another network than the cluster's own"


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
    peers = [
        resolve_peer(peer or WirePeer(), f"{field}.{word}[{at}]", remarks) for at, peer in enumerate(wire_peers or ())
    ]
    ports = [resolve_port(port or WirePort(), f"{field}.ports[{at}]") for at, port in enumerate(wire.ports or ())]
    if direction is Direction.EGRESS and any(isinstance(peer, BlockPeer) for peer in peers):
        remarks += [
            (f"{field}.ports", f"port name {port.name!r} matches no address of an ipBlock; write the number")
            for port in ports
            if port.name
        ]
    return Rule(direction=direction, index=index, peers=tuple(peers) or None, ports=tuple(ports) or None)


def resolve_peer(wire: WirePeer, field: str, remarks: list[Remark]) -> PodPeer | BlockPeer:
    """One of `from` or `to`: a block, or pods of the policy's own or of selected namespaces."""
    pods, namespaces, block = wire.pod_selector, wire.namespace_selector, wire.ip_block
    if block is not None:
        if pods is not None or namespaces is not None:
            raise FieldError(field, "has an ipBlock together with a selector; write them as two peers")
        return _block(block, f"{field}.ipBlock", remarks)
    if pods is None and namespaces is None:
        raise FieldError(field, "names no peer; write a podSelector, a namespaceSelector or an ipBlock")
    return PodPeer(
        pods=label_selector(pods, f"{field}.podSelector"),
        namespaces=None if namespaces is None else label_selector(namespaces, f"{field}.namespaceSelector"),
    )


def resolve_port(wire: WirePort, field: str) -> Ports:
    """One of `ports`: a number, a range, a name, or every port of a protocol."""
    protocol = "TCP" if wire.protocol is None else wire.protocol
    if protocol not in PROTOCOLS:
        raise FieldError(f"{field}.protocol", f"is {protocol!r}; write TCP, UDP or SCTP")
    port, last = wire.port, wire.end_port
    if isinstance(port, str):
        name = port_name(port, f"{field}.port")
        if last is not None:
            raise FieldError(f"{field}.endPort", "needs a numeric port; write numbers for both")
        return Ports(protocol, name=name)
    if port is None:
        if last is not None:
            raise FieldError(f"{field}.endPort", "needs a port; add the first port of the range")
        return Ports(protocol)
    first = port_number(port, f"{field}.port")
    last = first if last is None else port_number(last, f"{field}.endPort")
    if last < first:
        raise FieldError(f"{field}.endPort", f"is {last}, below port {first}; write the higher number last")
    return Ports(protocol, first, last)


def _block(wire: WireBlock, field: str, remarks: list[Remark]) -> BlockPeer:
    block = cidr(wire.cidr or "", f"{field}.cidr", remarks)
    excepts = []
    for index, text in enumerate(wire.except_ or ()):
        place = f"{field}.except[{index}]"
        network = cidr(text or "", place, remarks)
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
