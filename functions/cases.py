"""Cases: folders that show what a control makes of a cluster, for the built-in controls and for people's own.

A folder holds `case.yaml` (what is expected of which control, and why), `cluster.yaml` (objects as `kubectl get -o yaml` gives
them, or `snapshot.json.zst`) and, where they count, `record.yaml` (the cloud's word), `config.yaml` (the `baseline:` part of the
settings), `evidence.yaml` and `waivers.yaml` (lists). Unless it says otherwise, the objects are all that a live cluster has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from functions.case_files import CASE, documents, read_plain, read_value, shared
from functions.sources import address
from infra.cloudrecord import record_from
from infra.kinds import KINDS
from infra.manifests import read_objects
from infra.manifests.load import MESH_ALONE
from infra.text import printable
from scanner.baselines.config import DEFAULT_CONFIG, BaselineConfig
from scanner.controls.base import Control
from scanner.controls.evaluation import evaluate
from scanner.errors import InputError
from scanner.evidence import Statement
from scanner.findings import ControlResult
from scanner.model import Cloud, Collected, KindStatus, Snapshot, Source
from scanner.prepare import case_of
from scanner.waivers.model import Waiver

if TYPE_CHECKING:
    from functions.fleet_cases import FleetFolder

TAKEN = "2026-11-23T08:00:00Z"
Outcome = Literal["pass", "fail", "unknown", "not_applicable", "waived"]


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Base of what stands in `case.yaml`: a misspelt key is refused."""


class Expected(_Form, frozen=True, kw_only=True):
    """What must come out: the control's status, and where given its reason and the status of items by subject."""

    status: Outcome
    reason: str = ""
    items: dict[str, Outcome] = {}


class ClusterCase(_Form, frozen=True, kw_only=True):
    """What is said of one cluster of a fleet: its cloud, if no record says it, and the rest as of a case of its own."""

    cloud: Literal["aws", "gcp", "azure", "other"] = "other"
    unread: dict[str, Literal["partial", "forbidden", "absent", "unasked"]] = {}
    source: Literal["cluster", "manifests"] = "cluster"
    unreadable: str = ""
    also: tuple[str, ...] = ()


class CaseFile(_Form, frozen=True, kw_only=True):
    """`case.yaml`. `decided_by` are the objects without any one of which the control's status becomes `without`.

    An object is "Kind namespace/name" or "Kind name"; "record: a.b[0].c" is a part of the cloud's record, "config: key" of
    the configuration, "evidence: 0" a statement by its place, "waiver: id" a waiver. An empty `without` means anything but
    what is expected.
    `also` are names of files in the nearest folder `_with`, here or above: objects that many cases have in common.
    `clusters` and `networks` are for cases of a fleet (`functions/fleet_cases.py`).
    """

    control: str
    about: str
    expect: Expected
    decided_by: tuple[str, ...] = ()
    without: Outcome | Literal[""] = ""
    unread: dict[str, Literal["partial", "forbidden", "absent", "unasked"]] = {}
    source: Literal["cluster", "manifests"] = "cluster"
    unreadable: str = ""
    taken: str = TAKEN
    at: str = ""
    also: tuple[str, ...] = ()
    clusters: dict[str, ClusterCase] = {}
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """One case, read: what is expected, and everything that judging looks at."""

    path: Path
    case: CaseFile
    snapshot: Snapshot
    config: BaselineConfig = DEFAULT_CONFIG
    statements: tuple[Statement, ...] = ()
    waivers: tuple[Waiver, ...] = ()


def find_cases(root: Path) -> tuple[Path, ...]:
    """Every folder below `root` with a case in it, sorted.

    Raises:
        InputError: there is none.
    """
    found = tuple(sorted(path.parent for path in root.rglob(CASE)))
    if not found:
        raise InputError(f"{root}: no {CASE} in it or below it: give a folder of cases")
    return found


def read_case(folder: Path) -> Folder | FleetFolder:
    """Read a case, of one cluster or of a fleet.

    Raises:
        InputError: a file is missing, cannot be read or is not of its form; names the file and the mend.
    """
    from functions.fleet_cases import is_fleet, read_fleet

    case = read_value(folder / CASE, CaseFile)
    if is_fleet(folder, case):
        return read_fleet(folder, case)
    config, statements = read_parts(folder)
    waivers, snapshot = _waivers(folder / "waivers.yaml"), _snapshot(folder, case)
    return Folder(path=folder, case=case, snapshot=snapshot, config=config, statements=statements, waivers=waivers)


def _waivers(path: Path) -> tuple[Waiver, ...]:
    return tuple(read_value(path, list[Waiver])) if path.exists() else ()


