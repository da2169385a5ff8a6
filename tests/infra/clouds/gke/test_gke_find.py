"""Which clusters are found: by searching, walking and naming, whatever the size of the estate."""

from __future__ import annotations

import pytest

from infra.clouds.gke import discover
from infra.clouds.model import Found, Outcome
from scanner.cloud.read import read_facts
from tests.servers.gcp import GcpServer
from tests.servers.gcp_answers import gke_cluster


def test_search_finds_every_project_page_by_page(google: GcpServer, look):
    """Without a choice, every active project that the credentials can see is looked in, over all pages."""
    google.page = 3
    for index in range(10):
        google.add_project(f"shop-{index}", clusters=[gke_cluster(f"c-{index}")])
    google.add_project("old", state="DELETE_REQUESTED")
    found, scopes = look(google.options())
    assert sorted(found) == [f"c-{index}" for index in range(10)]
    assert {name: scope.outcome for name, scope in scopes.items()} == {f"shop-{n}": Outcome.OK for n in range(10)}
    assert google.asked()["GET /v3/projects:search"] == 4


def test_organizations_are_walked_through_folders_of_folders(google: GcpServer, look):
    """Folders and their projects are listed page by page, to any depth; projects on their way out are left alone."""
    google.page = 2
    for number, parent in (
        ("10", "organizations/1"),
        ("11", "folders/10"),
        ("12", "folders/11"),
        ("20", "organizations/2"),
    ):
        google.add_folder(number, parent)
    for index in range(5):
        google.add_project(f"deep-{index}", parent="folders/12", clusters=[gke_cluster(f"c-{index}")])
    google.add_project("top", parent="organizations/1", clusters=[gke_cluster("c-top")])
    google.add_project("going", parent="folders/10", state="DELETE_REQUESTED", clusters=[gke_cluster("gone")])
    google.add_project("other", parent="folders/20", clusters=[gke_cluster("not-ours")])
    found, scopes = look(google.options(organization="1"))
    assert sorted(found) == [*(f"c-{index}" for index in range(5)), "c-top"]
    assert "going" not in scopes


def test_projects_folders_and_numbers_name_a_project_once(google: GcpServer, look):
    """A project that is named by id and by number and lies in a named folder is looked in once, under its id."""
    project = google.add_project("shop", parent="folders/10", clusters=[gke_cluster("prod")])
    google.add_project("other")
    found, scopes = look(google.options(folders=("folders/10",), projects=("shop", project.number)))
    assert list(scopes) == ["shop"]
    assert found["prod"].ref.account == "shop"
    assert google.asked()["GET /v1/projects/shop/locations/-/clusters"] == 1


def test_records_say_what_google_said(google: GcpServer, look):
    """The record reads as the facts it came from, defaults that the answer leaves out among them; labels are the tags."""
    legacy = {"networkConfig": {"network": "n"}, "networkPolicy": {"enabled": True, "provider": "CALICO"}}
    google.add_project(
        "shop",
        clusters=[gke_cluster("v2"), gke_cluster("calico", **legacy, addonsConfig={"networkPolicyConfig": {}})],
    )
    found, _ = look(google.options(projects=("shop",)))
    newer, older = (read_facts(found[name].record) for name in ("v2", "calico"))
    assert (newer.engine.managed, newer.engine.enabled) == ("gke-dataplane-v2", True)
    assert (older.engine.managed, older.engine.enabled) == ("gke-calico", True)
    assert [pool.metadata_mode for pool in newer.pools or ()] == ["GKE_METADATA"]
    assert newer.endpoint.public is True
    assert found["v2"].tags == {"env": "prod", "team": "pay"}
    assert found["v2"].ref.id == "//container.googleapis.com/projects/shop/locations/europe-west1/clusters/v2"


def test_zones_left_out_are_asked_for_again(google: GcpServer, look):
    """A zone that answers when asked alone is complete; one that does not makes the project partial and is named."""
    zones = ("us-east1-b", "us-east1-c")
    google.add_project("shop", clusters=[gke_cluster("b", zones[0]), gke_cluster("c", zones[1]), gke_cluster("west")])
    google.add_project("well", clusters=[gke_cluster("late", zones[0])])
    google.silent = {"shop": {zones[0]: 1, zones[1]: 9}, "well": {zones[0]: 1}}
    found, scopes = look(google.options())
    assert sorted(found) == ["b", "late", "west"]
    assert scopes["well"].outcome is Outcome.OK
    assert scopes["shop"].outcome is Outcome.PARTIAL
    assert zones[1] in scopes["shop"].reason
    assert zones[0] not in scopes["shop"].reason


def test_empty_projects_are_looked_in_and_empty_places_said(google: GcpServer, look):
    """A project without clusters is ok; an organization without projects is one scope rather than none."""
    google.add_project("empty")
    assert look(google.options())[1]["empty"].outcome is Outcome.OK
    _, scopes = look(google.options(organization="7"))
    assert {name: scope.outcome for name, scope in scopes.items()} == {"organizations/7": Outcome.OK}


@pytest.mark.parametrize("kind", ["one-project", "many-projects"])
def test_thousands_of_clusters(google: GcpServer, look, kind: str):
    """Two thousand clusters, all of one project or spread over a hundred, are all found."""
    count = 1 if kind == "one-project" else 100
    for index in range(count):
        names = range(index * (2000 // count), (index + 1) * (2000 // count))
        google.add_project(f"p-{index}", clusters=[gke_cluster(f"c-{name}") for name in names])
    found, scopes = look(google.options())
    assert (len(found), len(scopes)) == (2000, count)


def test_results_come_as_they_are_and_closing_stops(google: GcpServer):
    """The first cluster comes before the estate is known; after closing, what was not begun is never asked."""
    for index in range(300):
        google.add_project(f"p-{index:03}", clusters=[gke_cluster(f"c-{index}")])
    results = discover(google.options())
    assert isinstance(next(results), Found)
    results.close()  # type: ignore[attr-defined]
    asked = sum(count for name, count in google.asked().items() if "/clusters" in name)
    assert 0 < asked < 300
