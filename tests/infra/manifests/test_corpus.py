"""Manifests that other projects publish: exactly their workloads, policies and Services, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.manifests import read_manifests
from scanner.model import Collected, Read, Source
from tests.factories import cluster

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"


def corpus(name):
    """One folder of the corpus as a snapshot."""
    folder = CORPUS / name
    if not folder.is_dir():
        pytest.skip(f"needs the corpus folder ../shared/corpus/{name} beside the project")
    return read_manifests(folder, cluster=cluster(), taken="2026-11-23T08:00:00Z")


def workloads(snapshot):
    """Every workload as `reach/v1` writes it."""
    return {f"{pod.namespace}/{pod.workload.name}[{pod.workload.kind}]" for pod in snapshot.pods}


EXPECTED = {
    "online-boutique": (
        "default",
        "adservice cartservice checkoutservice currencyservice emailservice frontend loadgenerator paymentservice "
        "productcatalogservice recommendationservice redis-cart shippingservice",
        13,
        12,
    ),
    "sock-shop": (
        "sock-shop",
        "carts carts-db catalogue catalogue-db front-end orders orders-db payment queue-master rabbitmq session-db shipping "
        "user user-db",
        13,
        14,
    ),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_deployments_of_a_shop(name):
    """Every Deployment stands for its pods; every policy and Service is there, with its place."""
    namespace, names, policies, services = EXPECTED[name]
    snapshot = corpus(name)
    assert workloads(snapshot) == {f"{namespace}/{each}[Deployment]" for each in names.split()}
    assert all(pod.template for pod in snapshot.pods)
    assert (len(snapshot.policies), len(snapshot.services)) == (policies, services)
    assert [each.name for each in snapshot.namespaces] == [namespace]
    assert all(policy.origin is not None and policy.origin.line >= 1 for policy in snapshot.policies)


def test_sock_shop_declares_its_namespace_twice():
    """The second Namespace is named with both places; its annotation, the old way to deny, is not lost."""
    snapshot = corpus("sock-shop")
    (notice,) = snapshot.notices
    assert notice.object == "Namespace sock-shop"
    assert "00-sock-shop-ns.yaml:2" in notice.message
    assert "netpol-default-deny.yaml:2" in notice.message
    assert "net.beta.kubernetes.io/network-policy" in snapshot.namespaces[0].annotations


def test_argo_cd():
    """An install file without namespaces: everything is in default, the StatefulSet among it."""
    snapshot = corpus("argo-cd")
    names = ["applicationset-controller", "dex-server", "notifications-controller", "redis", "repo-server", "server"]
    deployments = {f"default/argocd-{name}[Deployment]" for name in names}
    assert workloads(snapshot) == deployments | {"default/argocd-application-controller[StatefulSet]"}
    assert (len(snapshot.policies), len(snapshot.services), snapshot.notices) == (7, 8, ())


def test_kube_prometheus_says_which_pods_are_made_elsewhere():
    """The operator's custom resources make pods that policies select and the folder does not hold."""
    snapshot = corpus("kube-prometheus")
    names = ["blackbox-exporter", "grafana", "kube-state-metrics", "prometheus-adapter", "prometheus-operator"]
    assert workloads(snapshot) == {f"monitoring/{name}[Deployment]" for name in names} | {
        "monitoring/node-exporter[DaemonSet]"
    }
    assert [daemon.name for daemon in snapshot.daemon_sets] == ["node-exporter"]
    assert snapshot.daemon_sets[0].desired is None
    assert [pod.host_network for pod in snapshot.pods if pod.name == "node-exporter"] == [True]
    assert [notice.object for notice in snapshot.notices] == [
        "Alertmanager monitoring/main",
        "Prometheus monitoring/k8s",
    ]
    assert all("creates pods that are not in this folder" in notice.message for notice in snapshot.notices)


def test_what_a_folder_shows_and_what_it_cannot():
    """Policies and workloads are complete as far as the folder goes; nodes and engines are not shown by it."""
    snapshot = corpus("online-boutique")
    assert (snapshot.source, snapshot.read) == (Source.MANIFESTS, Read.COMPLETE)
    for kind in ("namespaces", "pods", "services", "networkpolicies.networking.k8s.io", "ingresses.networking.k8s.io"):
        assert snapshot.collection[kind].status is Collected.COMPLETE
    assert not {"nodes", "configmaps", "daemonsets.apps"} & set(snapshot.collection)
