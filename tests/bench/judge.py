"""What judging a whole cluster costs: CPU seconds of `judge` on generated clusters, and the process's peak memory."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infra.manifests import read_manifests
from scanner.judge import judge
from tests.bench.files import CLUSTER, TAKEN
from tests.bench.spent import python, run


def show(paths: Mapping[str, Path]) -> None:
    """Print the table, each cluster in a process of its own."""
    print(f"{'judge':12} {'pods':>8} {'policies':>9} {'CPU s':>8} {'peak MB':>8}")
    for size, path in paths.items():
        spent = run(python("-m", "tests.bench.judge", str(path)), keep=True)
        pods, policies, seconds = json.loads(spent.out)
        print(f"{size:12} {pods:8,} {policies:9,} {seconds:8.2f} {spent.peak / 1e6:8.0f}", flush=True)
    print()


def _main(path: str) -> None:
    cluster = read_manifests(Path(path), cluster=CLUSTER, taken=TAKEN)
    before = time.process_time()
    judge(cluster)
    print(json.dumps([len(cluster.pods), len(cluster.policies), time.process_time() - before]))


if __name__ == "__main__":
    _main(sys.argv[1])
