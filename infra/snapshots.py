"""Stored snapshots: zstd-compressed JSON of `scanner.model.Snapshot` (`snapshot/v1`), written and strictly read."""

from __future__ import annotations

import codecs
import ipaddress
import re
import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import zstandard
from msgspec import inspect

from infra.depth import raw_problem
from infra.text import printable
from scanner.errors import SnapshotError
from scanner.model import SNAPSHOT_VERSION, Snapshot
from scanner.reach.addresses import is_address

MAX_BYTES = 1 << 30  # of JSON; a cluster of 60,000 pods has about 30 MB
_MAX_WINDOW = 1 << 27  # what zstd's own command line accepts without being asked
_CHUNK = 512  # zstd packs at most 128 KiB into 3 bytes, so one chunk gives at most 22 MB before the bound is checked
_LEVEL = 9
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\Z", re.ASCII)
_ASKED_FOR = ("namespaces", "pods", "networkpolicies.networking.k8s.io")  # by every collector, however the lists ended
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_TEXT_PART = 1 << 20


class _Header(msgspec.Struct):
    version: str


_HEADER = msgspec.json.Decoder(_Header)  # made while this is loaded: see infra/kube/lists
_SNAPSHOT = msgspec.json.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """The stored form. Equal snapshots give equal bytes: map keys are sorted and zstd is given nothing that varies."""
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True)
    return packer.compress(msgspec.json.encode(snapshot, order="deterministic"))


def decode(data: bytes, where: str, *, max_bytes: int = MAX_BYTES) -> Snapshot:
    """Read a stored snapshot; `where` names it in errors.

    Fields that this version does not know are an error, except in a snapshot of a newer minor version, where they are
    left out: a minor version adds fields and changes none.

    Raises:
        SnapshotError: not zstd, truncated, too large, not JSON, of another major version, or not a valid snapshot; one
            line with `where` and the path inside the document.
    """
    name = printable(where)
    text: bytes | bytearray = _unpacked(data, name, max_bytes)
    try:
        _check_text(text)
        newer = _is_newer(_HEADER.decode(text).version, name)
        if newer:
            text = msgspec.json.encode(_known(msgspec.json.decode(text), inspect.type_info(Snapshot)))
        snapshot = _SNAPSHOT.decode(text)
    except RecursionError as error:
        raise SnapshotError(f"{name}: nested too deeply for a snapshot: collect it again") from error
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{name}: not UTF-8: collect it again") from error
    except msgspec.ValidationError as error:
        raise SnapshotError(f"{name}: not a valid snapshot: {printable(str(error))}") from error
    except msgspec.DecodeError as error:
        raise SnapshotError(f"{name}: not JSON, or cut short: {printable(str(error))}") from error
    if found := problem(snapshot):
        raise SnapshotError(f"{name}: not a valid snapshot: {found}")
    return snapshot


def problem(snapshot: Snapshot) -> str:
    """The first thing wrong with a snapshot that its types cannot say, with its path (`$.pods[3].name`); else empty."""
    return next(_problems(snapshot), "")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document inside a stored snapshot."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "snapshot/v1",
        "version": SNAPSHOT_VERSION,
    } | msgspec.json.schema(Snapshot)


def _unpacked(data: bytes, name: str, max_bytes: int) -> bytearray:
    """The document, unpacked piece by piece so that no bomb outgrows the bound."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
    text = bytearray()
    view = memoryview(data)
    read = 0
    try:
        while read < len(view) and not unpacker.eof:
            text += unpacker.decompress(view[read : read + _CHUNK])
            read += _CHUNK
            if len(text) > max_bytes:
                raise SnapshotError(f"{name}: holds more than {max_bytes} bytes, too large for a snapshot")
    except zstandard.ZstdError as error:
        raise SnapshotError(f"{name}: not zstd, or damaged: collect it again, or name a *.json.zst file") from error
    if not unpacker.eof:
        raise SnapshotError(f"{name}: cut short: copy or collect it again")
    if unpacker.unused_data or read < len(view):
        raise SnapshotError(f"{name}: something follows the snapshot: copy or collect it again")
    return text


def _check_text(text: bytes | bytearray) -> None:
    """All of it is UTF-8, also what the parser skips over and keeps raw."""
    checker = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(text), _TEXT_PART):
        checker.decode(text[start : start + _TEXT_PART])
    checker.decode(b"", final=True)


def _is_newer(version: str, name: str) -> bool:
    """Whether a snapshot's minor version is newer than ours."""
    ours = tuple(int(part) for part in SNAPSHOT_VERSION.split("."))
    match = _VERSION.match(version)
    if match is None:
        raise SnapshotError(f"{name}: snapshot version {printable(version, 40)!r} is not of the form 1.0")
    major, minor = int(match[1]), int(match[2])
    if major > ours[0]:
        raise SnapshotError(f"{name}: snapshot version {version} is newer than this ringfence ({ours[0]}.x): upgrade")
    if major < ours[0]:
        raise SnapshotError(f"{name}: snapshot version {version} is older than this ringfence reads ({ours[0]}.x)")
    return minor > ours[1]


