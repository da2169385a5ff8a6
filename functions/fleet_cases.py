"""Cases of controls that are judged over a fleet: several clusters, the networks around them, and what is declared of those.

Below `clusters/` each cluster has a folder like a case of its own; what else is said of a cluster stands under its name in
`case.yaml`. `network.yaml` is a topology/v1, to which those named under `networks` (files `NAME.yaml` in `_with/networks`,
here or above) are added; `links.yaml` holds `links` and `trustZones` as ringfence.yaml does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from functions.case_files import CASE, read_value, shared
from functions.case_without import absent, cut, without_config
from functions.case_without import without as without_in_cluster
from functions.cases import CaseFile, Folder, read_cluster, read_parts
from functions.declarations import declared_of
from infra.settings import Link, SettingsFile, TrustZone
from infra.text import printable
from scanner.baselines.config import BaselineConfig
from scanner.controls.base import Control
from scanner.errors import InputError
from scanner.evidence import Statement
from scanner.fabric.judge import judge_fabric, member_of
from scanner.findings import ControlResult
from scanner.judge import judge
from scanner.topology.build import topology_of
from scanner.topology.document import decode
from scanner.topology.model import TOPOLOGY_VERSION, Topology


class LinksFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """`links.yaml`: the two keys of ringfence.yaml that declare what the network is to be."""

    trust_zones: tuple[TrustZone, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFolder:
    """One case of a fleet, read. `topology` is None where the case has no network."""

    path: Path
    case: CaseFile
    clusters: tuple[Folder, ...]
    config: BaselineConfig
    statements: tuple[Statement, ...]
    topology: Topology | None
    links: LinksFile


def is_fleet(folder: Path, case: CaseFile) -> bool:
    """Whether a case is about several clusters."""
    return bool(case.clusters) or (folder / "clusters").is_dir()


def read_fleet(folder: Path, case: CaseFile) -> FleetFolder:
    """Read a case of a fleet.

    Raises:
        InputError: a file is missing, cannot be read or is not of its form; names the file and the mend.
    """
    config, statements = read_parts(folder)
    below = folder / "clusters"
    names = sorted({*case.clusters, *(path.name for path in (below.iterdir() if below.is_dir() else ()))})
    own = folder / "network.yaml"
    files = [shared(folder, f"networks/{name}") for name in case.networks]
    files += [own] if own.exists() else []
    links = folder / "links.yaml"
    return FleetFolder(
        path=folder,
        case=case,
        clusters=tuple(read_cluster(below / name, case, config) for name in names),
        config=config,
        statements=statements,
        topology=topology_of(_topology(path) for path in files) if files else None,
        links=read_value(links, LinksFile) if links.exists() else LinksFile(),
    )


def _topology(path: Path) -> Topology:
    document = {"version": TOPOLOGY_VERSION, **read_value(path, dict[str, Any])}
    return decode(msgspec.json.encode(document), str(path))


def judge_fleet(folder: FleetFolder, controls: Sequence[Control]) -> ControlResult:
    """What comes of the case's control; each cluster is judged, then the fleet.

    Raises:
        InputError: no such control.
    """
    results = [judge(each.snapshot, folder.config) for each in folder.clusters]
    whole = folder.topology
    domains = {
        each.cluster.name: placement.domain
        for each in results
        for placement in (whole.placements if whole else ())
        if placement.cluster == each.cluster.id
    }
    settings = SettingsFile(trust_zones=folder.links.trust_zones, links=folder.links.links)
    declared = declared_of(settings, domains)
    judged = judge_fabric(
        [member_of(each) for each in results],
        topology_of([whole], declared) if whole is not None else None,
        folder.config,
        declared,
        statements=folder.statements,
        at=folder.case.at or folder.case.taken,
    )
    known = {control.id for control in controls}
    found = next((each for each in judged if each.id == folder.case.control and each.id in known), None)
    if found is None:
        name = printable(folder.case.control, 60)
        raise InputError(f"{folder.path / CASE}: control {name!r}: no control of a fleet is called so")
    return found


def without(folder: FleetFolder, deciding: str) -> FleetFolder:
    """The case less one deciding thing.

    That is "CLUSTER: Kind namespace/name" (what a case of one cluster may name, of this cluster), "cluster: NAME",
    "links: 0", "network: tables[0].routes[1]", "config: key" or "evidence: 0".

    Raises:
        InputError: there is no such thing in it.
    """
    what, _, path = deciding.partition(": ")
    if what == "cluster":
        left = tuple(each for each in folder.clusters if each.path.name != path)
        return _changed(folder, deciding, replace(folder, clusters=left))
    if what in {"links", "evidence"}:
        kept = [each for number, each in enumerate(folder.links.links) if what != "links" or str(number) != path]
        stated = [each for number, each in enumerate(folder.statements) if what != "evidence" or str(number) != path]
        links = msgspec.structs.replace(folder.links, links=tuple(kept))
        return _changed(folder, deciding, replace(folder, links=links, statements=tuple(stated)))
    if what == "network":
        document = msgspec.json.decode(msgspec.json.encode(folder.topology))
        if folder.topology is None or not cut(document, path):
            raise absent(folder.path, deciding)
        return replace(folder, topology=decode(msgspec.json.encode(document), str(folder.path)))
    if what == "config":
        config = without_config(folder.config, path)
        return _changed(folder, deciding, replace(folder, config=config))
    changed = [without_in_cluster(each, path) if each.path.name == what else each for each in folder.clusters]
    return _changed(folder, deciding, replace(folder, clusters=tuple(changed)))


def _changed(folder: FleetFolder, deciding: str, less: FleetFolder) -> FleetFolder:
    if less == folder:
        raise absent(folder.path, deciding)
    return less
