"""Many stored objects at once: fetched by threads, decoded by one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from functions.fetching import fetched
from infra.store import open_store
from scanner.errors import StoreError
from tests.functions.stored_runs import FIRST, audited, cluster_of
from tests.functions.test_cli import ROOT

# Children that have decoded nothing yet, threads that take turns as often as they can: where each decoded what it fetched,
# every third of them died in msgspec.
_CHILDREN = """
import os, sys
from functions.results import read_results
from infra.store import open_store
url, run = sys.argv[1:]
sys.setswitchinterval(1e-6)
for _ in range(12):
    child = os.fork()
    if not child:
        os._exit(len(read_results(open_store(url), run).results) != 12)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"a child ended with {os.waitstatus_to_exitcode(status)}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_first_results_of_a_process_are_read_by_many_threads(tmp_path):
    """No process dies of it, and all results are there."""
    audited(tmp_path, FIRST, [cluster_of(f"c{number}") for number in range(12)])
    ran = subprocess.run(
        [sys.executable, "-c", _CHILDREN, str(tmp_path), FIRST], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_each_object_comes_with_its_key_and_what_is_not_there_is_none(tmp_path):
    """One that cannot be given out is an error of its own."""
    store = open_store(str(tmp_path))
    for number in range(30):
        store.put(f"a/{number}", str(number).encode())
    store.put("a/large", b"x" * 100)
    keys = [*(f"a/{number}" for number in range(30)), "a/no", "a/large"]
    found = dict(fetched(store, keys, max_bytes=10))
    assert set(found) == set(keys)
    assert all(found[f"a/{number}"] == str(number).encode() for number in range(30))
    assert found["a/no"] is None
    assert isinstance(found["a/large"], StoreError)
    assert list(fetched(store, (), max_bytes=10)) == []
