"""On which nodes the engine works, and for which pods it does not whatever their node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from scanner.baselines.config import PLATFORM_NAMESPACES
from scanner.cloud.facts import FargateSelector
from scanner.dataplane.controller import listed
from scanner.dataplane.decide import COMPUTE_TYPE, Decision
from scanner.dataplane.model import Answer, Coverage, Enforcing
from scanner.dataplane.versions import at_least
from scanner.model import Node, Pod, Snapshot, Source

KERNEL = "5.10"  # the oldest that runs the VPC CNI's agent (aws-network-policy-agent, README)
FARGATE_PROFILE = "eks.amazonaws.com/fargate-profile"
# Engines whose makers say that Windows nodes are outside them; of the others the pods on the node decide.
_LINUX_ONLY = frozenset({"eks-vpc-cni", "eks-auto-mode", "aks-cilium"})
_EKS = frozenset({"eks-vpc-cni", "eks-auto-mode"})
_COVERED = Coverage(Answer.YES, "covered")


class Covered:
    """The coverage of a cluster whose engine runs: of each node, of single pods, and of what has no node yet."""

    def __init__(
        self, snapshot: Snapshot, decision: Decision, fargate: tuple[FargateSelector, ...] | None, auto_on: bool
    ) -> None:
        """Judge every node; `auto_on` says whether EKS Auto Mode's own agent works."""
        self._snapshot = snapshot
        self._decision = decision
        self._auto_on = auto_on
        self._pods_read = listed(snapshot, "pods")
        self._workload_spaces = frozenset(
            namespace
            for namespace in {pod.namespace for pod in snapshot.pods}
            if not any(fnmatchcase(namespace, pattern) for pattern in PLATFORM_NAMESPACES)
        )
        self._linux = self._engine_pods(windows=False)
        self._windows = self._engine_pods(windows=True)
        self.nodes: Mapping[str, Coverage] = {node.name: self._node(node) for node in snapshot.nodes}
        self.pods: Mapping[str, Coverage] = dict(self._on_fargate(fargate or ()))
        self.default = self._default()

    def _engine_pods(self, *, windows: bool) -> dict[str, bool]:
        """Node name to whether a ready engine pod stands there."""
        sets = {
            (item.daemon_set.namespace, item.daemon_set.name) for item in self._decision.seen if item.windows is windows
        }
        found: dict[str, bool] = {}
        for pod in self._snapshot.pods:
            if pod.workload.kind == "DaemonSet" and (pod.namespace, pod.workload.name) in sets and pod.node:
                found[pod.node] = found.get(pod.node, False) or pod.ready
        return found

    def _node(self, node: Node) -> Coverage:
        """One node, the surest reasons first."""
        island = _island(node, self._decision.name)
        if island is not None:
            return island
        if node.os == "windows":
            return self._windows_node(node)
        if self._decision.name in _EKS and node.labels.get(COMPUTE_TYPE) == "auto":
            known = "Auto Mode's agent is not known to be on"
            return _COVERED if self._auto_on else Coverage(Answer.UNKNOWN, "undetermined", known)
        if self._decision.name == "eks-auto-mode":
            return Coverage(Answer.UNKNOWN, "undetermined", "not a node of Auto Mode, and no agent was found")
        if not node.os:
            return Coverage(Answer.UNKNOWN, "undetermined", "the node does not say which system it runs")
        return self._linux_node(node)

    def _linux_node(self, node: Node) -> Coverage:
        if self._decision.name == "eks-vpc-cni":
            recent = at_least(node.kernel, KERNEL)
            if recent is False:
                return Coverage(Answer.NO, "old-kernel", f"kernel {node.kernel} is older than {KERNEL}")
            if recent is None:
                return Coverage(Answer.UNKNOWN, "undetermined", f"kernel version {node.kernel!r} cannot be read")
        if not self._decision.seen:  # the record alone speaks of this engine
            return Coverage(Answer.UNKNOWN, "undetermined", "no DaemonSet of the engine was read")
        if not self._pods_read:
            everywhere = self._ready_everywhere()
            said = "every pod of the engine is ready" if everywhere else "pods could not be read"
            return Coverage(
                Answer.YES if everywhere else Answer.UNKNOWN, "covered" if everywhere else "undetermined", said
            )
        ready = self._linux.get(node.name)
        if ready is None:
            return Coverage(Answer.NO, "no-engine-pod", "no pod of the engine on this node")
        return _COVERED if ready else Coverage(Answer.NO, "engine-pod-not-ready", "the engine's pod is not ready")

    def _windows_node(self, node: Node) -> Coverage:
        name = self._decision.name
        if name in _LINUX_ONLY:
            return Coverage(Answer.NO, "windows", f"{name} does not run on Windows")
        if not self._pods_read:
            return Coverage(Answer.UNKNOWN, "windows", "pods could not be read")
        ready = self._windows.get(node.name)
        if ready is None:
            return Coverage(Answer.NO, "windows", "no pod of the engine on this node")
        if not ready:
            return Coverage(Answer.NO, "engine-pod-not-ready", "the engine's pod is not ready")
        if name == "aks-npm":
            return Coverage(Answer.UNKNOWN, "windows", "Azure NPM on Windows honours less, and its support has ended")
        return _COVERED

    def _ready_everywhere(self) -> bool:
        """Whether the DaemonSets' own counts say that each ordinary Linux node has a ready engine pod."""
        sets = [item.daemon_set for item in self._decision.seen if not item.windows]
        desired = sum(item.desired or 0 for item in sets)
        ready = sum(item.ready or 0 for item in sets)
        places = sum(
            1
            for node in self._snapshot.nodes
            if node.os != "windows"
            and node.labels.get(COMPUTE_TYPE) not in {"fargate", "auto"}
            and node.labels.get("type") != "virtual-kubelet"
        )
        return desired == ready and desired >= places

    def _on_fargate(self, selectors: tuple[FargateSelector, ...]) -> Iterator[tuple[str, Coverage]]:
        """Pods on Fargate: those that say so, and those a profile selects that are on no node we know."""
        for pod in self._snapshot.pods:
            key = f"{pod.namespace}/{pod.name}"
            if profile := pod.labels.get(FARGATE_PROFILE):
                yield key, Coverage(Answer.NO, "fargate", f"label {FARGATE_PROFILE}={profile}")
            elif pod.node not in self.nodes and (selector := _selected(pod, selectors)):
                wild = any(mark in text for text in _words(selector) for mark in "*?")
                certain = not wild and not pod.node
                yield (
                    key,
                    Coverage(
                        Answer.NO if certain else Answer.UNKNOWN,
                        "fargate",
                        f"selected by Fargate profile {selector.profile}",
                    ),
                )

    def _default(self) -> Coverage:
        """What holds for a pod without a node.

        Windows, Fargate, hybrid and virtual nodes take only pods that ask for them, so ordinary nodes decide: covered when
        all of them are, unknown otherwise. Where no cluster was asked, the cloud's record stands for it.
        """
        if not listed(self._snapshot, "nodes"):
            alone = "nodes" not in self._snapshot.collection or self._snapshot.source is Source.MANIFESTS
            if alone and not self._snapshot.nodes:
                return Coverage(Answer.YES, "covered", "by the cloud's record")
            return Coverage(Answer.UNKNOWN, "undetermined", "nodes could not be read whole")
        special = {"fargate", "virtual-node", "hybrid", "windows"}
        ordinary = [found for found in self.nodes.values() if found.reason not in special]
        if all(found.answer is Answer.YES for found in ordinary):
            return _COVERED
        return Coverage(Answer.UNKNOWN, "undetermined", "not every node that might take the pod is covered")

    def enforcing(self) -> tuple[Enforcing, str]:
        """Whether the pods of workloads are policed: all, some, none, or it cannot be told."""
        answers = {self._of(pod).answer for pod in self._snapshot.pods if self._counts(pod)}
        if not self._pods_read and "pods" in self._snapshot.collection and self._snapshot.source is Source.CLUSTER:
            everywhere = {found.answer for found in self.nodes.values()} | {self.default.answer}
            answers |= everywhere if everywhere == {Answer.YES} else {Answer.UNKNOWN}
            if Answer.UNKNOWN in answers:
                return Enforcing.UNKNOWN, "coverage-undetermined"
        if answers == {Answer.NO}:
            return Enforcing.NO, "no-node-covered"
        if answers and Answer.YES not in answers:
            return Enforcing.UNKNOWN, "coverage-undetermined"
        return (Enforcing.PARTLY, "partly-covered") if Answer.NO in answers else (Enforcing.YES, "on")

    def _of(self, pod: Pod) -> Coverage:
        return self.pods.get(f"{pod.namespace}/{pod.name}") or self.nodes.get(pod.node) or self.default

    def _counts(self, pod: Pod) -> bool:
        """Whether a pod is a workload's, in the network of pods, and running or about to."""
        return pod.namespace in self._workload_spaces and not pod.host_network and not pod.finished


def _island(node: Node, engine: str) -> Coverage | None:
    """Why no engine, or not this one, can run on a node; None for an ordinary node."""
    compute = node.labels.get(COMPUTE_TYPE, "")
    if compute == "fargate":
        return Coverage(Answer.NO, "fargate", f"label {COMPUTE_TYPE}=fargate")
    if node.labels.get("type") == "virtual-kubelet":
        return Coverage(Answer.NO, "virtual-node", "label type=virtual-kubelet")
    if compute == "hybrid" and engine in _EKS:
        return Coverage(Answer.NO, "hybrid", f"label {COMPUTE_TYPE}=hybrid")
    return None


def _words(selector: FargateSelector) -> tuple[str, ...]:
    return (selector.namespace, *selector.labels.values())


def _selected(pod: Pod, selectors: tuple[FargateSelector, ...]) -> FargateSelector | None:
    """The first selector that takes a pod: its namespace and all its labels, where `*` and `?` stand for anything."""
    for selector in selectors:
        labels = selector.labels.items()
        if fnmatchcase(pod.namespace, selector.namespace) and all(
            name in pod.labels and fnmatchcase(pod.labels[name], value) for name, value in labels
        ):
            return selector
    return None
