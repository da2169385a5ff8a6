"""An estate on 127.0.0.1: three clouds, 12 accounts, projects and subscriptions, 40 clusters, and what goes wrong there.

One account refuses to be entered, one region throttles, one project has no Kubernetes API, one zone stays silent, one cluster
cannot be reached. Each cloud's clusters share one Kubernetes API, which takes that cloud's own tokens alone.
"""

from __future__ import annotations

import base64
import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.infra.kube.server import FakeCluster, Reply, Server
from tests.servers.aws import OWN, AwsCloud
from tests.servers.azure import AzureServer
from tests.servers.azure_answers import APPLICATION, PLANTED, entra_kubeconfig, managed_cluster
from tests.servers.gcp import GcpServer
from tests.servers.gcp_answers import SECRETS, disabled, gke_cluster

KUBE_SECRETS = ("planted-env-value", "planted-annotation", "planted-argument", "planted-config-value")
AWS_SECRETS = ("no-secret-but-must-not-leak", "planted-tag-value", "planted-addon-value", "k8s-aws-v1.")
ALL_SECRETS = (*KUBE_SECRETS, *AWS_SECRETS, *SECRETS, PLANTED)
ROLE = "ringfence-reader"
HOME, AWAY = "eu-west-1", "us-east-1"
SILENT_ZONE = "europe-west1-b"
UNREACHABLE = "lost-1"
OFF = "attic-1"  # the project without the API
SUBSCRIPTIONS = tuple(f"{index:08x}-0000-4000-8000-000000000000" for index in (1, 2, 3))


@dataclass
class CloudKube(FakeCluster):
    """A Kubernetes API that lets in whom its cloud vouches for."""

    vouches: Any = None  # a token -> whether its cloud gave it for a cluster of ours
    _known: dict[str, bool] = field(default_factory=dict)

    def answer(self, target: str, headers: dict[str, str]) -> Reply:
        """Look at the token first."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._known:
            self._known[token] = self.vouches(token)
        return super().answer(target, headers | {"authorization": f"Bearer {self.token if self._known[token] else ''}"})


class ThreeClouds:
    """Start it with `with`. `names` are the clusters that can be seen; `environment` and `settings` are an operator's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()
        self.denied = ""  # the account that cannot be entered
        self.throttled = ""  # the account whose second region throttles
        self._stack = ExitStack()
        self._eks: dict[str, str] = {}  # name -> account

    def __enter__(self) -> Self:
        """Start everything."""
        folders = {name: self.folder / name for name in ("aws", "gcp", "azure", "google", "entra")}
        for each in folders.values():
            each.mkdir()
        enter = self._stack.enter_context
        self.aws = enter(AwsCloud())
        self.google = enter(GcpServer(folders["google"], page=2))
        self.azure = enter(AzureServer(folders["entra"]))
        self.kube = {
            "aws": enter(Server(_kube("aws:///eu-west-1a/i-1", self._is_eks), folders["aws"])),
            "gcp": enter(Server(_kube("", lambda token: token in self.google.tokens), folders["gcp"])),
            "azure": enter(Server(_kube("", self._is_entra), folders["azure"])),
        }
        self._fill_aws()
        self._fill_google()
        self._fill_azure()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """Credentials of all three clouds, and whom to trust."""
        bundle = self.folder / "ca.pem"
        bundle.write_bytes(self.google.ca + self.azure.ca)
        mixed = self.aws.environment() | self.google.environment() | self.azure.environment
        return mixed | {"REQUESTS_CA_BUNDLE": str(bundle), "NO_PROXY": "127.0.0.1"}

    def settings(self, *clouds: str) -> str:
        """A ringfence.yaml that leads to these clouds, or to all."""
        sources = {
            "aws": f"{{organization: true, role: {ROLE}}}",
            "gcp": '{organization: "1", endpoints: {'
            + ", ".join(f'{name}: "{self.google.url}"' for name in ("container", "resourceManager", "compute"))
            + "}}",
            "azure": f'{{resourceManager: "{self.azure.url}", authority: "{self.azure.url}"}}',
        }
        entries = "".join(f"- {cloud}: {sources[cloud]}\n" for cloud in clouds or sources)
        return f"sources:\n{entries}concurrency: {{clusters: 8}}\n"

    def _fill_aws(self) -> None:
        self.aws.enable_only(HOME, AWAY)
        self.aws.add_organization()
        pay, shop, self.denied, _ = (self.aws.add_account(name) for name in ("pay", "shop", "denied", "empty"))
        self.throttled = shop
        for account, region, names in (
            (OWN, HOME, ("hub-1", "hub-2", "hub-3", "hub-4", "hub-5")),
            (OWN, AWAY, ("hub-6", UNREACHABLE)),
            (pay, HOME, ("pay-1", "pay-2", "pay-3", "pay-4", "pay-5")),
            (shop, HOME, ("shop-1", "shop-2", "shop-3", "shop-4")),
            (shop, AWAY, ("unseen-shop",)),
            (self.denied, HOME, ("unseen-1", "unseen-2")),
        ):
            for name in names:
                self._add_eks(name, account, region)
        role = f"arn%3Aaws%3Aiam%3A%3A{self.denied}%3Arole"
        self.aws.fault("sts", "AssumeRole", "AccessDenied", asks=role, status=403)
        self.aws.fault("eks", "ListClusters", "ThrottlingException", account=shop, region=AWAY, status=429)

    def _add_eks(self, name: str, account: str, region: str) -> None:
        server = self.kube["aws"]
        port = _closed_port() if name == UNREACHABLE else server.port
        self.aws.add_cluster(
            name, account=account, region=region, endpoint=f"https://127.0.0.1:{port}", ca=server.ca,
            tags={"env": "prod", "note": "planted-tag-value"},
        )  # fmt: skip
        values = '{"enableNetworkPolicy": "true", "env": {"TOKEN": "planted-addon-value"}}'
        self.aws.add_addon(name, "vpc-cni", account=account, region=region, values=values)
        self._seen(name)
        self._eks[name] = account

    def _fill_google(self) -> None:
        self.google.add_folder("7", "organizations/1")
        for project, parent, count in (
            ("pay-prod", "organizations/1", 6),
            ("data-prod", "folders/7", 5),
            ("web-prod", "folders/7", 3),
        ):
            clusters = [self._gke(f"{project}-{index}", "europe-west1") for index in range(count)]
            self.google.add_project(project, parent=parent, clusters=clusters)
        self.google.add_cluster("data-prod", self._gke("unseen-zonal", SILENT_ZONE))
        self.google.silent["data-prod"] = {SILENT_ZONE: 1 << 30}
        attic = self.google.add_project(OFF)
        self.google.fault(f"/v1/projects/{OFF}/locations/-/clusters", disabled(attic.number), always=True)

    def _gke(self, name: str, location: str) -> dict[str, Any]:
        server = self.kube["gcp"]
        address = f"127.0.0.1:{server.port}"
        cluster = gke_cluster(name, location, endpoint=address)
        cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["publicEndpoint"] = address
        cluster["masterAuth"]["clusterCaCertificate"] = base64.b64encode(server.ca).decode()
        self._seen(name)
        return cluster

    def _fill_azure(self) -> None:
        server = self.kube["azure"]
        for subscription, count in zip(SUBSCRIPTIONS, (5, 4, 1), strict=True):
            self.azure.add_subscription(subscription)
            for index in range(count):
                name = f"aks-{subscription[7]}-{index}"
                kubeconfig = entra_kubeconfig(f"https://127.0.0.1:{server.port}", server.ca)
                self.azure.add_cluster(subscription, managed_cluster(subscription, name), kubeconfig)
                self._seen(name)

    def _seen(self, name: str) -> None:
        if not name.startswith("unseen-"):
            self.names.add(name)

    def _is_eks(self, token: str) -> bool:
        return any(self.aws.whose(token, name) == account for name, account in self._eks.items())

    def _is_entra(self, token: str) -> bool:
        return self.azure.issued.get(token) == f"{APPLICATION}/.default"


