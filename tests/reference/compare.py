"""A case put to the product and to a reference evaluator: every pair of ends, protocol and probed port."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from scanner.model import ApiObject, ContainerPort, Namespace, Pod, Snapshot, WorkloadRef
from scanner.policy.resolve import resolve
from scanner.reach.engine import ClusterReach, build
from tests.factories import namespace, raw, snapshot
from tests.reference.generate import PORTS, Case
from tests.reference.specs import PROTOCOLS
from tests.reference.wire import (
    Cluster,
    End,
    Wire,
    as_address,
    blocks,
    finished,
    is_name,
    labels,
    on_host_network,
    pod_addresses,
)

May = Callable[[Cluster, End, End, str, int], bool | None]
ANSWERS = {True: "listed", None: "unknown", False: "absent"}


@dataclass(frozen=True)
class Disagreement:
    """One probe that the two answer differently: "listed", "unknown", "absent", or "listed and unknown"."""

    src: str
    dst: str
    protocol: str
    port: int
    reference: str
    product: str
    cautious: bool = False
    """Whether the product says unknown where all that is open is which address an end has; see `hangs_on_address`."""


def snapshot_of(cluster: Cluster) -> Snapshot:
    """The wire objects as the snapshot a collector would have made of them."""
    return snapshot(
        namespaces=[named_namespace(each) for each in cluster.namespaces],
        pods=[as_pod(each) for each in cluster.pods],
        policies=[
            ApiObject(
                api_version=each["apiVersion"],
                kind=each["kind"],
                namespace=each["metadata"].get("namespace", ""),
                name=each["metadata"]["name"],
                spec=raw(each["spec"]),
            )
            for each in cluster.policies
        ],
    )


def named_namespace(item: Wire) -> Namespace:
    """A namespace with the label that the API server gives each."""
    return namespace(item["metadata"]["name"], **labels(item))


def owner(item: Wire) -> tuple[str, str]:
    """Kind and name of the workload a pod belongs to: itself where nothing owns it."""
    for reference in item["metadata"].get("ownerReferences") or []:
        return reference["kind"], reference["name"]
    return "Pod", item["metadata"]["name"]


def as_pod(item: Wire) -> Pod:
    """A pod of the snapshot."""
    kind, name = owner(item)
    return Pod(
        namespace=item["metadata"]["namespace"],
        name=item["metadata"]["name"],
        labels=labels(item),
        workload=WorkloadRef(kind=kind, name=name),
        ports=tuple(
            ContainerPort(port=port["containerPort"], protocol=port.get("protocol", "TCP"), name=port.get("name", ""))
            for container in item["spec"]["containers"]
            for port in container.get("ports") or []
        ),
        host_network=on_host_network(item),
        phase=(item.get("status") or {}).get("phase", "Running"),
        ready=True,
        ips=tuple(pod_addresses(item)),
    )


def workload(item: Wire) -> str:
    """A pod's peer id in a listing."""
    kind, name = owner(item)
    return f"{item['metadata']['namespace']}/{name}[{kind}]"


def reach_of(cluster: Cluster) -> ClusterReach:
    """The product's declared reach."""
    taken = snapshot_of(cluster)
    return build(taken, resolve(taken))


def peer_of(end: str, peers: Iterable[tuple[str, str]]) -> str | None:
    """The listed peer that holds an address or, most closely, a domain name; None for a name that no policy tells apart.

    Raises AssertionError for an address that no range holds.
    """
    wanted = as_address(end)
    if wanted is None:
        held = [peer for peer, kind in peers if kind == "dns" and holds_name(peer, end)]
        return max(held, key=lambda peer: ("*" not in peer, len(peer.lstrip("*"))), default=None)
    for peer, kind in peers:
        if kind == "ip":
            first, last = (ipaddress.ip_address(part) for part in peer.split("-"))
            if first.version == wanted.version and int(first) <= int(wanted) <= int(last):
                return peer
    raise AssertionError(f"no range holds {end}")


def holds_name(peer: str, name: str) -> bool:
    """Whether a listed peer holds a domain name: "**." stands for one or more labels, "*." for one."""
    first, _, rest = name.partition(".")
    if peer.startswith("**."):
        return name.endswith(peer[2:])
    return bool(first) and peer in (name, f"*.{rest}")


