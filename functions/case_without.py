"""A case less one of the things that decide it: what a control says then shows whether it looks at them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from functions.case_files import CASE
from functions.cases import Folder
from infra.cloudrecord import record_from
from infra.text import printable
from scanner.baselines.config import DEFAULT_CONFIG, BaselineConfig
from scanner.errors import InputError
from scanner.model import Snapshot


def without(folder: Folder, deciding: str) -> Folder:
    """The case of one cluster less one deciding object.

    Raises:
        InputError: there is no such object in it.
    """
    what, colon, path = deciding.partition(": ")
    if not colon:
        return replace(folder, snapshot=_less(folder, deciding))
    if what == "evidence":
        left = tuple(each for number, each in enumerate(folder.statements) if str(number) != path)
        if len(left) == len(folder.statements):
            raise absent(folder.path, deciding)
        return replace(folder, statements=left)
    if what == "waiver":
        kept = tuple(each for each in folder.waivers if each.id != path)
        if len(kept) == len(folder.waivers):
            raise absent(folder.path, deciding)
        return replace(folder, waivers=kept)
    if what == "config":
        changed = without_config(folder.config, path)
        if changed == folder.config:
            raise absent(folder.path, deciding)
        return replace(folder, config=changed)
    if what != "record" or folder.snapshot.cloud_record is None:
        raise absent(folder.path, deciding)
    document = msgspec.json.decode(msgspec.json.encode(folder.snapshot.cloud_record))
    if not cut(document, path):
        raise absent(folder.path, deciding)
    record = record_from(document, str(folder.path))
    return replace(folder, snapshot=msgspec.structs.replace(folder.snapshot, cloud_record=record))


def without_config(config: BaselineConfig, key: str) -> BaselineConfig:
    """The configuration with one key as it is by default; the same where there is no such key."""
    fields = {field.name for field in msgspec.structs.fields(BaselineConfig)}
    return msgspec.structs.replace(config, **{key: getattr(DEFAULT_CONFIG, key)}) if key in fields else config


def cut(value: Any, path: str) -> bool:  # noqa: ANN401 - decoded JSON
    """Remove what a path like "a.b[0].c" leads to; whether it was there."""
    return _cut(value, path.replace("[", ".").replace("]", "").split("."))


def _less(folder: Folder, deciding: str) -> Snapshot:
    """The snapshot without an object: of whatever makes pods, without its pods."""
    snapshot = folder.snapshot
    parts: dict[str, Any] = {
        "policies": tuple(each for each in snapshot.policies if _named(each.kind, each) != deciding),
        "settings": tuple(each for each in snapshot.settings if _named(each.kind, each) != deciding),
        "entry_points": tuple(each for each in snapshot.entry_points if _named(each.kind, each) != deciding),
        "pods": tuple(
            each
            for each in snapshot.pods
            if deciding not in {_named("Pod", each), f"{each.workload.kind} {each.namespace}/{each.workload.name}"}
        ),
    }
    for kind, part in _PARTS.items():
        parts[part] = tuple(each for each in getattr(snapshot, part) if _named(kind, each) != deciding)
    if all(len(left) == len(getattr(snapshot, part)) for part, left in parts.items()):
        raise absent(folder.path, deciding)
    return msgspec.structs.replace(snapshot, **parts)


_PARTS = {
    "Namespace": "namespaces",
    "Node": "nodes",
    "DaemonSet": "daemon_sets",
    "Service": "services",
    "Gateway": "gateways",
    "ConfigMap": "config_maps",
}


def _named(kind: str, item: Any) -> str:  # noqa: ANN401 - whatever has a name
    namespace = getattr(item, "namespace", "")
    return f"{kind} {namespace}/{item.name}" if namespace else f"{kind} {item.name}"


def _cut(value: Any, path: list[str]) -> bool:  # noqa: ANN401 - decoded JSON
    """Remove what a path leads to; whether it was there."""
    *way, last = path
    for part in way:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    if isinstance(value, dict):
        return value.pop(last, None) is not None
    if isinstance(value, list) and last.isdigit() and int(last) < len(value):
        del value[int(last)]
        return True
    return False


def absent(folder: Path, deciding: str) -> InputError:
    """The mistake of naming something that a case does not hold."""
    return InputError(f"{folder / CASE}: decided-by {printable(deciding, 200)!r}: there is no such thing in the case")
