"""Peers that are neither pods by label nor single addresses, over the classes of one cluster.

Source: Cilium's documentation, "Entities based"; the upstream admin kinds' `nodes`. A host-network pod has its node's
identity, so which of "this node" and "another node" it is depends on where the other pod runs.
"""

from __future__ import annotations

from collections.abc import Iterable

from scanner.policy.model import Entity
from scanner.policy.selectors import bit_set
from scanner.reach.addresses import AddressSpace
from scanner.reach.flows import Bounds
from scanner.reach.names import API_SERVER
from scanner.reach.population import Population


class Entities:
    """What each entity stands for."""

    def __init__(self, population: Population, space: AddressSpace, host: int) -> None:
        offset = len(population.classes)
        everyone = (1 << offset + len(space)) - 1
        families = {version: bit_set(offset + number for number in space.family(version)) for version in (4, 6)}
        names = {space.name(number): 1 << offset + number for number in range(space.first_name, len(space))}
        server = names.pop(API_SERVER, 0)
        resolved = sum(names.values())
        controller = 1 << population.controller
        pods = (1 << offset) - 1 & ~host
        self._bounds = {
            Entity.ALL: Bounds(everyone, everyone),
            Entity.CLUSTER: Bounds(pods | host, pods | host | server),
            Entity.WORLD: Bounds(families[4] | families[6] | resolved, everyone & ~(pods | host)),
            Entity.WORLD_IPV4: Bounds(families[4], families[4] | resolved | server),
            Entity.WORLD_IPV6: Bounds(families[6], families[6] | resolved | server),
            Entity.HOST: Bounds(0, host),
            Entity.REMOTE_NODE: Bounds(0, host),
            Entity.NODES: Bounds(host, host),
            Entity.KUBE_APISERVER: Bounds(server, server),
            Entity.INGRESS: Bounds(0, controller),
        }

    def union(self, entities: Iterable[Entity]) -> Bounds:
        """Several entities at once: this node and every other node are all nodes."""
        chosen = set(entities)
        if chosen >= {Entity.HOST, Entity.REMOTE_NODE}:
            chosen.add(Entity.NODES)
        found = Bounds(0, 0)
        for entity in chosen:
            found |= self._bounds[entity]
        return found
