"""Folders of manifests, written and read."""

from __future__ import annotations

import pytest

from infra.manifests import read_manifests
from tests.factories import cluster


@pytest.fixture
def read(tmp_path):
    """Write files (name to text, bytes, or one text for a.yaml) into a folder, and read it as a snapshot."""

    def write_and_read(files):
        for name, content in ({"a.yaml": files} if isinstance(files, str | bytes) else files).items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_manifests(tmp_path, cluster=cluster(), taken="2026-11-23T08:00:00Z")

    return write_and_read
