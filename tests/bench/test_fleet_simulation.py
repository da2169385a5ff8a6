"""The simulation of a large fleet reacts to what it is given, and its inputs are what the program does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.fleet_inputs import AWS, AZURE, BY_NAME, Assumed, Fleet, Measured
from tests.bench.fleet_simulation import Bucket, at_once_for, binding, cost, first, largest, run
from tests.bench.run_counts import counted
from tests.servers.three_clouds import UNREACHABLE, ThreeClouds

FLEET = Fleet(clusters=2_000, accounts=10)
GIVEN = (Assumed(), Measured())


def test_bucket_gives_its_burst_and_then_its_rate():
    """60 at once, then one a second; what waited longer than the bucket takes to fill gets no more than a burst."""
    bucket = Bucket(1.0, 60.0)
    assert [bucket.ready(0.0, 1) for _ in range(62)][-3:] == [0.0, 1.0, 2.0]
    assert [bucket.ready(1_000.0, 1) for _ in range(61)][-2:] == [1_000.0, 1_001.0]


def test_half_the_rate_takes_longer_where_it_binds():
    """Azure's credentials: a subscription's clusters come one after another, so its second bounds the run."""
    now, slower = (run(replace(AZURE, per_s=rate), FLEET, *GIVEN) for rate in (1.0, 0.5))
    assert slower.scans_s > 1.5 * now.scans_s
    assert now.scans_s > 200 - 60  # one subscription alone, beyond its burst
    assert slower.waited_s > now.waited_s > 0


def test_another_limit_binds_when_the_first_is_lifted():
    """With more calls a second it is the concurrency; with less concurrency, too."""
    assert binding(replace(AZURE, at_once=200), FLEET, *GIVEN)[0][0] == AZURE.limit
    assert binding(replace(AZURE, per_s=100.0), FLEET, *GIVEN)[0][0] == "at_once = 40"
    assert binding(replace(AZURE, at_once=1), FLEET, *GIVEN)[0][0] == "at_once = 1"
    slow_store = replace(AZURE, per_s=1e6, at_once=2_000, puts_per_s=10.0)
    assert binding(slow_store, FLEET, *GIVEN)[0][0] == AZURE.store_limit


def test_what_does_not_fit_comes_first():
    """The plan's time, the report's memory, its time; and the largest run that fits is the one after which it does not."""
    assert first(replace(AWS, plan_s=10.0), FLEET, *GIVEN) == "the plan's 10 s"
    most = largest(AWS, *GIVEN)
    for clusters, wanted in ((most, "at_once = 10"), (most + 1, "the report's memory, 2 GB")):
        assert first(AWS, Fleet(clusters=clusters, accounts=10), *GIVEN) == wanted
    large = Fleet(clusters=20_000, accounts=10)
    assert first(replace(AWS, memory_gb=1e3, plan_s=1e4), large, *GIVEN) == "the report's 300 s"


def test_concurrency_is_named_or_said_to_help_nothing():
    """The least that ends in time; none where a limit alone takes longer."""
    assert at_once_for(3_600, AWS, FLEET, *GIVEN) in {10, 20}
    assert at_once_for(200 - 60, AZURE, FLEET, *GIVEN) is None


@pytest.mark.parametrize("name", BY_NAME)
def test_without_limits_a_run_takes_what_its_scans_take(name):
    """As many workers as clusters end with the longest scan; paid is what they were busy, whatever their number."""
    free = replace(BY_NAME[name], per_s=1e9, burst=1e9, puts_per_s=1e9)
    wide, narrow = (run(replace(free, at_once=many), FLEET, *GIVEN) for many in (2_000, 20))
    assert wide.scans_s < 10 < narrow.scans_s
    assert narrow.scans_s == pytest.approx(narrow.busy_s / 20, rel=0.02)
    assert cost(free, FLEET, narrow, Measured())["functions"] < cost(free, FLEET, wide, Measured())["functions"]


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """The estate of three clouds, on loopback."""
    with ThreeClouds(tmp_path_factory.mktemp("clouds")) as running:
        yield running


@pytest.mark.parametrize(("name", "accounts"), [("aws", 4), ("gcp", 3), ("azure", 3)])
def test_inputs_are_what_a_run_asks_for(name, accounts, estate, tmp_path):
    """A whole run of each cloud, counted by the servers it asked: the simulation has the same calls for each scan and plan."""
    (tmp_path / "store").mkdir()
    found = counted(name, estate, tmp_path)
    cloud = BY_NAME[name]
    assert list(Path(tmp_path / "store").rglob("report.json"))
    # Accounts have numbers by chance, so that the last scan may be that of a member, or of the cluster that answers nothing.
    assert found.per_scan("cloud ") == pytest.approx(cloud.scan_calls, abs=0.2)
    lost = int(name == "aws" and UNREACHABLE in estate.names)
    read = {(found.clusters - 1 - lost) / (found.clusters - 1), 1.0}
    assert found.per_scan("kubernetes") in [pytest.approx(Measured().kubernetes_calls * share) for share in read]
    puts, gets, lists = (found.per_scan(f"store {kind}") for kind in ("put", "get", "list"))
    assert (puts, lists) == (2, 3)
    assert 2 <= gets <= 3
    asked = sum(many for kind, many in found.plan.items() if kind.startswith("cloud "))
    simulated = accounts * cloud.plan_per_account + found.clusters * cloud.plan_per_cluster
    assert 0.6 * simulated < asked < 1.4 * simulated
