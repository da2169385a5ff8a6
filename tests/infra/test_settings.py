"""`ringfence.yaml` is read strictly, and its errors name the file and the key."""

from __future__ import annotations

import pytest

from infra.settings import read_settings
from scanner.errors import InputError


def test_reads_sources_and_baseline(tmp_path):
    """Sources and baseline settings arrive typed."""
    file = tmp_path / "ringfence.yaml"
    file.write_text(
        "sources:\n- {manifests: k8s, cloudRecords: [prod.json], name: prod}\n- {contexts: [a, b]}\n"
        "baseline:\n  edge: [{namespace: edge, workload: 'gateway*'}]\n  tiers: {'*-dev': dev}\n"
    )
    settings = read_settings(file)
    assert [entry.name for entry in settings.sources] == ["prod", ""]
    assert settings.sources[1].contexts == ("a", "b")
    assert settings.baseline.edge[0].workload == "gateway*"
    assert settings.baseline.tiers == {"*-dev": "dev"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param(b"baselin: {}", "baselin", id="misspelt-key"),
        pytest.param(b"baseline: {edge: [{namespce: x}]}", "namespce", id="misspelt-inner-key"),
        pytest.param(b"sources: 3", "$.sources", id="wrong-type"),
        pytest.param(b"a: [", "ringfence.yaml", id="broken-yaml"),
        pytest.param(b"\xff\xfe\x00bad", "ringfence.yaml", id="not-text"),
        pytest.param(b"[" * 5000, "ringfence.yaml", id="too-deep"),
        pytest.param(b"sources: 2026-99-99", "month", id="no-date"),
        pytest.param(b"#" * (2 << 20), "1 MiB", id="too-large"),
    ],
)
def test_refuses_what_it_cannot_use(tmp_path, text, named):
    """Anything else is one line that names the file and what is wrong in it."""
    file = tmp_path / "ringfence.yaml"
    file.write_bytes(text)
    with pytest.raises(InputError) as caught:
        read_settings(file)
    assert str(file) in str(caught.value)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    """A file that is not there is named together with the flag that named it."""
    with pytest.raises(InputError, match=r"nowhere\.yaml.*--config"):
        read_settings(tmp_path / "nowhere.yaml")
