"""The modules under Terraform itself: formatted, valid, and planned as their own tests ask."""

from __future__ import annotations

import json

import pytest

from tests.terraform.conftest import FOLDER, Terraform
from tests.terraform.test_provider_schemas import MODULES

TESTED = [module for module in MODULES if (FOLDER / module / "tests").is_dir()]


def test_files_are_formatted(terraform_program, terraform):
    """As `terraform fmt` writes them."""
    for module in MODULES:
        assert terraform.run(module, "fmt", "-check", "-diff").stdout == ""


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_valid(terraform, module):
    """Terraform's own check of blocks, arguments, types, references and module calls against the schemas."""
    terraform.run(module, "init", "-backend=false", "-input=false")
    assert json.loads(terraform.run(module, "validate", "-json").stdout)["diagnostics"] == []


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("store.tf", ("force_destroy ", "force_destory "), "Unsupported argument"),
        ("store.tf", ("versioning {", "versionings {"), "Unsupported block type"),
        ("store.tf", ("  location                    = var.region\n", ""), "Missing required argument"),
        ("topics.tf", ("google_pubsub_topic.dead.name", "google_pubsub_topic.dead.nam"), "Unsupported attribute"),
        (
            "functions.tf",
            ("= local.limits[each.value].timeout\n", "= [local.limits]\n"),
            "Incorrect attribute value type",
        ),
        ("topics.tf", ("= var.tries", "= var.tires"), "Reference to undeclared input variable"),
    ],
)
def test_validation_is_no_formality(terraform: Terraform, tmp_path, file, change, says):
    """A mistake put into a copy of the module is one that `terraform validate` finds."""
    copy = terraform.copy(tmp_path / "terraform")
    path = copy.folder / "gcp" / file
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    copy.run("gcp", "init", "-backend=false", "-input=false")
    done = copy.run("gcp", "validate", "-json", check=False)
    assert done.returncode == 1
    assert says in {each["summary"] for each in json.loads(done.stdout)["diagnostics"]}


@pytest.mark.parametrize("module", TESTED)
def test_a_modules_own_tests_pass(terraform, module):
    """`terraform test`: plans with a mock provider, and inputs that are refused."""
    terraform.run(module, "init", "-backend=false", "-input=false")
    lines = [json.loads(line) for line in terraform.run(module, "test", "-json").stdout.splitlines()]
    (summary,) = (line["test_summary"] for line in lines if line["type"] == "test_summary")
    assert summary["passed"] >= 2
    assert (summary["failed"], summary["errored"], summary["skipped"]) == (0, 0, 0)


def test_all_but_examples_are_tested():
    """A module without tests of its own would be one that nobody planned."""
    assert TESTED == ["azure", "azure/cluster-access", "gcp", "gcp/cluster-access"]
