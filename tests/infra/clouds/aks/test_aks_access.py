"""The way in to an AKS cluster: from discovery to a snapshot, and every reason why there is none."""

from __future__ import annotations

import base64
import logging
import socket
import traceback
from pathlib import Path
from typing import Any

import pytest

from infra.clouds.aks import PERMISSIONS
from infra.clouds.aks.session import Pace, Session
from infra.kube import Limits, read_api
from infra.kube.access import Access
from scanner.errors import ClusterReadError
from scanner.model import Read, Snapshot
from tests.infra.clouds.aks.entra import EntraCluster
from tests.infra.clouds.aks.estate import ONE, TWO, look, options
from tests.infra.kube.server import Server
from tests.servers.azure import AzureServer, Fault
from tests.servers.azure_answers import APPLICATION, PLANTED, entra_kubeconfig, local_kubeconfig, managed_cluster
from tests.servers.tls import self_signed

CREDENTIAL = "/listClusterUserCredential"
QUICK = Limits(retries=0, connect_s=2, read_s=2, deadline_s=20)
LEGACY = "11111111-0000-4000-8000-000000000001"


def add(azure: AzureServer, kubeconfig: bytes, **properties: Any) -> None:
    """One cluster in the first subscription."""
    azure.add_subscription(ONE)
    azure.add_cluster(ONE, managed_cluster(ONE, "c0", **properties), kubeconfig)


def access(azure: AzureServer, **options: Any) -> Access:
    """The way in to it."""
    (found,), _ = look(azure, **options)
    return found.access()


def refused(azure: AzureServer, **options: Any) -> str:
    """Why there is none; one line without anything secret."""
    with pytest.raises(ClusterReadError) as caught:
        access(azure, **options)
    shown = "".join(traceback.format_exception(caught.value))
    assert PLANTED not in shown
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"AKS cluster c0 in subscription {ONE}: ")
    return str(caught.value)


def read(way: Access, **others: Any) -> Snapshot:
    """The cluster that it leads to."""
    return read_api(way, record=None, taken="2026-11-26T08:00:00Z", limits=QUICK, **others)


def test_from_discovery_to_a_snapshot(azure: AzureServer, api: Server, cluster: EntraCluster):
    """A cluster is found, and read with an Entra token for AKS; each call is one of the permissions' table."""
    add(azure, entra_kubeconfig(api.url, api.ca))
    azure.add_subscription(ONE, groups=("prod",))
    (found,), _ = look(azure, management_groups=("prod",))
    snapshot = read_api(found.access(), record=found.record, taken="2026-11-26T08:00:00Z", limits=QUICK)
    assert (snapshot.read, snapshot.cluster, len(snapshot.pods)) == (Read.COMPLETE, found.ref, 3)
    assert set(azure.issued.values()) == {f"{azure.url}/.default", f"{APPLICATION}/.default"}
    assert azure.calls() == {permission.call for permission in PERMISSIONS}
    assert azure.asked(CREDENTIAL)[0].query["format"] == "exec"


def test_a_token_that_runs_out_during_the_read_is_renewed(azure: AzureServer, api: Server, cluster: EntraCluster):
    """Tokens that are about to expire are replaced before the next request."""
    add(azure, entra_kubeconfig(api.url, api.ca))
    azure.lifetime_s, cluster.spend = 60, True
    assert read(access(azure)).read is Read.COMPLETE
    assert len(cluster.tokens()) > 3


def test_no_log_holds_a_secret(
    azure: AzureServer, api: Server, cluster: EntraCluster, caplog: pytest.LogCaptureFixture
):
    """Not even where everything is logged: the libraries' own lines hold neither tokens nor answers."""
    caplog.set_level(logging.DEBUG)
    add(azure, entra_kubeconfig(api.url, api.ca))
    azure.add_subscription(TWO)
    azure.always[f"{TWO}/providers/Microsoft.ContainerService/managedClusters"] = Fault.arm(403, "AuthorizationFailed")
    assert read(access(azure)).read is Read.COMPLETE
    assert caplog.text
    assert PLANTED not in caplog.text


