"""The fleet's judge as a run calls it: the networks of the clouds, what is declared of them, and each cluster's result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    def judged(self, results: Sequence[ClusterResult]) -> tuple[ControlResult, ...]:
        """The controls of the fleet that the profile asks for; in one cloud `standard` asks for the inventory alone."""
        members = [member_of(each) for each in results]
        topology = self._topology(members)
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

    def _topology(self, members: Sequence[Member]) -> Topology | None:
        """The networks that were read, with the clusters placed; where none were, what the clusters' records tell."""
        if self.networks is None:
            return recorded(members)
        placements = []
        for member in members:
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
        standing = {each.cluster for each in placements}
        told = recorded([each for each in members if each.ref.id not in standing])
        return topology_of([self.networks, Topology(placements=tuple(placements)), *([told] if told else [])])


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
