"""Pods into classes: what each shows of itself is read once for all pods that share it, and what shows the same is one class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from typing import NamedTuple

from scanner.dataplane.model import DataPlane
from scanner.model import NAME_LABEL, Collected, ContainerPort, Namespace, Pod, Service, Snapshot
from scanner.policy.model import Policy
from scanner.policy.selectors import LabelIndex
from scanner.reach.addresses import AddressSpace
from scanner.reach.coverage import DECLARED, Verdict, hypothetical_coverage, pod_coverage
from scanner.reach.implied import Implied
from scanner.reach.model import PodClass, Workload
from scanner.reach.population import (
    CONTROLLER_NAMESPACE,
    NamespaceSpan,
    Population,
    label_keys,
    port_names,
    workload_id,
)
from scanner.reach.ports import NamedPorts


class _Shown(NamedTuple):
    """What of a pod policies can see, addresses and coverage aside: labels and port names that some policy mentions."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    named: NamedPorts
    host_network: bool


class _Key(NamedTuple):
    """What tells classes apart, in the order in which they are numbered."""

    shown: _Shown
    coverage: Verdict
    addresses: tuple[int, ...]


def populate(
    snapshot: Snapshot,
    policies: tuple[Policy, ...],
    dataplane: DataPlane | None,
    space: AddressSpace,
    *,
    addressed: Callable[[Pod], bool],
    exposed: Iterable[Service] = (),
) -> Population:
    """Sort the live pods into classes.

    `addressed` says whether an ipBlock may match a pod, so that its addresses tell it apart; `exposed` are the Services
    that lead traffic past policy, so that being behind one tells a pod apart.
    """
    live = [pod for pod in snapshot.pods if not pod.finished]
    finished = tuple(pod for pod in snapshot.pods if pod.finished) if len(live) < len(snapshot.pods) else ()
    pods = _ordered(live)
    ways = tuple(exposed)
    keys = label_keys(policies).union(*(service.selector or () for service in ways))
    names = port_names(policies).union(
        port.target for service in ways for port in service.ports if isinstance(port.target, str)
    )
    implied = Implied(snapshot, keys)
    groups = _grouped(pods, _Shows(implied, keys, names), dataplane, space, addressed)
    order = sorted(groups)
    ids = _workload_ids(pods)
    class_of = [0] * len(pods)
    classes = []
    for number, key in enumerate(order):
        positions = groups[key]
        for position in positions:
            class_of[position] = number
        classes.append(_real_class(number, key, [pods[at] for at in positions], {ids[at] for at in positions}))
    spans = _spans(snapshot, policies, order, implied)
    standing = hypothetical_coverage(dataplane)
    classes += [_hypothetical_class(span, standing) for span in spans[:-1]]
    classes.append(_hypothetical_class(spans[-1], DECLARED))
    unknown: tuple[NamedPorts, ...] = ((),) * len(spans)
    return Population(
        classes=tuple(classes),
        spans=spans,
        workloads=_workloads(pods, ids),
        pods=pods,
        finished=finished,
        class_of=tuple(class_of),
        named=tuple(key.shown.named for key in order) + unknown,
        addresses=tuple(key.addresses for key in order) + ((),) * len(spans),
        keys=keys,
        port_names=names,
    )


class _Shows:
    """Reads what pods show. Pods of one workload share their labels and ports, which are then read once.

    The parts are told apart by identity: the snapshot keeps them alive for longer than this lives.
    """

    def __init__(self, implied: Implied, keys: Container[str], names: Container[str]) -> None:
        self._implied, self._keys, self._names = implied, keys, names
        self._ports: dict[int, NamedPorts] = {}
        self._known: dict[tuple[int, int, str, bool, str], int] = {}
        self._numbers: dict[_Shown, int] = {}

    @property
    def found(self) -> list[_Shown]:
        """What pods showed, by number."""
        return list(self._numbers)

    def number(self, pod: Pod) -> int:
        """The number of what a pod shows."""
        parts = (id(pod.labels), id(pod.ports), pod.namespace, pod.host_network, pod.service_account)
        found = self._known.get(parts)
        if found is None:
            found = self._known[parts] = self._numbers.setdefault(self._read(pod), len(self._numbers))
        return found

    def _read(self, pod: Pod) -> _Shown:
        worn = {key: value for key, value in pod.labels.items() if key in self._keys}
        named = self._ports.get(id(pod.ports))
        if named is None:
            named = self._ports[id(pod.ports)] = _named_ports(pod.ports, self._names)
        labels = self._implied.over(pod, worn)
        return _Shown(pod.namespace, tuple(sorted(labels.items())), named, pod.host_network)


def _grouped(
    pods: Sequence[Pod],
    shows: _Shows,
    dataplane: DataPlane | None,
    space: AddressSpace,
    addressed: Callable[[Pod], bool],
) -> dict[_Key, list[int]]:
    """The positions of the pods of each class."""
    groups: dict[tuple[int, Verdict, tuple[int, ...]], list[int]] = {}
    last: Pod | None = None
    number = 0
    beside: tuple[Verdict, tuple[int, ...]] = (DECLARED, ())
    group: list[int] = []
    for position, pod in enumerate(pods):
        addresses = _address_classes(pod, space) if addressed(pod) else ()
        coverage = DECLARED if dataplane is None else pod_coverage(dataplane, pod)
        alike = last is not None and _alike(pod, last)
        if not alike:
            number, last = shows.number(pod), pod
        if not (alike and beside == (coverage, addresses)):  # replicas follow each other: their group is at hand
            beside = (coverage, addresses)
            group = groups.setdefault((number, coverage, addresses), [])
        group.append(position)
    shown = shows.found
    return {_Key(shown[number], coverage, at): where for (number, coverage, at), where in groups.items()}


