"""Pods into classes: those that no policy and no data plane can tell apart are one, and everything works on these."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from scanner.dataplane.model import DataPlane
from scanner.model import NAME_LABEL, Collected, ContainerPort, Namespace, Pod, Service, Snapshot
from scanner.policy.model import BlockPeer, PodPeer, Policy, Selector
from scanner.policy.selectors import LabelIndex, matches
from scanner.reach.addresses import AddressSpace
from scanner.reach.coverage import DECLARED, Verdict, hypothetical_coverage, pod_coverage
from scanner.reach.implied import Implied
from scanner.reach.model import PodClass, Workload
from scanner.reach.ports import NamedPorts

CONTROLLER_NAMESPACE = "ingress-controller-ns"
_Key = tuple[str, tuple[tuple[str, str], ...], NamedPorts, bool, Verdict, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class NamespaceSpan:
    """A namespace: its pods are classes `first` to `first + count - 1`, its hypothetical pod is class `hypothetical`.

    `listed` is false where the namespace's labels could not be read.
    """

    name: str
    labels: Mapping[str, str]
    listed: bool
    first: int
    count: int
    hypothetical: int
    index: LabelIndex
    stranger: Mapping[str, str]  # the labels of the hypothetical pod: those that every pod carries


@dataclass(frozen=True, slots=True)
class Population:
    """Every class: real ones by namespace, one hypothetical per namespace, and last the stand-in for ingress controllers.

    `named` and `addresses` (classes of the address space; empty where a pod has no known address) go by class.
    `class_of` maps the position of a pod in `pods` to its class. `finished` pods have no network and no class.
    """

    classes: tuple[PodClass, ...]
    spans: tuple[NamespaceSpan, ...]
    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]
    finished: tuple[Pod, ...]
    class_of: tuple[int, ...]
    named: tuple[NamedPorts, ...]
    addresses: tuple[tuple[int, ...], ...]

    @property
    def controller(self) -> int:
        """The class that stands for whatever serves Ingress, Gateway and Route."""
        return len(self.classes) - 1


def workload_id(pod: Pod) -> str:
    """A pod's workload as `reach/v1` prints it."""
    return f"{pod.namespace}/{pod.workload.name}[{pod.workload.kind}]"


def label_keys(policies: Iterable[Policy]) -> frozenset[str]:
    """Every label key of pods that some policy looks at."""
    selectors: set[Selector] = set()
    for policy in policies:
        selectors.add(policy.subject)
        for rule in policy.rules:
            selectors.update(peer.pods for peer in rule.peers or () if isinstance(peer, PodPeer))
            if rule.subject is not None:
                selectors.add(rule.subject)
    return frozenset(key for selector in selectors for key in selector.label_keys())


def port_names(policies: Iterable[Policy]) -> frozenset[str]:
    """Every port name that some rule mentions."""
    return frozenset(
        port.name for policy in policies for rule in policy.rules for port in rule.ports or () if port.name
    )


def blocks(policies: Iterable[Policy]) -> tuple[BlockPeer, ...]:
    """Every distinct block of addresses, in a fixed order."""
    return ordered_blocks(
        {
            peer
            for policy in policies
            for rule in policy.rules
            for peer in rule.peers or ()
            if isinstance(peer, BlockPeer)
        }
    )


