"""Secrets planted wherever an object can hold one: none may be in a snapshot, a log, a line of progress or an exception."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import msgspec
import pytest

from infra.kinds import POLICY_KINDS, SETTING_KINDS
from infra.kube import Limits, read_cluster
from infra.kube.collect import LISTED
from infra.snapshots import encode
from infra.wire.evidence import REDUCED_TYPES
from scanner.errors import ClusterReadError
from scanner.kept import KEPT_CONFIG
from scanner.model import Collected, Snapshot
from tests.infra.kube.server import TOKEN, FakeCluster, Reply, Server

SECRET = "hunter2"  # noqa: S105 - what must not be found
TAKEN = "2026-11-23T08:00:00Z"
QUICK = Limits(retries=0, connect_s=2, read_s=2, deadline_s=20)


def planted(where: str) -> str:
    """A secret that says where it was planted."""
    return f"{SECRET}-in-{where}"


def containers(where: str) -> list[dict[str, Any]]:
    """A container with a secret in each of its parts."""
    header = [{"name": "Authorization", "value": planted(f"{where}-probe")}]
    command = {"exec": {"command": [planted(f"{where}-hook")]}}
    return [
        {
            "name": "cilium-agent", "image": "agent:v1",
            "env": [{"name": "PASSWORD", "value": planted(f"{where}-env")}],
            "command": ["/agent", planted(f"{where}-command")],
            "args": ["--token=" + planted(f"{where}-args"), "--password", planted(f"{where}-next")],
            "livenessProbe": {"httpGet": {"port": 1, "httpHeaders": header}}, "lifecycle": {"postStart": command},
        }
    ]  # fmt: skip


def spec(resource: str) -> dict[str, Any]:
    """What stands in `spec`: pods, templates, and for the rest fields that this kind may have and judging does not read."""
    where = resource.partition(".")[0]
    volumes = [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"password": planted(f"{where}-volume")}}}]
    pod = {"containers": containers(where), "initContainers": containers(f"{where}-init"), "volumes": volumes}
    if resource == "pods":
        return pod
    template = {"metadata": {"annotations": {"token": planted(f"{where}-template")}}, "spec": pod}
    if resource == "ingresses.networking.k8s.io":
        return {"tls": [{"secretName": "shown", "key": planted("ingress-tls")}], "parameters": planted("ingress")}
    return {"template": template, "tls": {"key": planted(f"{where}-tls")}, "parameters": planted(f"{where}-parameters")}


def reduced(where: str) -> dict[str, Any]:
    """What stands in objects that are kept in part: next to each field that is kept, a secret that is not."""
    secret = {"kind": "Secret", "name": "made", "data": {"data": {"password": planted(f"{where}-generated")}}}
    rule = {
        "name": "r",
        "generate": secret,
        "mutate": planted(f"{where}-mutate"),
        "context": [planted(f"{where}-context")],
    }
    spec = {
        "rules": [rule], "groups": [{"rules": [{"alert": "a", "expr": "up", "annotations": {"u": planted(where)}}]}],
        "iap": {"enabled": True, "oauthclientCredentials": {"clientSecret": planted(f"{where}-iap")}},
        "parameters": {"token": planted(f"{where}-parameters")}, "config": planted(f"{where}-config"),
        "jwtRules": [{"issuer": "i", "jwks": planted(f"{where}-jwks")}], "secretName": "shown",
    }  # fmt: skip
    webhook = {"name": "w", "clientConfig": {"url": planted(f"{where}-url"), "caBundle": planted(f"{where}-ca")}}
    return {"spec": spec, "webhooks": [webhook]}


def hostile(resource: str) -> dict[str, Any]:
    """One object of a kind. The specs of policies and settings are the audit's subject: they are kept as they are."""
    where = resource.partition(".")[0]
    metadata = {
        "name": "one", "namespace": "shop", "uid": f"uid-{where}",
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": planted(f"{where}-applied"),
            "token": planted(f"{where}-annotation"),
        },
        "managedFields": [{"manager": planted(f"{where}-manager"), "fieldsV1": {"f:x": planted(f"{where}-managed")}}],
    }  # fmt: skip
    found: dict[str, Any] = {
        "metadata": metadata,
        "status": {
            "message": planted(f"{where}-message"),
            "conditions": [{"type": "Ready", "message": planted(where)}],
        },
        "data": {"key": planted(f"{where}-data")},
        "token": planted(f"{where}-token"),
    }
    if resource not in POLICY_KINDS | SETTING_KINDS:
        found["spec"] = spec(resource)
    elif resource in REDUCED_TYPES:
        found |= reduced(where)
    return found


