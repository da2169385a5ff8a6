"""Generated clusters on disk: one JSON List, one YAML file of many documents, or a folder of YAML files, one a namespace."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import yaml

from infra.manifests import read_manifests
from scanner.model import Cloud, ClusterRef, Snapshot
from tests.bench.generate import SIZES, Profile, Size, objects

CLUSTER = ClusterRef(cloud=Cloud.OTHER, account="", location="", name="bench", id="bench")
TAKEN = "2026-11-23T08:00:00Z"
_HEAD, _TAIL = b'{"apiVersion":"v1","kind":"List","items":[\n', b"\n]}\n"


class _Dumper(yaml.CSafeDumper):
    """What several objects share is written out for each: manifests have no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base's signature
        return True


_dump = partial(yaml.dump_all, Dumper=_Dumper, sort_keys=False, explicit_start=True)


def write_json(path: Path, found: Iterable[dict[str, Any]]) -> None:
    """A List as `kubectl get -o json` gives it, an object a line."""
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as stream:
        start = _HEAD
        for item in found:
            stream.write(start + encode(item))
            start = b",\n"
        stream.write(_TAIL)


def write_yaml(path: Path, found: Iterable[dict[str, Any]]) -> None:
    """One file, a document an object."""
    with path.open("w", encoding="utf-8") as stream:
        _dump(found, stream)


def write_folder(path: Path, found: Iterable[dict[str, Any]]) -> None:
    """A file for each namespace with all that is in it."""
    path.mkdir()
    placed = sorted(((_namespace(item), item) for item in found), key=itemgetter(0))
    for name, items in groupby(placed, key=itemgetter(0)):
        write_yaml(path / f"{name}.yaml", (item for _, item in items))


WRITERS = {"json": write_json, "yaml": write_yaml, "folder": write_folder}


def generate(size: Size, profile: Profile = Profile.MIXED) -> Snapshot:
    """A generated cluster as it is after loading."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cluster.json"
        write_json(path, objects(size, profile))
        return read_manifests(path, cluster=CLUSTER, taken=TAKEN)


def _namespace(item: dict[str, Any]) -> str:
    metadata = item["metadata"]
    name: str = metadata.get("namespace") or metadata["name"]
    return name


if __name__ == "__main__":
    _size, _profile, _kind, _path = sys.argv[1:]
    WRITERS[_kind](Path(_path), objects(SIZES[_size], Profile(_profile)))
