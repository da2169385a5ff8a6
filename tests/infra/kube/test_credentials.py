"""Credentials that stop working in the middle of a reading: renewed once, then an error that says so."""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path

import pytest
from kubernetes.client import Configuration

from infra.kube import Limits, read_api, read_cluster
from infra.kube.access import Access
from scanner.errors import ClusterReadError, InputError
from scanner.model import Read, Snapshot
from tests.infra.kube.server import TOKEN, FakeCluster, Server

TAKEN = "2026-11-23T08:00:00Z"
NEW = "a-newer-token-that-must-not-leak"
QUICK = Limits(retries=0, connect_s=2, read_s=5, deadline_s=30)
_PLUGIN = """\
import json, pathlib, sys
calls = pathlib.Path(sys.argv[1])
first = not calls.exists()
with calls.open("a") as stream:
    stream.write("x")
status = {"token": sys.argv[2] if first else sys.argv[3]}
print(json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status}))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A credential plugin: its first token is the server's, all later ones are `NEW`; notes each call in `calls`."""
    script = tmp_path / "plugin.py"
    script.write_text(_PLUGIN)
    return script


def read_with(plugin: Path, server: Server) -> Snapshot:
    """Read by a kubeconfig that names the plugin."""
    arguments = [str(plugin), str(plugin.parent / "calls"), TOKEN, NEW]
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": arguments,
            "interactiveMode": "Never",
        }
    }  # fmt: skip
    return read_cluster(server.kubeconfig(user=user), None, record=None, taken=TAKEN, limits=QUICK)


def calls(plugin: Path) -> int:
    """How often the plugin was run."""
    return len((plugin.parent / "calls").read_text())


def test_a_token_that_ends_in_the_middle_is_renewed(server: Server, cluster: FakeCluster, plugin: Path):
    """401 at the pods: the plugin runs once more, and nothing of the cluster is missing."""
    cluster.rotated = {"pods": NEW}
    snapshot = read_with(plugin, server)
    assert snapshot.read is Read.COMPLETE
    assert len(snapshot.pods) == 7
    assert calls(plugin) == 2


def test_credentials_are_renewed_once_and_then_the_cluster_is_unread(
    server: Server, cluster: FakeCluster, plugin: Path
):
    """What was renewed is refused as well: an error that says both, and no third try."""
    cluster.rotated = {"pods": "a token that nobody has"}
    with pytest.raises(ClusterReadError) as caught:
        read_with(plugin, server)
    assert "(401), nor those that were just renewed" in str(caught.value)
    assert calls(plugin) == 2
    trace = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in trace
    assert NEW not in trace


def access(server: Server, renew=None, hook=None) -> Access:
    """A way in as a cloud gives it: a configuration made by hand."""
    configuration = Configuration()
    configuration.host = f"https://127.0.0.1:{server.port}"
    (server.folder / "ca.pem").write_bytes(server.ca)
    configuration.ssl_ca_cert = str(server.folder / "ca.pem")
    configuration.api_key = {"BearerToken": f"Bearer {TOKEN}"}
    configuration.refresh_api_key_hook = hook

    def renewed() -> None:
        renew(configuration)

    return Access(context="prod", configuration=configuration, renew=renew and renewed)


def test_two_lists_that_are_refused_at_once_renew_once(server: Server, cluster: FakeCluster):
    """Both lists in flight come back with 401; one renews, the other goes on with what that one got."""
    lock = threading.Lock()
    count = 0

    def renew(configuration) -> None:
        nonlocal count
        with lock:
            count += 1
        configuration.api_key["BearerToken"] = f"Bearer {NEW}"

    both = threading.Barrier(2, timeout=10)
    answer = cluster.answer

    def together(target, headers):
        """The first two lists of the last stage are refused, each only when the other one has arrived."""
        if target.split("?")[0].endswith(("/pods", "/nodes")) and headers["authorization"].endswith(TOKEN):
            both.wait()
            cluster.token = NEW
        return answer(target, headers)

    cluster.answer = together
    snapshot = read_api(access(server, renew), record=None, taken=TAKEN, limits=QUICK)
    assert snapshot.read is Read.COMPLETE
    assert count == 1


def test_without_a_way_to_renew_401_is_final(server: Server, cluster: FakeCluster):
    """One request more would change nothing."""
    cluster.rotated = {"pods": NEW}
    with pytest.raises(ClusterReadError, match=r"prod at .*\(401\): log in again"):
        read_api(access(server), record=None, taken=TAKEN, limits=QUICK)


def test_a_renewal_that_fails_says_why(server: Server, cluster: FakeCluster):
    """The reason of whoever gives the credentials is part of the one line."""

    def renew(_) -> None:
        raise InputError("the role is gone: create it again")

    cluster.rotated = {"pods": NEW}
    with pytest.raises(ClusterReadError, match=r"\(401\), and new ones are not to be had: the role is gone"):
        read_api(access(server, renew), record=None, taken=TAKEN, limits=QUICK)


def test_a_hook_that_fails_says_why(server: Server):
    """The same where credentials run out on their own clock and cannot be renewed."""

    def hook(_) -> None:
        raise InputError("the session is over: log in again")

    with pytest.raises(ClusterReadError, match="could not be renewed: the session is over"):
        read_api(access(server, hook=hook), record=None, taken=TAKEN, limits=QUICK)
