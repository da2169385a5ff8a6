"""What the bundles weigh and what their cold start costs: built for this machine, unpacked, and loaded by fresh processes.

`handler` is what a cloud imports before the first event; `scan` adds what the first cluster makes it load: the SDK, the
Kubernetes client, the store, the page. CPU seconds and peak memory of whole processes, best of five, that of Python itself
included. The rows "without byte code" say what the byte code in the zip is there for.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.bundling.target import ARCHITECTURES
from tests.bench.spent import best, python, run

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_SCAN = (
    "import infra.kube, infra.snapshots, obstore.store, reports.html.render; from infra.loading import *; load_client()"
)
HANDLERS = {"aws": "import functions.aws", "azure": "import function_app"}
SCANS = {
    "aws": f"{_SCAN}; import botocore.session, infra.clouds.eks.networks",
    "azure": f"{_SCAN}; import azure.identity, azure.mgmt.containerservice, infra.clouds.aks.networks",
}
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_SHOWN = 12


def show() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as name:
        out = Path(name)
        built = [_build(cloud, out) for cloud in ("aws", "gcp", "azure")]
        print(f"{'bundle':24} {'zip MB':>7} {'MB':>7} {'files':>6}")
        for path, said in built:
            print(
                f"{path.stem:24} {said['zippedBytes'] / 1e6:7.1f} {said['unpackedBytes'] / 1e6:7.1f} {said['files']:6}"
            )
        print(f"\n{'cold start':44} {'CPU s':>8} {'peak MB':>8}")
        for cloud in HANDLERS:
            for row in rows(cloud, out):
                print(row, flush=True)
        for cloud, handler in HANDLERS.items():
            print(f"\n{cloud}: slowest modules of the handler, ms of their own")
            for module, spent in slowest(command(handler, out, cloud)):
                print(f"{module:44} {spent / 1000:8.1f}")
    print()


def _build(cloud: str, out: Path) -> tuple[Path, dict[str, Any]]:
    """Build and unpack in other processes: whatever this one held would show up in what it measures."""
    machine = {wheels: ours for ours, wheels in ARCHITECTURES.items()}[platform.machine()]
    words = [cloud, "--architecture", machine, "--python", _PYTHON, "-o", str(out)]
    run(python("-m", "functions.bundling", *words))
    path = next(out.glob(f"ringfence-{cloud}*.zip"))
    for folder in (out / cloud, out / f"{cloud}-bare"):
        run(python("-m", "zipfile", "-e", str(path), str(folder)))
    for compiled in (out / f"{cloud}-bare").rglob("*.pyc"):
        compiled.unlink()
    return path, json.loads(path.with_suffix(".json").read_text())


def rows(cloud: str, out: Path) -> Iterator[str]:
    """A line for each way to load a bundle; Google's has none, for Cloud Build installs its packages and compiles them."""
    programs = {"handler": HANDLERS[cloud], "scan": f"{HANDLERS[cloud]}; {SCANS[cloud]}"}
    for what, program in programs.items():
        for label, folder in ((what, cloud), (f"{what}, without byte code", f"{cloud}-bare")):
            spent = best(command(program, out, folder), 5)
            yield f"{f'{cloud}: {label}':44} {spent.cpu:8.2f} {spent.peak / 1e6:8.0f}"


def command(program: str, out: Path, folder: str, *options: str) -> list[str]:
    """A process that sees the bundle and the standard library alone, and writes no byte code."""
    root = out / folder
    path = [str(root), str(root / ".python_packages/lib/site-packages")]
    return [sys.executable, "-I", "-S", "-B", *options, "-c", f"import sys; sys.path[:0] = {path!r}; {program}"]


def slowest(words: list[str]) -> list[tuple[str, int]]:
    """The modules that take longest themselves, in microseconds, as `-X importtime` says."""
    said = subprocess.run([words[0], "-X", "importtime", *words[1:]], capture_output=True, text=True, check=True).stderr
    found = [(match[2], int(match[1])) for match in _LINE.finditer(said)]
    return sorted(found, key=lambda each: -each[1])[:_SHOWN]
