"""What `network` does: the networks around the clusters of all clouds as one, and which cluster reaches which over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.clusters import clouds_among, ended
from functions.declarations import declared_of
from functions.gather import Estate, discover_all
from functions.output import colour, now, say_incomplete, width, write
from functions.run import new_run
from functions.watch import watcher
from infra.settings import SettingsFile, SourceOptions
from reports.places import not_whole
from scanner.topology.build import topology_of
from scanner.topology.document import encode
from scanner.topology.model import Topology
from scanner.topology.place import place
from scanner.topology.reach import overlaps, reach_between

if TYPE_CHECKING:
    from functions.watch import Quiet
    from scanner.model import ClusterRef


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRequest:
    """The flags of `network`, with the sources they name and the settings."""

    sources: Sequence[SourceOptions]
    settings: SettingsFile
    json: bool
    output: str
    allow_partial: bool


def run_network(request: NetworkRequest) -> int:
    """Discover, read the networks, and print which cluster reaches which; returns the exit code.

    Raises:
        InputError: no source is a cloud, or the only one cannot be used.
        StoreError: the document cannot be written.
    """
    from reports.network import Network, render_network, render_network_table

    sources = clouds_among(request.sources, "no networks to read")
    run = new_run("", now())
    with watcher() as watch:
        estate = discover_all(sources, watch, alone=len(sources) == 1)
        topology = _topology(estate, request.settings, watch)
    pairs = tuple(reach_between(topology))
    found = Network(
        run=run,
        interrupted=estate.interrupted,
        scopes=estate.places,
        pairs=pairs,
        overlaps=tuple(overlaps(topology)),
        topology=topology,
    )
    if request.json or request.output:
        write((render_network(found),), request.output)
        say_incomplete(not_whole(found.scopes))
    else:
        write((render_network_table(found, width=width(), colour=colour()).encode(),), "")
    return ended(
        interrupted=estate.interrupted,
        whole=all(scope.is_whole for scope in found.scopes) and not topology.unread,
        allow_partial=request.allow_partial,
        missed="not every place or network could be read",
    )


def _topology(estate: Estate, settings: SettingsFile, watch: Quiet) -> Topology:
    """The parts of all clouds, the clusters placed in them, and what the operator declares."""
    whole = topology_of(() if estate.interrupted else read_networks(estate, watch))
    placed = [(each, place(each.ref, each.record, whole)) for each in estate.clusters]
    domains = {found.ref.name: placement.domain for found, placement in placed if placement}
    placements = tuple(placement for _, placement in placed if placement)
    return topology_of([whole, Topology(placements=placements)], declared_of(settings, domains))


def read_networks(estate: Estate, watch: Quiet) -> Iterator[Topology]:
    """Each source's networks, with the credentials that found its clusters; a cloud's libraries load here."""
    groups: dict[int, list[ClusterRef]] = {}
    for each in estate.clusters:
        groups.setdefault(id(estate.by[each.ref.id]), []).append(each.ref)
    for refs in groups.values():
        watch.note(f"reading the networks of {refs[0].cloud}")
        # In order of what they say, not of who answered first: the same networks make the same document and report.
        yield from sorted(_networks(estate.by[refs[0].id], refs), key=encode)


def _networks(source: SourceOptions, refs: Sequence[ClusterRef]) -> Iterator[Topology]:
    if source.aws is not None and source.aws.network:
        from infra.clouds.eks.networks import networks as of_aws

        yield from of_aws(source.aws, refs)
    if source.gcp is not None and source.gcp.network:
        from infra.clouds.gke.networks import networks as of_gcp

        yield from of_gcp(source.gcp, refs)
    if source.azure is not None and source.azure.network:
        from infra.clouds.aks.networks import networks as of_azure

        yield from of_azure(source.azure, refs)
