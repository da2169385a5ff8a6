"""Rewrites the embedded estate: `python -m infra.estate.build`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from infra.estate.clusters import CLUSTERS
from infra.estate.read import SUFFIX
from infra.snapshots import encode
from scanner.model import Snapshot

DATA = Path(__file__).parent / "data"


def draw() -> Iterator[Snapshot]:
    """The seven clusters, drawn anew."""
    return (cluster() for cluster in CLUSTERS)


def main() -> None:
    """Write every snapshot, remove what no cluster stands for any more, and print the sizes."""
    DATA.mkdir(exist_ok=True)
    files = {f"{snapshot.cluster.name}{SUFFIX}": encode(snapshot) for snapshot in draw()}
    for old in DATA.glob(f"*{SUFFIX}"):
        if old.name not in files:
            old.unlink()
    for name, data in files.items():
        (DATA / name).write_bytes(data)
        sys.stdout.write(f"{len(data):>8}  {name}\n")
    sys.stdout.write(f"{sum(map(len, files.values())):>8}  in all\n")


if __name__ == "__main__":
    main()
