"""Which policy kinds the engine of a cluster honours, by its entry in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.dataplane.model import Answer, DataPlane

_NETWORK_POLICY = ("networking.k8s.io", "NetworkPolicy")
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


def may_count(dataplane: DataPlane | None, references: Iterable[str]) -> tuple[str, ...]:
    """Those of the policies that could not be judged ("Kind.group namespace/name") that the data plane may honour.

    As declared (None) all of them.
    """
    if dataplane is None:
        return tuple(references)
    return tuple(each for each in references if _may_honour(dataplane, each.partition(" ")[0]))


def _may_honour(dataplane: DataPlane, name: str) -> bool:
    kind, _, group = name.partition(".")
    return honours(dataplane, group, kind)[0] is not Answer.NO


def honours(dataplane: DataPlane, group: str, kind: str) -> tuple[Answer, str]:
    """Whether the data plane of a cluster honours a policy kind, and why (not), in words with the source.

    NetworkPolicy is what every engine of the catalogue honours; whether it is on and where it reaches is coverage's matter.
    On a cluster without an engine nothing is honoured, which coverage says as well, so the question is left to it.
    """
    if (group, kind) == _NETWORK_POLICY and dataplane.mode == "crd-only":
        return Answer.NO, "mode crd-only: NetworkPolicy is not read"
    if dataplane.name == "none" or (group, kind) == _NETWORK_POLICY:
        return Answer.YES, ""
    if dataplane.engine is None:
        return Answer.UNKNOWN, "the engine is not known"
    known = dataplane.engine.kind_at(f"{kind.partition('.')[0]}.{group}", dataplane.version)
    why = (known.condition and f"only where {known.condition}") or known.note
    return known.firm, f"{why} ({known.source})" if why else known.source
