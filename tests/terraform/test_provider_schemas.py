"""The check itself: it finds what a provider would refuse, and says which version it knows."""

from __future__ import annotations

import re
import sys

import pytest

from tests.terraform.configuration import in_text, problems
from tests.terraform.conftest import FOLDER, ROOT
from tests.terraform.provider_schemas import PROVIDERS, schemas

pytestmark = pytest.mark.usefixtures("wheels")

MODULES = sorted(
    str(path.relative_to(FOLDER))
    for path in {each.parent for each in FOLDER.rglob("*.tf")}
    if not re.search(r"(^|/)aws", str(path.relative_to(FOLDER)))
)
BUCKET = 'resource "google_storage_bucket" "x" {{\n  name     = "a"\n  location = "b"\n{}\n}}\n'


def test_the_version_that_is_checked_against_is_the_least_allowed(capsys):
    """The modules ask for at least the version whose schema they are held against, which is told."""
    pins = (ROOT / "tests" / "terraform" / "providers.txt").read_text()
    for provider in PROVIDERS:
        version = schemas(provider).version
        with capsys.disabled():
            sys.stdout.write(f" {provider} {version}")
        assert f"{provider} {version}" in pins
        asked = {
            found.group(1)
            for path in FOLDER.rglob("*.tf")
            for found in re.finditer(
                rf'source  = "hashicorp/{provider}"\n +version = ">= ([\d.]+), < ', path.read_text()
            )
        }
        assert asked == {version}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_what_its_providers_know(module):
    """Every resource, argument, block, required argument and reference of it."""
    assert problems(FOLDER / module) == []


def test_every_module_is_looked_at():
    """Both clouds with their cluster access, and four examples."""
    assert MODULES == [
        "azure",
        "azure/cluster-access",
        "examples/azure-management-group",
        "examples/azure-subscription",
        "examples/gcp-organization",
        "examples/gcp-project",
        "gcp",
        "gcp/cluster-access",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BUCKET.format("  lables = {}"), "no argument lables"),
        (BUCKET.format("  version {\n    enabled = true\n  }"), "no block version"),
        (BUCKET.format("  versioning {\n    enabled = true\n    on = 1\n  }"), "versioning: no argument on"),
        (BUCKET.format("  versioning {}"), "versioning: the argument enabled is missing"),
        (BUCKET.format("  versioning = true"), "versioning is a block, and was given as an argument"),
        (BUCKET.format("  labels {\n    a = 1\n  }"), "labels is an argument, and was given as a block"),
        (BUCKET.format("  self_link = 1"), "self_link is computed and cannot be set"),
        (BUCKET.format(2 * "  logging {\n    log_bucket = 1\n  }\n"), "more than one block logging"),
        (
            BUCKET.format('  dynamic "encryptions" {\n    for_each = []\n    content {\n    }\n  }'),
            "no block encryptions",
        ),
        (
            BUCKET.format('  dynamic "encryption" {\n    for_each = []\n    content {\n    }\n  }'),
            "encryption: the argument default_kms_key_name is missing",
        ),
        ('resource "google_storage_bucket" "x" {\n  name = "a"\n}\n', "the argument location is missing"),
        (
            'resource "google_monitoring_alert_policy" "x" {\n  display_name = "a"\n  combiner = "OR"\n}\n',
            "the block conditions is missing",
        ),
        ('resource "google_storage_buckets" "x" {\n}\n', "google has no resource google_storage_buckets"),
        ('data "google_storage_bucket_x" "x" {\n}\n', "google has no data google_storage_bucket_x"),
        ('resource "random_id" "x" {\n}\n', "no provider that this project uses"),
        ('provider "azurerm" {\n  feature {}\n}\n', "no block feature"),
        ('locals {\n  a = google_storage_bucket.x.links\n}\n', "no attribute links"),
        ('locals {\n  a = "${azurerm_linux_function_app.x[0].site_config[0].urls}"\n}\n', "no attribute urls"),
        ('locals {\n  a = data.google_project.x.numbers\n}\n', "no attribute numbers"),
    ],
)  # fmt: skip
def test_a_mistake_is_found(text, problem):
    """One mistake, one line, that names it."""
    found = list(in_text(text))
    assert len(found) == 1
    assert problem in found[0]


def test_what_is_right_is_left_alone():
    """Meta-arguments, lifecycle, dynamic blocks, splats, comments and names with digits in them."""
    text = BUCKET.format(
        "  count      = 1 # google_storage_bucket.x.nothing\n"
        "  depends_on = [google_storage_bucket.y]\n"
        "  lifecycle {\n    prevent_destroy = true\n  }\n"
        '  dynamic "versioning" {\n    for_each = [1]\n    content {\n      enabled = true\n    }\n  }'
    ) + (
        'locals {\n  a = google_storage_bucket.x[*].url\n  b = google_cloudfunctions2_function.x["y"].service_config[0].uri\n'
        "  c = azurerm_linux_function_app.x[0].site_config[0].use_32_bit_worker\n}\n"
    )
    assert list(in_text(text)) == []
