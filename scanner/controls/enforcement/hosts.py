"""What restricts a node's own listeners from inside the cluster: Cilium's host policies and Calico's host endpoints.

Source: cilium.io documentation, "Host Policies" (a clusterwide policy with `nodeSelector`, in force with
`enable-host-firewall`); Calico documentation, "Protect hosts" (a HostEndpoint denies what no policy allows, unless its
profile is `projectcalico-default-allow`, which automatic host endpoints carry).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from scanner.controls import addresses
from scanner.controls.base import Case
from scanner.controls.privilege.internet import blocks_of
from scanner.dataplane.model import Answer
from scanner.model import ApiObject, Node, Pod
from scanner.objects import decoded
from scanner.policy.cilium.wire import WireSpec
from scanner.policy.common import label_selector
from scanner.policy.decode import FieldError
from scanner.policy.model import Action, Policy
from scanner.policy.resolve import resolve
from scanner.policy.selectors import matches
from scanner.reach.model import Direction

_CALICO = frozenset({"crd.projectcalico.org", "projectcalico.org"})
_OPEN_PROFILE = "projectcalico-default-allow"


@dataclass(frozen=True, slots=True)
class Guard:
    """Whether host policy keeps the internet from a node's ports, and the sentences that say why."""

    answer: Answer
    lines: tuple[str, ...]


