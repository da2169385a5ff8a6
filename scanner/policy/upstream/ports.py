"""`ports` as AdminNetworkPolicy, its baseline and the ClusterNetworkPolicy of EKS write them.

Sources: `AdminNetworkPolicyPort` in kubernetes-sigs/network-policy-api `apis/v1alpha1/shared_types.go`;
`ClusterNetworkPolicyPort` and `convertCNPPortsToNPPorts` in aws/amazon-network-policy-controller-k8s.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanner.policy.common import port_number
from scanner.policy.decode import FieldError, Remark, UnreadableError, Wire
from scanner.policy.model import Ports
from scanner.policy.upstream.wire import listed
from scanner.reach.model import PROTOCOLS

MOST_PORTS = 100


class WireNumber(Wire, frozen=True):
    """`portNumber`."""

    protocol: str | None = None
    port: int | None = None


class WireRange(Wire, frozen=True):
    """`portRange`."""

    protocol: str | None = None
    start: int | None = None
    end: int | None = None


class WirePort(Wire, frozen=True):
    """One of `ports`."""

    port_number: WireNumber | None = None
    port_range: WireRange | None = None
    named_port: str | None = None


def admin_ports(items: Sequence[WirePort | None] | None, field: str, remarks: list[Remark]) -> tuple[Ports, ...] | None:
    """The ports of an AdminNetworkPolicy's rule; None, which is every port, where the list is absent or empty.

    Raises:
        FieldError: the schema refuses an entry.
        UnreadableError: it takes what cannot be read.
    """
    if items is None:
        return None
    if not items:
        remarks.append(
            (field, "is empty, which newer versions of the kind refuse and older ones read as every port; remove it")
        )
        return None
    found: list[Ports] = []
    for at, wire in enumerate(listed(items, field, MOST_PORTS)):
        place = f"{field}[{at}]"
        if sum(each is not None for each in (wire.port_number, wire.port_range, wire.named_port)) != 1:
            raise FieldError(place, "needs one of portNumber, portRange and namedPort; write exactly one")
        found += _numbers(wire, place, remarks, single=True)
        if wire.named_port is not None:
            found += named(wire.named_port, f"{place}.namedPort")
    return tuple(found)


def eks_ports(items: Sequence[WirePort | None] | None, field: str, remarks: list[Remark]) -> tuple[Ports, ...] | None:
    """The ports of a ClusterNetworkPolicy's rule on EKS: an entry may have several of its fields, and a name is TCP's.

    Raises:
        FieldError: the schema refuses an entry.
        UnreadableError: it takes what cannot be read; an empty entry is such.
    """
    if items is None:
        return None
    found: list[Ports] = []
    for at, wire in enumerate(listed(items, field, MOST_PORTS)):
        place = f"{field}[{at}]"
        entry = _numbers(wire, place, remarks, single=False)
        if wire.named_port is not None:
            entry += named(wire.named_port, f"{place}.namedPort", ("TCP",))
        if not entry:
            raise UnreadableError(place, "names no port; write one of portNumber, portRange and namedPort")
        found += entry
    return tuple(found)


def named(name: str, field: str, protocols: Sequence[str] = PROTOCOLS) -> list[Ports]:
    """A container port's name, which says nothing of the protocol."""
    if not name:
        raise UnreadableError(field, "is empty; write the name of a container port")
    return [Ports(protocol, name=name) for protocol in protocols]


def required_port(number: int | None, field: str) -> int:
    """A port number that must be there, from 1 to 65535."""
    if number is None:
        raise FieldError(field, "is missing; write a number from 1 to 65535")
    return port_number(number, field)


def _numbers(wire: WirePort, field: str, remarks: list[Remark], *, single: bool) -> list[Ports]:
    """What an entry says in numbers. `single`: whether a range may be one port, or even end before it starts."""
    found: list[Ports] = []
    if wire.port_number is not None:
        place = f"{field}.portNumber"
        port = required_port(wire.port_number.port, f"{place}.port")
        found.append(Ports(_protocol(wire.port_number.protocol, f"{place}.protocol"), port, port))
    if wire.port_range is not None:
        place = f"{field}.portRange"
        first = required_port(wire.port_range.start, f"{place}.start")
        last = required_port(wire.port_range.end, f"{place}.end")
        if last <= first and not single:
            raise FieldError(place, f"ends at {last}, not above its start {first}; write the higher number last")
        if last < first:
            raise UnreadableError(place, f"ends at {last}, below its start {first}; write the higher number last")
        if last == first:
            remarks.append((place, f"is one port; write it as portNumber, {first}"))
        found.append(Ports(_protocol(wire.port_range.protocol, f"{place}.protocol"), first, last))
    return found


def _protocol(protocol: str | None, field: str) -> str:
    """The protocol, TCP where it is absent. The schemas take any text."""
    if protocol is None:
        return "TCP"
    if protocol not in PROTOCOLS:
        raise UnreadableError(field, f"is {protocol!r}; write TCP, UDP or SCTP")
    return protocol
