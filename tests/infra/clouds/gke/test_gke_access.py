"""From discovery to a snapshot: the endpoint, what is trusted there, tokens that renew themselves, and nothing secret."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.clouds.gke.access import endpoints
from infra.clouds.model import Found, Outcome
from infra.kube import read_api
from scanner.cloud.part import Part
from scanner.cloud.read import read_facts
from scanner.errors import ClusterReadError
from tests.infra.kube.server import FakeCluster, Reply, Server
from tests.servers.gcp import GcpServer
from tests.servers.gcp_answers import SECRETS, answer, gke_cluster

TAKEN = "2026-01-01T00:00:00Z"


class GoogleCluster(FakeCluster):
    """A cluster that knows the tokens that Google gave, and no other; `refusing` is how many requests it refuses first."""

    google: GcpServer
    refusing = 0

    def answer(self, target: str, headers: dict[str, str]) -> Reply:
        """As the base class."""
        given = headers.get("authorization", "").removeprefix("Bearer ")
        self.token = given if given in self.google.tokens else self.google.tokens[-1]
        if self.refusing:
            self.refusing -= 1
            self.token = ""
        return super().answer(target, headers)


@pytest.fixture
def kube(google: GcpServer, tmp_path: Path) -> Iterator[Server]:
    """A small cluster behind TLS."""
    names = ["namespaces", "pods", "nodes", "services", "configmaps", "replicationcontrollers"]
    namespace = {"metadata": {"name": "shop", "uid": "u"}}
    cluster = GoogleCluster(
        served={"": {"v1": names}, "networking.k8s.io": {"v1": ["networkpolicies"]}},
        objects={"namespaces": [namespace]},
    )
    cluster.google = google
    folder = tmp_path / "kube"
    folder.mkdir()
    with Server(cluster, folder) as running:
        yield running


def _endpoints(*, dns: str = "", public: str = "", private: str = "", **parts: Any) -> dict[str, Any]:
    address = {
        "enabled": True,
        "enablePublicEndpoint": bool(public),
        "publicEndpoint": public,
        "privateEndpoint": private,
    }
    name = {"endpoint": dns or "gke-0123.europe-west1.gke.goog", "allowExternalTraffic": bool(dns)}
    return {
        "endpoint": public or private,
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": name, "ipEndpointsConfig": address},
    } | parts


def _with_authority(kube: Server, **parts: Any) -> dict[str, Any]:
    """The cluster as Google describes it, the real authority among the planted secrets."""
    cluster = gke_cluster("prod", **parts)
    cluster["masterAuth"]["clusterCaCertificate"] = base64.b64encode(kube.ca).decode()
    return cluster


def _find(google: GcpServer, look, cluster: dict[str, Any]) -> Found:
    google.add_project("shop", clusters=[cluster])
    found, scopes = look(google.options(projects=("shop",)))
    assert scopes["shop"].outcome is Outcome.OK
    return found["prod"]


def test_an_address_is_read_with_the_clusters_own_authority(google: GcpServer, kube: Server, look):
    """Discovery, the way in and the reading of a cluster, with a token of the real grant."""
    found = _find(google, look, _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}")))
    snapshot = read_api(found.access(), record=found.record, taken=TAKEN)
    assert snapshot.cluster == found.ref
    assert [namespace.name for namespace in snapshot.namespaces] == ["shop"]


def test_a_dns_endpoint_is_trusted_by_the_system(google: GcpServer, kube: Server, look, monkeypatch):
    """Its certificate is checked against the system's authorities, not the cluster's, and it goes before the address."""
    cluster = gke_cluster("prod", **_endpoints(dns=f"localhost:{kube.port}", public="203.0.113.10"))
    found = _find(google, look, cluster)
    with pytest.raises(ClusterReadError, match="certificate cannot be verified"):
        read_api(found.access(), record=found.record, taken=TAKEN)
    monkeypatch.setenv("SSL_CERT_FILE", str(kube.ca_file))
    snapshot = read_api(found.access(), record=found.record, taken=TAKEN)
    assert [namespace.name for namespace in snapshot.namespaces] == ["shop"]


def test_another_authority_is_refused(google: GcpServer, kube: Server, look):
    """An address whose certificate the cluster's authority did not sign is not read, and gets no token."""
    cluster = _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}"))
    cluster["masterAuth"]["clusterCaCertificate"] = base64.b64encode(google.ca).decode()
    found = _find(google, look, cluster)
    with pytest.raises(ClusterReadError, match="certificate cannot be verified"):
        read_api(found.access(), record=found.record, taken=TAKEN)
    assert not kube.cluster.seen


def test_the_private_address_is_taken_where_the_others_do_not_answer(google: GcpServer, kube: Server, look):
    """Endpoints that do not answer are passed over, down to the private one."""
    ways = _endpoints(dns="127.0.0.1:1", public="127.0.0.1:2", private=f"127.0.0.1:{kube.port}")
    access = _find(google, look, _with_authority(kube, **ways)).access()
    assert access.host == f"127.0.0.1:{kube.port}"


def test_tokens_are_renewed_five_minutes_early(google: GcpServer, kube: Server, look):
    """A cluster that takes the latest token alone is read to the end, though each lasts less than five minutes more."""
    google.lifetime_s = 290
    found = _find(google, look, _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}")))
    before = len(google.tokens)
    snapshot = read_api(found.access(), record=found.record, taken=TAKEN)
    assert [namespace.name for namespace in snapshot.namespaces] == ["shop"]
    assert len(google.tokens) >= before + len(kube.cluster.seen)


