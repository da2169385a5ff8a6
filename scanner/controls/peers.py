"""Who may stand in a default-deny's allow set: the platform's sources (NB-ISO-01) and the cluster's resolver (NB-ISO-02)."""

from __future__ import annotations

import ipaddress
from functools import cached_property

from scanner.controls import addresses
from scanner.controls.base import Case
from scanner.model import Cloud, Pod
from scanner.reach.addresses import is_address
from scanner.reach.model import AddressRange, Allowed, NamedPeer, PodClass, PortSet

# No namespace can be called so (an upper-case letter): what matches it would match the next one created.
TOMORROW = "Not-A-Namespace"
RESOLVER_LABELS = frozenset({"kube-dns", "node-local-dns"})
_PORT = ((53, 53),)
# NodeLocal DNSCache, and AKS LocalDNS. Cloud DNS shares its address with the metadata service, so only port 53 of it.
_RESOLVERS = ("169.254.20.10/32", "169.254.10.0/24")
_CLOUD_DNS = "169.254.169.254/32"


class Approved:
    """The peers that the baseline itself approves in one cluster."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def may_come_in(self, allowed: Allowed) -> bool:
        """Whether a source is a platform one: declared by the operator, or the kubelet and its host."""
        peer = allowed.peer
        if isinstance(peer, AddressRange):
            return addresses.within(addresses.of_texts(peer.ranges), self._nodes)
        if isinstance(peer, NamedPeer):
            return False
        if peer.host_network and self._case.is_platform(peer.namespace):
            return True  # a node agent has the node's address, which probes come from as well
        pods = self._pods_of(peer)
        return bool(pods) and all(map(self._declared_source, pods))

    def is_resolver(self, allowed: Allowed) -> bool:
        """Whether a target is the cluster's DNS resolver and nothing but port 53 is open to it."""
        peer = allowed.peer
        if not _only_dns(allowed.ports):
            return False
        if isinstance(peer, AddressRange):
            return addresses.within(addresses.of_texts(peer.ranges), self.resolvers)
        if isinstance(peer, NamedPeer):
            return False
        pods = self._pods_of(peer)
        named = [pod.labels.get("k8s-app") in RESOLVER_LABELS for pod in pods]
        return peer.namespace == "kube-system" and bool(named) and all(named)

    def _declared_source(self, pod: Pod) -> bool:
        sources = self._case.config.platform_sources
        return self._case.declared_as(sources, pod.namespace, pod.workload.name, pod.labels)

    def _pods_of(self, peer: PodClass) -> list[Pod]:
        """Every pod of a class: its members are alike to the policies, and need not be to the baseline."""
        return [self._pods[peer.namespace, name] for name in peer.pods if (peer.namespace, name) in self._pods]

    @cached_property
    def _pods(self) -> dict[tuple[str, str], Pod]:
        return {(pod.namespace, pod.name): pod for pod in self._case.pods}

    @cached_property
    def _nodes(self) -> addresses.Ranges:
        hosts = [address for node in self._case.snapshot.nodes for address in node.addresses]
        return addresses.of_texts(filter(is_address, hosts))

    @cached_property
    def resolvers(self) -> addresses.Ranges:
        """Where the resolver answers besides its pods: its Service, and the caches and servers at link-local addresses."""
        known = [ipaddress.ip_network(text) for text in _RESOLVERS]
        if self._case.cloud is Cloud.GCP:
            known.append(ipaddress.ip_network(_CLOUD_DNS))
        services = (
            address
            for service in self._case.snapshot.services
            if service.namespace == "kube-system" and service.name == "kube-dns"
            for address in service.cluster_ips
        )
        return addresses.union([addresses.of_networks(known), addresses.of_texts(filter(is_address, services))])


def _only_dns(ports: PortSet) -> bool:
    return bool(ports) and all(protocol in {"TCP", "UDP"} and ranges == _PORT for protocol, ranges in ports.items())


def described(allowed: Allowed) -> str:
    """A peer with its ports, as evidence names it."""
    ports = ", ".join(
        f"{protocol} {'any port' if ranges == ((1, 65535),) else ' '.join(_span(*item) for item in ranges[:4])}"
        for protocol, ranges in sorted(allowed.ports.items())
    )
    peer = allowed.peer
    if isinstance(peer, AddressRange):
        more = f" and {len(peer.ranges) - 2} more ranges" if len(peer.ranges) > 2 else ""
        return f"addresses {', '.join(peer.ranges[:2])}{more} on {ports}"
    if isinstance(peer, NamedPeer):
        return f"{peer.name} on {ports}"
    more = f" and {len(peer.workloads) - 2} more" if len(peer.workloads) > 2 else ""
    return f"{', '.join(peer.workloads[:2]) or peer.namespace}{more} on {ports}"


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
