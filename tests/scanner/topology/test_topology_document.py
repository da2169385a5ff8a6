"""`topology/v1` as JSON: what is refused, and in which words."""

from __future__ import annotations

import json

import jsonschema
import pytest

from scanner.errors import InputError
from scanner.topology.build import topology_of
from scanner.topology.document import decode, encode, schema
from tests.scanner.topology.networks import peered


def test_the_stored_form_carries_its_version_and_fits_its_schema():
    """Readers see what they have before anything else."""
    document = json.loads(encode(topology_of(peered())))
    assert document["version"] == "topology/v1"
    jsonschema.validate(document, schema())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="cut-short"),
        pytest.param(b"{}", "version", id="no-version"),
        pytest.param(b'{"version": "topology/v2"}', "this version reads topology/v1", id="newer"),
        pytest.param(b'{"version": "topology/v1", "x": 1}', "unknown field", id="unknown-field"),
        pytest.param(b'{"x": ' + b"[" * 100_000, "nested too deeply", id="deep"),
        pytest.param(b'{"version": "topology/v1", "notes": ["\xff"]}', "not", id="not-utf-8"),
        pytest.param(
            b'{"version": "topology/v1", "zones": [{"name": "z", "domain": "d", "ranges": ["10.0.0.0/99"]}]}',
            "$.zones[0].ranges: '10.0.0.0/99' is no address range",
            id="no-range",
        ),
        pytest.param(
            b'{"version": "topology/v1", "tables": [{"id": "t", "domain": "d"}, {"id": "t", "domain": "d"}]}',
            "$.tables: two have one id",
            id="two-of-one-id",
        ),
    ],
)
def test_what_is_no_topology_is_refused_in_one_line(data, words):
    """Each line names the file and what is wrong."""
    with pytest.raises(InputError) as error:
        decode(data, "net.json")
    assert str(error.value).startswith("net.json: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)