@dataclass(frozen=True)
class Listing:
    """What the product lists: the ports of each pair, and the peer that holds each end asked about."""

    allowed: dict[tuple[str, str], dict[str, tuple[tuple[int, int], ...]]]
    unknown: dict[tuple[str, str], list[dict[str, tuple[tuple[int, int], ...]]]]
    peers: dict[str, str]

    def answer(self, src: str, dst: str, protocol: str, port: int) -> str:
        """One of "listed", "unknown" and "absent", or what should not be: "listed and unknown"."""
        pair = self.peers.get(src, src), self.peers.get(dst, dst)
        allowed = holds(self.allowed.get(pair, {}), protocol, port)
        unknown = any(holds(ports, protocol, port) for ports in self.unknown.get(pair, []))
        return {(True, False): "listed", (False, True): "unknown", (False, False): "absent"}.get(
            (allowed, unknown), "listed and unknown"
        )


def holds(ports: dict[str, tuple[tuple[int, int], ...]], protocol: str, port: int) -> bool:
    """Whether listed ranges hold a port."""
    return any(first <= port <= last for first, last in ports.get(protocol, ()))


def listing_of(reach: ClusterReach, ends: Iterable[str]) -> Listing:
    """The product's lists, and the peers that hold the addresses and names asked about."""
    peers = list(reach.peers)
    unknown: dict[tuple[str, str], list[dict[str, tuple[tuple[int, int], ...]]]] = {}
    for each in reach.unknown():
        unknown.setdefault((each.src, each.dst), []).append(each.ports)
    found = {end: peer_of(end, peers) for end in ends}
    return Listing(
        allowed={(each.src, each.dst): each.ports for each in reach.connections()},
        unknown=unknown,
        peers={end: peer for end, peer in found.items() if peer is not None},
    )


def questions(case: Case, asked: Iterable[str]) -> Iterator[tuple[str, list[End], str, list[End]]]:
    """Pairs of peers with the ends they stand for, less self-connections and what lies outside the cluster altogether."""
    workloads: dict[str, list[End]] = {}
    for pod in case.cluster.pods:
        workloads.setdefault(workload(pod), [])
        if not finished(pod):
            workloads[workload(pod)].append(pod)
    outside: dict[str, list[End]] = {each: [each] for each in (*case.addresses, *case.names) if each in asked}
    for src, dst in itertools.product(workloads | outside, workloads | outside):
        if src != dst and (src in workloads or dst in workloads):
            yield src, (workloads | outside)[src], dst, (workloads | outside)[dst]


def together(answers: Iterable[bool | None]) -> bool | None:
    """The answer for workloads: allowed once one pod of theirs is, unknown once one is."""
    found = set(answers)
    if True in found:
        return True
    return None if None in found else False


def probes(case: Case, may: May) -> Iterator[Disagreement | None]:
    """Each probe of a case in turn: None where the product and the reference agree on it."""
    listing = listing_of(reach_of(case.cluster), (*case.addresses, *case.names))
    for src, sources, dst, destinations in questions(case, listing.peers):
        for protocol, port in itertools.product(PROTOCOLS, PORTS):
            expected = ANSWERS[
                together(may(case.cluster, one, other, protocol, port) for one in sources for other in destinations)
            ]
            answer = listing.answer(src, dst, protocol, port)
            if answer == expected:
                yield None
                continue
            cautious = answer == "unknown" and hangs_on_address(case.cluster, sources, destinations)
            yield Disagreement(src, dst, protocol, port, reference=expected, product=answer, cautious=cautious)


def hangs_on_address(cluster: Cluster, sources: list[End], destinations: list[End]) -> bool:
    """Whether rules by address may judge a connection that has no one known address.

    An end is then a name, or a pod with no address or with several. The reference asks for each address in turn;
    the product may leave the pair open, where it cannot tell that all of them come to the same or that one is enough.
    """
    return any(blocks(policy["spec"]) for policy in cluster.policies) and any(
        is_name(end) or (isinstance(end, dict) and len(pod_addresses(end)) != 1) for end in (*sources, *destinations)
    )
