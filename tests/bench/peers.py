"""Another public analyzer on the same folder, where it is installed: `pip install network-config-analyzer` brings `nca`.

The Go analyzers of network policies are in no registry of packages, so they are not measured here.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.bench.spent import Spent, run


def python_peer() -> str | None:
    """Where `nca` is: beside this interpreter, or on the PATH."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return shutil.which("nca", path=places)


def measure(peer: str, folder: Path) -> Spent:
    """What it costs to print its map of connections (as rules between groups of pods, the peer's shortest form)."""
    return run([peer, "--connectivity", "--resource_list", str(folder), "--return_0"])
