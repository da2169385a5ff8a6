"""The sentences a report opens with never claim more than was seen."""

from __future__ import annotations

import pytest

from reports.wording import verdict
from scanner.findings import Status
from tests.reports.report_factory import cluster, control, plane, report, unread_cluster


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        pytest.param([cluster("a")], ("Every cluster enforces network policy wherever workloads run.",), id="sound"),
        pytest.param(
            [cluster("a", controls=(control(0, Status.UNKNOWN),)), cluster("b")],
            (
                "By the cloud's word alone 1 of 2 clusters enforces network policy: a.",
                "1 of 2 enforces network policy wherever workloads run.",
            ),
            id="only-the-cloud-says-so",
        ),
        pytest.param(
            [cluster("a", dataplane=plane(enforcing="no", reason="off")), unread_cluster("p")],
            ("1 of 2 clusters enforces no network policy: a.", "1 of 2 clusters could not be read: p."),
            id="inert-and-unread",
        ),
        pytest.param([], ("No cluster was found, so nothing was judged.",), id="empty"),
    ],
)
def test_verdict(clusters, expected):
    """What is not enforced comes first, then what is not known, then what was confirmed inside the clusters."""
    assert verdict(report(*clusters)) == expected