def read_parts(folder: Path) -> tuple[BaselineConfig, tuple[Statement, ...]]:
    """The configuration and the statements of a case.

    Raises:
        InputError: a file is not of its form.
    """
    config, evidence = folder / "config.yaml", folder / "evidence.yaml"
    return (
        read_value(config, BaselineConfig) if config.exists() else DEFAULT_CONFIG,
        tuple(read_value(evidence, list[Statement])) if evidence.exists() else (),
    )


def read_cluster(folder: Path, case: CaseFile, config: BaselineConfig) -> Folder:
    """One cluster of a fleet's case, as a case of its own; a cluster without a record has its name for an id.

    Raises:
        InputError: a file is missing, cannot be read or is not of its form.
    """
    said = case.clusters.get(folder.name, ClusterCase())
    own = msgspec.structs.replace(
        case, unread=said.unread, source=said.source, unreadable=said.unreadable, also=(*case.also, *said.also)
    )
    snapshot = _snapshot(folder, own)
    if snapshot.cloud_record is None:
        ref = msgspec.structs.replace(
            snapshot.cluster, cloud=Cloud(said.cloud), location=said.cloud, id=snapshot.cluster.name
        )
        snapshot = msgspec.structs.replace(snapshot, cluster=ref)
    return Folder(path=folder, case=own, snapshot=snapshot, config=config)


def judge_case(folder: Folder | FleetFolder, controls: Sequence[Control]) -> ControlResult:
    """What comes of the case's control.

    Raises:
        InputError: no such control.
    """
    from functions.fleet_cases import FleetFolder, judge_fleet

    if isinstance(folder, FleetFolder):
        return judge_fleet(folder, controls)
    case = case_of(
        folder.snapshot, folder.config, at=folder.case.at, statements=folder.statements, waivers=folder.waivers
    )
    results = {result.id: result for result in evaluate(controls, case)}
    if folder.case.control not in results:
        raise InputError(f"{folder.path / CASE}: control {printable(folder.case.control, 60)!r}: no such control here")
    return results[folder.case.control]


def problems(folder: Folder | FleetFolder, result: ControlResult) -> tuple[str, ...]:
    """How a result differs from what the case expects, a line each; empty where it does not."""
    expect = folder.case.expect
    found = []
    if result.status != expect.status:
        found.append(f"status is {result.status} ({result.reason}), expected {expect.status}")
    if expect.reason and result.reason != expect.reason:
        found.append(f"reason is {result.reason}, expected {expect.reason}")
    statuses = {item.subject: item.status for item in result.items}
    for subject, wanted in expect.items.items():
        if subject not in statuses:
            found.append(f"no item {subject!r}: there are {', '.join(sorted(statuses)) or 'none'}")
        elif statuses[subject] != wanted:
            found.append(f"item {subject!r} is {statuses[subject]}, expected {wanted}")
    return tuple(found)


def _snapshot(folder: Path, case: CaseFile) -> Snapshot:
    stored = folder / "snapshot.json.zst"
    return _stored(stored) if stored.exists() else _written(folder, case)


def _stored(path: Path) -> Snapshot:
    from infra.snapshots import decode

    return decode(path.read_bytes(), str(path))


def _written(folder: Path, case: CaseFile) -> Snapshot:
    path = folder / "record.yaml"
    record = record_from(read_plain(path), str(path)) if path.exists() else None
    ref = address(record, folder.name, "case")
    objects = [each for name in case.also for each in documents(shared(folder, name))]
    if not case.also or (folder / "cluster.yaml").exists():
        objects += documents(folder / "cluster.yaml")
    snapshot = read_objects(objects, cluster=ref, taken=case.taken)
    for notice in snapshot.notices:
        if notice.object.startswith("objects[") and MESH_ALONE not in notice.message:
            raise InputError(f"{folder}: {notice.object}: {notice.message}")
    snapshot = msgspec.structs.replace(snapshot, cloud_record=record)
    if case.source == "manifests":
        return snapshot
    collection = {kind: KindStatus(status=Collected.COMPLETE) for kind in KINDS}
    for kind, how in case.unread.items():
        if kind not in KINDS:
            raise InputError(
                f"{folder / CASE}: unread: {kind!r} is no resource: write one like pods or daemonsets.apps"
            )
        if how == "unasked":
            del collection[kind]
        else:
            collection[kind] = KindStatus(status=Collected(how), reason="as the case says")
    return msgspec.structs.replace(
        snapshot, source=Source.CLUSTER, collection=collection, unread=case.unreadable, kubernetes_version="v1.33.5"
    )
