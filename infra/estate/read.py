"""The embedded estate as it ships: stored snapshots inside the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

TAKEN = "2026-11-23T06:00:00Z"  # when the estate's snapshots were taken
SUFFIX = ".snapshot.json.zst"


def estate() -> Iterator[tuple[str, bytes]]:
    """Every cluster's name with its stored snapshot, by name."""
    folder = resources.files("infra.estate").joinpath("data")
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith(SUFFIX):
            yield file.name.removesuffix(SUFFIX), file.read_bytes()