def test_a_token_that_is_refused_is_replaced_once(google: GcpServer, kube: Server, look):
    """Long before it would run out: a session may have been ended. A second refusal ends the reading."""
    found = _find(google, look, _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}")))
    before = len(google.tokens)
    kube.cluster.refusing = 1
    assert read_api(found.access(), record=found.record, taken=TAKEN).namespaces
    assert len(google.tokens) == before + 1
    kube.cluster.refusing = 1_000
    with pytest.raises(ClusterReadError, match="nor those that were just renewed"):
        read_api(found.access(), record=found.record, taken=TAKEN)


def test_a_good_token_is_kept(google: GcpServer, kube: Server, look):
    """One token does for discovery and the whole cluster."""
    found = _find(google, look, _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}")))
    read_api(found.access(), record=found.record, taken=TAKEN)
    assert len(google.tokens) == 1


def test_a_login_that_ends_meanwhile_is_said(google: GcpServer, kube: Server, look):
    """A token that cannot be renewed in the middle of a cluster fails it in our own words."""
    google.lifetime_s = 290
    found = _find(google, look, _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}")))
    access = found.access()
    google.fault("/token", answer({"error": "invalid_grant", "error_description": SECRETS[0]}, 400), always=True)
    with pytest.raises(ClusterReadError, match="could not be renewed") as caught:
        read_api(access, record=found.record, taken=TAKEN)
    with pytest.raises(ClusterReadError, match=r"shop/europe-west1/prod: Google's credentials cannot be renewed"):
        found.access()
    assert SECRETS[0] not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        pytest.param({"status": "PROVISIONING"}, "being created", id="provisioning"),
        pytest.param({"status": "STOPPING"}, "being deleted", id="stopping"),
        pytest.param(
            _endpoints(private="127.0.0.1:1") | {"status": "ERROR"},
            r"its status is ERROR.*a private address",
            id="error",
        ),
        pytest.param(
            _endpoints(private="127.0.0.1:1"), "container.clusters.connect.*run ringfence in its VPC", id="private"
        ),
        pytest.param(_endpoints(dns="no-such-name.invalid:1"), "does not resolve", id="no-such-name"),
        pytest.param(_endpoints(), "no endpoint that is switched on", id="no-endpoint"),
        pytest.param(_endpoints(dns="a/b@c", public="x:y"), "no endpoint that is switched on", id="hostile-endpoint"),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_found_and_says_why(
    google: GcpServer, look, parts: dict[str, Any], says: str
):
    """It is never lost: the record is there, the way in fails at once with the mend."""
    found = _find(google, look, gke_cluster("prod", **parts))
    with pytest.raises(ClusterReadError, match=rf"^shop/europe-west1/prod.*{says}") as caught:
        found.access()
    assert "\n" not in str(caught.value)


@given(
    written=st.one_of(
        st.text(max_size=30), st.integers(), st.none(), st.from_regex(r"[\\[\\]a0:.%/@?#-]{0,20}", fullmatch=True)
    )
)
def test_whatever_stands_for_an_endpoint_is_a_host_or_nothing(written: object):
    """An endpoint taken from an answer makes a URL with that host and nothing before or after it."""
    config = {
        "dnsEndpointConfig": {"endpoint": written, "allowExternalTraffic": True},
        "ipEndpointsConfig": {"enabled": False},
    }
    for endpoint in endpoints(Part({"controlPlaneEndpointsConfig": config}, "cluster", [])):
        url = urlsplit(endpoint.url)
        assert (url.path, url.query, url.fragment, url.username) == ("", "", "", None)
        assert url.hostname == endpoint.host


@pytest.mark.parametrize("encoded", ["", "not base64!", base64.b64encode(b"no certificate").decode(), "w6k="])
def test_an_address_without_an_authority_is_not_trusted(google: GcpServer, kube: Server, look, encoded: str):
    """Without the cluster's authority the system's would not do."""
    cluster = _with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}"))
    cluster["masterAuth"]["clusterCaCertificate"] = encoded
    with pytest.raises(ClusterReadError, match="no certificate authority that can be used"):
        _find(google, look, cluster).access()


def test_a_value_newer_than_this_version_is_not_a_default(google: GcpServer, look):
    """Enums come as numbers: one without a name stays a number, and the engine is not known rather than the legacy one."""
    network = {"network": "n", "datapathProvider": 99}
    found = _find(google, look, gke_cluster("prod", networkConfig=network, status=77, addedLater={"a": 1}))
    assert msgspec.json.decode(found.record.cluster)["networkConfig"]["datapathProvider"] == 99
    assert read_facts(found.record).engine.enabled is None
    assert "enum-encoding%3Dint" in next(target for _, target, _ in google.seen if "/clusters" in target)


def test_nothing_secret_leaves(google: GcpServer, kube: Server, look, caplog: pytest.LogCaptureFixture):
    """Passwords, keys, startup scripts, tokens and the authority are in no record, tag, scope, text of an object, or log."""
    caplog.set_level(logging.DEBUG)
    google.add_project("shop", clusters=[_with_authority(kube, **_endpoints(public=f"127.0.0.1:{kube.port}"))])
    google.add_project("bad")
    google.fault("/v1/projects/bad/locations/-/clusters", answer({"error": {"message": SECRETS[0]}}, 403), always=True)
    found, scopes = look(google.options())
    found["prod"].access()
    written = (
        repr((found, scopes))
        + caplog.text
        + json.dumps([bytes(each.record.cluster).decode() for each in found.values()])
    )
    planted = [*SECRETS, base64.b64encode(kube.ca).decode(), google.service_account()["private_key"].splitlines()[1]]
    assert [secret for secret in planted if secret in written] == []
