"""The benchmark of forms at the smallest size: each is made, of as many findings as the heading says."""

from __future__ import annotations

from tests.bench import exports
from tests.bench.fleet_report import fleet_report


def test_each_form_is_measured(capsys):
    """A line for each form with its cost and size."""
    exports.show(clusters=1)
    heading, *lines = capsys.readouterr().out.strip().splitlines()
    assert heading.startswith("1 clusters, 1,020 findings")
    assert [line.split()[0] for line in lines] == list(exports.FORMS)
    assert all(float(line.split()[2]) > 10 for line in lines)
    assert all(float(line.split()[3]) > 0 for line in lines[1:])


def test_the_fleet_is_as_large_as_it_says_and_always_the_same():
    """Clusters, controls and items multiply, and nothing is drawn at random."""
    report = fleet_report(clusters=2, controls=60, items=5)
    assert sum(len(control.items) for each in report.clusters for control in each.controls) == 600
    assert fleet_report(clusters=2, controls=60, items=5) == report
    assert len({each.id for each in report.clusters}) == 2