def _known(value: Any, kind: inspect.Type) -> Any:  # noqa: ANN401 - any JSON value
    """`value` without the object members that `kind` does not name. What does not fit the type is left to the decoder."""
    match kind, value:
        case inspect.StructType(fields=fields), dict():
            return {
                field.encode_name: _known(value[field.encode_name], field.type)
                for field in fields
                if field.encode_name in value
            }
        case inspect.VarTupleType(item_type=item), list():
            return [_known(member, item) for member in value]
        case inspect.DictType(value_type=item), dict():
            return {key: _known(member, item) for key, member in value.items()}
        case inspect.UnionType(types=types), _:
            inner = next((entry for entry in types if isinstance(entry, inspect.StructType)), None)
            return _known(value, inner) if inner else value
        case _:
            return value


def _problems(snapshot: Snapshot) -> Iterator[str]:
    if not _is_time(snapshot.taken):
        yield "no time in UTC like 2026-01-31T08:00:00Z - at `$.taken`"
    for field in ("account", "location", "name", "id"):
        if not getattr(snapshot.cluster, field):
            yield f"empty - at `$.cluster.{field}`"
    if not snapshot.unread and (missing := [kind for kind in _ASKED_FOR if kind not in snapshot.collection]):
        yield f"nothing says how the list of {missing[0]} ended - at `$.collection`"
    yield from _unnamed(snapshot)
    for index, pod in enumerate(snapshot.pods):
        for address in pod.ips:
            if not _is_address(address):
                yield f"no IP address - at `$.pods[{index}].ips`"
    for index, node in enumerate(snapshot.nodes):
        if not all(_is_range(block) for block in node.pod_cidrs):
            yield f"no address range - at `$.nodes[{index}].podCidrs`"
    for path, raw in _raw_parts(snapshot):
        if found := raw_problem(raw):
            yield f"{found} - at `{path}`"


def _unnamed(snapshot: Snapshot) -> Iterator[str]:
    named: dict[str, tuple[Any, ...]] = {
        "namespaces": snapshot.namespaces,
        "pods": snapshot.pods,
        "nodes": snapshot.nodes,
        "daemonSets": snapshot.daemon_sets,
        "services": snapshot.services,
        "entryPoints": snapshot.entry_points,
        "configMaps": snapshot.config_maps,
        "policies": snapshot.policies,
        "settings": snapshot.settings,
    }
    for part, members in named.items():
        for index, member in enumerate(members):
            if not member.name:
                yield f"empty - at `$.{part}[{index}].name`"
    for index, pod in enumerate(snapshot.pods):
        if not pod.namespace:
            yield f"empty - at `$.pods[{index}].namespace`"


def _raw_parts(snapshot: Snapshot) -> Iterator[tuple[str, msgspec.Raw]]:
    for index, policy in enumerate(snapshot.policies):
        yield f"$.policies[{index}].spec", policy.spec
    for index, setting in enumerate(snapshot.settings):
        yield f"$.settings[{index}].spec", setting.spec
    record = snapshot.cloud_record
    if record is None:
        return
    yield "$.cloudRecord.cluster", record.cluster
    if isinstance(record.vpc, msgspec.Raw):
        yield "$.cloudRecord.vpc", record.vpc
    for part in ("addons", "nodegroups", "fargate_profiles", "launch_templates"):
        for index, raw in enumerate(getattr(record, part)):
            yield f"$.cloudRecord.{part}[{index}]", raw


def _is_address(text: str) -> bool:
    """As `is_address`, which takes ten times as long for the usual IPv4 address."""
    try:
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):  # ValueError: a NUL, or no ASCII
        return is_address(text)
    return True


def _is_time(text: str) -> bool:
    if not _TIME.match(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
