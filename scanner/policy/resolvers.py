"""Who reads which kind of policy. A family is imported when the first of its objects is met: most clusters have one or two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from scanner.model import ApiObject
from scanner.policy.decode import Context, Remark
from scanner.policy.model import Policy
from scanner.policy.networking import resolve_network_policy

UPSTREAM = "policy.networking.k8s.io"
CALICO = (
    "projectcalico.org",
    "crd.projectcalico.org",
)  # its API server's own group, and that of its resource definitions

# One object in, the policies it holds out, with remarks on what is ignored or will not do what it seems to. Raises FieldError
# where the API server refuses the object, UnreadableError where it might take what cannot be read here.
Resolver = Callable[[ApiObject, Context], tuple[tuple[Policy, ...], list[Remark]]]


class Family(NamedTuple):
    """The kinds of one API group: the versions of each that are served, and how to get at those who read them."""

    served: Mapping[str, frozenset[str]]
    load: Callable[[], Mapping[str, Resolver]]


def _kubernetes() -> Mapping[str, Resolver]:
    return {"NetworkPolicy": resolve_network_policy}


def _upstream() -> Mapping[str, Resolver]:
    from scanner.policy.upstream.admin import resolve_admin_network_policy, resolve_baseline_admin_network_policy
    from scanner.policy.upstream.cluster import resolve_cluster_network_policy

    return {
        "AdminNetworkPolicy": resolve_admin_network_policy,
        "BaselineAdminNetworkPolicy": resolve_baseline_admin_network_policy,
        "ClusterNetworkPolicy": resolve_cluster_network_policy,
    }


def _aws() -> Mapping[str, Resolver]:
    from scanner.policy.aws.application import resolve_application_network_policy
    from scanner.policy.aws.cluster import resolve_eks_cluster_network_policy

    return {
        "ClusterNetworkPolicy": resolve_eks_cluster_network_policy,
        "ApplicationNetworkPolicy": resolve_application_network_policy,
    }


def _gke() -> Mapping[str, Resolver]:
    from scanner.policy.gke import resolve_fqdn_network_policy

    return {"FQDNNetworkPolicy": resolve_fqdn_network_policy}


def _cilium() -> Mapping[str, Resolver]:
    from scanner.policy.cilium.resolve import (
        resolve_cilium_clusterwide_network_policy,
        resolve_cilium_network_policy,
    )

    return {
        "CiliumNetworkPolicy": resolve_cilium_network_policy,
        "CiliumClusterwideNetworkPolicy": resolve_cilium_clusterwide_network_policy,
    }


def _calico() -> Mapping[str, Resolver]:
    from scanner.policy.calico.resolve import resolve_global_network_policy, resolve_network_policy

    return {"NetworkPolicy": resolve_network_policy, "GlobalNetworkPolicy": resolve_global_network_policy}


def _all(version: str, *kinds: str) -> Mapping[str, frozenset[str]]:
    return {kind: frozenset({version}) for kind in kinds}


FAMILIES: Mapping[str, Family] = {
    "networking.k8s.io": Family(_all("v1", "NetworkPolicy"), _kubernetes),
    UPSTREAM: Family(
        {
            **_all("v1alpha1", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"),
            "ClusterNetworkPolicy": frozenset({"v1alpha2", "v1beta1"}),
        },
        _upstream,
    ),
    "networking.k8s.aws": Family(_all("v1alpha1", "ClusterNetworkPolicy", "ApplicationNetworkPolicy"), _aws),
    "networking.gke.io": Family(_all("v1alpha1", "FQDNNetworkPolicy"), _gke),
    "cilium.io": Family(_all("v2", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"), _cilium),
    CALICO[0]: Family(_all("v3", "NetworkPolicy", "GlobalNetworkPolicy"), _calico),
    CALICO[1]: Family(_all("v1", "NetworkPolicy", "GlobalNetworkPolicy"), _calico),
}


def served_versions(group: str, kind: str) -> frozenset[str]:
    """The versions in which a kind can be read; empty for one that is not modelled."""
    family = FAMILIES.get(group)
    return family.served.get(kind, frozenset()) if family else frozenset()


@cache
def resolver(group: str, kind: str) -> Resolver:
    """Who reads a kind of `FAMILIES`."""
    return FAMILIES[group].load()[kind]