class HostEndpointSpec(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of Calico's HostEndpoint; an interface other than `*` guards only that one."""

    node: str = ""
    interface_name: str = ""
    profiles: list[str] | None = None


class Hosts:
    """The host policies of one cluster."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def guard(self, pods: Sequence[Pod]) -> Guard:
        """Whether the nodes of a workload's host-network pods are guarded, all of them."""
        nodes = {node.name: node for node in self._case.snapshot.nodes}
        found: list[Guard] = []
        for name in sorted({pod.node for pod in pods}):
            node = nodes.get(name)
            found.append(
                self._node(node) if node else Guard(Answer.UNKNOWN, (f"node {name or '(none)'} was not read",))
            )
        for worst in (Answer.NO, Answer.UNKNOWN, Answer.YES):
            chosen = [each for each in found if each.answer is worst]
            if chosen:
                return Guard(worst, tuple(dict.fromkeys(line for each in chosen for line in each.lines)))
        return Guard(Answer.UNKNOWN, ("no pod of it runs on a node",))

    def _node(self, node: Node) -> Guard:
        name = self._case.dataplane.name
        if name == "cilium":
            return self._cilium(node)
        if name in {"calico", "aks-calico", "gke-calico"}:
            return self._calico(node)
        return Guard(
            Answer.UNKNOWN, (f"{name} has no policy for nodes, and the cloud's firewall rules are not collected",)
        )

    def _cilium(self, node: Node) -> Guard:
        if firewall_of(self._case) is not Answer.YES:
            why = "ConfigMap cilium-config: enable-host-firewall is not known to be true, so no policy guards a node"
            return Guard(Answer.UNKNOWN, (why, "the cloud's firewall rules are not collected"))
        policies, doubts = [], []
        for policy, selector in self.host_policies:
            if selector is None:
                doubts.append(f"{policy.id}: its nodeSelector cannot be read")
            elif matches(selector, node.labels) and Direction.INGRESS in policy.directions:
                policies.append(policy)
        return self._judged(node, policies, doubts, "no CiliumClusterwideNetworkPolicy with a nodeSelector selects it")

    @cached_property
    def host_policies(self) -> list[tuple[Policy, Any]]:
        """Cilium's policies for nodes, in the resolved form of the same policy for pods, with the selector of nodes."""
        found = []
        for item in self._case.snapshot.policies:
            if item.kind == "CiliumClusterwideNetworkPolicy" and item.api_version.startswith("cilium.io/"):
                found += [(policy, chosen) for spec in _specs(item) for policy, chosen in self._resolved(item, spec)]
        return found

    def _resolved(self, item: ApiObject, spec: dict[str, Any]) -> Iterator[tuple[Policy, Any]]:
        if not isinstance(spec.get("nodeSelector"), dict):
            return
        as_pods = {key: value for key, value in spec.items() if key != "nodeSelector"} | {"endpointSelector": {}}
        changed = msgspec.structs.replace(item, spec=msgspec.Raw(msgspec.json.encode(as_pods)))
        alone = msgspec.structs.replace(self._case.snapshot, policies=(changed,))
        try:
            wire = msgspec.convert({"nodeSelector": spec["nodeSelector"]}, WireSpec).node_selector
            selector = label_selector(wire, "spec.nodeSelector")
        except (msgspec.ValidationError, FieldError):
            selector = None
        for policy in resolve(alone).policies:
            yield policy, selector

    def _calico(self, node: Node) -> Guard:
        guarding: list[Policy] = []
        doubts: list[str] = []
        closed = False
        for item in self._case.snapshot.settings:
            if item.kind != "HostEndpoint" or item.api_version.partition("/")[0] not in _CALICO:
                continue
            spec = decoded(item, HostEndpointSpec)
            if spec is None:
                doubts.append(f"HostEndpoint {item.name} cannot be read")
                continue
            if spec.node != node.name or spec.interface_name != "*":
                continue
            closed = closed or _OPEN_PROFILE not in (spec.profiles or ())
            guarding += [each for each in self._global if matches(each.subject, item.labels)]
        ruled = [each for each in guarding if Direction.INGRESS in each.directions]
        if closed and not ruled and not doubts:
            return Guard(Answer.YES, (f"node {node.name}: its HostEndpoint lets nothing in that no policy allows",))
        return self._judged(node, ruled, doubts, "no HostEndpoint of all its interfaces is under a policy for ingress")

    @cached_property
    def _global(self) -> list[Policy]:
        return [
            each
            for each in self._case.policies.policies
            if each.kind == "GlobalNetworkPolicy" and each.group in _CALICO and each.namespaces is None
        ]

    def _judged(self, node: Node, policies: Sequence[Policy], doubts: Sequence[str], otherwise: str) -> Guard:
        where = f"node {node.name}"
        wide = [f"{where}: {policy.id} {rule}" for policy in policies for rule in self._open(policy)]
        if wide:
            return Guard(Answer.NO, tuple(f"{line} lets the internet in" for line in wide))
        unclear = [*doubts, *(f"{each.id}: {each.doubt}" for each in policies if each.doubt)]
        unclear += [f"{each.id} {rule.name}: {rule.doubt}" for each in policies for rule in each.rules if rule.doubt]
        if unclear:
            return Guard(Answer.UNKNOWN, tuple(f"{where}: {line}" for line in unclear))
        if policies:
            return Guard(Answer.YES, tuple(f"{where} is guarded by {each.id}" for each in policies))
        return Guard(Answer.UNKNOWN, (f"{where}: {otherwise}", "the cloud's firewall rules are not collected"))

    def _open(self, policy: Policy) -> Iterable[str]:
        own = addresses.of_networks(_networks(self._case.config.organisation_ranges))
        for rule in policy.rules:
            if rule.direction is Direction.INGRESS and rule.action is Action.ALLOW and rule.ports != ():
                let_in = addresses.public(blocks_of(rule))
                if not addresses.within(let_in, own):
                    yield rule.name


def firewall_of(case: Case) -> Answer:
    """Whether Cilium's host firewall is on, which it is not unless its ConfigMap says so."""
    found = [
        each for each in case.snapshot.config_maps if each.name == "cilium-config" and case.is_platform(each.namespace)
    ]
    if not found:
        return Answer.UNKNOWN
    word = found[0].data.get("enable-host-firewall", "false").strip().lower()
    return {"true": Answer.YES, "false": Answer.NO, "": Answer.NO}.get(word, Answer.UNKNOWN)


def _networks(texts: Iterable[str]) -> list[addresses.Network]:
    return [
        ipaddress.ip_network(text, strict=False) for text in texts
    ]  # the configuration was checked when it was read


def _specs(item: ApiObject) -> list[dict[str, Any]]:
    """The specs of a Cilium policy that are objects; what cannot be read is reported where policies are resolved."""
    found: Any = decoded(item, object)
    specs = found if isinstance(found, list) else [found]
    return specs if all(isinstance(each, dict) for each in specs) else []
