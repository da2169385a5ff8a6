"""AdminNetworkPolicy and BaselineAdminNetworkPolicy of `policy.networking.k8s.io/v1alpha1`, in the resolved form.

Source: kubernetes-sigs/network-policy-api `apis/v1alpha1` and its CRDs (experimental channel) up to the last that had these
kinds. Selecting a pod does not isolate it: what no rule matches goes on to the next tier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from scanner.model import ApiObject
from scanner.policy.decode import Context, FieldError, Remark, Wire, decode_spec
from scanner.policy.model import ADMIN, BASELINE, Action, Network, Policy, Ports, Rule
from scanner.policy.upstream.names import network, short_enough
from scanner.policy.upstream.ports import WirePort, admin_ports
from scanner.policy.upstream.rules import Dialect, Draft, Reader
from scanner.policy.upstream.wire import WirePeer, WireSubject, taken_by_the_server
from scanner.reach.model import Direction

_MOST_PRIORITY = 1000


class WireIngress(Wire, frozen=True):
    """One of `ingress`."""

    name: str | None = None
    action: str | None = None
    from_: list[WirePeer | None] | None = msgspec.field(default=None, name="from")
    ports: list[WirePort | None] | None = None


class WireEgress(Wire, frozen=True):
    """One of `egress`."""

    name: str | None = None
    action: str | None = None
    to: list[WirePeer | None] | None = None
    ports: list[WirePort | None] | None = None


PortsReader = Callable[[Sequence[WirePort | None] | None, str, list[Remark]], tuple[Ports, ...] | None]


class WireBaseline(Wire, frozen=True):
    """`spec` of a BaselineAdminNetworkPolicy."""

    subject: WireSubject | None = None
    ingress: list[WireIngress | None] | None = None
    egress: list[WireEgress | None] | None = None


class WireAdmin(WireBaseline, frozen=True):
    """`spec` of an AdminNetworkPolicy."""

    priority: int | None = None


def _network(text: str, field: str, remarks: list[Remark]) -> Network:
    """The schema wants a colon or a dot, not both, and leaves the rest to the implementation."""
    if (":" in short_enough(text, field)) == ("." in text):
        raise FieldError(field, f"{text!r} is no CIDR; write an address and a prefix length, 10.0.0.0/8")
    with taken_by_the_server():
        return network(text, field, remarks)


_BASELINE = Dialect(
    actions={"Allow": Action.ALLOW, "Deny": Action.DENY},
    egress=frozenset({"namespaces", "pods", "nodes", "networks"}),
    network=_network,
    repeats=True,
)
_ADMIN = Dialect(
    actions={"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS},
    egress=frozenset({"namespaces", "pods", "nodes", "networks", "domainNames"}),
    network=_network,
    repeats=True,
)


def resolve_admin_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """An AdminNetworkPolicy: asked before every NetworkPolicy, the lowest priority first, equal ones in no defined order.

    Raises:
        FieldError: the schema refuses it.
        UnreadableError: it takes what cannot be read.
    """
    spec, unknown = decode_spec(source.spec, WireAdmin)
    reader = Reader(_ADMIN, unknown)
    rank = (float(priority(spec.priority)), "")
    return (reader.policy(source, spec.subject, _rules(spec, reader), ADMIN, rank),), reader.remarks


def resolve_baseline_admin_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """The BaselineAdminNetworkPolicy, of which a cluster has one, called default: asked after every NetworkPolicy.

    Raises:
        FieldError: the schema refuses it.
        UnreadableError: it takes what cannot be read.
    """
    if source.name != "default":
        raise FieldError("metadata.name", f"is {source.name!r}; call it default")
    spec, unknown = decode_spec(source.spec, WireBaseline)
    reader = Reader(_BASELINE, unknown)
    return (reader.policy(source, spec.subject, _rules(spec, reader), BASELINE, (0.0, "")),), reader.remarks


def priority(number: int | None) -> int:
    """`spec.priority`, from 0 to 1000."""
    if number is None or not 0 <= number <= _MOST_PRIORITY:
        what = "is missing" if number is None else f"is {number}"
        raise FieldError("spec.priority", f"{what}; write a number from 0 to {_MOST_PRIORITY}")
    return number


def drafter(read: PortsReader, remarks: list[Remark]) -> Callable[[WireIngress | WireEgress, str], Draft]:
    """How a wire rule of this form becomes a draft, its ports read by `read`."""

    def draft(wire: WireIngress | WireEgress, field: str) -> Draft:
        peers, word = (wire.from_, "from") if isinstance(wire, WireIngress) else (wire.to, "to")
        return Draft(wire.name, wire.action, peers, word, lambda: read(wire.ports, f"{field}.ports", remarks))

    return draft


def _rules(spec: WireBaseline, reader: Reader) -> Iterator[Rule]:
    draft = drafter(admin_ports, reader.remarks)
    yield from reader.rules(Direction.INGRESS, spec.ingress, draft)
    yield from reader.rules(Direction.EGRESS, spec.egress, draft)
