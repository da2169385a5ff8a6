"""The modules for AWS as Terraform itself sees them: form, validity, and their own tests against a mocked provider."""

from __future__ import annotations

import subprocess

import pytest

from tests.servers.terraform import TREE, program, terraform

FOLDERS = sorted(
    str(path.parent.relative_to(TREE))
    for path in TREE.rglob("main.tf")
    if path.relative_to(TREE).parts[0] == "aws" or path.parent.name.startswith("aws-")
)
TESTED = sorted({str(path.parents[1].relative_to(TREE)) for path in TREE.rglob("*.tftest.hcl") if "aws" in str(path)})


def test_the_folders_are_found():
    """A folder that is moved is not a folder that passes."""
    assert {"aws", "aws/member", "aws/cluster-access", "examples/aws-organization"} <= set(TESTED) <= set(FOLDERS)
    assert {"aws/bucket", "examples/aws-single-account"} <= set(FOLDERS)


def test_the_form_is_terraforms():
    """`terraform fmt` would change nothing."""
    arguments = [program(), "fmt", "-check", "-recursive", "-diff", TREE]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_is_valid_and_passes_its_tests(folder, tmp_path):
    """Alone, with what it calls; its tests are of permissions, refusals, and what is there only when asked for."""
    made = terraform(folder, tmp_path)
    valid = made.run("validate")
    assert (valid.returncode, valid.stderr) == (0, "")
    if folder in TESTED:
        done = made.run("test")
        assert done.returncode == 0, done.stdout + done.stderr
        assert ", 0 failed" in done.stdout