def ordered_blocks(found: Iterable[BlockPeer]) -> tuple[BlockPeer, ...]:
    """Blocks in a fixed order."""
    return tuple(
        sorted(
            found,
            key=lambda peer: (peer.block.version, str(peer.block), tuple(map(str, peer.excepts)), peer.matching),
        )
    )


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
    pods = _ordered(pod for pod in snapshot.pods if not pod.finished)
    finished = tuple(pod for pod in snapshot.pods if pod.finished)
    ways = tuple(exposed)
    keys = label_keys(policies).union(*(service.selector or () for service in ways))
    names = port_names(policies).union(
        port.target for service in ways for port in service.ports if isinstance(port.target, str)
    )
    implied = Implied(snapshot, keys)
    ports: dict[
        int, NamedPorts
    ] = {}  # by identity: a workload's pods share what was read once, and `pods` keeps it alive
    groups: dict[_Key, list[int]] = {}
    for position, pod in enumerate(pods):
        if id(pod.ports) not in ports:
            ports[id(pod.ports)] = _named_ports(pod.ports, names)
        worn = {key: value for key, value in pod.labels.items() if key in keys}
        labels = tuple(sorted(implied.over(pod, worn).items()))
        addresses = _address_classes(pod, space) if addressed(pod) else ()
        coverage = pod_coverage(dataplane, pod)
        groups.setdefault(
            (pod.namespace, labels, ports[id(pod.ports)], pod.host_network, coverage, addresses), []
        ).append(position)
    order = sorted(groups)
    class_of = [0] * len(pods)
    for number, key in enumerate(order):
        for position in groups[key]:
            class_of[position] = number
    classes = [_real_class(number, key, [pods[at] for at in groups[key]]) for number, key in enumerate(order)]
    spans = _spans(snapshot, policies, order, len(classes), implied)
    standing = hypothetical_coverage(dataplane)
    classes += [_hypothetical_class(span, standing) for span in spans[:-1]]
    classes.append(_hypothetical_class(spans[-1], DECLARED))
    unknown: tuple[NamedPorts, ...] = ((),) * len(spans)
    return Population(
        classes=tuple(classes),
        spans=spans,
        workloads=_workloads(pods),
        pods=pods,
        finished=finished,
        class_of=tuple(class_of),
        named=tuple(key[2] for key in order) + unknown,
        addresses=tuple(key[5] for key in order) + ((),) * len(spans),
    )


def _ordered(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """Pods in an order that does not depend on the input's; labels only count where all else is equal."""
    listed = sorted(pods, key=_pod_name)
    if any(_pod_name(one) == _pod_name(other) for one, other in pairwise(listed)):
        listed.sort(key=_pod_order)
    return tuple(listed)


def _pod_name(pod: Pod) -> tuple[str, str, str, str]:
    return (pod.namespace, pod.name, pod.workload.kind, pod.workload.name)


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


def _real_class(number: int, key: _Key, pods: list[Pod]) -> PodClass:
    namespace, _, _, host_network, (covered, reason), _ = key
    return PodClass(
        index=number,
        namespace=namespace,
        labels=pods[0].labels,
        workloads=tuple(sorted({workload_id(pod) for pod in pods})),
        pods=tuple(sorted({pod.name for pod in pods})),
        host_network=host_network,
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
    snapshot: Snapshot, policies: tuple[Policy, ...], order: list[_Key], real: int, implied: Implied
) -> tuple[NamespaceSpan, ...]:
    """Namespaces by name; a namespace that is only mentioned carries the one label that every namespace has."""
    listed: dict[str, Namespace] = {}
    for namespace in sorted(snapshot.namespaces, key=lambda each: (each.name, sorted(each.labels.items()))):
        listed.setdefault(namespace.name, namespace)
    names = set(listed) | {key[0] for key in order} | {policy.namespace for policy in policies if policy.namespace}
    status = snapshot.collection.get("namespaces")
    whole = status is None or status.status not in {Collected.PARTIAL, Collected.FORBIDDEN}
    of_namespace: dict[str, list[int]] = {}
    for number, key in enumerate(order):
        of_namespace.setdefault(key[0], []).append(number)
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
                hypothetical=real + at,
                index=LabelIndex(dict(order[number][1]) for number in inside),
                stranger=implied.in_namespace(name),
            )
        )
    labels = {NAME_LABEL: CONTROLLER_NAMESPACE}
    controller = real + len(spans)
    stranger = implied.in_namespace(CONTROLLER_NAMESPACE)
    spans.append(NamespaceSpan(CONTROLLER_NAMESPACE, labels, True, 0, 0, controller, LabelIndex(()), stranger))
    return tuple(spans)


def _workloads(pods: tuple[Pod, ...]) -> tuple[Workload, ...]:
    found: dict[str, tuple[Pod, int]] = {}
    for pod in pods:
        name = workload_id(pod)
        found[name] = (pod, found[name][1] + 1 if name in found else 1)
    return tuple(
        Workload(id=name, namespace=pod.namespace, name=pod.workload.name, kind=pod.workload.kind, pods=count)
        for name, (pod, count) in sorted(found.items())
    )


def select(span: NamespaceSpan, selector: Selector) -> int:
    """The classes of one namespace that a pod selector matches, as a bit set over all classes."""
    found = span.index.select(selector) << span.first
    strange = matches(selector, span.stranger) if span.stranger else _matches_nobody(selector)
    return found | 1 << span.hypothetical if strange else found


@lru_cache(maxsize=65536)
def _matches_nobody(selector: Selector) -> bool:
    """Whether a selector matches a pod without labels."""
    return matches(selector, {})
