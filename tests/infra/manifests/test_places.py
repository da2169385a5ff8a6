"""Where objects stand: the file and line of each, and where the folder lies in its repository."""

from __future__ import annotations

import pytest

from infra.manifests import read_manifests
from infra.manifests.files import folder_of
from infra.snapshots import decode, encode
from scanner.model import Origin
from tests.factories import cluster

WEB = """# a comment first
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy, namespace: shop}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: other}
spec: {containers: [{name: c}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def test_namespaces_workloads_pods_and_settings_have_their_place(read):
    """A template stands where its workload does; a namespace without a manifest stands nowhere."""
    found = read({"apps/web.yaml": WEB})
    lines = {pod.workload.name: pod.origin for pod in found.pods}
    assert lines == {
        "bare": Origin(file="apps/web.yaml", line=16),
        "tidy": Origin(file="apps/web.yaml", line=11),
        "web": Origin(file="apps/web.yaml", line=6),
    }
    assert {each.name: each.origin for each in found.namespaces} == {
        "other": None,
        "shop": Origin(file="apps/web.yaml", line=2),
    }
    assert [each.origin for each in found.settings] == [Origin(file="apps/web.yaml", line=21)]
    assert decode(encode(found), "x") == found


def test_a_dump_in_json_has_places_too(read):
    """Pods of a List, which are decoded on their own way."""
    text = '{"apiVersion": "v1", "kind": "List", "items": [\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},\n'
    text += '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}]}'
    assert [pod.origin for pod in read({"dump.json": text}).pods] == [
        Origin(file="dump.json", line=2),
        Origin(file="dump.json", line=3),
    ]


@pytest.fixture
def repository(tmp_path):
    """A repository with manifests in a folder of it."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    folder = tmp_path / "repo" / "deploy" / "k8s"
    folder.mkdir(parents=True)
    (folder / "web.yaml").write_text(WEB)
    return tmp_path / "repo"


@pytest.mark.parametrize("inside", ["", "deploy", "deploy/k8s"])
def test_the_folder_is_named_from_the_repositorys_root(repository, monkeypatch, inside):
    """Wherever in it one stands, and whether the folder or the only file in it is given."""
    monkeypatch.chdir(repository / inside)
    assert folder_of(repository / "deploy" / "k8s") == "deploy/k8s"
    assert folder_of(repository / "deploy" / "k8s" / "web.yaml") == "deploy/k8s"
    assert folder_of(repository) == ""


def test_without_a_repository_it_is_named_from_the_current_folder(tmp_path, monkeypatch):
    """And what lies elsewhere has no name: nothing of the machine gets into a snapshot."""
    (tmp_path / "here" / "k8s").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert folder_of(tmp_path / "here" / "k8s") == "k8s"
    assert folder_of(tmp_path / "here") == ""
    assert folder_of(tmp_path) == ""


def test_a_snapshot_keeps_the_folder(repository):
    """Read from a folder of a repository, stored and read back."""
    found = read_manifests(repository / "deploy", cluster=cluster(), taken="2026-11-23T08:00:00Z")
    assert found.folder == "deploy"
    assert decode(encode(found), "x").folder == "deploy"
