"""The classes of a cluster: pods that no policy and no data plane can tell apart are one, and everything works on these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from scanner.model import Pod
from scanner.policy.model import BlockPeer, PodPeer, Policy, Selector
from scanner.policy.selectors import LabelIndex, matches
from scanner.reach.model import PodClass, Workload
from scanner.reach.ports import NamedPorts

CONTROLLER_NAMESPACE = "ingress-controller-ns"


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
    `class_of` maps the position of a pod in `pods` to its class. `finished` pods have no network and no class. `keys` and
    `port_names` are the label keys and port names that tell pods apart.
    """

    classes: tuple[PodClass, ...]
    spans: tuple[NamespaceSpan, ...]
    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]
    finished: tuple[Pod, ...]
    class_of: tuple[int, ...]
    named: tuple[NamedPorts, ...]
    addresses: tuple[tuple[int, ...], ...]
    keys: frozenset[str]
    port_names: frozenset[str]

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


def select(spans: Iterable[NamespaceSpan], selector: Selector) -> int:
    """The classes of these namespaces that a pod selector matches, as a bit set over all classes."""
    nobody = _matches_nobody(selector)
    found = 0
    for span in spans:
        found |= span.index.select(selector) << span.first
        if matches(selector, span.stranger) if span.stranger else nobody:
            found |= 1 << span.hypothetical
    return found


@lru_cache(maxsize=65536)
def _matches_nobody(selector: Selector) -> bool:
    """Whether a selector matches a pod without labels."""
    return matches(selector, {})
