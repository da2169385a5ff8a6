"""What the distribution ships, and what stays out of the repository."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from infra.version import VERSION

ROOT = Path(__file__).parent.parent
OURS = {"functions", "infra", "reports", "scanner"}
_HEAVY = {"boto3", "google", "azure", "kubernetes", "pandas", "numpy", "obstore", "jinja2", "yaml", "zstandard"}


def test_no_dependency_ships_one_of_our_top_level_names():
    """Our generic package names stay ours in the locked environment."""
    owners = metadata.packages_distributions()
    assert {name: owners[name] for name in OURS & owners.keys() if set(owners[name]) - {"ringfence"}} == {}


def test_version_is_the_distributions():
    """The version that snapshots and reports name is the one that is installed."""
    assert metadata.version("ringfence") == VERSION


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_nothing_heavy(arguments):
    """Asking for help pays for no SDK, no store, no template engine and no YAML."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "functions.cli", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines() if "|" in line}
    assert "typer" in loaded
    assert loaded & _HEAVY == set()


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


def test_pins_name_no_index_and_carry_hashes():
    """Pins come with hashes and without an address, so they install from whatever index a machine uses."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_modules_fit_their_room():
    """No module outgrows 300 lines: past that, a wall is missing."""
    modules = [path for path in _tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in OURS]
    assert modules
    assert {str(path) for path in modules if len(path.read_text().splitlines()) > 300} == set()


def test_nothing_tracked_names_a_registry_or_this_machine():
    """No registry address and no machine path lands in a commit."""
    forbidden = re.compile(rb"pypi\.[o]rg|python[h]osted|npm[j]s\.org|deb\.[d]ebian|/[r]oot/|/[w]ork/|[.]pyenv[/]")
    found = [str(path) for path in _tracked() if path.is_file() and forbidden.search(path.read_bytes())]
    assert found == []
