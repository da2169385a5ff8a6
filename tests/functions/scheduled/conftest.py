"""A small fleet, and a store and a queue around it."""

from __future__ import annotations

import pytest

from infra.store import Store, open_store
from tests.functions.scheduled.parts import Queue
from tests.functions.scheduled.small import Small


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Small:
    """Three clusters that can be read."""
    made = Small(["one", "three", "two"])
    made.enter(monkeypatch)
    return made


@pytest.fixture
def store(tmp_path) -> Store:
    """A folder, there as a bucket is."""
    (tmp_path / "out").mkdir()
    return open_store(str(tmp_path / "out"))


@pytest.fixture
def queue() -> Queue:
    """An empty one."""
    return Queue()
