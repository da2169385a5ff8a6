"""The core: what is declared, what is effective, what is proven. No I/O, no clock, no environment, no SDK.

The functions here are the reachability engine as a library. They work on a `scanner.model.Snapshot`; `infra.manifests` makes
one from objects in memory or a folder, `infra.snapshots` from stored bytes. Whatever stands behind them may change.

    >>> snapshot = infra.manifests.read_objects(objects)          # dicts as the API server gives them
    >>> found = scanner.reach_of(snapshot)                           # as declared
    >>> found = scanner.reach_of(snapshot, dataplane="gke-dataplane-v2")   # as that data plane makes of it
    >>> for line in found.connections(): line.src, line.dst, line.ports
    >>> for line in found.unknown(): line.reason                  # what cannot be told
    >>> scanner.explain(snapshot, "shop/web[Deployment]", "shop/db[StatefulSet]", 5432)
    >>> for change in scanner.diff(snapshot, edited): change.src, change.dst, change.before, change.after, change.causes
    >>> for change in scanner.what_if(found, snapshot, added=[policy]): ...      # from a reach that is there
    >>> for finding in scanner.lint_of(snapshot): finding.kind, finding.message

What a function needs is imported when it is called, so importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scanner.dataplane.model import DataPlane
    from scanner.lint.model import Finding
    from scanner.model import ApiObject, Snapshot
    from scanner.reach.changes import Change
    from scanner.reach.engine import ClusterReach
    from scanner.reach.model import Explanation

__all__ = ["diff", "explain", "lint_of", "reach_of", "what_if"]


def reach_of(
    snapshot: Snapshot, dataplane: DataPlane | str | None = None, *, ipblock_matches_pods: bool | None = None
) -> ClusterReach:
    """Who can talk to whom: as declared, or with a data plane (or its name, "NAME[@VERSION]") as that makes of it.

    Nothing of the snapshot is refused: what is wrong with a policy is in the result's `notices`, and what cannot be judged is
    in `unknown()`. The result answers questions one by one and computes what they need once.

    Raises:
        InputError: no data plane has that name.
    """
    from scanner.policy.resolve import resolve
    from scanner.reach.engine import build

    return build(snapshot, resolve(snapshot), _plane(dataplane), ipblock_matches_pods=ipblock_matches_pods)


def explain(
    snapshot: Snapshot,
    src: str,
    dst: str,
    port: int,
    protocol: str = "TCP",
    *,
    dataplane: DataPlane | str | None = None,
) -> tuple[Explanation, ...]:
    """Why `src` may (not) reach `dst`: the rules in the order they are asked, one explanation for each pair of pods that differs.

    A peer is a workload ("namespace/name[Kind]", or without its kind), "namespace/pod", an address, or "{ingress-controller}".

    Raises:
        InputError: an unknown peer or data plane, two addresses, or no such port.
    """
    return reach_of(snapshot, dataplane).explain(src, dst, protocol, port)


def diff(before: Snapshot, after: Snapshot, dataplane: DataPlane | str | None = None) -> Iterator[Change]:
    """Every connection that two states of a cluster differ by, sorted, each with the policies or workloads that caused it.

    Raises:
        InputError: no data plane has that name.
    """
    from scanner.policy.resolve import resolve
    from scanner.reach.diff import State, aligned, difference

    plane = _plane(dataplane)
    return difference(*aligned(State(before, resolve(before), plane), State(after, resolve(after), plane)))


def what_if(
    found: ClusterReach,
    snapshot: Snapshot,
    *,
    added: Sequence[ApiObject] = (),
    removed: Sequence[ApiObject] = (),
    dataplane: DataPlane | str | None = None,
) -> Iterator[Change]:
    """What policies that come and go would change, as `diff` says it; `found` is the snapshot's reach on that data plane.

    Only what the policies touch is worked out anew, unless they speak of labels, ports or addresses that nothing in the cluster
    told apart before. `removed` are objects of the snapshot.

    Raises:
        InputError: no data plane has that name.
    """
    import msgspec

    from scanner.reach.whatif import answer

    kept = tuple(each for each in snapshot.policies if each not in removed)
    edited = msgspec.structs.replace(snapshot, policies=(*kept, *added))
    plane = _plane(dataplane)
    quick = answer(found, edited, plane)
    return diff(snapshot, edited, plane) if quick is None else quick


def lint_of(snapshot: Snapshot, dataplane: DataPlane | str | None = None) -> Iterable[Finding]:
    """What is odd about the policies: dead, dangling, shadowed, redundant, contradictory and suspicious rules.

    Raises:
        InputError: no data plane has that name.
    """
    from scanner.lint.run import lint

    return lint(snapshot, reach_of(snapshot, dataplane))


def _plane(dataplane: DataPlane | str | None) -> DataPlane | None:
    if not isinstance(dataplane, str):
        return dataplane
    from scanner.dataplane.catalogue import named

    name, _, version = dataplane.partition("@")
    return named(name, version)
