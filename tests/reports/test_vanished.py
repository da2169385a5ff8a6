"""Which missing clusters are gone, and which may be where nobody could look."""

from __future__ import annotations

import pytest

from reports.document import Scope
from reports.summary import summary_of
from reports.vanished import missing_since
from tests.reports.report_factory import cluster, report

GKE = cluster("g", "gcp", account="shop", location="europe-west1-b", id="g")


def scope(
    outcome: str = "denied", cloud: str = "gcp", account: str = "shop", location: str = "", reason: str = "why"
) -> Scope:
    """A place that was looked in."""
    return Scope(cloud=cloud, account=account, location=location, outcome=outcome, reason=reason)


@pytest.mark.parametrize(
    ("scopes", "gone"),
    [
        pytest.param((), True, id="no-place-at-all"),
        pytest.param((scope("ok"),), True, id="searched"),
        pytest.param((scope("disabled"),), True, id="cannot-hold-clusters"),
        pytest.param((scope(),), False, id="account"),
        pytest.param((scope("partial"),), False, id="account-in-part"),
        pytest.param((scope(location="europe-west1"),), False, id="region-of-its-zone"),
        pytest.param((scope(location="europe-west1-b"),), False, id="zone"),
        pytest.param((scope(location="europe-west1-c"),), True, id="another-zone"),
        pytest.param((scope(location="europe-west10"),), True, id="region-that-begins-alike"),
        pytest.param((scope(account="other"),), True, id="another-account"),
        pytest.param((scope(cloud="aws"),), True, id="another-cloud"),
        pytest.param((scope(account="folders/1"),), False, id="list-of-accounts"),
        pytest.param((scope(account="projects"),), False, id="list-of-all-accounts"),
        pytest.param((scope(account="folders/1"), scope("ok")), True, id="account-was-come-to-all-the-same"),
        pytest.param((scope(account="folders/1"), scope("denied")), False, id="account-was-come-to-and-refused"),
        pytest.param((scope(cloud="", account="", location="g"),), False, id="context-of-that-name"),
        pytest.param((scope(cloud="", account="", location="h"),), True, id="context-of-another-name"),
        pytest.param((scope(cloud="", account="", location="gcp shop"),), False, id="account-in-words"),
        pytest.param(
            (scope(cloud="", account="", location="gcp/shop/europe-west1-b/g"),), False, id="discovered-cluster"
        ),
    ],
)
def test_missing_cluster_is_gone_or_not_seen(scopes, gone):
    """Never both, and its last score comes along."""
    vanished, unseen = missing_since(summary_of(report(GKE)), report(cluster("a"), scopes=scopes))
    assert (len(vanished), len(unseen)) == ((1, 0) if gone else (0, 1))
    (missing,) = (*vanished, *unseen)
    assert (missing.id, missing.score, missing.grade, missing.run) == ("g", GKE.score, GKE.grade, report().run.id)
    assert ("why" in missing.reason) is not gone


def test_what_was_not_seen_is_remembered_until_it_is():
    """Over any number of runs whose places could not be searched; seen again, it is not missing."""
    first = summary_of(report(GKE))
    for _ in range(3):
        blind = report(scopes=(scope(),))
        vanished, unseen = missing_since(first, blind)
        first = summary_of(report(scopes=(scope(),), unseen=unseen))
    assert (vanished, [each.name for each in first.unseen]) == ((), ["g"])
    assert missing_since(first, report(GKE)) == ((), ())
    assert [each.name for each in missing_since(first, report(scopes=(scope("ok"),)))[0]] == ["g"]
