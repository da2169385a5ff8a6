"""A folder of manifests as a snapshot: workloads stand for their pods, and whatever cannot be read is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from infra.collector import COLLECTOR
from infra.manifests.documents import Found, Trouble
from infra.manifests.files import ManifestFile, decode_text, folder_of, list_files, read_bytes, shown, utf8_bytes
from infra.manifests.json_documents import read_json
from infra.manifests.load import Loader
from infra.memory import uncollected
from infra.text import printable
from scanner.errors import InputError
from scanner.model import (
    SNAPSHOT_VERSION,
    Cloud,
    CloudRecord,
    ClusterRef,
    Collected,
    KindStatus,
    Snapshot,
    Source,
)

# What a folder shows as far as it goes. Nodes, ConfigMaps and DaemonSets are never here: whatever else runs in the cluster
# is not in the folder, so judging must not take a kind without an engine for a cluster without one.
_SHOWN = ("namespaces", "pods", "services", "networkpolicies.networking.k8s.io", "ingresses.networking.k8s.io")
_BEYOND = frozenset({"nodes", "configmaps", "daemonsets.apps"})
_PROGRESS_EVERY = 100


def read_manifests(
    path: Path,
    *,
    cluster: ClusterRef,
    taken: str,
    record: CloudRecord | None = None,
    progress: Callable[[str], None] | None = None,
) -> Snapshot:
    """The folder (with all below it) or single file at `path` as the snapshot of one cluster.

    Whatever is broken, refused or unknown is a notice, and the rest is read. Kinds are `partial` as soon as a document
    could not be read, for it may have been of any kind.

    Raises:
        InputError: nothing at all could be read; names the path, the first cause and the mend.
    """
    loader = Loader()
    with uncollected():
        files = _load(path, loader, progress)
        found = _snapshot(loader, cluster, taken, record, folder_of(path))
    if not loader.documents:
        raise InputError(_nothing(path, files, loader))
    if progress is not None:
        progress(f"{files} files, {loader.documents} objects")
    return found


_IN_MEMORY = ClusterRef(cloud=Cloud.OTHER, account="local", location="memory", name="objects", id="other/local/memory")


def read_objects(
    objects: Iterable[Mapping[str, Any]], *, cluster: ClusterRef = _IN_MEMORY, taken: str = ""
) -> Snapshot:
    """Objects held in memory (as decoded JSON: apiVersion, kind, metadata, spec; lists too) as a folder of them would be read.

    Notices name one by its position from 1, "objects[3]". `taken` is when they were, in ISO 8601; empty where it is not known.
    Nothing is raised for what is wrong with an object, nor for none at all.
    """
    loader = Loader()
    with uncollected():
        for number, item in enumerate(objects, 1):
            for part in _encoded(item):
                loader.take(f"objects[{number}]", part)
        return _snapshot(loader, cluster, taken, None, "")


def _encoded(item: Mapping[str, Any]) -> Iterator[Found]:
    try:
        data = msgspec.json.encode(item)
    except (TypeError, ValueError, RecursionError) as error:  # a value that JSON has no form for, or a lone surrogate
        yield Trouble(f"is no JSON ({printable(str(error), 200)}): give what json.loads makes of it")
    else:
        yield from read_json(data)


def _snapshot(loader: Loader, cluster: ClusterRef, taken: str, record: CloudRecord | None, folder: str) -> Snapshot:
    """What was loaded, as a snapshot."""
    loader.finish()
    fields = loader.objects.fields(Source.MANIFESTS)
    notices = (*loader.notes.notices(), *fields.pop("notices"))
    return Snapshot(
        version=SNAPSHOT_VERSION,
        collector=COLLECTOR,
        taken=taken,
        cluster=cluster,
        source=Source.MANIFESTS,
        collection=_collection(loader, pods=len(fields["pods"]), namespaces=len(fields["namespaces"])),
        cloud_record=record,
        folder=folder,
        notices=notices,
        **fields,
    )


def _load(path: Path, loader: Loader, progress: Callable[[str], None] | None) -> int:
    """Hand over whatever the files hold; returns how many files there were."""
    files = 0
    for entry in list_files(path):
        if isinstance(entry, tuple):
            loader.take(*entry)
            continue
        files += 1
        for found in _read(entry):
            loader.take(entry.shown, found)
        if progress is not None and files % _PROGRESS_EVERY == 0:
            progress(f"{files} files, {loader.documents} objects")
    return files


def _read(file: ManifestFile) -> Iterator[Found]:
    data = read_bytes(file)
    if isinstance(data, Trouble):
        yield data
        return
    if file.is_json:
        content = utf8_bytes(data)
        if isinstance(content, Trouble):
            yield content
        elif content and not content.isspace():
            yield from read_json(content)
        return
    text = decode_text(data)
    if isinstance(text, Trouble):
        yield text
    else:
        from infra.manifests.yaml_documents import read_yaml

        yield from read_yaml(text)


def _nothing(path: Path, files: int, loader: Loader) -> str:
    place = shown(path)
    if loader.notes.first:
        return f"{place}: no Kubernetes object could be read; first of all {loader.notes.first}"
    if not files:
        return f"{place}: no manifest file (*.yaml, *.yml, *.json): give the folder that holds them"
    return f"{place}: no Kubernetes object in {files} file(s): give the folder that holds the manifests"


def _collection(loader: Loader, **counts: int) -> dict[str, KindStatus]:
    """How each kind's "list" ended: never `complete` where a document was lost."""
    lost = loader.notes.lost
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    reason = f"could not be read whole: {lost[0]}{more}" if lost else ""
    status = Collected.PARTIAL if lost else Collected.COMPLETE
    found = loader.counts | counts
    kinds = sorted({*_SHOWN, *found} - _BEYOND)
    return {kind: KindStatus(status=status, count=found.get(kind, 0), reason=reason) for kind in kinds}
