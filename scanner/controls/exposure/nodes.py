"""NB-EXP-02: do nodes have public addresses?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from scanner.cloud.facts import Pool
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, unread
from scanner.dataplane.model import Answer
from scanner.facing import by_address
from scanner.findings import Status
from scanner.model import Cloud, Node

NODES = "nodes"
# The labels that the clouds put on the nodes of a pool (EKS, Karpenter, GKE, AKS).
_POOL_LABELS = (
    "eks.amazonaws.com/nodegroup",
    "karpenter.sh/nodepool",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
)
_NO_POOL = "nodes"


def nodes_are_private(case: Case) -> Iterator[Verdict]:
    """NB-EXP-02: one verdict per pool; a pool's setting counts even while it has no node.

    Live nodes decide before settings do: a node's ExternalIP is the cloud's own word. Nodes of Fargate and virtual nodes
    have no host of the customer's and do not count.
    """
    pools = {pool.name: pool for pool in (case.facts.pools if case.facts else None) or ()}
    real = [node for node in case.snapshot.nodes if not is_serverless(node)]
    members: dict[str, list[Node]] = {name: [] for name in pools}
    for node in real:
        members.setdefault(_pool_of(node), []).append(node)
    gaps = case.missing(NODES)
    if gaps and not members:
        yield unread(CLUSTER, gaps)
        return
    for name in sorted(members):
        yield _pool(case, name, pools.get(name), members[name], gaps)
    if gaps and not pools:
        yield unread("other nodes", gaps)


def public_nodes(case: Case) -> tuple[Answer, tuple[str, ...]]:
    """Whether the internet can address a node at all, and why: by the same evidence, over all pools."""
    verdicts = tuple(nodes_are_private(case))
    lines = bounded(line for verdict in verdicts for line in verdict.evidence)
    statuses = {verdict.status for verdict in verdicts}
    if Status.FAIL in statuses:
        return Answer.YES, bounded(
            line for verdict in verdicts if verdict.status is Status.FAIL for line in verdict.evidence
        )
    if not verdicts or Status.UNKNOWN in statuses or case.missing(NODES):
        return Answer.UNKNOWN, lines
    return Answer.NO, lines


def is_serverless(node: Node) -> bool:
    """Whether a node is Fargate's or a virtual one: no host of the customer's stands behind it."""
    virtual = node.labels.get("type") == "virtual-kubelet" or node.labels.get("kubernetes.io/role") == "virtual-kubelet"
    return virtual or node.labels.get("eks.amazonaws.com/compute-type") == "fargate"


def _pool_of(node: Node) -> str:
    return next((node.labels[key] for key in _POOL_LABELS if node.labels.get(key)), _NO_POOL)


def _is_public(address: str) -> bool:
    """Whether an ExternalIP can be routed on the internet; a name in its place is taken for one that can."""
    found = by_address((address,))
    return found is None or found.answer is not Answer.NO


def _pool(case: Case, name: str, pool: Pool | None, nodes: Sequence[Node], gaps: tuple[str, ...]) -> Verdict:
    found = [
        f"Node {node.name}: ExternalIP {address}"
        for node in nodes
        for address in node.external_addresses
        if _is_public(address)
    ]
    setting = pool.public if pool else None
    said = f"pool {name}: {pool.public_where}" if pool and setting is not None else ""
    if setting:
        found.append(f"{said}: its nodes get public addresses")
    if found:
        fix = _remake(case, name)
        return Verdict(
            subject=name, status=Status.FAIL, reason="public-address", evidence=bounded(found), remediation=fix
        )
    odd = [
        f"Node {node.name}: its InternalIP {address} is of no private range"
        for node in nodes
        for address in node.addresses
        if address not in node.external_addresses and _is_routable(address)
    ]
    if odd:
        line = "whether the internet reaches it, the cloud's routes and firewalls decide"
        return Verdict(subject=name, status=Status.UNKNOWN, reason="routable-address", evidence=bounded([*odd, line]))
    silent = [f"Node {node.name}: its status has no address" for node in nodes if not node.addresses]
    if setting is None and (gaps or silent or not nodes):
        lines = gaps or silent or (f"pool {name} has no node, and the cloud record does not say what they would get",)
        return Verdict(subject=name, status=Status.UNKNOWN, reason="unread", evidence=bounded(lines))
    lines = [f"{said}: private nodes"] if said else []
    lines += [f"Node {node.name}: no ExternalIP, at {', '.join(node.addresses)}" for node in nodes if node.addresses]
    return Verdict(subject=name, status=Status.PASS, reason="private", evidence=bounded(lines))


def _is_routable(address: str) -> bool:
    found = by_address((address,))
    return found is not None and found.answer is Answer.YES


def _remake(case: Case, pool: str) -> str:
    name, place, each = (
        shlex.quote(text) for text in (case.snapshot.cluster.name, case.snapshot.cluster.location, pool)
    )
    match case.cloud:
        case Cloud.AWS:
            return (
                f"Make a node group in private subnets: aws eks create-nodegroup --cluster-name {name} --region {place} "
                "--nodegroup-name <new name> --subnets <private subnets> --node-role <role>; then drain this one and "
                f"aws eks delete-nodegroup --cluster-name {name} --region {place} --nodegroup-name {each}"
            )
        case Cloud.GCP:
            return (
                f"gcloud container node-pools update {each} --cluster {name} --location {place} --enable-private-nodes "
                "(it recreates the nodes; give them Cloud NAT first)"
            )
        case Cloud.AZURE:
            return (
                f"az aks nodepool add --cluster-name {name} --resource-group <group> --name <new name> (without "
                f"--enable-node-public-ip), then az aks nodepool delete --cluster-name {name} --resource-group <group> "
                f"--name {each}"
            )
        case Cloud.OTHER:
            return "Recreate the nodes in private subnets behind NAT."