@pytest.fixture
def full(cluster: FakeCluster) -> FakeCluster:
    """Every kind that is read, served and hostile; ConfigMaps and Secrets too."""
    for kind in LISTED:
        plural = kind.resource.partition(".")[0]
        cluster.served.setdefault(kind.group, {}).setdefault(kind.version, []).append(plural)
        cluster.objects[kind.resource] = [hostile(kind.resource)]
    cluster.objects["configmaps"] = [
        {"metadata": hostile("configmaps")["metadata"] | {"name": name, "namespace": namespace},
         "data": {"password": planted("configmap"), "tls.key": planted("configmap-key")}}
        for name in KEPT_CONFIG for namespace in ("kube-system", "shop")
    ]  # fmt: skip
    cluster.objects["secrets"] = [{"metadata": {"name": "s", "namespace": "shop"}, "data": {"k": planted("secret")}}]
    return cluster


def read(server: Server, heard: list[str] | None = None) -> Snapshot:
    """Read the server's cluster."""
    progress = None if heard is None else heard.append
    return read_cluster(server.kubeconfig(), None, record=None, taken=TAKEN, limits=QUICK, progress=progress)


def test_no_secret_of_any_kind_is_kept_told_or_logged(
    server: Server, full: FakeCluster, caplog: pytest.LogCaptureFixture
):
    """Every kind is read, with the logs of every library at their most talkative; each place that text leaves by is clean."""
    caplog.set_level(logging.DEBUG)
    heard: list[str] = []
    snapshot = read(server, heard)
    calico = {kind.resource for kind in LISTED if kind.group == "crd.projectcalico.org"}
    unread = {name for name, status in snapshot.collection.items() if status.status is not Collected.COMPLETE}
    assert unread == calico
    assert len(snapshot.config_maps) > 1
    kept = msgspec.json.encode(snapshot).decode()
    said = "\n".join([*heard, caplog.text, repr(snapshot.collection)])
    for word in (SECRET, TOKEN):
        assert word not in kept
        assert word not in said
    assert SECRET.encode() not in encode(snapshot)
    assert caplog.records


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f'{{"metadata": {{}}, "items": [{{"metadata": "{SECRET}"}}]}}', id="wrong-type"),
        pytest.param(f'{{"metadata": {{}}, "items": [{{"metadata": {{"{SECRET}": {SECRET}}}}}]}}', id="not-json"),
        pytest.param(f'{{"metadata": {{"continue": 7}}, "items": "{SECRET}"}}', id="wrong-list"),
        pytest.param(json.dumps({"kind": "Status", "message": SECRET}), id="status"),
    ],
)
@pytest.mark.parametrize("status", [200, 401, 410, 500])
def test_what_cannot_be_read_is_not_repeated(server: Server, cluster: FakeCluster, caplog, body, status):
    """An answer that makes no sense, or is an error, is named by what was expected and never by what it said."""
    caplog.set_level(logging.DEBUG)
    for resource in ("pods", "/version", "networkpolicies.networking.k8s.io"):
        cluster.canned[resource] = [Reply(status, body.encode())] * 2
    try:
        said = msgspec.json.encode(read(server)).decode()
    except ClusterReadError as error:
        said = "".join(traceback.format_exception(error))
    for word in (SECRET, TOKEN):
        assert word not in said
        assert word not in caplog.text
