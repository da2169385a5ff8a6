"""What data planes leave in a cluster, and what clouds say of them: defaults that a test changes one thing of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanner.cloud.facts import CloudFacts
from scanner.cloud.read import read_facts
from scanner.model import (
    ApiObject,
    Cloud,
    CloudRecord,
    Collected,
    ConfigMap,
    Container,
    DaemonSet,
    KindStatus,
    Pod,
    Snapshot,
)
from tests.factories import KINDS, node, pod, raw, snapshot

EXTRA_KINDS = (
    "policyendpoints.networking.k8s.aws",
    "nodeclasses.eks.amazonaws.com",
    "networkloggings.networking.gke.io",
    "containernetworklogs.acn.azure.com",
)
IMAGES = {
    "calico-node": "docker.io/calico/node:v3.30.1",
    "cilium": "quay.io/cilium/cilium:v1.17.9@sha256:0123",
    "anetd": "gke.gcr.io/cilium/cilium:v1.15.6-gke.30",
    "azure-npm": "mcr.microsoft.com/containernetworking/azure-npm:v1.6.29",
    "azure-npm-win": "mcr.microsoft.com/containernetworking/azure-npm:v1.5.5",
    "antrea-agent": "antrea/antrea-agent-ubuntu:v2.4.0",
    "kube-router": "cloudnativelabs/kube-router:v2.6.0",
    "ovnkube-node": "ghcr.io/ovn-kubernetes/ovn-kube:v1.1.0",
}
CONTAINERS = {"cilium": "cilium-agent", "anetd": "cilium-agent", "ovnkube-node": "ovnkube-controller"}


def daemon_set(name: str, *, ns: str = "kube-system", ready: int | None = 1, **overrides: Any) -> DaemonSet:
    """An engine's DaemonSet with one pod wanted and ready."""
    main = Container(
        name=CONTAINERS.get(name, name), image=IMAGES.get(name, f"example.test/{name}:v1.2.3"),
        args=tuple(overrides.pop("args", ())),
    )  # fmt: skip
    fields: dict[str, Any] = {"desired": 1, "ready": ready, "containers": (main,)} | overrides
    return DaemonSet(namespace=ns, name=name, **fields)


def aws_node(policy: str | None = "true", *, agent: str = "aws-eks-nodeagent", **overrides: Any) -> DaemonSet:
    """The VPC CNI; `policy` is the agent's switch, None leaves the argument out, and agent "" leaves the agent out."""
    logs: tuple[str, ...] = overrides.pop("logs", ())
    env: dict[str, str] = overrides.pop("env", {})
    args = (*(() if policy is None else (f"--enable-network-policy={policy}",)), *logs)
    containers = [Container(name="aws-node", image="ecr.test/amazon-k8s-cni:v1.21.1-eksbuild.1", env=env)]
    if agent:
        containers.append(Container(name=agent, image="ecr.test/amazon/agent:v1.3.0-eksbuild.1", args=args))
    return daemon_set("aws-node", containers=tuple(containers), **overrides)


def engine_pod(name: str, on: str = "n1", *, ns: str = "kube-system", **overrides: Any) -> Pod:
    """A pod of an engine's DaemonSet on a node."""
    return pod(f"{name}-{on}", ns=ns, owner=("DaemonSet", name), node=on, host_network=True, **overrides)


def vpc_cni_config(value: str | None = "true") -> ConfigMap:
    """The ConfigMap with the policy controller's switch."""
    data = {} if value is None else {"enable-network-policy-controller": value}
    return ConfigMap(namespace="kube-system", name="amazon-vpc-cni", data=data)


def cilium_config(ns: str = "kube-system", **data: str) -> ConfigMap:
    """The agent's ConfigMap; underscores stand for dashes."""
    return ConfigMap(
        namespace=ns, name="cilium-config", data={key.replace("_", "-"): value for key, value in data.items()}
    )


def setting(kind: str, api_version: str, name: str = "default", spec: object = None, ns: str = "") -> ApiObject:
    """An object that configures a data plane."""
    return ApiObject(
        api_version=api_version, kind=kind, name=name, namespace=ns, spec=raw({} if spec is None else spec)
    )


def policy_endpoint(policy: str = "p", ns: str = "shop") -> ApiObject:
    """What the EKS controller writes for a policy."""
    spec = {"policyRef": {"name": policy, "namespace": ns}}
    return setting("PolicyEndpoint", "networking.k8s.aws/v1alpha1", f"{policy}-x7k2p", spec, ns)


def node_class(name: str = "default", **spec: object) -> ApiObject:
    """An Auto Mode NodeClass."""
    return setting("NodeClass", "eks.amazonaws.com/v1", name, spec)


def live(
    *daemon_sets: DaemonSet, unlisted: Iterable[str] = (), settings: Iterable[ApiObject] = (), **overrides: Any
) -> Snapshot:
    """A cluster of one Linux node with one workload pod, and a ready pod of each given DaemonSet on that node."""
    refused = set(unlisted)
    statuses = {
        kind: KindStatus(status=Collected.FORBIDDEN if kind in refused else Collected.COMPLETE)
        for kind in (*KINDS, *EXTRA_KINDS)
    }
    agents = [engine_pod(item.name, ns=item.namespace, ready=bool(item.ready)) for item in daemon_sets]
    fields: dict[str, Any] = {
        "pods": [pod("web-1", node="n1"), *agents],
        "nodes": [node("n1")],
        "collection": statuses,
        "settings": tuple(settings),
    } | overrides
    return snapshot(daemon_sets=daemon_sets, **fields)


def record(provider: Cloud, cluster: object, **parts: Any) -> CloudRecord:
    """A cloud record; list members are plain values."""
    lists = {name: tuple(raw(member) for member in members) for name, members in parts.items() if name != "unread"}
    return CloudRecord(provider=provider, cluster=raw(cluster), unread=tuple(parts.get("unread", ())), **lists)


def eks(values: str | None = '{"enableNetworkPolicy": "true"}', *, auto: bool = False, **parts: Any) -> CloudFacts:
    """The facts of an EKS cluster with the vpc-cni add-on; values None is an add-on without values."""
    addon = {"addonName": "vpc-cni", "addonVersion": "v1.21.1-eksbuild.1", "configurationValues": values}
    cluster = {"name": "c1", "version": "1.33", "computeConfig": {"enabled": auto}}
    return read_facts(record(Cloud.AWS, cluster, **({"addons": [] if auto else [addon]} | parts)))


def gke(**cluster: object) -> CloudFacts:
    """The facts of a GKE cluster."""
    return read_facts(record(Cloud.GCP, {"name": "c1", "networkConfig": {}} | cluster))


DATAPLANE_V2 = {"networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"}}
LEGACY_ON = {
    "networkPolicy": {"enabled": True, "provider": "CALICO"},
    "addonsConfig": {"networkPolicyConfig": {"disabled": False}},
}
HALF_ON = {"networkPolicy": {}, "addonsConfig": {"networkPolicyConfig": {}}}


def aks(**network: object) -> CloudFacts:
    """The facts of an AKS cluster in the ARM form."""
    profile = {"networkPlugin": "azure", "networkPolicy": "none"} | network
    return read_facts(record(Cloud.AZURE, {"properties": {"networkProfile": profile}}))
