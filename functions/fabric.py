"""The fleet's judge as a run calls it: the networks of the clouds, what is declared of them, and each cluster's result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from functions.declarations import declared_of
from functions.network import read_networks
from infra.settings import SettingsFile
from scanner.baselines.profiles import PROFILES
from scanner.enums import Cloud
from scanner.evidence import Statement
from scanner.fabric.judge import judge_fabric, member_of
from scanner.fabric.member import Member
from scanner.fabric.recorded import recorded
from scanner.findings import ClusterResult, ControlResult
from scanner.topology.build import topology_of
from scanner.topology.model import Topology
from scanner.topology.place import place

if TYPE_CHECKING:
    from functions.gather import Estate
    from functions.watch import Quiet
    from scanner.model import CloudRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """What a run knows around its clusters. `networks` is None where no cloud was asked; `records` go by cluster id."""

    settings: SettingsFile
    networks: Topology | None
    records: Mapping[str, CloudRecord]
    statements: tuple[Statement, ...]
    profile: str
    at: str

    def read_networks(self, results: Sequence[ClusterResult]) -> Topology | None:
        """The networks that were read, with the clusters placed in them; None where no cloud was asked."""
        if self.networks is None:
            return None
        placements = []
        for result in results:
            member = member_of(result)
            record, crossing = self.records.get(member.ref.id), member.crossing
            if record is None:
                continue
            placed = place(
                member.ref,
                record,
                self.networks,
                load_balancers=crossing.load_balancers,
                not_masqueraded=crossing.unmasqueraded,
                agent_read=crossing.unmasqueraded is not None,
            )
            placements += [placed] if placed is not None else []
        return topology_of([self.networks, Topology(placements=tuple(placements))])

    def judged(self, results: Sequence[ClusterResult], *networks: Topology | None) -> tuple[ControlResult, ...]:
        """The controls of the fleet that the profile asks for; in one cloud `standard` asks for the inventory alone.

        `networks` are what was read of them (`read_networks`), by this run or by those that are aggregated.
        """
        members = [member_of(each) for each in results]
        topology = _whole([each for each in networks if each is not None], members)
        domains = {}
        for placement in topology.placements if topology else ():
            domains.update({each.name: placement.domain for each in members if each.ref.id == placement.cluster})
        declared = declared_of(self.settings, domains)
        whole = topology_of([topology], declared) if topology is not None else None
        found = judge_fabric(members, whole, self.settings.baseline, declared, statements=self.statements, at=self.at)
        clouds = {each.cloud for each in members} - {Cloud.OTHER}
        chosen = PROFILES[self.profile]
        if self.profile == "standard" and len(clouds) < 2:
            chosen = chosen - {each.id for each in found if each.id != "NB-XC-01"}
        return tuple(each for each in found if each.id in chosen)


def _whole(networks: Sequence[Topology], members: Sequence[Member]) -> Topology | None:
    """The networks that were read; for clusters that stand in none of them, what their own records tell."""
    known = {each.ref.id for each in members}
    standing = {each.cluster for part in networks for each in part.placements}
    told = recorded([each for each in members if each.ref.id not in standing])
    if not networks:
        return told
    parts = [
        msgspec.structs.replace(part, placements=tuple(each for each in part.placements if each.cluster in known))
        for part in networks
    ]
    return topology_of([*parts, *([told] if told else [])])


def fabric_of(
    estate: Estate | None,
    settings: SettingsFile,
    watch: Quiet,
    *,
    statements: tuple[Statement, ...],
    profile: str,
    at: str,
) -> Fabric:
    """Read the networks of the clouds that were discovered, where their sources do not switch that off (`network`)."""
    networks, records = None, {}
    if estate is not None:
        networks = topology_of(read_networks(estate, watch))
        records = {each.ref.id: each.record for each in estate.clusters}
    return Fabric(
        settings=settings,
        networks=networks if networks is not None and (networks.domains or networks.unread) else None,
        records=records,
        statements=statements,
        profile=profile,
        at=at,
    )
