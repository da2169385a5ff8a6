"""FQDNNetworkPolicy of `networking.gke.io/v1alpha1` (GKE Dataplane V2), in the resolved form.

Source: GoogleCloudPlatform/gke-networking-api `apis/fqdnnetworkpolicy/v1alpha1/types.go` and
`config/crds/networking.gke.io_fqdnnetworkpolicies.yaml`: it adds to NetworkPolicy, and a pod that it selects may go nowhere
else ("implicit deny model (like Kubernetes Network Policies)"); it says nothing of ingress.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.model import ApiObject
from scanner.policy.common import WireSelector, port_number
from scanner.policy.decode import Context, FieldError, Remark, UnreadableError, Wire, decode_spec, unknown_fields
from scanner.policy.model import EVERYTHING, NamePeer, Policy, Ports, Rule
from scanner.policy.upstream.wire import Unknown, at_the_top, joined, listed, selector
from scanner.reach.model import PROTOCOLS, Direction

_NAME_LABEL = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\Z")
_PATTERN_LABEL = re.compile(r"[a-zA-Z0-9*]([-a-zA-Z0-9_*]*[a-zA-Z0-9*])?\Z")
_STARS = re.compile(r"\*+")
_EVERY_NAME = (NamePeer("*"), NamePeer("**.*"))  # of one label, and of several
_PROTOCOLS = {"TCP": ("TCP",), "UDP": ("UDP",), "ALL": PROTOCOLS}


class WireMatch(Wire, frozen=True):
    """One of `matches`: exactly one of the two."""

    name: str | None = None
    pattern: str | None = None


class WirePort(Wire, frozen=True):
    """One of `ports`."""

    protocol: str | None = None
    port: int | None = None


class WireEgress(Wire, frozen=True):
    """One of `egress`."""

    matches: list[WireMatch | None] | None = None
    ports: list[WirePort | None] | None = None


class WireSpec(Wire, frozen=True):
    """`spec`."""

    pod_selector: WireSelector | None = None
    egress: list[WireEgress | None] | None = None


def resolve_fqdn_network_policy(source: ApiObject, _: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """An FQDNNetworkPolicy: egress to names, in one bag with NetworkPolicy.

    Raises:
        FieldError: the schema refuses it.
        UnreadableError: it takes what cannot be read.
    """
    spec, unknown = decode_spec(source.spec, WireSpec)
    doubt = unknown_fields(unknown, "spec.podSelector")
    policy = Policy(
        kind=source.kind,
        namespace=source.namespace or "default",
        name=source.name,
        subject=EVERYTHING if doubt else selector(spec.pod_selector, "spec.podSelector"),
        directions=frozenset({Direction.EGRESS}),
        rules=tuple(_rules(spec.egress, unknown)),
        origin=source.origin,
        group=source.api_version.rpartition("/")[0],
        version=source.resource_version,
        doubt=joined(at_the_top(unknown), doubt),
    )
    return (policy,), []


def _rules(wires: Sequence[WireEgress | None] | None, unknown: Unknown) -> Iterator[Rule]:
    for index, wire in enumerate(listed(wires, "spec.egress")):
        place = f"spec.egress[{index}]"
        own = tuple(item for item in unknown if item[0] == place or item[0].startswith(f"{place}.ports["))
        doubt = unknown_fields(own, place)
        if doubt:
            yield Rule(Direction.EGRESS, index, peers=None, ports=None, doubt=doubt)
            continue
        ports = _ports(wire.ports, f"{place}.ports")
        peers: list[NamePeer] = []
        for at, match in enumerate(listed(wire.matches, f"{place}.matches")):
            where = f"{place}.matches[{at}]"
            strange = unknown_fields(unknown, where)
            doubt = doubt or strange
            if not strange:
                peers += _peers(match, where)
        if peers:
            yield Rule(Direction.EGRESS, index, peers=tuple(dict.fromkeys(peers)), ports=ports)
        if doubt:
            yield Rule(Direction.EGRESS, index, peers=None, ports=ports, doubt=doubt)


def _peers(wire: WireMatch, field: str) -> tuple[NamePeer, ...]:
    """A name, or a pattern whose star stands for any characters but the dot; alone it is every name."""
    if (wire.name is None) == (wire.pattern is None):
        raise FieldError(field, "needs either name or pattern; write one of them")
    if wire.name is not None:
        return (NamePeer(_name(wire.name, _NAME_LABEL, f"{field}.name")),)
    pattern = _STARS.sub("*", _name(wire.pattern or "", _PATTERN_LABEL, f"{field}.pattern"))
    return _EVERY_NAME if pattern == "*" else (NamePeer(pattern),)


def _name(text: str, label: re.Pattern[str], field: str) -> str:
    """The name in lower case, without the dot at its end. The schema also takes an empty one."""
    if not text:
        raise UnreadableError(field, "is empty; write a domain name")
    name = text.removesuffix(".")
    if not all(label.match(part) for part in name.split(".")):
        raise FieldError(field, f"{text!r} is no domain name; write www.example.com")
    return name.lower()


def _ports(items: Sequence[WirePort | None] | None, field: str) -> tuple[Ports, ...] | None:
    """`ports`; None, which is every port of every protocol, where it is absent or empty or has an entry for all of them."""
    found: list[Ports] = []
    everything = not items
    for at, wire in enumerate(listed(items, field, least=0)):
        protocols = _PROTOCOLS.get("ALL" if wire.protocol is None else wire.protocol)
        if protocols is None:
            raise FieldError(f"{field}[{at}].protocol", f"is {wire.protocol!r}; write TCP, UDP or ALL")
        if wire.port is None:
            everything = everything or protocols == PROTOCOLS
            found += [Ports(protocol) for protocol in protocols]
        else:
            number = port_number(wire.port, f"{field}[{at}].port")
            found += [Ports(protocol, number, number) for protocol in protocols]
    return None if everything else tuple(found)
