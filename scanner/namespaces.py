"""Who may talk with whom by namespace at both levels, bounded: what one cluster's picture needs."""

from __future__ import annotations

from collections import Counter

from scanner.controls import addresses
from scanner.findings import Area, NamespaceMatrix
from scanner.reach.model import Reach

MOST_AREAS = 40  # namespaces with a row of their own; what a picture can hold, and a result should


def namespace_matrix(declared: Reach, effective: Reach) -> NamespaceMatrix:
    """The matrix of a cluster from its two reaches: the namespaces with the most workloads, the others as one, the internet.

    Which namespaces stand alone is decided by workloads, then by name, so the same cluster has the same areas.
    """
    spaces = {workload.id: workload.namespace for workload in declared.workloads}
    sizes = Counter(spaces.values())
    chosen = sorted(sorted(sizes, key=lambda name: (-sizes[name], name))[:MOST_AREAS])
    numbers = {name: at for at, name in enumerate(chosen)}
    rest = sum(size for name, size in sizes.items() if name not in numbers)
    areas = [Area(kind="namespace", name=name, workloads=sizes[name]) for name in chosen]
    if rest:
        areas.append(Area(kind="others", name="", workloads=rest))
    areas.append(Area(kind="internet", name="", workloads=1))
    places = {workload: numbers.get(name, len(chosen)) for workload, name in spaces.items()}
    return NamespaceMatrix(
        namespaces=len(sizes),
        areas=tuple(areas),
        levels=tuple(reach.crossings(places, _is_public) for reach in (declared, effective)),
    )


def _is_public(outside: str) -> bool:
    """Whether a peer outside is of the internet: a range "first-last" that holds a public address, or a DNS name or pattern.

    Where a name leads is not known here, and nothing says that it stays inside. `{kube-apiserver}` is the cluster's own.
    """
    if outside.startswith("{"):
        return False
    try:
        return any(addresses.public(addresses.of_texts([outside])).values())
    except ValueError:  # no range
        return True
