"""The benchmark's own pieces at the smallest size: what it measures is one and the same cluster, and its verdicts hold."""

from __future__ import annotations

import msgspec
import pytest

from infra.manifests import read_manifests
from tests.bench import anchors, bundles, collect, reach, site, whatif
from tests.bench.files import CLUSTER, TAKEN, WRITERS
from tests.bench.generate import SIZES, Profile, objects
from tests.bench.spent import python, run
from tests.bench.table import Limit, Row


def test_one_cluster_in_three_forms(tmp_path):
    """JSON, YAML and a folder hold the same namespaces, pods and policies, and nothing that a cluster would refuse."""
    found = []
    for kind, write in WRITERS.items():
        path = tmp_path / (kind if kind == "folder" else f"cluster.{kind}")
        write(path, objects(SIZES["S"]))
        cluster = read_manifests(path, cluster=CLUSTER, taken=TAKEN)
        assert cluster.notices == ()
        policies = sorted((each.namespace, each.name, bytes(each.spec)) for each in cluster.policies)
        found.append((*(_without_places(each) for each in (cluster.namespaces, cluster.pods)), policies))
    assert len(found[0][1]) == 300
    assert len(found[0][2]) == 60
    assert found[0] == found[1] == found[2]


def _without_places(objects):
    """As they are, wherever in its file each stands."""
    assert all(each.origin is not None for each in objects)
    return [msgspec.structs.replace(each, origin=None) for each in objects]


@pytest.mark.parametrize("profile", list(Profile))
def test_every_profile_has_as_many_policies_as_its_size_says(profile):
    """A profile changes what policies say, never how many there are."""
    kinds = [item["kind"] for item in objects(SIZES["L"], profile)]
    assert (kinds.count("Pod"), kinds.count("NetworkPolicy")) == (15_000, 2_500)


def test_stages_anchors_and_the_edit_are_measured_on_one_file(tmp_path):
    """Each of the programs behind the table runs on a generated file and brings back its figures."""
    path = tmp_path / "S.json"
    WRITERS["json"](path, objects(SIZES["S"]))
    found = reach.stages(path)
    assert found["lines"] > 1_000
    assert found["classes"] == 100
    assert anchors.seconds(path) > 0
    assert whatif.ask(path).lines > 0


def test_the_collector_is_measured_over_https(capsys):
    """A small cluster and a small fleet go through both servers, and every row has its figures."""
    collect.show(pods=600, fleets=(3,))
    shown = capsys.readouterr().out
    assert "600 pods" in shown
    assert shown.count("collector, ") == 6
    assert "3 of 200 pods" in shown


def test_the_html_report_is_measured_from_document_to_browser():
    """A small fleet goes through the command line, and every figure of its pages is there."""
    shown = {row.what: row.shown for row in site.rows(clusters=30, items=3_000, largest=1_800)}
    assert "30 clusters, 3,000 items: report.json" in shown
    assert int(shown["pages"].split(",")[0]) > 30 + 60
    assert {"fleet page", "largest page", "peak memory"} <= shown.keys()


def test_slow_modules_of_a_bundle_come_first(tmp_path):
    """A process that sees one folder alone says how long each of its modules took, the longest first."""
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "slow.py").write_text("import time\ntime.sleep(0.2)\n")
    found = bundles.slowest(bundles.command("import slow", tmp_path, "aws"))
    assert found[0][0] == "slow"
    assert [spent for _, spent in found] == sorted((spent for _, spent in found), reverse=True)


def test_a_command_that_fails_is_no_measurement():
    """What a failed command said comes with the error."""
    with pytest.raises(RuntimeError, match="exit 3: lost"):
        run(python("-c", "import sys; sys.stderr.write('lost'); sys.exit(3)"))


@pytest.mark.parametrize(
    ("value", "more", "verdict"),
    [
        pytest.param(2.0, False, "aim met", id="low-enough-for-the-aim"),
        pytest.param(4.0, False, "must met", id="low-enough"),
        pytest.param(6.0, False, "MISSED", id="too-high"),
        pytest.param(6.0, True, "must met", id="high-enough"),
        pytest.param(4.0, True, "MISSED", id="too-low"),
    ],
)
def test_the_verdict_says_which_limit_holds(value, more, verdict):
    """The aim, the must, or neither; limits bound from above unless more is better."""
    aim = None if more else Limit("", 3.0)
    assert Row(what="", shown="", value=value, must=Limit("", 5.0), aim=aim, more=more).verdict == verdict
