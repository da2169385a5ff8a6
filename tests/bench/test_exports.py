"""The benchmark of forms at the smallest size: each is made of a run's stored results, of as many findings as it says."""

from __future__ import annotations

from tests.bench import exports
from tests.bench.fleet_report import fleet_report


def test_each_form_is_measured(capsys):
    """A line for each form with its cost and size at each number of clusters."""
    exports.show((1, 2))
    heading, *lines, findings = capsys.readouterr().out.strip().splitlines()
    assert "1 clusters" in heading
    assert findings == "(1,020, 2,040 findings)"
    assert [line.split()[0] for line in lines] == list(exports.FORMS)
    for line in lines:
        _, *figures, _ = line.split("|")
        assert len(figures) == 2
        for figure in figures:
            _, peak, size = map(float, figure.split())
            assert peak > 10
            assert size > 0 or line.startswith(("aggregate", "md"))  # whose pages have a few kilobytes


def test_the_fleet_is_as_large_as_it_says_and_always_the_same():
    """Clusters, controls and items multiply, and nothing is drawn at random."""
    report = fleet_report(clusters=2, controls=60, items=5)
    assert sum(len(control.items) for each in report.clusters for control in each.controls) == 600
    assert fleet_report(clusters=2, controls=60, items=5) == report
    assert len({each.id for each in report.clusters}) == 2
