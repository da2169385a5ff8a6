"""One cluster's rules as bit sets over its classes, and what its pods and namespaces are today: what every check works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from scanner.model import NAME_LABEL, Collected, Pod, Snapshot, Source
from scanner.policy.model import Operator, Policy, Ports, Selector
from scanner.policy.selectors import LabelIndex, bit_set, matches, members
from scanner.reach.bounds import Standing
from scanner.reach.grants import Grant
from scanner.reach.population import NamespaceSpan, Population, select
from scanner.reach.ports import PortAtoms

ObjectKey = tuple[str, str, str, str]  # group, kind, namespace, name

DNS_PORT = 53
_GAPS = {Collected.PARTIAL, Collected.FORBIDDEN}


def object_key(policy: Policy) -> ObjectKey:
    """What tells one object from another; an object may be several policies."""
    return policy.group, policy.kind, policy.namespace, policy.name


def noted_name(policy: Policy) -> str:
    """What notices call a policy's object: its kind goes without a group there."""
    return policy.id.replace(policy.kind, policy.kind.partition(".")[0], 1)


def names_of_namespaces(selector: Selector | None) -> tuple[str, ...]:
    """The namespaces that a selector names one by one; empty where it selects by labels."""
    if selector is None or selector.clauses or len(selector.requirements) != 1:
        return ()
    only = selector.requirements[0]
    return only.values if (only.key, only.operator) == (NAME_LABEL, Operator.IN) else ()


class Case:
    """What the checks ask about. Where a list could not be read whole, nothing is said of who is missing in it."""

    def __init__(
        self,
        snapshot: Snapshot,
        population: Population,
        standing: Standing,
        grants: Sequence[Grant],
        *,
        declared: bool = True,
    ) -> None:
        self.population, self.standing, self.grants = population, standing, tuple(grants)
        self.partly = snapshot.source is Source.MANIFESTS  # a folder may hold part of what a cluster will
        self.pods_known = self._whole(snapshot, "pods")
        self.namespaces_known = self._whole(snapshot, "namespaces") and all(span.listed for span in population.spans)
        self.namespaces = {namespace.name for namespace in snapshot.namespaces}
        self.spans = {span.name: span for span in population.spans[:-1]}
        self.real = bit_set(item.index for item in population.classes if not item.hypothetical)
        hosts = bit_set(item.index for item in population.classes if item.host_network)
        self.host = (
            hosts if declared else hosts & standing.unpoliced
        )  # host-network pods that policy surely leaves alone
        self.declared = declared
        self.atoms = PortAtoms(
            {
                *((port.protocol, port.first, port.last) for grant in grants for port in _numbers(grant)),
                *((protocol, number, number) for named in population.named for protocol, _, number in named),
                ("TCP", DNS_PORT, DNS_PORT),
                ("UDP", DNS_PORT, DNS_PORT),
            }
        )
        self.parts: dict[ObjectKey, list[int]] = {}  # positions in selected_by
        for at, (policy, _) in enumerate(standing.selected_by):
            self.parts.setdefault(object_key(policy), []).append(at)
        self._selected: dict[Selector, list[NamespaceSpan]] = {}

    @staticmethod
    def _whole(snapshot: Snapshot, resource: str) -> bool:
        status = snapshot.collection.get(resource)
        return status is None or status.status not in _GAPS

    def matching(self, selector: Selector) -> list[NamespaceSpan]:
        """The namespaces that a selector matches, as far as their labels are known."""
        found = self._selected.get(selector)
        if found is None:
            found = [span for span in self.spans.values() if matches(selector, span.labels)]
            self._selected[selector] = found
        return found

    def spans_of(self, namespace: str, namespaces: Selector | None) -> list[NamespaceSpan]:
        """The namespaces that a policy or a peer speaks of; `namespace` is the policy's own."""
        if namespaces is not None:
            return self.matching(namespaces)
        own = self.spans.get(namespace)
        return [own] if own else []

    def pods(self, spans: Iterable[NamespaceSpan], selector: Selector) -> int:
        """The classes of real pods that a selector matches in some namespaces, those of the host network too."""
        return select(spans, selector) & self.real

    def any_pod(self, spans: Iterable[NamespaceSpan], selector: Selector) -> bool:
        """Whether a real pod in some namespaces matches."""
        return any(span.count and span.index.select(selector) for span in spans)

    def has_finished(self, spans: Iterable[NamespaceSpan], selector: Selector) -> bool:
        """Whether a pod that has run to its end matches: a CronJob's between two runs, so that the selector is not wrong."""
        return any(span.name in self._finished and self._finished[span.name].select(selector) for span in spans)

    @cached_property
    def _finished(self) -> dict[str, LabelIndex]:
        by_namespace: dict[str, list[Pod]] = {}
        for pod in self.population.finished:
            by_namespace.setdefault(pod.namespace, []).append(pod)
        return {name: LabelIndex(pod.labels for pod in pods) for name, pods in by_namespace.items()}

    def inhabited(self, span: NamespaceSpan) -> bool:
        """Whether a namespace has pods, running or finished."""
        return span.count > 0 or span.name in self._finished

    def workloads(self, classes: int, most: int = 3) -> str:
        """Some of the workloads behind some classes: "shop/web[Deployment], shop/db[StatefulSet] and 4 more"."""
        items = self.population.classes
        return some(sorted({name for at in members(classes) for name in items[at].workloads}), most)


def some(names: Sequence[str], most: int = 3) -> str:
    """The first of some names, and how many more there are: "a, b and 4 more"."""
    listed = names if len(names) <= most else names[:most]
    more = len(names) - len(listed)
    if more:
        return f"{', '.join(listed)} and {more} more"
    return " and ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]]))


def _numbers(grant: Grant) -> Iterable[Ports]:
    return (port for ports in (grant.maybe_ports, grant.sure_ports) for port in ports or () if not port.name)