def _alike(pod: Pod, last: Pod) -> bool:
    """Whether a pod shows what the one before it shows, as replicas do, which follow each other."""
    return (
        pod.labels is last.labels
        and pod.ports is last.ports
        and pod.namespace == last.namespace
        and pod.host_network is last.host_network
        and pod.service_account == last.service_account
    )


def _workload_ids(pods: Iterable[Pod]) -> list[str]:
    """The peer id of each pod's workload; replicas share the text."""
    ids: list[str] = []
    last: Pod | None = None
    text = ""
    for pod in pods:
        if last is None or pod.workload is not last.workload or pod.namespace != last.namespace:
            last, text = pod, workload_id(pod)
        ids.append(text)
    return ids


def _ordered(pods: list[Pod]) -> tuple[Pod, ...]:
    """Pods in an order that does not depend on the input's; labels only count where all else is equal."""
    if _ascending(pods):
        return tuple(pods)
    names = {(pod.namespace, pod.name, pod.workload.kind, pod.workload.name): pod for pod in pods}
    if len(names) == len(pods):
        return tuple(names[name] for name in sorted(names))
    return tuple(sorted(pods, key=_pod_order))


def _ascending(pods: Sequence[Pod]) -> bool:
    """Whether pods come by namespace and name, each once, as collecting and loading leave them."""
    namespace = name = ""
    for pod in pods:
        if pod.namespace < namespace or (pod.namespace == namespace and pod.name <= name):
            return False
        namespace, name = pod.namespace, pod.name
    return True


def _pod_order(pod: Pod) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    return (pod.namespace, pod.name, pod.workload.kind, pod.workload.name, sorted(pod.labels.items()))


def _named_ports(ports: tuple[ContainerPort, ...], names: Container[str]) -> NamedPorts:
    return tuple(
        sorted(
            {(port.protocol, port.name, port.port) for port in ports if port.name in names and 1 <= port.port <= 65535}
        )
    )


def _address_classes(pod: Pod, space: AddressSpace) -> tuple[int, ...]:
    found: set[int] = set()
    for address in pod.ips:
        try:
            found.add(space.locate(address))
        except ValueError:  # a crafted address: as good as none
            return ()
    return tuple(sorted(found))


def _real_class(number: int, key: _Key, pods: list[Pod], workloads: set[str]) -> PodClass:
    covered, reason = key.coverage
    return PodClass(
        index=number,
        namespace=key.shown.namespace,
        labels=pods[0].labels,
        workloads=tuple(sorted(workloads)),
        pods=tuple(sorted({pod.name for pod in pods})),
        host_network=key.shown.host_network,
        covered=covered,
        coverage_reason=reason,
    )


def _hypothetical_class(span: NamespaceSpan, verdict: Verdict) -> PodClass:
    return PodClass(
        index=span.hypothetical,
        namespace=span.name,
        labels={},
        workloads=(),
        pods=(),
        host_network=False,
        covered=verdict[0],
        coverage_reason=verdict[1],
        hypothetical=True,
    )


def _spans(
    snapshot: Snapshot, policies: tuple[Policy, ...], order: list[_Key], implied: Implied
) -> tuple[NamespaceSpan, ...]:
    """Namespaces by name; a namespace that is only mentioned carries the one label that every namespace has."""
    listed: dict[str, Namespace] = {}
    for namespace in sorted(snapshot.namespaces, key=lambda each: (each.name, sorted(each.labels.items()))):
        listed.setdefault(namespace.name, namespace)
    names = (
        set(listed)
        | {key.shown.namespace for key in order}
        | {policy.namespace for policy in policies if policy.namespace}
    )
    status = snapshot.collection.get("namespaces")
    whole = status is None or status.status not in {Collected.PARTIAL, Collected.FORBIDDEN}
    of_namespace: dict[str, list[int]] = {}
    for number, key in enumerate(order):
        of_namespace.setdefault(key.shown.namespace, []).append(number)
    spans = []
    for at, name in enumerate(sorted(names)):
        inside = of_namespace.get(name, [])
        spans.append(
            NamespaceSpan(
                name=name,
                labels={**(listed[name].labels if name in listed else {}), NAME_LABEL: name},
                listed=whole or name in listed,
                first=inside[0] if inside else 0,
                count=len(inside),
                hypothetical=len(order) + at,
                index=LabelIndex(dict(order[number].shown.labels) for number in inside),
                stranger=implied.in_namespace(name),
            )
        )
    labels = {NAME_LABEL: CONTROLLER_NAMESPACE}
    controller = len(order) + len(spans)
    stranger = implied.in_namespace(CONTROLLER_NAMESPACE)
    spans.append(NamespaceSpan(CONTROLLER_NAMESPACE, labels, True, 0, 0, controller, LabelIndex(()), stranger))
    return tuple(spans)


def _workloads(pods: Sequence[Pod], ids: Sequence[str]) -> tuple[Workload, ...]:
    counts = Counter(ids)
    first = dict(zip(reversed(ids), reversed(pods), strict=True))
    return tuple(
        Workload(id=name, namespace=pod.namespace, name=pod.workload.name, kind=pod.workload.kind, pods=counts[name])
        for name, pod in sorted(first.items())
    )
