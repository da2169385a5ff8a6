"""What the rest of a snapshot says to every Calico policy, worked out once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from scanner.model import Snapshot
from scanner.policy.calico.sets import AddressSets
from scanner.policy.calico.tiers import Ranks, Stages
from scanner.policy.decode import Context

_KUBERNETES_GROUPS = ("networking.k8s.io", "policy.networking.k8s.io")


@dataclass(frozen=True)
class Facts:
    """Network sets and host endpoints, tiers, the policies' places in them, and what of the pods matters to rules.

    `families` are the versions of IP that pods have; `hosts` the labels of host-network pods by namespace; `originals` the
    namespaces and names of Kubernetes' own policies, which Calico's API may show once more in its kinds.
    """

    sets: AddressSets
    stages: Stages
    ranks: Ranks
    families: frozenset[int]
    hosts: Mapping[str, Sequence[Mapping[str, str]]]
    originals: frozenset[tuple[str, str]]


# A context lives as long as one snapshot is resolved, and what is known of it goes with it: facts must not refer to it.
_KNOWN: WeakKeyDictionary[Context, Facts] = WeakKeyDictionary()


def facts_of(context: Context) -> Facts:
    """The facts of a snapshot."""
    found = _KNOWN.get(context)
    if found is None:
        snapshot = context.snapshot
        sets, stages, ranks = AddressSets(context), Stages(context), Ranks(context)
        found = Facts(sets, stages, ranks, _families(snapshot), _hosts(snapshot), _originals(snapshot))
        _KNOWN[context] = found
    return found


def _families(snapshot: Snapshot) -> frozenset[int]:
    versions = {_version(text) for text in {text for pod in snapshot.pods for text in pod.ips}}
    return frozenset(versions - {0})


def _hosts(snapshot: Snapshot) -> dict[str, list[Mapping[str, str]]]:
    found: dict[str, list[Mapping[str, str]]] = {}
    for pod in snapshot.pods:
        if pod.host_network and not pod.finished:
            found.setdefault(pod.namespace, []).append(pod.labels)
    return found


def _originals(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    mine = (each for each in snapshot.policies if each.api_version.rpartition("/")[0] in _KUBERNETES_GROUPS)
    return frozenset((each.namespace, each.name) for each in mine)


def _version(text: str) -> int:
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0
