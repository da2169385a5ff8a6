"""Several aggregators of one store at once, in processes of their own: one report, nothing torn, the pointer right."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.document import decode_report
from reports.summary import decode_summary
from tests.functions.stored_runs import FIRST, SECOND, aggregate_often, audited, cluster_of, stored
from tests.functions.test_cli import tree

TIMES = 100  # by each of two
RACES = 20


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two runs of a small fleet that were judged and not yet aggregated."""
    for run, closed in ((FIRST, False), (SECOND, True)):
        audited(tmp_path, run, [cluster_of("a", closed=closed), cluster_of("b")])
        for name in ("report.json", "report.html", "summary.json"):
            stored(tmp_path, run, name).unlink()
    (tmp_path / "v1/latest.json").unlink()
    return tmp_path


def _while_racing(store: Path, *runs: str, times: int) -> Iterator[str]:
    """Aggregate each of `runs` in a process of its own; meanwhile, read what can be read. Yields where the pointer leads."""
    spawned = multiprocessing.get_context("spawn")
    crew = [spawned.Process(target=aggregate_often, args=(str(store), run, times)) for run in runs]
    for each in crew:
        each.start()
    try:
        while any(each.is_alive() for each in crew):
            for run in set(runs):
                if (file := stored(store, run, "report.json")).exists():
                    assert len(decode_report(file.read_bytes()).clusters) == 2
                if (file := stored(store, run, "summary.json")).exists():
                    assert len(decode_summary(file.read_bytes(), str(file)).clusters) == 2
                if (file := stored(store, run, "report.html")).exists():
                    assert file.read_bytes().endswith(b"</html>")
            if (file := store / "v1/latest.json").exists():
                latest = json.loads(file.read_bytes())
                assert stored(store, latest["run"], "report.json").exists()
                yield latest["run"]
    finally:
        for each in crew:
            each.join(60)
    assert [each.exitcode for each in crew] == [0] * len(crew)


def test_two_aggregators_of_one_run_leave_one_report(store, tmp_path_factory):
    """Two hundred times in all: what is left is what one alone leaves, and no reader ever saw a part of it."""
    alone = tmp_path_factory.mktemp("alone")
    for file, data in tree(store).items():
        (alone / file).parent.mkdir(parents=True, exist_ok=True)
        (alone / file).write_bytes(data)
    aggregate_often(str(alone), SECOND, 1)
    assert set(_while_racing(store, SECOND, SECOND, times=TIMES)) == {SECOND}
    assert tree(store) == tree(alone)


def test_an_older_run_that_ends_late_never_takes_the_pointer_back(store):
    """The pointer moves forward only, and both runs are in the history."""
    seen = list(_while_racing(store, FIRST, SECOND, times=RACES))
    assert seen == sorted(seen)
    assert json.loads((store / "v1/latest.json").read_bytes())["run"] == SECOND
    trend = json.loads(stored(store, SECOND, "report.json").read_bytes())["trend"]
    assert [point["run"] for point in trend] == [FIRST, SECOND]
    assert [point["run"] for point in json.loads(stored(store, FIRST, "report.json").read_bytes())["trend"]] == [FIRST]
