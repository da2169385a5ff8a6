"""Which manifests a finding is about, by its subject: decided here once, for all controls.

Subjects are "Kind namespace/name", "Kind name", "namespace/name[Kind]" (a workload), "namespace/name" (a Service) or the name of
a namespace; some name several objects ("NetworkPolicy a/b, NetworkPolicy a/c") or a part of one ("Gateway a/b listener https").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from scanner.controls.base import CLUSTER, Control
from scanner.findings import ControlResult, Item, Place
from scanner.model import Origin, Snapshot
from scanner.objects import named
from scanner.policy.model import Policy
from scanner.reach.population import workload_id

MOST_PLACES = 10  # of one item


class Places:
    """One cluster's manifests by what subjects call them. Work grows with its objects, then with the items asked about."""

    def __init__(self, snapshot: Snapshot, policies: Iterable[Policy]) -> None:
        self._folder = f"{snapshot.folder}/" if snapshot.folder else ""
        self._objects: dict[str, Place] = {}
        self._namespaces: dict[str, Place] = {}
        for name, origin in _named(snapshot, policies):
            self._note(self._objects, name, origin)
        for namespace, origin in _inside(snapshot):
            self._note(self._namespaces, namespace, origin)
        for each in snapshot.namespaces:
            if each.origin is not None:  # its own manifest comes before whatever stands in it
                self._namespaces[each.name] = self._place(each.origin)

    def of(self, subject: str, scope: str) -> tuple[Place, ...]:
        """Where the objects of a subject begin, sorted; none for the cluster, or where no manifest is known.

        `scope` is the control's: a bare word is a namespace only to controls that speak of namespaces or policies, for others
        judge nodes, pools or people, which may be called the same.
        """
        if subject == CLUSTER:
            return ()
        if subject in self._namespaces and ("namespace" in scope or "policy" in scope):
            return (self._namespaces[subject],)
        found = {place for part in subject.split(", ") if (place := self._object(part)) is not None}
        return tuple(sorted(found, key=_order))[:MOST_PLACES]

    def _object(self, part: str) -> Place | None:
        """An object by its name, or by the two words that a longer text begins with."""
        return self._objects.get(part) or self._objects.get(" ".join(part.split(" ", 2)[:2]))

    def _note(self, into: dict[str, Place], name: str, origin: Origin | None) -> None:
        if origin is None:
            return
        place = self._place(origin)
        if name not in into or _order(place) < _order(into[name]):
            into[name] = place

    def _place(self, origin: Origin) -> Place:
        return Place(file=f"{self._folder}{origin.file}", line=origin.line)


def located(
    results: Sequence[ControlResult], snapshot: Snapshot, policies: Iterable[Policy], controls: Iterable[Control]
) -> tuple[ControlResult, ...]:
    """The results, each item with the places of the manifests it is about. A live cluster has none."""
    places = Places(snapshot, policies)
    scopes: Mapping[str, str] = {control.id: control.scope for control in controls}
    return tuple(
        msgspec.structs.replace(
            result, items=tuple(_placed(item, places.of(item.subject, scopes[result.id])) for item in result.items)
        )
        for result in results
    )


def _placed(item: Item, origins: tuple[Place, ...]) -> Item:
    return msgspec.structs.replace(item, origins=origins) if origins else item


def _named(snapshot: Snapshot, policies: Iterable[Policy]) -> Iterator[tuple[str, Origin | None]]:
    """Every object by each name that a subject may give it."""
    for policy in policies:
        yield policy.id, policy.origin
    for source in (*snapshot.policies, *snapshot.settings):
        yield named(source), source.origin
    for source in snapshot.policies:  # what is not modelled is called by its group too
        group = source.api_version.rpartition("/")[0]
        yield named(msgspec.structs.replace(source, kind=f"{source.kind}.{group}")), source.origin
    for service in snapshot.services:
        yield f"{service.namespace}/{service.name}", service.origin
        yield f"Service {service.namespace}/{service.name}", service.origin
    for entry in snapshot.entry_points:
        yield f"{entry.kind} {entry.namespace}/{entry.name}", entry.origin
    for gateway in snapshot.gateways:
        yield f"Gateway {gateway.namespace}/{gateway.name}", gateway.origin
    for pod in snapshot.pods:
        yield workload_id(pod), pod.origin


def _inside(snapshot: Snapshot) -> Iterator[tuple[str, Origin | None]]:
    """The namespace of every policy and workload."""
    for policy in snapshot.policies:
        yield policy.namespace, policy.origin
    for pod in snapshot.pods:
        yield pod.namespace, pod.origin


def _order(place: Place) -> tuple[str, int]:
    return place.file, place.line
