"""A Kubernetes API that takes tokens of the local Entra."""

from __future__ import annotations

from typing import Any

from tests.infra.kube.server import FakeCluster, Reply
from tests.servers.azure import AzureServer
from tests.servers.azure_answers import APPLICATION


class EntraCluster(FakeCluster):
    """Takes the tokens that Entra gave for `application`; with `spend`, the one of the first request for no other."""

    azure: AzureServer
    application = APPLICATION
    spend = False

    def answer(self, target: str, headers: dict[str, str]) -> Reply:
        """As any cluster."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        good = self.azure.issued.get(token) == f"{self.application}/.default" and token not in self.azure.expired
        self.token = token if good else "none is good"
        if self.spend and not self.seen:
            self.azure.expired.add(token)
        return super().answer(target, headers)

    def tokens(self) -> set[str]:
        """Those that were used."""
        return {headers["authorization"] for _, headers in self.seen}


def small_cluster(azure: AzureServer) -> EntraCluster:
    """Two namespaces and a few pods."""
    objects: dict[str, list[dict[str, Any]]] = {
        "namespaces": [{"metadata": {"name": name, "uid": name}} for name in ("shop", "kube-system")],
        "pods": [{"metadata": {"name": f"p{index}", "namespace": "shop", "uid": f"p{index}"}} for index in range(3)],
        "nodes": [{"metadata": {"name": "n1", "uid": "n1"}}],
    }
    served = ["namespaces", "pods", "nodes", "services", "configmaps", "replicationcontrollers"]
    made = EntraCluster(
        served={
            "": {"v1": served},
            "apps": {"v1": ["daemonsets", "replicasets"]},
            "batch": {"v1": ["jobs"]},
            "networking.k8s.io": {"v1": ["networkpolicies", "ingresses"]},
        },
        objects=objects,
    )
    made.azure = azure
    return made
