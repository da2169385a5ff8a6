"""Clusters for tests of controls: one call gives a snapshot on a known data plane, or a whole case before the judge."""

from __future__ import annotations

from typing import Any

from scanner.baselines.config import DEFAULT_CONFIG, BaselineConfig
from scanner.controls import CONTROLS
from scanner.controls.evaluation import evaluate
from scanner.findings import ControlResult, Item
from scanner.model import ApiObject, Cloud, CloudRecord, ConfigMap, Container, DaemonSet, Snapshot
from scanner.prepare import case_of
from tests.factories import node, pod, raw, snapshot

HOST = "10.9.0.7"
DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}


def egress(*rules: dict[str, Any]) -> dict[str, Any]:
    """A policy's spec that isolates every pod both ways and lets these egress rules through."""
    return {**DENY, "egress": list(rules)}


def ingress(*rules: dict[str, Any]) -> dict[str, Any]:
    """The same for ingress."""
    return {**DENY, "ingress": list(rules)}


def to_block(cidr: str, *excepts: str, **rest: Any) -> dict[str, Any]:
    """An egress rule to a range."""
    block = {"cidr": cidr} | ({"except": list(excepts)} if excepts else {})
    return {"to": [{"ipBlock": block}], **rest}


def from_block(*cidrs: str, **rest: Any) -> dict[str, Any]:
    """An ingress rule from ranges."""
    return {"from": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs], **rest}


def record(provider: Cloud = Cloud.AWS, cluster: dict[str, Any] | None = None, **lists: Any) -> CloudRecord:
    """A cloud record; EKS lists are given by their field name."""
    parts = {name: tuple(map(raw, items)) for name, items in lists.items()}
    return CloudRecord(provider=provider, cluster=raw(cluster or {}), **parts)


def _daemon_set(name: str, *containers: tuple[str, str], args: tuple[str, ...] = (), **fields: Any) -> DaemonSet:
    """A ready DaemonSet in kube-system; containers are (name, image), `args` go to the last."""
    built = tuple(
        Container(name=container, image=image, args=args if number == len(containers) else ())
        for number, (container, image) in enumerate(containers, 1)
    )
    return DaemonSet(namespace="kube-system", name=name, containers=built, **({"desired": 1, "ready": 1} | fields))


def _agent(owner: str, on: str = "n1") -> Any:
    return pod(
        f"{owner}-x", ns="kube-system", labels={}, owner=("DaemonSet", owner), node=on, host_network=True, ips=(HOST,)
    )


def eks(*pods: Any, on: bool = True, version: str = "1.21.1", args: tuple[str, ...] = (), **overrides: Any) -> Snapshot:
    """EKS with the VPC CNI and one node `n1`; policy on, or never switched on."""
    agent = (f"--enable-network-policy={str(on).lower()}", *args)
    fields: dict[str, Any] = {
        "daemon_sets": [
            _daemon_set(
                "aws-node",
                ("aws-node", f"x/amazon-k8s-cni:v{version}"),
                ("aws-eks-nodeagent", "x/amazon/aws-network-policy-agent:v1.2.7"),
                args=agent,
            )
        ],
        "config_maps": (
            ConfigMap(
                namespace="kube-system",
                name="amazon-vpc-cni",
                data={"enable-network-policy-controller": str(on).lower()},
            ),
        ),
        "nodes": [node("n1", addresses=(HOST,))],
        "record": record(),
    }
    return snapshot(pods=[*pods, _agent("aws-node")], **(fields | overrides))


def cilium(
    *pods: Any, config: dict[str, str] | None = None, image: str = "x/cilium:v1.17.4", **overrides: Any
) -> Snapshot:
    """A self-managed Cilium on one node `n1`; `config` are keys of cilium-config."""
    settings = ConfigMap(
        namespace="kube-system", name="cilium-config", data={"enable-policy": "default"} if config is None else config
    )
    fields: dict[str, Any] = {
        "daemon_sets": [_daemon_set("cilium", ("cilium-agent", image))],
        "config_maps": (settings,),
        "nodes": [node("n1", addresses=(HOST,))],
    }
    return snapshot(pods=[*pods, _agent("cilium")], **(fields | overrides))


def antrea(*pods: Any, **overrides: Any) -> Snapshot:
    """A self-managed Antrea on one node `n1`."""
    fields: dict[str, Any] = {
        "daemon_sets": [_daemon_set("antrea-agent", ("antrea-agent", "antrea/antrea-agent-ubuntu:v2.4.0"))],
        "nodes": [node("n1", addresses=(HOST,))],
    }
    return snapshot(pods=[*pods, _agent("antrea-agent")], **(fields | overrides))


def npm(*pods: Any, **overrides: Any) -> Snapshot:
    """AKS on Azure NPM with one node `n1`."""
    fields: dict[str, Any] = {
        "daemon_sets": [_daemon_set("azure-npm", ("azure-npm", "x/azure-npm:v1.5.45"))],
        "nodes": [node("n1", addresses=(HOST,))],
        "record": record(Cloud.AZURE, {"networkProfile": {"networkPlugin": "azure", "networkPolicy": "azure"}}),
    }
    return snapshot(pods=[*pods, _agent("azure-npm")], **(fields | overrides))


def web(name: str = "web-1", **overrides: Any) -> Any:
    """A workload pod on node `n1`."""
    return pod(name, **({"node": "n1", "ips": ("10.0.0.9",)} | overrides))


def custom(kind: str, *, ns: str = "shop", name: str = "x") -> ApiObject:
    """A policy of a kind that this version does not judge."""
    return ApiObject(api_version="crd.antrea.io/v1beta1", kind=kind, namespace=ns, name=name, spec=raw({}))


def judged(control: str, given: Snapshot, config: BaselineConfig = DEFAULT_CONFIG) -> ControlResult:
    """The result of one control."""
    return next(result for result in evaluate(CONTROLS, case_of(given, config)) if result.id == control)


def outcome(result: ControlResult) -> tuple[str, str]:
    """Status and reason, which is what most tests are about."""
    return str(result.status), result.reason


def item(result: ControlResult, subject: str) -> Item:
    """The item of one subject."""
    return next(found for found in result.items if found.subject == subject)
