"""The published schemas are those of the code."""

from __future__ import annotations

import jsonschema
import msgspec
import pytest

from functions.schemas import FOLDER, published


@pytest.mark.parametrize("name", sorted(published()))
def test_published_schema_is_current_and_valid(name):
    """A stored schema equals what `make schemas` writes, and is itself a valid JSON Schema."""
    stored = (FOLDER / name).read_bytes()
    assert stored == published()[name], "run `make schemas`"
    jsonschema.Draft202012Validator.check_schema(msgspec.json.decode(stored))


def test_no_schema_is_left_over():
    """The folder holds the published schemas and nothing else."""
    assert {path.name for path in FOLDER.iterdir()} == set(published())
