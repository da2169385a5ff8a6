"""ClusterNetworkPolicy of `policy.networking.k8s.io`, v1alpha2 and v1beta1, in the resolved form.

Source: kubernetes-sigs/network-policy-api `apis/v1alpha2/clusternetworkpolicy_types.go` and `apis/v1beta1`, which differ in
one thing: v1beta1 refuses a CIDR with host bits. Selecting a pod does not isolate it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from scanner.model import ApiObject
from scanner.policy.decode import Context, FieldError, Remark, Wire, decode_spec
from scanner.policy.model import ADMIN, BASELINE, Action, Network, Policy, Ports, Rule, Tier
from scanner.policy.upstream.admin import priority
from scanner.policy.upstream.names import network, short_enough
from scanner.policy.upstream.ports import named, required_port
from scanner.policy.upstream.rules import Dialect, Draft, Reader
from scanner.policy.upstream.wire import WirePeer, WireSubject, listed
from scanner.reach.model import Direction

_MOST = 25  # rules of a direction, peers and protocols of a rule
_TIERS = {"Admin": ADMIN, "Baseline": BASELINE}


class WireRange(Wire, frozen=True):
    """`range` of a port."""

    start: int | None = None
    end: int | None = None


class WirePort(Wire, frozen=True):
    """`destinationPort`: exactly one of the two."""

    number: int | None = None
    range: WireRange | None = None


class WireMatch(Wire, frozen=True):
    """What `tcp`, `udp` and `sctp` hold."""

    destination_port: WirePort | None = None


class WireProtocol(Wire, frozen=True):
    """One of `protocols`: exactly one field."""

    tcp: WireMatch | None = None
    udp: WireMatch | None = None
    sctp: WireMatch | None = None
    destination_named_port: str | None = None


class WireIngress(Wire, frozen=True):
    """One of `ingress`."""

    name: str | None = None
    action: str | None = None
    from_: list[WirePeer | None] | None = msgspec.field(default=None, name="from")
    protocols: list[WireProtocol | None] | None = None


class WireEgress(Wire, frozen=True):
    """One of `egress`."""

    name: str | None = None
    action: str | None = None
    to: list[WirePeer | None] | None = None
    protocols: list[WireProtocol | None] | None = None


class WireSpec(Wire, frozen=True):
    """`spec`."""

    tier: str | None = None
    priority: int | None = None
    subject: WireSubject | None = None
    ingress: list[WireIngress | None] | None = None
    egress: list[WireEgress | None] | None = None


def _tolerant(text: str, field: str, remarks: list[Remark]) -> Network:
    return network(short_enough(text, field), field, remarks)


def _strict(text: str, field: str, _: list[Remark]) -> Network:
    host_bits: list[Remark] = []
    found = network(short_enough(text, field), field, host_bits)
    if host_bits:
        raise FieldError(*host_bits[0])
    return found


def _dialect(version: str) -> Dialect:
    return Dialect(
        actions={"Accept": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS},
        egress=frozenset({"namespaces", "pods", "nodes", "networks", "domainNames"}),
        network=_strict if version == "v1beta1" else _tolerant,
        most_rules=_MOST,
        most_peers=_MOST,
        namespaces_optional=True,
    )


def resolve_cluster_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """A ClusterNetworkPolicy: tiers around NetworkPolicy, the lowest priority first, equal ones in no defined order.

    Raises:
        FieldError: the schema refuses it.
        UnreadableError: it takes what cannot be read.
    """
    spec, unknown = decode_spec(source.spec, WireSpec)
    reader = Reader(_dialect(source.api_version.rpartition("/")[2]), unknown)
    stage, rank = tier(spec.tier), (float(priority(spec.priority)), "")
    return (reader.policy(source, spec.subject, _rules(spec, reader), stage, rank),), reader.remarks


def _rules(spec: WireSpec, reader: Reader) -> Iterator[Rule]:
    yield from reader.rules(Direction.INGRESS, spec.ingress, _draft)
    yield from reader.rules(Direction.EGRESS, spec.egress, _draft)


def tier(name: str | None) -> Tier:
    """`spec.tier`."""
    found = _TIERS.get(name or "")
    if found is None:
        raise FieldError("spec.tier", f"is {name or ''!r}; write Admin or Baseline")
    return found


def _draft(wire: WireIngress | WireEgress, field: str) -> Draft:
    peers, word = (wire.from_, "from") if isinstance(wire, WireIngress) else (wire.to, "to")
    place = f"{field}.protocols"
    return Draft(wire.name, wire.action, peers, word, lambda: _ports(wire.protocols, place), "protocols")


def _ports(items: Sequence[WireProtocol | None] | None, field: str) -> tuple[Ports, ...] | None:
    """`protocols`; None, which is every port, where it is absent."""
    if items is None:
        return None
    found: list[Ports] = []
    for at, wire in enumerate(listed(items, field, _MOST)):
        place = f"{field}[{at}]"
        matches = {"tcp": wire.tcp, "udp": wire.udp, "sctp": wire.sctp}
        given = [(name, match) for name, match in matches.items() if match is not None]
        if len(given) + (wire.destination_named_port is not None) != 1:
            raise FieldError(place, "needs one of tcp, udp, sctp and destinationNamedPort; write exactly one")
        if wire.destination_named_port is not None:
            found += named(wire.destination_named_port, f"{place}.destinationNamedPort")
        for name, match in given:
            found.append(_port(name.upper(), match.destination_port, f"{place}.{name}.destinationPort"))
    return tuple(found)


def _port(protocol: str, wire: WirePort | None, field: str) -> Ports:
    if wire is None or (wire.number is None) == (wire.range is None):
        raise FieldError(field, "needs either number or range; write one of them")
    if wire.range is None:
        number = required_port(wire.number, f"{field}.number")
        return Ports(protocol, number, number)
    first = required_port(wire.range.start, f"{field}.range.start")
    last = required_port(wire.range.end, f"{field}.range.end")
    if last <= first:
        raise FieldError(f"{field}.range", f"ends at {last}, not above its start {first}; write the higher number last")
    return Ports(protocol, first, last)