def test_a_token_that_lasts_is_kept(azure: AzureServer, api: Server, cluster: EntraCluster):
    """One token for a whole read, and for the next cluster."""
    add(azure, entra_kubeconfig(api.url, api.ca))
    azure.add_subscription(TWO)
    azure.add_cluster(TWO, managed_cluster(TWO, "c1"), entra_kubeconfig(api.url, api.ca))
    found, _ = look(azure)
    assert [read(one.access()).read for one in found] == [Read.COMPLETE] * 2
    assert (len(cluster.tokens()), len(azure.issued)) == (1, 2)


def test_a_token_that_is_refused_is_replaced_once(azure: AzureServer, api: Server, cluster: EntraCluster):
    """A token that should still hold, and that the server refuses, is replaced by a new one, not by the one that is kept."""
    add(azure, entra_kubeconfig(api.url, api.ca))
    way = access(azure)
    azure.expired.update(azure.issued)
    assert read(way).read is Read.COMPLETE
    assert len(cluster.tokens()) == 2
    cluster.application = LEGACY
    with pytest.raises(ClusterReadError, match=r"does not accept the credentials \(401\), nor those"):
        read(way)


@pytest.mark.parametrize(("lifetime_s", "text"), [(60, "could not be renewed"), (3600, "new ones are not to be had")])
def test_entra_that_gives_no_token_any_more_is_one_line(azure: AzureServer, api: Server, lifetime_s, text):
    """Before a token expires or after it was refused: the read ends with the cause, and Entra's text stays out of it."""
    add(azure, entra_kubeconfig(api.url, api.ca))
    azure.lifetime_s = lifetime_s
    way = access(azure)
    azure.expired.update(azure.issued)
    azure.always["/oauth2/v2.0/token"] = Fault(400, {"error": "invalid_grant", "error_description": f"{PLANTED}text"})
    with pytest.raises(ClusterReadError, match=f"{text}.*Entra gives no token for it") as caught:
        read(way)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))


def test_a_legacy_integration_has_an_application_of_its_own(azure: AzureServer, api: Server, cluster: EntraCluster):
    """Clusters from before AKS managed Entra take tokens for the server application that somebody registered."""
    add(azure, entra_kubeconfig(api.url, api.ca), aadProfile={"serverAppID": LEGACY, "clientAppID": LEGACY})
    cluster.application = LEGACY
    assert read(access(azure)).read is Read.COMPLETE


def test_a_stopped_cluster_is_not_waited_for(azure: AzureServer):
    """It has no API server; nothing is asked."""
    add(azure, b"", powerState={"code": "Stopped"})
    assert "it is stopped" in refused(azure)
    assert azure.asked(CREDENTIAL) == []


def test_an_administrators_certificate_is_not_used_unasked(azure: AzureServer):
    """Without Entra sign-in the kubeconfig is cluster-admin's: it is not even asked for."""
    add(azure, b"", aadProfile=None)
    assert "allow that with localAccounts" in refused(azure)
    assert azure.asked(CREDENTIAL) == []


def test_an_administrators_certificate_is_used_where_it_is_allowed(
    azure: AzureServer, api: Server, cluster: EntraCluster
):
    """The local account's certificate and token are taken, and no Entra token is asked for."""
    certificate, key = self_signed()
    encoded = {"client-certificate-data": b64(certificate), "client-key-data": b64(key)}
    azure.issued["planted-secret-local"] = f"{APPLICATION}/.default"
    user = encoded | {"token": "planted-secret-local"}
    add(azure, local_kubeconfig(api.url, api.ca, user), aadProfile=None)
    way = access(azure, local_accounts=True)
    assert Path(way.configuration.cert_file).read_bytes() == certificate
    assert read(way).read is Read.COMPLETE
    assert cluster.tokens() == {"Bearer planted-secret-local"}
    assert len(azure.issued) == 2  # Resource Manager's, and the local one


