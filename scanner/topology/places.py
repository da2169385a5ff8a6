"""What the readers of three clouds' records have in common when they place a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.topology.model import MasqueradeRule, Pods, Subnet, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A placement without its cluster and its load balancers."""

    domain: str
    nodes: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    routing: Pods = Pods.UNKNOWN
    masquerade: tuple[MasqueradeRule, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def around(topology: Topology, domain: str) -> dict[str, Subnet]:
    """The subnets of a domain by id, empty where the domain is not known."""
    return {each.id: each for each in topology.subnets if domain and each.domain == domain}
