"""The allow matrix of an intent group in one cluster, over workloads that have the same name in every cloud (NB-XC-05)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from scanner.baselines.config import Intent
from scanner.controls.base import POLICIES, Case
from scanner.fabric.member import Flow, IntentView
from scanner.fabric.openings import ports_of
from scanner.model import Pod
from scanner.policy.selectors import members
from scanner.reach.columns import Column, less

if TYPE_CHECKING:
    from scanner.reach.engine import ClusterReach

MOST = 20_000  # flows of one group in one cluster: what a result may hold


def views_of(case: Case) -> Iterator[IntentView]:
    """What each intent group that names this cluster comes to in it."""
    for intent in case.config.intents:
        if any(fnmatchcase(case.snapshot.cluster.name, pattern) for pattern in intent.clusters):
            yield _view(case, intent)


def _view(case: Case, intent: Intent) -> IntentView:
    if gaps := case.missing("namespaces", "pods", POLICIES):
        return IntentView(name=intent.name, gap=gaps[0])
    members_of: dict[tuple[str, str], str] = {
        (pod.namespace, pod.name): _logical(pod) for pod in case.pods if not pod.host_network and _chosen(intent, pod)
    }
    named = tuple(sorted(set(members_of.values())))
    if len(named) ** 2 > 10 * MOST:
        return IntentView(name=intent.name, gap=f"{len(named)} workloads are more than one group may have: name fewer")
    declared, _ = _flows(cast("ClusterReach", case.declared), members_of)
    effective, undecided = _flows(cast("ClusterReach", case.effective), members_of)
    if max(map(len, (declared, effective, undecided))) > MOST:
        return IntentView(name=intent.name, gap=f"more than {MOST:,} flows: split the group")
    return IntentView(name=intent.name, workloads=named, declared=declared, effective=effective, undecided=undecided)


def _chosen(intent: Intent, pod: Pod) -> bool:
    return any(fnmatchcase(pod.namespace, pattern) for pattern in intent.namespaces) and any(
        fnmatchcase(pod.workload.name, pattern) for pattern in intent.workloads
    )


def _logical(pod: Pod) -> str:
    """A workload as it is called in every cloud: its kind may differ (a Deployment here, an Argo Rollout there)."""
    return f"{pod.namespace}/{pod.workload.name}"


def _flows(reach: ClusterReach, members_of: dict[tuple[str, str], str]) -> tuple[tuple[Flow, ...], tuple[Flow, ...]]:
    """The certain flows between different workloads of a group, and those that are not decided."""
    by_class: dict[int, set[str]] = {}
    for each in reach.classes:
        names = {members_of[each.namespace, pod] for pod in each.pods if (each.namespace, pod) in members_of}
        if names:
            by_class[each.index] = names
    wanted = sum(1 << index for index in by_class)
    sure: dict[tuple[str, str], int] = defaultdict(int)
    maybe: dict[tuple[str, str], int] = defaultdict(int)
    for index, names in by_class.items():
        certain, possible = reach.parts.certain.column(index), reach.parts.possible.column(index)
        _add(sure, certain, wanted, by_class, names)
        _add(maybe, less(possible, certain) if possible is not certain else (), wanted, by_class, names)
    unclear = {pair: mask & ~sure.get(pair, 0) for pair, mask in maybe.items()}
    return _listed(reach, sure), _listed(reach, unclear)


def _add(
    found: dict[tuple[str, str], int], column: Column, wanted: int, by_class: dict[int, set[str]], names: set[str]
) -> None:
    for mask, sources in column:
        for source in {name for at in members(sources & wanted) for name in by_class[at]}:
            for destination in names - {source}:
                found[source, destination] |= mask


def _listed(reach: ClusterReach, found: dict[tuple[str, str], int]) -> tuple[Flow, ...]:
    port_set = reach.parts.space.atoms.port_set
    return tuple(
        Flow(source=source, destination=destination, ports=ports_of(port_set(mask)))
        for (source, destination), mask in sorted(found.items())
        if mask
    )
