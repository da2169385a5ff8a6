"""Which policy kinds each engine honours: a fact per engine and kind, with its source and how it is known."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.dataplane.engine import AKS, ANTREA, CALICO, CILIUM, GKE, NPA, NPC, fact
from scanner.dataplane.model import Answer, DataPlane, Fact
from scanner.dataplane.versions import at_least

_NETWORK_POLICY = ("networking.k8s.io", "NetworkPolicy")
_NPAPI = "kubernetes-sigs/network-policy-api"
_IMPLEMENTATIONS = f"{_NPAPI}, list of implementations"

# Kinds by the name under which the table speaks of them.
_FAMILIES: Mapping[tuple[str, str], str] = {
    ("policy.networking.k8s.io", "AdminNetworkPolicy"): "upstream-admin",
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"): "upstream-admin",
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"): "upstream-cluster",
    ("networking.k8s.aws", "ClusterNetworkPolicy"): "aws",
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): "aws",
    ("cilium.io", "CiliumNetworkPolicy"): "cilium",
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): "cilium-clusterwide",
    ("networking.gke.io", "FQDNNetworkPolicy"): "gke-fqdn",
    ("projectcalico.org", "NetworkPolicy.projectcalico.org"): "calico",
    ("projectcalico.org", "GlobalNetworkPolicy"): "calico",
    ("crd.projectcalico.org", "NetworkPolicy.projectcalico.org"): "calico",
    ("crd.projectcalico.org", "GlobalNetworkPolicy"): "calico",
}

# How resources are called in a snapshot's collection, less their group.
POLICY_PLURALS: Mapping[str, str] = {
    "networkpolicies": "NetworkPolicy",
    "adminnetworkpolicies": "AdminNetworkPolicy",
    "baselineadminnetworkpolicies": "BaselineAdminNetworkPolicy",
    "clusternetworkpolicies": "ClusterNetworkPolicy",
    "applicationnetworkpolicies": "ApplicationNetworkPolicy",
    "ciliumnetworkpolicies": "CiliumNetworkPolicy",
    "ciliumclusterwidenetworkpolicies": "CiliumClusterwideNetworkPolicy",
    "fqdnnetworkpolicies": "FQDNNetworkPolicy",
    "globalnetworkpolicies": "GlobalNetworkPolicy",
}

_OTHERS = fact("NS", "the engine's own documentation", "it reads kinds of its own and of the platform only")
_CALICO_ADMIN = fact("YS", _IMPLEMENTATIONS, "Calico 3.29 to 3.31")
_CALICO_CLUSTER = fact("YS", _IMPLEMENTATIONS, "Calico 3.32 and later")

_FACTS: Mapping[str, Mapping[str, Fact]] = {
    "eks-vpc-cni": {
        "aws": fact("YS", NPA, "from VPC CNI 1.21 on"),
        "upstream-admin": fact("NS", NPC, "the controller serves its own group"),
        "upstream-cluster": fact("NS", NPC, "the controller serves its own group"),
    },
    "eks-auto-mode": {
        "aws": fact("YS", NPC),
        "upstream-admin": fact("NS", NPC, "the controller serves its own group"),
        "upstream-cluster": fact("NS", NPC, "the controller serves its own group"),
    },
    "gke-dataplane-v2": {
        "gke-fqdn": fact("?D", GKE, "only where the cluster's enableFqdnNetworkPolicy is on"),
        "cilium-clusterwide": fact("?S", GKE, "only where the cluster's enableCiliumClusterwideNetworkPolicy is on"),
        "cilium": fact("ND", GKE, "the namespaced kind is not offered"),
        "upstream-admin": fact("NM", GKE),
        "upstream-cluster": fact("NM", GKE),
    },
    "gke-calico": {
        "calico": fact("?M", GKE, "the kinds may exist but are not supported"),
        "upstream-admin": fact("NM", GKE),
        "upstream-cluster": fact("NM", GKE),
    },
    "aks-cilium": {
        "cilium": fact("YS", AKS, "layers 3 and 4; names and layer 7 need Advanced Container Networking Services"),
        "cilium-clusterwide": fact("YS", AKS, "layers 3 and 4"),
        "upstream-admin": fact("NM", AKS),
        "upstream-cluster": fact("NM", AKS),
    },
    "aks-calico": {
        "calico": fact("YS", AKS, "not blocked, neither tested nor supported"),
        "upstream-admin": fact("?M", AKS),
        "upstream-cluster": fact("?M", AKS),
    },
    "calico": {"calico": fact("YS", CALICO), "upstream-admin": _CALICO_ADMIN, "upstream-cluster": _CALICO_CLUSTER},
    "cilium": {
        "cilium": fact("YS", CILIUM),
        "cilium-clusterwide": fact("YS", CILIUM),
        "upstream-admin": fact("NM", CILIUM),
        "upstream-cluster": fact("?S", CILIUM, "from 1.20, only with enable-k8s-cluster-network-policy"),
    },
    "antrea": {
        "upstream-admin": fact("?S", ANTREA, "feature gate AdminNetworkPolicy, off by default"),
        "upstream-cluster": fact("?S", ANTREA, "feature gate ClusterNetworkPolicy, off by default"),
    },
    "kube-network-policies": {
        "upstream-admin": fact("?M", _NPAPI, "depends on how it was built"),
        "upstream-cluster": fact("?M", _NPAPI, "depends on how it was built"),
    },
    "ovn-kubernetes": {
        "upstream-admin": fact("YS", "ovn-kubernetes/ovn-kubernetes"),
        "upstream-cluster": fact("?M", "ovn-kubernetes/ovn-kubernetes"),
    },
}
# (engine, family) -> versions from which, and below which, it is so.
_VERSIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("eks-vpc-cni", "aws"): ("1.21.0", ""),
    ("calico", "upstream-admin"): ("3.29", "3.32"),
    ("calico", "upstream-cluster"): ("3.32", ""),
}


def honours(dataplane: DataPlane, group: str, kind: str) -> tuple[Answer, str]:
    """Whether the data plane of a cluster honours a policy kind, and why (not), in words with the source.

    NetworkPolicy is what every engine of the catalogue honours; whether it is on and where it reaches is coverage's matter.
    On a cluster without an engine nothing is honoured, which coverage says as well, so the question is left to it.
    """
    if (group, kind) == _NETWORK_POLICY and dataplane.mode == "crd-only":
        return Answer.NO, "mode crd-only: NetworkPolicy is not read"
    if dataplane.name == "none" or (group, kind) == _NETWORK_POLICY:
        return Answer.YES, ""
    if dataplane.capabilities is None:
        return Answer.UNKNOWN, "the engine is not known"
    return _known(dataplane, _FAMILIES.get((group, kind), ""))


def _known(dataplane: DataPlane, family: str) -> tuple[Answer, str]:
    known = _FACTS.get(dataplane.name, {}).get(family, _OTHERS)
    answer, why = known.firm, _words(known)
    first, last = _VERSIONS.get((dataplane.name, family), ("", ""))
    if answer is Answer.YES and (first or last):
        since = at_least(dataplane.version, first) if first else True
        past = at_least(dataplane.version, last) if last else False
        if since is None or past is None:
            return Answer.UNKNOWN, f"depends on the version: {why}"
        if not since or past:
            return Answer.NO, f"version {dataplane.version} does not: {why}"
    return answer, why


def _words(known: Fact) -> str:
    return f"{known.note} ({known.source})" if known.note else known.source
