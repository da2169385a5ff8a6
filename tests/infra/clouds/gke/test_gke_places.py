"""Listing projects: what cannot be listed is a scope of its own; credentials and options that cannot be used are one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.clouds.gke import PERMISSIONS, Limits, discover, way_in
from infra.clouds.gke.login import Login
from infra.clouds.model import Outcome
from infra.clouds.options import GcpEndpoints, GcpOptions
from scanner.errors import ClusterReadError, InputError
from tests.servers.gcp import GcpServer
from tests.servers.gcp_answers import Reply, answer, denied, gke_cluster, refused, throttled


@pytest.fixture
def tree(google: GcpServer) -> GcpServer:
    """An organization with a project at its top, and one in a folder."""
    google.add_folder("10", "organizations/1")
    google.add_project("top", clusters=[gke_cluster("c-top")])
    google.add_project("deep", parent="folders/10", clusters=[gke_cluster("c-deep")])
    return google


def test_a_denied_folder_listing_is_a_scope_of_its_own(tree: GcpServer, look):
    """What can be listed is looked in; the place is partial and names the permission."""
    tree.fault("/v3/folders", denied("resourcemanager.folders.list"), always=True)
    found, scopes = look(tree.options(organization="organizations/1"))
    assert list(found) == ["c-top"]
    place = scopes["organizations/1"]
    assert (place.outcome, place.missing) == (Outcome.PARTIAL, ("resourcemanager.folders.list",))
    assert "roles/browser" in place.reason


def test_a_place_of_which_nothing_can_be_listed_is_denied_once(tree: GcpServer, look):
    """Both listings refused: one scope, both permissions."""
    tree.fault("/v3/folders", denied("resourcemanager.folders.list"), always=True)
    tree.fault("/v3/projects", denied("resourcemanager.projects.list"), always=True)
    found, scopes = look(tree.options(organization="1"))
    assert (found, list(scopes)) == ({}, ["organizations/1"])
    assert scopes["organizations/1"].outcome is Outcome.DENIED
    assert scopes["organizations/1"].missing == ("resourcemanager.projects.list", "resourcemanager.folders.list")


def test_credentials_that_see_no_project_are_a_denial(google: GcpServer, look):
    """An empty search means that nothing may be seen, not that nothing is there."""
    scopes = look(google.options())[1]
    assert (scopes["projects"].outcome, scopes["projects"].missing) == (
        Outcome.DENIED,
        ("resourcemanager.projects.get",),
    )


@pytest.mark.parametrize(
    "reply",
    [
        throttled(),
        refused(503, "UNAVAILABLE"),
        answer({"projects": 7}),
        Reply(200, b"{"),
        answer({"projects": [], "nextPageToken": 5}),
        answer({"nextPageToken": "page-2"}),
    ],
)
def test_a_search_that_breaks_off_is_partial(google: GcpServer, look, reply: Reply):
    """The projects of the first page are looked in; that there may be more is said."""
    google.page = 2
    for index in range(6):
        google.add_project(f"p-{index}", clusters=[gke_cluster(f"c-{index}")])
    first = answer({"projects": [google.projects[f"p-{n}"].entry() for n in range(2)], "nextPageToken": "page-2"})
    google.fault("/v3/projects:search", first, reply)
    google.fault("/v3/projects:search", reply, always=True)
    found, scopes = look(google.options())
    assert sorted(found) == ["c-0", "c-1"]
    assert scopes["projects"].outcome is Outcome.PARTIAL


def test_entries_that_are_none_are_counted(google: GcpServer, look):
    """A project without a usable id is missed and said; its neighbour is looked in."""
    project = google.add_project("fine", clusters=[gke_cluster("c")])
    entries = [project.entry(), 7, {"projectId": "../x"}, {"projectId": 5}, {"name": "projects/1"}]
    google.fault("/v3/projects:search", answer({"projects": entries}), always=True)
    found, scopes = look(google.options())
    assert list(found) == ["c"]
    assert "4 of the projects" in scopes["projects"].reason


def test_folders_in_a_circle_end(google: GcpServer, look):
    """Each place is listed once."""
    google.add_folder("10", "folders/11")
    google.add_folder("11", "folders/10")
    google.add_project("in", parent="folders/11")
    assert list(look(google.options(folders=("10",)))[1]) == ["in"]
    assert google.asked()["GET /v3/folders"] == 2


def test_every_call_stands_in_the_table_of_permissions(tree: GcpServer, look):
    """What is asked over an estate looked in in every way is what the table says, no more and no less."""
    tree.add_project("numbered", number="5005", clusters=[gke_cluster("n")])
    tree.silent = {"top": {"us-east1-b": 1}}
    look(tree.options())
    found, _ = look(tree.options(organization="1", projects=("5005",), quota_project="billing-1"))
    with pytest.raises(ClusterReadError):  # nobody listens at its endpoint
        way_in(tree.options(), found["n"].ref)
    asked = set()
    for method, target, headers in tree.seen:
        parts = target.split("?")[0].split("/")
        starred = [part if index in {0, 1, 2, 4, 6} else "*" for index, part in enumerate(parts)]
        asked.add(f"{method} {'/'.join(starred)}")
        if "x-goog-user-project" in headers:
            assert headers["x-goog-user-project"] == "billing-1"
            asked.add("header x-goog-user-project")
    elsewhere = {each.call for each in PERMISSIONS if each.permission == "container.clusters.connect"}
    assert asked - {"POST /token"} == {each.call for each in PERMISSIONS} - elsewhere
    assert all(method == "GET" for method, target, _ in tree.seen if target != "/token")


KEY_FILES = {
    "empty": b"",
    "broken": b"{",
    "list": b"[]",
    "without-key": b'{"type": "service_account"}',
    "wrong-types": b'{"type": "service_account", "private_key": "planted-key", "client_email": 5}',
    "federation-without-parts": b'{"type": "external_account"}',
    "unknown-type": b'{"type": "invented"}',
}


@pytest.mark.parametrize("content", KEY_FILES.values(), ids=KEY_FILES)
def test_a_key_file_that_is_none_is_one_line(google: GcpServer, monkeypatch, tmp_path: Path, content: bytes):
    """Whatever is wrong with the file, its content is not repeated."""
    path = tmp_path / "key.json"
    path.write_bytes(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(
        InputError, match=r"^gcp: no usable credentials: run .*GOOGLE_APPLICATION_CREDENTIALS$"
    ) as caught:
        next(discover(google.options()))
    assert "planted" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_credentials_at_all_are_one_line(google: GcpServer, monkeypatch, tmp_path: Path):
    """Neither file nor login nor metadata server."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    with pytest.raises(InputError, match="no usable credentials"):
        next(discover(google.options()))


