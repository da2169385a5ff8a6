"""`topology/v1`: a topology as JSON, written and strictly read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.errors import InputError
from scanner.topology.model import TOPOLOGY_VERSION, Topology
from scanner.topology.spans import is_prefix

MAX_BYTES = 1 << 28  # of JSON; ten thousand networks with a hundred routes each have about 150 MB


class _Header(msgspec.Struct):
    version: str


def encode(topology: Topology) -> bytes:
    """The stored form; equal topologies give equal bytes."""
    return msgspec.json.encode(topology, order="deterministic")


def decode(data: bytes, where: str) -> Topology:
    """Read a stored topology; `where` names it in errors and must be fit for a terminal.

    Raises:
        InputError: too large, not JSON, of another version, or not a valid topology; one line.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{where}: larger than {MAX_BYTES >> 20} MiB: no topology that ringfence wrote")
    try:
        version = msgspec.json.decode(data, type=_Header).version
        if version != TOPOLOGY_VERSION:
            raise InputError(f"{where}: is {version[:40]!a}, this version reads {TOPOLOGY_VERSION}: discover it again")
        topology = msgspec.json.decode(data, type=Topology)
    except RecursionError as error:
        raise InputError(f"{where}: nested too deeply for a topology: discover it again") from error
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InputError(f"{where}: not a valid topology: {ascii(str(error))[1:-1][:300]}") from error
    except msgspec.DecodeError as error:
        raise InputError(f"{where}: not JSON, or cut short: discover it again") from error
    if (wrong := next(problems(topology), "")) != "":
        raise InputError(f"{where}: not a valid topology: {wrong}")
    return topology


def problems(topology: Topology) -> Iterator[str]:
    """What the types cannot say: addresses that are none, two things with one id; each with its path."""
    for field, texts in _addresses(topology):
        for text in texts:
            if not is_prefix(text):
                yield f"{field}: {text[:60]!a} is no address range"
    for name in ("domains", "subnets", "tables", "links", "tunnels"):
        members = [each.id for each in getattr(topology, name)]
        if len(set(members)) < len(members):
            yield f"$.{name}: two have one id"
    clusters = [each.cluster for each in topology.placements]
    if len(set(clusters)) < len(clusters):
        yield "$.placements: two are of one cluster"


def _addresses(topology: Topology) -> Iterator[tuple[str, tuple[str, ...]]]:
    for at, domain in enumerate(topology.domains):
        yield f"$.domains[{at}].ranges", domain.ranges
    for at, subnet in enumerate(topology.subnets):
        yield f"$.subnets[{at}]", (*subnet.ranges, *subnet.secondary.values())
    for at, table in enumerate(topology.tables):
        for number, route in enumerate(table.routes):
            yield f"$.tables[{at}].routes[{number}]", (route.prefix, *route.accepts, *route.sources)
    for at, placement in enumerate(topology.placements):
        ranges = (*placement.nodes, *placement.pods, *placement.services, *placement.load_balancers)
        yield f"$.placements[{at}]", (*ranges, *(text for rule in placement.masquerade for text in rule.to))
        if (wall := placement.firewall) is not None:
            passages = (*wall.inbound, *wall.outbound)
            yield f"$.placements[{at}].firewall", tuple(text for each in passages for text in each.ranges)
    for at, zone in enumerate(topology.zones):
        yield f"$.zones[{at}].ranges", zone.ranges


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a stored topology."""
    (reference,), components = msgspec.json.schema_components([Topology], ref_template="#/$defs/{name}")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "The network around the clusters"}
    return {**head, **reference, "$defs": components}
