"""Terraform as an operator runs it, on a copy of the tree, with the providers that are on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREE = ROOT / "terraform"
_MIRROR = "RINGFENCE_TERRAFORM_MIRROR"  # names a filesystem mirror (Terraform, "Provider Installation")
_PLACES = (
    "/opt/tf-plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "~/.terraform.d/plugins",
)
_PROVIDER = "registry.terraform.io/hashicorp/aws"
_QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Terraform:
    """The program, in the copy of one folder below terraform/, which is initialised when the first command needs it."""

    program: str
    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, seconds: float = 200, **variables: str) -> subprocess.CompletedProcess[str]:
        """One command; the caller looks at how it ended. One that does not end is stopped, and its last words are the error."""
        given = {f"TF_VAR_{name}": value for name, value in variables.items()}
        environment = {**os.environ, **self.environment, **given}
        command = [self.program, *arguments]
        with subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)  # asked so, it stops its providers too
                out, err = process.communicate(timeout=60)
                pytest.fail(f"{' '.join(arguments)} did not end in {seconds:.0f} s:\n{out[-3000:]}\n{err[-3000:]}")
        return subprocess.CompletedProcess(command, process.returncode, out, err)


def program() -> str:
    """The path of terraform; skips the test where there is none."""
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("terraform is not installed")
    return found


def terraform(folder: str, into: Path, environment: Mapping[str, str] | None = None) -> Terraform:
    """Terraform in a copy of `folder` below `into`, initialised; skips the test where the provider cannot be had."""
    tree = into / "terraform"
    if not tree.exists():
        shutil.copytree(TREE, tree, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    settings = into / "terraform.rc"
    mirror = _mirror()
    direct = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n' if mirror else ""
    settings.write_text(direct)
    made = Terraform(program(), tree / folder, _QUIET | {"TF_CLI_CONFIG_FILE": str(settings)} | dict(environment or {}))
    done = made.run("init", "-backend=false")
    if done.returncode and not mirror:
        pytest.skip(f"the provider {_PROVIDER} cannot be had: set {_MIRROR}, or let terraform install it")
    assert done.returncode == 0, done.stderr
    return made


def _mirror() -> Path | None:
    named = os.environ.get(_MIRROR, "")
    places = [named] if named else _PLACES
    return next((path for each in places if ((path := Path(each).expanduser()) / _PROVIDER).is_dir()), None)


def small_zip(path: Path) -> Path:
    """A zip that Lambda takes, for where no function is run."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("functions/aws.py", "def handler(event, context):\n    return {}\n")
    return path
