"""Prometheus: the text that textfile collectors and Pushgateways take, by the client's parser and by the format's own rules."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reports.exports import render
from scanner.findings import Status
from tests.reports.report_factory import cluster, control, estate, fleet, item, renamed, report, unread_cluster

HOSTILE = 'a"b\\c\nd{e="f"} 1\x00\ud800\u202e'
# The grammar of prometheus.io/docs/instrumenting/exposition_formats, without timestamps, which neither consumer takes.
SAMPLE = re.compile(
    r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?P<labels>\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? '
    r"(?P<value>[0-9.e+-]+)"
)


def written(given) -> str:
    """A report's metrics."""
    return b"".join(render("prometheus", given)).decode()


def samples(given):
    """Every sample by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(written(given))
        for sample in family.samples
    }


def value(given, name: str, **labels: str) -> float:
    """The only sample of a name that has these labels."""
    (found,) = [v for (n, *ls), v in samples(given).items() if n == name and labels.items() <= dict(ls).items()]
    return found


@pytest.mark.parametrize("given", [estate(), fleet(9), report(), renamed(estate(), HOSTILE), renamed(estate(), "")])
def test_every_line_is_of_the_format(given):
    """HELP and TYPE before a family, each once; no timestamp; no series twice, which would spoil the whole file."""
    text = written(given)
    assert text.endswith("\n")
    described, typed, series = [], [], []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            described.append(line.split(" ")[2])
        elif line.startswith("# TYPE "):
            typed.append(line.split(" ")[2])
            assert line.split(" ")[3] == "gauge"
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found["name"] == described[-1] == typed[-1]
            series.append((found["name"], found["labels"]))
    assert described == typed
    assert max(Counter(described).values()) == 1
    assert max(Counter(series).values()) == 1
    assert all(name.startswith("ringfence_") and not name.endswith("_total") for name in described)
    assert len(list(text_string_to_metric_families(text))) == len(typed)


def test_scores_and_places_are_the_reports():
    """Of the fleet, of a cloud, of a cluster; clusters by how far they were read; what was not searched."""
    given = estate()
    score = given.fleet.score
    assert value(given, "ringfence_fleet_score_proven_points") == score.proven
    assert value(given, "ringfence_fleet_score_ceiling_points") == score.ceiling
    assert value(given, "ringfence_fleet_coverage_ratio") == score.coverage
    (azure,) = [group for group in given.clouds if group.name == "azure"]
    assert value(given, "ringfence_cloud_score_proven_points", cloud="azure") == azure.score.proven
    assert value(given, "ringfence_cluster_score_ceiling_points", cluster="billing-aks") == 81.9
    assert value(given, "ringfence_clusters", cloud="azure", read="unread") == 1
    assert value(given, "ringfence_clusters", cloud="azure", read="partial") == 1
    assert value(given, "ringfence_clusters", cloud="aws", read="unread") == 0
    assert value(given, "ringfence_places_not_searched", outcome="denied") == 1
    assert value(given, "ringfence_places_not_searched", outcome="error") == 0
    assert value(given, "ringfence_run_timestamp_seconds") == 1795420800  # 2026-11-23T08:00:00Z


def test_a_control_has_one_series_with_its_status():
    """Unknown is its own status, and what could not be read is there with it."""
    given = report(cluster(controls=(control(4), control(2, Status.UNKNOWN))), unread_cluster())
    assert value(given, "ringfence_control_status", cluster="shop-prod", control="NB-ISO-01", status="fail") == 1
    assert value(given, "ringfence_control_status", cluster="shop-prod", control="NB-ENF-03", status="unknown") == 1
    found = [dict(ls) for (n, *ls) in samples(given) if n == "ringfence_control_status"]
    assert Counter(each["status"] for each in found if each["cluster"] == "ledger-private") == {"unknown": 14}
    assert len(found) == 16


def test_findings_are_counted_and_never_named():
    """Cardinality depends on controls, not on what a cluster holds."""
    many = control(4, items=(*(item(f"n{number}") for number in range(300)), item("ok", Status.PASS)))
    given, small = report(cluster(controls=(many,))), report(cluster(controls=(control(4),)))
    assert value(given, "ringfence_findings", severity="critical", status="fail") == 300
    assert value(given, "ringfence_findings", severity="critical", status="pass") == 1
    assert value(given, "ringfence_findings", severity="low", status="fail") == 0
    assert samples(given).keys() == samples(small).keys()
    assert "n299" not in written(given)


def test_a_fleets_series_are_bounded():
    """About a hundred for each cluster."""
    assert len(samples(fleet(40))) < 40 * 100 + 60
    assert len({dict(ls)["id"] for (n, *ls) in samples(fleet(40)) if n == "ringfence_cluster_info"}) == 40


def test_clusters_that_look_alike_keep_their_own_series():
    """Names that agree once they are made safe, or ids that agree in a report made by hand."""
    twins = report(cluster("a", id="x\x00"), cluster("a", id=r"x\x00"), cluster("a", id=r"x\x00 (2)"))
    ids = [dict(ls)["id"] for (n, *ls) in samples(twins) if n == "ringfence_cluster_info"]
    assert sorted(ids) == [r"x\x00", r"x\x00 (2)", r"x\x00 (2) (2)"]


def test_a_hostile_name_comes_back_as_it_is_shown():
    """Quotes, backslashes and line ends are escaped; the rest is spelled out."""
    given = report(cluster(name=HOSTILE))
    found = {dict(ls)["cluster"] for (n, *ls) in samples(given) if n == "ringfence_cluster_info"}
    assert found == {'a"b\\c\\nd{e="f"} 1\\x00\\ud800\\u202e'}


def test_same_report_same_bytes():
    """No clock, no chance."""
    assert list(render("prometheus", estate())) == list(render("prometheus", estate()))
