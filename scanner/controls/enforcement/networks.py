"""Further interfaces of pods: which networks they are on, and which policy speaks of these networks.

Source: the Network Plumbing Working Group's specifications of the annotation `k8s.v1.cni.cncf.io/networks` and of
MultiNetworkPolicy (`k8s.v1.cni.cncf.io/policy-for`); Google Kubernetes Engine documentation, "Set up multi-network network
policies" (`networking.gke.io/network` on a NetworkPolicy, Dataplane V2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.model import ApiObject, Pod
from scanner.policy.common import WireSelector, label_selector
from scanner.policy.decode import FieldError
from scanner.policy.selectors import matches

NETWORKS = "k8s.v1.cni.cncf.io/networks"
INTERFACES = "networking.gke.io/interfaces"
DEFAULT_NETWORK = "v1.multus-cni.io/default-network"
POLICY_FOR = "k8s.v1.cni.cncf.io/policy-for"
GKE_NETWORK = "networking.gke.io/network"
_GKE_DEFAULT = "default"
_BOTH = frozenset({"Ingress", "Egress"})
_ENGINE = "multi-networkpolicy"  # how the DaemonSets that enforce MultiNetworkPolicy are called, and their images


class _Element(msgspec.Struct, frozen=True):
    name: str
    namespace: str = ""


class _Interface(msgspec.Struct, frozen=True):
    network: str = ""


class _Spec(msgspec.Struct, frozen=True, rename="camel"):
    pod_selector: msgspec.Raw = msgspec.Raw(b"{}")
    policy_types: list[str] | None = None
    egress: list[msgspec.Raw] | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A network that a pod is on besides the cluster's: "namespace/name" of multus, or the name of GKE's Network.

    An empty name is one that cannot be read.
    """

    name: str
    gke: bool
    annotation: str


def attached(pod: Pod) -> Iterator[Attached]:
    """The further networks of a pod."""
    text = pod.annotations.get(NETWORKS, "").strip()
    for name in _multus(text, pod.namespace) if text else ():
        yield Attached(name, False, NETWORKS)
    text = pod.annotations.get(INTERFACES, "").strip()
    for name in _gke(text) if text else ():
        if name != _GKE_DEFAULT:
            yield Attached(name, True, INTERFACES)


def _multus(text: str, namespace: str) -> list[str]:
    """The names in the annotation, which is JSON or a list such as `ns/net@eth1, net2`."""
    if text.startswith("["):
        try:
            listed = msgspec.json.decode(text, type=list[_Element])
        except (msgspec.DecodeError, RecursionError):
            return [""]
        return [f"{each.namespace or namespace}/{each.name}" for each in listed]
    names = [part.strip().partition("@")[0].strip() for part in text.split(",") if part.strip()]
    return [name if "/" in name else f"{namespace}/{name}" for name in names]


def _gke(text: str) -> list[str]:
    try:
        return [each.network for each in msgspec.json.decode(text, type=list[_Interface])]
    except (msgspec.DecodeError, RecursionError):
        return [""]


@dataclass(frozen=True, slots=True)
class Covering:
    """Whether policy of its own speaks of a pod on a further network, and what says so."""

    answer: Answer
    line: str


class Networks:
    """The policies of further networks in one cluster."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._multi = [each for each in case.snapshot.settings if each.kind == "MultiNetworkPolicy"]
        self._gke = [
            each for each in case.snapshot.policies if each.kind == "NetworkPolicy" and GKE_NETWORK in each.annotations
        ]

    def covering(self, pod: Pod, network: Attached) -> Covering:
        """Policy has to isolate the pod there in both directions; what enforces it has to run."""
        if not network.name:
            return Covering(Answer.UNKNOWN, f"annotation {network.annotation} cannot be read")
        where = f"network {network.name}"
        types: set[str] = set()
        by: list[str] = []
        for item in self._gke if network.gke else self._multi:
            if item.namespace != pod.namespace or network.name not in _networks_of(item, gke=network.gke):
                continue
            directions = _selected(item, pod.labels)
            if directions is None:
                return Covering(Answer.UNKNOWN, f"{where}: {item.kind} {item.namespace}/{item.name} cannot be read")
            types |= directions
            by += [f"{item.kind} {item.namespace}/{item.name}"] if directions else []
        if not types >= _BOTH:
            left = " and ".join(sorted(_BOTH - types)).lower()
            return Covering(Answer.NO, f"{where}: no policy of that network restricts {left}")
        if not network.gke and not self._enforced:
            return Covering(
                Answer.UNKNOWN, f"{where}: {', '.join(by)} speaks of it, and nothing known enforces that kind"
            )
        return Covering(Answer.YES, f"{where}: restricted by {', '.join(by)}")

    @property
    def _enforced(self) -> bool:
        """Whether an agent for MultiNetworkPolicy runs; OVN-Kubernetes is one itself."""
        if self._case.dataplane.name == "ovn-kubernetes":
            return True
        return any(
            bool(each.ready) and self._case.is_platform(each.namespace)
            for each in self._case.snapshot.daemon_sets
            if each.name.startswith(_ENGINE) or any(_ENGINE in container.image for container in each.containers)
        )


def _networks_of(item: ApiObject, *, gke: bool) -> list[str]:
    if gke:
        return [item.annotations[GKE_NETWORK].strip()]
    return _multus(item.annotations.get(POLICY_FOR, ""), item.namespace)


def _selected(item: ApiObject, labels: Mapping[str, str]) -> set[str] | None:
    """The directions in which a policy isolates a pod with these labels (none where it selects others); None if unreadable."""
    try:
        spec = msgspec.json.decode(item.spec, type=_Spec)
        selector = label_selector(msgspec.json.decode(spec.pod_selector, type=WireSelector | None), "spec.podSelector")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, FieldError):
        return None
    if not matches(selector, labels):
        return set()
    return set(spec.policy_types or ["Ingress", *(["Egress"] if spec.egress else [])])
