"""Kubeconfigs that cannot or must not be used."""

from __future__ import annotations

import base64
import json
import sys
import threading
from pathlib import Path

import pytest
import yaml
from kubernetes.client import Configuration

from infra.kube import contexts, read_cluster
from infra.kube.access import Access
from infra.kube.config import read_access
from infra.kube.identity import context_ref
from scanner.errors import ClusterReadError, InputError
from scanner.model import Cloud
from tests.infra.kube.server import TOKEN, Server

TAKEN = "2026-11-23T08:00:00Z"


def refusal(kubeconfig: str, context: str | None = None) -> str:
    """The one line that refuses a kubeconfig."""
    with pytest.raises(InputError) as caught:
        read_cluster(kubeconfig, context, record=None, taken=TAKEN)
    line = str(caught.value)
    assert "\n" not in line
    assert TOKEN not in line
    return line


def test_contexts_that_share_a_certificate_can_be_loaded_at_once(tmp_path: Path):
    """Eight threads load contexts of one authority: each finds the whole certificate in the file it is given."""
    start = threading.Barrier(8)
    found: list[str] = []

    def load(path: Path) -> None:
        start.wait()
        found.append(Path(read_access(str(path), None).configuration.ssl_ca_cert).read_text())

    for number in range(20):  # a new certificate each time, for the client writes one only once
        certificate = f"certificate {number} of {tmp_path}"
        path = tmp_path / f"k{number}"
        cluster = {"server": "https://c", "certificate-authority-data": base64.b64encode(certificate.encode()).decode()}
        entry = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
        }
        path.write_text(yaml.safe_dump(entry))
        found.clear()
        threads = [threading.Thread(target=load, args=(path,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [certificate] * 8


def test_contexts_come_in_the_files_order(tmp_path: Path):
    """All names, sorted by nobody."""
    path = tmp_path / "k"
    path.write_text(yaml.safe_dump({"contexts": [{"name": "b", "context": {}}, {"name": "a", "context": {}}]}))
    assert contexts(str(path)) == ["b", "a"]


def test_verification_of_certificates_cannot_be_switched_off(server: Server):
    """insecure-skip-tls-verify is refused before anything is sent."""
    assert "insecure-skip-tls-verify" in refusal(server.kubeconfig(**{"insecure-skip-tls-verify": True}))
    assert server.cluster.seen == []


def test_a_server_without_tls_is_refused(server: Server):
    """A token never goes over plain http."""
    assert "https" in refusal(server.kubeconfig(server=f"http://127.0.0.1:{server.port}"))


def test_an_unknown_context_names_those_that_exist(server: Server):
    """The mend is in the line."""
    assert "choose one of lab" in refusal(server.kubeconfig(), "prod")


@pytest.mark.parametrize(
    ("user", "text"),
    [
        pytest.param({}, "no credentials", id="nothing"),
        pytest.param(
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin", "interactiveMode": "Never"}},
            "no credentials",
            id="plugin-missing",
        ),
        pytest.param(
            {"auth-provider": {"name": "oidc", "config": {"id-token": TOKEN, "idp-issuer-url": "https://127.0.0.1:1"}}},
            "idp-certificate-authority",
            id="unverified-renewal",
        ),
        pytest.param({"auth-provider": {"name": "gcp", "config": [TOKEN]}}, "not a complete kubeconfig", id="odd-shape"),
        pytest.param({"auth-provider": {"name": "gcp"}}, "Google gives no credentials", id="google-without-login"),
    ],
)  # fmt: skip
def test_a_user_without_usable_credentials_is_refused(server: Server, capfd, monkeypatch, tmp_path, *, user, text):
    """No request is sent as nobody, and nothing but the one line is said."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # no machine of Google's, and nobody has logged in
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    assert text in refusal(server.kubeconfig(user=user))
    assert server.cluster.seen == []
    assert capfd.readouterr().err == ""


def test_a_credential_plugin_gives_the_token(server: Server, tmp_path: Path):
    """Exec plugins are how EKS, GKE and AKS log in."""
    token = {
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": TOKEN},
    }  # fmt: skip
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-c", f"print({json.dumps(token)!r})"],
        "interactiveMode": "Never",
    }
    snapshot = read_cluster(server.kubeconfig(user={"exec": plugin}), None, record=None, taken=TAKEN)
    assert len(snapshot.pods) == 7


@pytest.mark.parametrize(
    "token",
    [pytest.param(f"{TOKEN}\nX-Other: 1", id="line-break"), pytest.param(f"{TOKEN}\u2713", id="not-latin-1")],
)
def test_a_token_that_no_header_can_carry_is_one_line_without_it(server: Server, token):
    """The HTTP library's own error would repeat the token."""
    with pytest.raises(ClusterReadError, match="cannot be sent") as caught:
        read_cluster(server.kubeconfig(user={"token": token}), None, record=None, taken=TAKEN)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("proxy", ["::::", "socks5://127.0.0.1:1", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_one_line(server: Server, monkeypatch, proxy):
    """In the kubeconfig or in the environment: the cluster is unread, and the mend is said."""
    with pytest.raises(ClusterReadError, match="proxy-url, or HTTPS_PROXY"):
        read_cluster(server.kubeconfig(**{"proxy-url": proxy}), None, record=None, taken=TAKEN)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ClusterReadError, match="proxy-url, or HTTPS_PROXY"):
        read_cluster(server.kubeconfig(), None, record=None, taken=TAKEN)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(None, "no such kubeconfig", id="missing"),
        pytest.param(b"", "not a complete kubeconfig", id="empty"),
        pytest.param(b"a: [", "not YAML, line 1", id="broken"),
        pytest.param(b"\xff\xfe\xff", "kubeconfig", id="binary"),
        pytest.param(b"- 1\n- 2\n", "not a complete kubeconfig", id="a-list"),
        pytest.param(
            b"current-context: x\ncontexts: 7\nclusters: []\nusers: []\n", "not a complete", id="odd-contexts"
        ),
        pytest.param(b"contexts: []\nclusters: []\nusers: []\n", "no current-context", id="no-context"),
        pytest.param(
            f"users: [{{name: u, user: {TOKEN}}}]\ncontexts: [1]\n".encode(), "not a complete", id="token-near"
        ),
    ],
)
def test_a_broken_kubeconfig_is_one_line_without_its_content(tmp_path: Path, content, text):
    """Missing, cut or odd files are named with the mend."""
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_bytes(content)
    assert text in refusal(str(path))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("ABC123.gr7.eu-west-1.eks.amazonaws.com", (Cloud.AWS, "eu-west-1"), id="eks"),
        pytest.param("shop-dns-1a2b3c.hcp.westeurope.azmk8s.io:443", (Cloud.AZURE, "westeurope"), id="aks"),
        pytest.param("eks.amazonaws.com.example.org", (Cloud.OTHER, "kubeconfig"), id="lookalike"),
    ],
)
def test_the_servers_host_tells_the_cloud(host, expected):
    """Host names that only one cloud gives out place a cluster without nodes."""
    ref = context_ref(Access("c", Configuration(host=f"https://{host}"), "c"), ())
    assert (ref.cloud, ref.location) == expected