def test_a_refused_login_is_one_line(google: GcpServer):
    """The token server's answer is not repeated."""
    google.fault(
        "/token", answer({"error": "invalid_grant", "error_description": "planted-in-token-answer"}, 400), always=True
    )
    with pytest.raises(InputError, match="credentials cannot be used") as caught:
        next(discover(google.options()))
    assert "planted" not in str(caught.value)


def test_an_untrusted_certificate_is_one_line(google: GcpServer, monkeypatch):
    """TLS is verified: without the authority nothing is asked."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(InputError, match="gcp: the credentials cannot be used"):
        next(discover(google.options()))
    assert not google.seen


def test_an_untrusted_endpoint_is_an_error_of_each_place(google: GcpServer, look, tmp_path: Path):
    """A good login, an endpoint with another certificate: said with its mend."""
    folder = tmp_path / "other"
    folder.mkdir()
    with GcpServer(folder) as other:
        endpoints = GcpEndpoints(container=other.url, resource_manager=google.url)
        google.add_project("shop")
        scope = look(GcpOptions(endpoints=endpoints, projects=("shop",)))[1]["shop"]
    assert scope.outcome is Outcome.ERROR
    assert "REQUESTS_CA_BUNDLE" in scope.reason
    assert not other.seen


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (GcpOptions(organization="example.com"), "organization"),
        (GcpOptions(folders=("projects/1",)), "folder"),
        (GcpOptions(projects=("Shop",)), "projects"),
        (GcpOptions(projects=("a/b",)), "projects"),
        (GcpOptions(quota_project="billing\n1"), "quotaProject"),
        (GcpOptions(endpoints=GcpEndpoints(container="http://127.0.0.1")), "endpoints.container"),
        (GcpOptions(endpoints=GcpEndpoints(container="https://127.0.0.1/v1")), "endpoints.container"),
        (GcpOptions(endpoints=GcpEndpoints(resource_manager="https://user@host")), "endpoints.resourceManager"),
        (GcpOptions(endpoints=GcpEndpoints(resource_manager="https://[::")), "endpoints.resourceManager"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(google: GcpServer, options: GcpOptions, says: str):
    """The line names the key and how to write it."""
    with pytest.raises(InputError, match=f"^gcp: {says}: .*write it as"):
        next(discover(options))


def test_a_sovereign_cloud_is_asked_where_its_credentials_say(google: GcpServer, monkeypatch, tmp_path: Path):
    """Without endpoints the hosts are those of the credentials' universe."""
    path = tmp_path / "sovereign.json"
    path.write_text(json.dumps(google.service_account()))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    public = Login(GcpOptions(), Limits())
    assert (public.container, public.resource_manager) == (
        "container.googleapis.com",
        "cloudresourcemanager.googleapis.com",
    )
    path.write_text(json.dumps(google.service_account() | {"universe_domain": "cloud.example"}))
    sovereign = Login(GcpOptions(endpoints=GcpEndpoints(container=google.url)), Limits())
    assert (sovereign.container, sovereign.resource_manager) == (
        f"127.0.0.1:{google.port}",
        "cloudresourcemanager.cloud.example",
    )
