"""Bundles for the machine and the Python that run the tests, built once: each is what `make bundles` builds for others."""

from __future__ import annotations

import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.bundling.build import Bundle, build
from functions.bundling.target import ARCHITECTURES, Target, target_of

CHECKOUT = Path(__file__).parents[3]
HERE = {wheels: ours for ours, wheels in ARCHITECTURES.items()}[platform.machine()]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_SEARCH = "import sys; sys.path[:0] = [each for each in sys.argv[1].split('|')]; del sys.argv[1]\n"


def target_here(cloud: str) -> Target:
    """A cloud's bundle for this machine."""
    return target_of(cloud, architecture=HERE, python=PYTHON)


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> dict[str, Bundle]:
    """The three zips."""
    out = tmp_path_factory.mktemp("dist")
    return {cloud: build(target_here(cloud), CHECKOUT, out) for cloud in ("aws", "gcp", "azure")}


@pytest.fixture(scope="session")
def unpacked(bundles, tmp_path_factory) -> dict[str, Path]:
    """The three zips, each in a folder of its own, as their clouds unpack them."""
    folders = {}
    for cloud, bundle in bundles.items():
        folders[cloud] = tmp_path_factory.mktemp(cloud)
        with zipfile.ZipFile(bundle.path) as archive:
            archive.extractall(folders[cloud])
    return folders


@pytest.fixture(scope="session")
def built_by_google(unpacked, tmp_path_factory) -> Path:
    """What Cloud Build makes of the Google zip's requirements.txt: a folder of packages.

    Nothing is resolved, for an old pip (before 23.3) takes no pin for what is wanted with an extra; what is missing then fails
    to load.
    """
    folder = tmp_path_factory.mktemp("built")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
    ]
    subprocess.run(
        [*command, "--target", str(folder), "-r", str(unpacked["gcp"] / "requirements.txt")], check=True, timeout=300
    )
    return folder


Alone = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def alone(tmp_path_factory) -> Alone:
    """Runs a program that sees the given folders and the standard library, and nothing of this environment."""
    current = tmp_path_factory.mktemp("elsewhere")

    def run(
        program: str, *folders: Path, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", "-B", "-c", _SEARCH + program, "|".join(map(str, folders))]
        return subprocess.run(
            command, cwd=current, env=environment or {}, capture_output=True, text=True, check=False, timeout=120
        )

    return run