def _kube(provider_id: str, vouches: Any) -> CloudKube:
    """A namespace with a workload that is isolated, and secrets wherever they may lie."""
    metadata = {"namespace": "shop", "annotations": {"note": "planted-annotation"}, "labels": {"app": "web"}}
    container = {
        "name": "c",
        "env": [{"name": "PASSWORD", "value": "planted-env-value"}],
        "args": ["--token=planted-argument"],
    }
    agent = {"name": "aws-eks-nodeagent", "image": "agent:v1.2.7", "args": ["--enable-network-policy=true"]}
    cni = {"name": "aws-node", "image": "amazon-k8s-cni:v1.21.1"}
    return CloudKube(
        served={
            "": {"v1": ["namespaces", "pods", "nodes", "services", "configmaps", "replicationcontrollers"]},
            "apps": {"v1": ["daemonsets", "replicasets"]},
            "batch": {"v1": ["jobs"]},
            "discovery.k8s.io": {"v1": ["endpointslices"]},
            "networking.k8s.io": {"v1": ["networkpolicies", "ingresses"]},
        },
        objects={
            "namespaces": [{"metadata": {"name": name, "uid": name}} for name in ("shop", "kube-system")],
            "pods": [
                {
                    "metadata": metadata | {"name": f"web-{index}", "uid": f"p{index}"},
                    "spec": {"containers": [container], "nodeName": "n1"},
                    "status": {"phase": "Running"},
                }
                for index in range(3)
            ],
            "nodes": [{"metadata": {"name": "n1", "uid": "n1"}, "spec": {"providerID": provider_id}}],
            "daemonsets.apps": [
                {
                    "metadata": {"name": "aws-node", "namespace": "kube-system", "uid": "d"},
                    "spec": {"template": {"spec": {"containers": [cni, agent]}}},
                    "status": {"desiredNumberScheduled": 1, "numberReady": 1},
                }
            ]
            if provider_id
            else [],
            "networkpolicies.networking.k8s.io": [
                {
                    "metadata": metadata | {"name": "deny", "uid": "np"},
                    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
                }
            ],
            "configmaps": [
                {
                    "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system", "uid": "cm"},
                    "data": {"enable-network-policy-controller": "true", "password": "planted-config-value"},
                }
            ],
        },
        vouches=vouches,
    )


def _closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
