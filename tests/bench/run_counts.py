"""What one scheduled run asks of others, counted: calls to the cloud, to Kubernetes and to the store, step by step.

The steps are the program's own (`functions.scheduled.service`) in this process, against the estate on 127.0.0.1 that the tests
of three clouds read; the servers count. `python -m tests.bench.run_counts` prints a table; `counted` is for others.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from functions.scheduled.deployment import deployed
from functions.scheduled.service import Service
from functions.scheduled.tasks import Task, encode_task
from infra.store import Store, open_store
from tests.servers.three_clouds import ThreeClouds

CLOUDS = ("aws", "gcp", "azure")
DUE = "2026-11-02T06:00:00Z"


@dataclass(slots=True)
class Counts:
    """One cloud's run. `plan`, `scan` and `last` are calls by kind: `cloud …`, `kubernetes`, `store put|get|list`.

    `scan` is of all scans but the last, which makes the report; `stored` is bytes by kind of object.
    """

    cloud: str
    clusters: int = 0
    plan: Counter[str] = field(default_factory=Counter)
    scan: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    message: int = 0  # bytes of one task
    cpu: float = 0.0  # seconds of this process, its servers included: an upper bound

    def per_scan(self, kind: str) -> float:
        """Calls of a kind (or of all kinds that begin so) in one scan."""
        return sum(many for each, many in self.scan.items() if each.startswith(kind)) / max(1, self.clusters - 1)


@dataclass
class CountingStore(Store):
    """Counts calls by what they are billed as. A list counts once here; a real one has a page for a thousand keys."""

    inner: Store
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """It stands where the other stood."""
        self.url = self.inner.url

    def describe(self, key: str) -> str:
        """As the store's own."""
        return self.inner.describe(key)

    def put_new(self, key: str, data: bytes) -> bool:
        """One put."""
        self.asked["store put"] += 1
        return self.inner.put_new(key, data)

    def put_stream(self, key: str, pieces: Iterable[bytes]) -> None:
        """One put: nothing here is large enough for parts."""
        self.asked["store put"] += 1
        self.inner.put_stream(key, pieces)

    def get(self, key: str, *, max_bytes: int = 1 << 32) -> bytes:
        """One get."""
        self.asked["store get"] += 1
        return self.inner.get(key, max_bytes=max_bytes)

    def find(self, key: str, *, max_bytes: int = 1 << 32) -> bytes | None:
        """One get."""
        self.asked["store get"] += 1
        return self.inner.find(key, max_bytes=max_bytes)

    def folders(self, prefix: str) -> tuple[str, ...]:
        """One list."""
        self.asked["store list"] += 1
        return self.inner.folders(prefix)

    def list(self, prefix: str) -> Iterator[str]:
        """One list."""
        self.asked["store list"] += 1
        return self.inner.list(prefix)

    def update_latest(self, key: str, data: bytes, newer: Callable[[bytes], bool]) -> bool:
        """One get, one put."""
        self.asked["store get"] += 1
        self.asked["store put"] += 1
        return self.inner.update_latest(key, data, newer)


def counted(cloud: str, estate: ThreeClouds, folder: Path) -> Counts:
    """One run of one cloud, from its plan to its report."""
    (folder / "ringfence.yaml").write_text(estate.settings(cloud))
    proxies = {name: "" for name in os.environ if name.lower() in {"https_proxy", "http_proxy", "all_proxy"}}
    names = {"RINGFENCE_SETTINGS": str(folder), "RINGFENCE_STORE": str(folder / "store")}
    found = Counts(cloud)
    with patch.dict(os.environ, estate.environment() | proxies | names), redirect_stdout(StringIO()):
        deployment = deployed(os.environ)
        store = CountingStore(open_store(str(folder / "store")))
        object.__setattr__(deployment, "store", store)
        tasks: list[Task] = []
        service = Service(deployment, tasks.extend, lambda: DUE)
        before = time.process_time()
        with _counting(estate, cloud, store, found.plan):
            service.plan(DUE)
        for task in tasks[:-1]:
            with _counting(estate, cloud, store, found.scan):
                service.scan(task, left_s=290, tried=1)
        with _counting(estate, cloud, store, found.last):
            service.scan(tasks[-1], left_s=290, tried=1)
        found.cpu = time.process_time() - before
    found.clusters, found.message = len(tasks), max(len(encode_task(task)) for task in tasks)
    for path in (folder / "store").rglob("*"):
        if path.is_file():
            found.stored[path.name] += path.stat().st_size
    return found


@contextmanager
def _counting(estate: ThreeClouds, cloud: str, store: CountingStore, into: Counter[str]) -> Iterator[None]:
    before = _asked(estate, cloud) + store.asked
    yield
    into.update(_asked(estate, cloud) + store.asked - before)


def _asked(estate: ThreeClouds, cloud: str) -> Counter[str]:
    """Every request that the cloud and its Kubernetes API were sent until now."""
    found = Counter({"kubernetes": len(estate.kube[cloud].cluster.seen)})
    if cloud == "aws":
        found.update(f"cloud {call.service}:{call.operation}" for call in estate.aws.calls)
    elif cloud == "gcp":
        found.update(f"cloud {method} {_kind(target)}" for method, target, _ in estate.google.seen)
    else:
        found.update(f"cloud {_kind(seen.path)}" for seen in estate.azure.seen)
    return found


def _kind(path: str) -> str:
    """A request's path without the names in it: its last word that is no name."""
    words = [word for word in path.partition("?")[0].split("/") if word]
    return words[-1] if words else path


def show() -> None:
    """Print what each cloud's run asked for: of the plan, of one scan, and of the last, which makes the report."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as name, ThreeClouds(Path(name)) as estate:
        for cloud in CLOUDS:
            folder = Path(name) / f"run-{cloud}"
            (folder / "store").mkdir(parents=True)
            found = counted(cloud, estate, folder)
            print(f"{cloud}: {found.clusters} clusters, a task of {found.message} bytes, {found.cpu:.1f} s CPU in all")
            for kind, many in sorted(found.plan.items()):
                print(f"  plan    {many:6}  {kind}")
            for kind in sorted({kind.partition(" GET ")[0] for kind in found.scan}):
                print(f"  a scan  {found.per_scan(kind):6.1f}  {kind}")
            for kind, many in sorted(found.last.items()):
                print(f"  last    {many:6}  {kind}")
            for leaf in ("planned.json.zst", "snapshot.json.zst", "result.json", "run.json"):
                print(f"  bytes   {found.stored[leaf] // found.clusters:6}  of {leaf} for each cluster")


if __name__ == "__main__":
    show()
