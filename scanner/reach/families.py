"""A data plane that polices one version of IP only: what the other one lets through is open whatever policy says."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.dataplane.model import DataPlane, Value
from scanner.policy.model import EVERYTHING, Action, Policy, Rule
from scanner.policy.selectors import bit_set
from scanner.reach.addresses import AddressSpace
from scanner.reach.bounds import Standing
from scanner.reach.flows import Bounds
from scanner.reach.grants import NOBODY, Grant, Peers
from scanner.reach.model import Direction
from scanner.reach.population import Population
from scanner.reach.walk import Place

_DOUBT = "IPv6 pods may have an egress-only IPv4 interface, which is not policed"


def unpoliced_family(
    dataplane: DataPlane | None, population: Population, addresses: AddressSpace, standing: Standing
) -> Iterator[Grant]:
    """Egress of IPv6 pods to IPv4 addresses, where the data plane polices the cluster's own family alone.

    Source: the VPC CNI's `ENABLE_V4_EGRESS` (on by default in IPv6 clusters), and the agent's readme.
    """
    facts = dataplane.capabilities if dataplane else None
    if dataplane is None or facts is None or facts.ipv6.value is not Value.PARTIAL or not standing.tiers:
        return
    old, new = (frozenset(addresses.family(version)) for version in (4, 6))
    classes = bit_set(
        item.index
        for item, found in zip(population.classes, population.addresses, strict=True)
        if found and new.issuperset(found)
    )
    first = len(population.classes)
    outside = bit_set(first + number for number in old if addresses.ranges(number))
    if not classes or not outside:
        return
    rule = Rule(Direction.EGRESS, 0, peers=None, ports=None, action=Action.ALLOW, doubt=_DOUBT)
    policy = Policy(
        kind="data plane",
        namespace="",
        name=dataplane.name,
        subject=EVERYTHING,
        directions=frozenset(),
        rules=(rule,),
        namespaces=EVERYTHING,
        tier=standing.tiers[0],
    )
    peers = Peers(NOBODY, Bounds(outside, outside), 0)
    yield Grant(policy, rule, Place(0, -1, 0, 0), Bounds(0, classes), peers, None, None)
