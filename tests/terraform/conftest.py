"""Real Terraform on copies of the modules, with providers that are schemas alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.provider_schemas import PROVIDERS, WHEELS, wheel
from tests.terraform.schema_server import serving

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "terraform"


@dataclass(frozen=True)
class Terraform:
    """The program, in a copy of the repository's `terraform` folder."""

    folder: Path
    environment: dict[str, str]

    def run(self, module: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in a module."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder / module,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def copy(self, folder: Path) -> Terraform:
        """Another copy, to be changed."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Terraform(folder, self.environment)


@pytest.fixture(scope="session")
def wheels() -> None:
    """The providers' schemas are there."""
    if missing := [provider for provider in PROVIDERS if wheel(provider) is None]:
        pytest.skip(f"no schemas of {', '.join(missing)} in {WHEELS}: `make test` downloads them where it can")


@pytest.fixture(scope="session")
def terraform_program() -> str:
    """Terraform is installed."""
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("terraform is not installed, and no package registry has it")
    return found


@pytest.fixture(scope="session")
def terraform(terraform_program: str, wheels: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Terraform with every module of Google Cloud and Azure initialised."""
    folder = tmp_path_factory.mktemp("terraform")
    shutil.copytree(FOLDER, folder / "terraform")
    used: dict[str, set[tuple[str, str]]] = {provider: set() for provider in PROVIDERS}
    for path in FOLDER.rglob("*.tf"):
        for kind, type_ in re.findall(r'(?m)^(resource|data) "(\w+)"', path.read_text()):
            if (provider := type_.split("_")[0]) in used:
                used[provider].add((kind, type_))
    with serving(used) as reattach:
        quiet = {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}
        yield Terraform(folder / "terraform", {**os.environ, **quiet, **reattach})


@pytest.fixture(scope="session")
def plans(terraform: Terraform) -> dict[str, dict[str, Any]]:
    """Of each module the resources that each run of its tests planned, by address: `plans["gcp"][run][address]`."""
    found: dict[str, dict[str, Any]] = {}
    for module in ("gcp", "azure", "gcp/cluster-access", "azure/cluster-access"):
        terraform.run(module, "init", "-backend=false", "-input=false")
        done = terraform.run(module, "test", "-json", "-verbose", "-filter=tests/plan.tftest.hcl")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        found[module] = {
            line["@testrun"]: {
                change["address"]: change["change"]["after"] for change in line["test_plan"]["resource_changes"]
            }
            for line in lines
            if line["type"] == "test_plan"
        }
    return found
