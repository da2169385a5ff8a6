"""What selectors match besides pods: network sets, and the addresses of host endpoints.

Sources: Calico's `libcalico-go/lib/backend/syncersv1/updateprocessors` (a NetworkSet carries its namespace's name and labels, a
GlobalNetworkSet and a HostEndpoint only their own) and `felix/labelindex` (each contributes its nets or expected addresses).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from scanner.model import NAME_LABEL, ApiObject, Snapshot, Source
from scanner.policy.calico.labels import NAMESPACE, OF_NAMESPACE
from scanner.policy.calico.nets import blocks, parse_net
from scanner.policy.calico.wire import WireHostEndpoint, WireNetworkSet
from scanner.policy.decode import Context, FieldError, decode_spec
from scanner.policy.model import BlockPeer, Matching, Network, Selector
from scanner.policy.selectors import LabelIndex, members

GROUPS = ("projectcalico.org", "crd.projectcalico.org")  # served, then stored: of one object the first is read
_RESOURCES = {
    "NetworkSet": "networksets",
    "GlobalNetworkSet": "globalnetworksets",
    "HostEndpoint": "hostendpoints",
    "Tier": "tiers",
}
_USUAL_PROFILE = "projectcalico-default-allow"


def unread(snapshot: Snapshot, kind: str) -> str:
    """Which list of a kind was not read whole, in words; empty where both groups were.

    A folder of manifests says nothing of kinds that it does not hold: it was read whole if its pods were.
    """
    for group in GROUPS:
        resource = f"{_RESOURCES[kind]}.{group}"
        if resource not in snapshot.collection and snapshot.source is Source.MANIFESTS:
            resource = "pods"
        if not snapshot.collected(resource):
            return f"{_RESOURCES[kind]}.{group} could not be read whole"
    return ""


def objects(context: Context, kind: str) -> tuple[ApiObject, ...]:
    """The objects of one of Calico's kinds, each once, although both groups may give it."""
    found: dict[tuple[str, str], ApiObject] = {}
    for group in reversed(GROUPS):
        for item in context.settings(kind):
            if item.api_version.rpartition("/")[0] == group:
                found[item.namespace, item.name] = item
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, slots=True)
class AddressSet:
    """A named set of addresses with the labels that selectors see.

    `doubt` says what of its addresses could not be read, `more` which labels it may have besides.
    """

    id: str  # "NetworkSet shop/partners"
    labels: Mapping[str, str]
    nets: tuple[Network, ...]
    doubt: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """The addresses that a selector matches, and why there may be more."""

    blocks: tuple[BlockPeer, ...]
    doubt: str


class AddressSets:
    """Every set of a snapshot; each distinct selector is asked once."""

    def __init__(self, context: Context) -> None:
        self._sets = tuple(_read(context))
        self._index = LabelIndex(each.labels for each in self._sets)
        gaps = [unread(context.snapshot, kind) for kind in _RESOURCES if kind != "Tier"]
        if any(each.id.startswith("NetworkSet ") for each in self._sets) and not context.snapshot.collected(
            "namespaces"
        ):
            gaps.append("the labels of namespaces could not be read whole")
        gaps += [each.more for each in self._sets]
        self._gap = next(filter(None, gaps), "")
        self._known: dict[Selector, Matched] = {}

    def matched(self, selector: Selector) -> Matched:
        """What a selector of labels matches among the sets."""
        found = self._known.get(selector)
        if found is None:
            chosen = [self._sets[at] for at in members(self._index.select(selector))]
            doubts = [self._gap, *(f"{each.id}: {each.doubt}" for each in chosen if each.doubt)]
            found = self._known[selector] = Matched(
                blocks((net for each in chosen for net in each.nets), matching=Matching.PODS),
                next(filter(None, doubts), ""),
            )
        return found

    def hosts(self, selector: Selector) -> tuple[str, ...]:
        """The host endpoints that a selector of labels matches, by name."""
        chosen = (self._sets[at].id for at in members(self._index.select(selector)))
        return tuple(each for each in chosen if each.startswith("HostEndpoint "))


def _read(context: Context) -> Iterator[AddressSet]:
    namespaces = {each.name: each.labels for each in context.snapshot.namespaces}
    for item in objects(context, "NetworkSet"):
        own = {NAME_LABEL: item.namespace, **namespaces.get(item.namespace, {})}
        inherited = {OF_NAMESPACE + key: value for key, value in own.items()}
        labels = {**inherited, **item.labels, NAMESPACE: item.namespace}
        yield _network_set(item, f"NetworkSet {item.namespace}/{item.name}", labels)
    for item in objects(context, "GlobalNetworkSet"):
        yield _network_set(item, f"GlobalNetworkSet {item.name}", item.labels)
    for item in objects(context, "HostEndpoint"):
        yield _host_endpoint(item)


def _network_set(item: ApiObject, name: str, labels: Mapping[str, str]) -> AddressSet:
    try:
        spec, unknown = decode_spec(item.spec, WireNetworkSet)
    except FieldError as error:
        return AddressSet(name, labels, (), f"{error.field} {error.message}")
    doubt = f"{unknown[0][0]}.{unknown[0][1]} is not modelled" if unknown else ""
    nets, broken = _networks(spec.nets)
    return AddressSet(name, labels, nets, doubt or (f"{broken!r} is no address" if broken is not None else ""))


def _host_endpoint(item: ApiObject) -> AddressSet:
    name = f"HostEndpoint {item.name}"
    try:
        spec = msgspec.json.decode(item.spec, type=WireHostEndpoint | None) or WireHostEndpoint()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return AddressSet(name, item.labels, (), "its spec cannot be read")
    more = sorted({profile or "" for profile in spec.profiles or ()} - {_USUAL_PROFILE})
    nets, broken = _networks(spec.expected_ips)
    inherited = f"the labels that {name} takes from profile {more[0]} are not read" if more else ""
    return AddressSet(name, item.labels, nets, f"{broken!r} is no address" if broken is not None else "", inherited)


def _networks(texts: Iterable[Any] | None) -> tuple[tuple[Network, ...], str | None]:
    """The networks, and the first text that is none."""
    found: list[Network] = []
    broken = None
    for text in texts or ():
        network = parse_net(text or "")
        if network is None:
            broken = text or "" if broken is None else broken
        else:
            found.append(network)
    return tuple(found), broken