def test_a_private_cluster_out_of_reach_fails_at_once(azure: AzureServer, api: Server):
    """It says what would make it reachable."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        add(azure, entra_kubeconfig(f"https://127.0.0.1:{closed.getsockname()[1]}", api.ca))
        assert "run ringfence in its virtual network" in refused(azure)


def test_the_public_name_of_a_private_cluster_is_asked_for(azure: AzureServer, api: Server, cluster: EntraCluster):
    """Where there is one: it resolves without the private DNS zone."""
    private = {"enablePrivateCluster": True, "enablePrivateClusterPublicFQDN": True}
    add(azure, entra_kubeconfig(api.url, api.ca), apiServerAccessProfile=private)
    assert read(access(azure)).read is Read.COMPLETE
    assert azure.asked(CREDENTIAL)[0].query["server-fqdn"] == "public"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.arm(403, "AuthorizationFailed"), "managedClusters/listClusterUserCredential/action"),
        (Fault.arm(404, "ResourceNotFound"), "not there any more"),
        (Fault.arm(429, "Throttled", Retry_After="3600"), "throttled"),
        (Fault(200, b"<html>"), "cannot be read"),
        (Fault(200, {}), "cannot be read"),
        (Fault(200, {"kubeconfigs": []}), "cannot be read"),
        (Fault(200, {"kubeconfigs": [{"value": 7}]}), "not in Azure's answer"),
        (Fault(200, {"kubeconfigs": "text"}), "cannot be read"),
        (Fault(200, {"kubeconfigs": [{"name": "n"}]}), "not in Azure's answer"),
    ],
    ids=repr,
)
def test_credentials_that_are_refused_or_broken_are_told(azure: AzureServer, fault: Fault, text):
    """With the permission that is missing, where it is that."""
    add(azure, b"")
    azure.always[CREDENTIAL] = fault
    assert text in refused(azure)


@pytest.mark.parametrize(
    ("kubeconfig", "text"),
    [
        (b"planted-secret-: {", "cannot be read"),
        (b"[1, 2]", "names no https server"),
        (b"clusters: [{cluster: {server: 'http://127.0.0.1'}}]", "names no https server"),
        (b"clusters: [{cluster: {server: 'https://planted-secret-u:p@127.0.0.1'}}]", "names no https server"),
        (b"clusters: [{cluster: {server: 'https://127.0.0.1:99999'}}]", "names no https server"),
        (b"clusters: [{cluster: {server: 'https://127.0.0.1'}}]", "no certificate authority"),
        (
            b"clusters: [{cluster: {server: 'https://127.0.0.1', insecure-skip-tls-verify: true,"
            b" certificate-authority-data: cGxhbnRlZC1zZWNyZXQt}}]",
            "no certificate authority",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_told(azure: AzureServer, kubeconfig, text):
    """In our own words, without a piece of it; TLS is verified or there is no way in."""
    add(azure, kubeconfig)
    assert text in refused(azure)


def test_a_server_with_another_certificate_is_not_read(azure: AzureServer, api: Server):
    """The authority of the kubeconfig is the only one that is trusted."""
    add(azure, entra_kubeconfig(api.url, self_signed()[0]))
    with pytest.raises(ClusterReadError, match="TLS certificate cannot be verified"):
        read(access(azure))


def test_credentials_are_asked_for_at_the_providers_pace():
    """One a second for each subscription, whoever asks: turns are given in order, and none is lost while nobody asks."""
    pace = Pace(1.0)
    assert [pace.take(10.0), pace.take(10.0), pace.take(10.5)] == [0.0, 1.0, 1.5]
    assert pace.take(20.0) == 0.0


def test_each_subscription_has_a_pace_of_its_own(azure: AzureServer):
    """The limit is the provider's for a subscription."""
    session = Session(options(azure))
    assert session.pace(ONE) is session.pace(ONE)
    assert session.pace(ONE) is not session.pace(TWO)


def test_a_cluster_of_wrong_types_gives_a_reason(azure: AzureServer):
    """A description that says nothing leads nowhere, and says so."""
    azure.add_subscription(ONE)
    azure.add_cluster(ONE, managed_cluster(ONE, "c0") | {"properties": "text"})
    assert "no Entra sign-in" in refused(azure)


def b64(data: bytes) -> str:
    """As kubeconfigs hold files."""
    return base64.b64encode(data).decode()
