"""Which policy engines stand among a cluster's DaemonSets (where to look: the engines' own manifests and charts)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from scanner.baselines.config import PLATFORM_NAMESPACES
from scanner.dataplane.model import Proof
from scanner.dataplane.versions import numbers, of_image
from scanner.model import Container, DaemonSet, Snapshot, Source

ENGINE_NAMESPACES = (
    *PLATFORM_NAMESPACES,
    "antrea*",
    "kube-router*",
    "ovn-kubernetes",
    "openshift-*",
    "weave*",
    "canal*",
)
DAEMON_SETS = "daemonsets.apps"
AGENTS = frozenset({"aws-eks-nodeagent", "aws-network-policy-agent"})
_TRUE = frozenset({"1", "t", "true"})  # what Go's flag package takes for a boolean, in lower case
_FALSE = frozenset({"0", "f", "false"})


class Switch(StrEnum):
    """How an engine's own switch stands."""

    ON = "on"
    OFF = "off"
    UNCLEAR = "unclear"


class Place(StrEnum):
    """What is known of the cluster's DaemonSets."""

    LISTED = "listed"  # all of them
    REFUSED = "refused"  # some or none: the list was refused or broke off
    UNASKED = "unasked"  # nobody asked a cluster (manifests, a cloud record alone)
    UNREAD = "unread"  # the whole cluster could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One engine found as a DaemonSet.

    `trusted` is false in a namespace where tenants might have put a look-alike; `capable` is false where the part that
    would police is not installed beside the network plugin.
    """

    name: str
    daemon_set: DaemonSet
    container: Container | None
    switch: Switch
    version: str
    trusted: bool
    capable: bool
    windows: bool
    proofs: tuple[Proof, ...]

    @property
    def where(self) -> str:
        """The DaemonSet as reports name it."""
        return f"DaemonSet {self.daemon_set.namespace}/{self.daemon_set.name}"


@dataclass(frozen=True, slots=True)
class _Mark:
    """How an engine shows itself: names of its DaemonSets (patterns) and of its container."""

    name: str
    daemon_sets: tuple[str, ...]
    containers: tuple[str, ...] = ()
    windows: bool = False


# Engines that ringfence recognises. Those without a catalogue entry are seen, and what they enforce is not known.
_MARKS = (
    _Mark("eks-vpc-cni", ("aws-node",), ("aws-node",)),
    _Mark("gke-dataplane-v2", ("anetd", "anetd-*")),
    _Mark("calico", ("calico-node-windows",), windows=True),
    _Mark("calico", ("calico-node", "canal", "rke2-canal"), ("calico-node",)),
    _Mark("cilium", ("cilium",), ("cilium-agent",)),
    _Mark("aks-npm", ("azure-npm-win",), windows=True),
    _Mark("aks-npm", ("azure-npm",), ("azure-npm",)),
    _Mark("antrea", ("antrea-agent-windows",), windows=True),
    _Mark("antrea", ("antrea-agent",), ("antrea-agent",)),
    _Mark("kube-router", ("kube-router",), ("kube-router",)),
    _Mark("weave", ("weave-net",), ("weave-npc",)),
    _Mark("kube-network-policies", ("kube-network-policies",), ("kube-network-policies",)),
    _Mark("ovn-kubernetes", ("ovnkube-node", "ovnkube-node-*"), ("ovnkube-controller",)),
    _Mark("kube-ovn", ("kube-ovn-cni",), ("cni-server",)),
    _Mark("nsx", ("nsx-node-agent",), ("nsx-node-agent",)),
    _Mark("calico-vpp", ("calico-vpp-node",)),
    _Mark("romana", ("romana-agent",), ("romana-agent",)),
)


def place(snapshot: Snapshot) -> Place:
    """How far the DaemonSets of a snapshot can be trusted to be all of them."""
    if snapshot.unread:
        return Place.UNREAD
    if snapshot.source is Source.MANIFESTS or DAEMON_SETS not in snapshot.collection:
        return Place.UNASKED
    return Place.LISTED if snapshot.collected(DAEMON_SETS) else Place.REFUSED


def sightings(snapshot: Snapshot) -> tuple[Sighting, ...]:
    """Every engine among the DaemonSets, in their order. A DaemonSet that only wears an engine's name counts as doubt."""
    found = []
    for daemon_set in snapshot.daemon_sets:
        mark = _mark(daemon_set)
        if mark is not None:
            found.append(_sighting(mark, daemon_set))
    return tuple(found)


def _mark(daemon_set: DaemonSet) -> _Mark | None:
    for mark in _MARKS:
        if any(fnmatchcase(daemon_set.name, pattern) for pattern in mark.daemon_sets):
            return mark
    names = {container.name for container in daemon_set.containers}
    for mark in _MARKS:
        if names.intersection(mark.containers):
            return mark
    flannel = any("kube-network-policies" in container.image for container in daemon_set.containers)
    return _Mark("kube-network-policies", ()) if flannel else None


def _sighting(mark: _Mark, daemon_set: DaemonSet) -> Sighting:
    where = f"DaemonSet {daemon_set.namespace}/{daemon_set.name}"
    container = _container(mark, daemon_set)
    capable, switch, proof = _switch(mark.name, daemon_set, where)
    return Sighting(
        name=mark.name,
        daemon_set=daemon_set,
        container=container,
        switch=switch,
        version=_version(container, daemon_set),
        trusted=any(fnmatchcase(daemon_set.namespace, pattern) for pattern in ENGINE_NAMESPACES),
        capable=capable,
        windows=mark.windows,
        proofs=(*proof, Proof(f"{mark.name} is installed, {_ready(daemon_set)}", where)),  # the switch says more
    )


def _ready(daemon_set: DaemonSet) -> str:
    if daemon_set.desired is None or daemon_set.ready is None:
        return "readiness not known"
    return f"{daemon_set.ready} of {daemon_set.desired} pods ready"


def _container(mark: _Mark, daemon_set: DaemonSet) -> Container | None:
    """The engine's own container, else the one called like the engine, else a lone one."""
    for container in daemon_set.containers:
        if container.name in mark.containers or (mark.name != "calico" and mark.name in container.image):
            return container
    return daemon_set.containers[0] if daemon_set.containers else None


def _version(container: Container | None, daemon_set: DaemonSet) -> str:
    if container is not None and (found := of_image(container.image)):
        return found
    stated = (numbers(other.env.get("VPC_CNI_VERSION", "")) for other in daemon_set.containers)
    return next((version for version in stated if version), "")


def _switch(name: str, daemon_set: DaemonSet, where: str) -> tuple[bool, Switch, tuple[Proof, ...]]:
    """Whether the part that polices is there, and the switch that the DaemonSet carries; without one it is on."""
    if name == "eks-vpc-cni":
        return _agent_switch(daemon_set, where)
    if name == "kube-router":
        value = argument(daemon_set.containers, "--run-firewall")
        if value is not None:
            return True, _read(value), (Proof(f"--run-firewall={value}", where),)
    if name == "weave":
        policing = any(container.name == "weave-npc" for container in daemon_set.containers)
        if not policing:
            return False, Switch.OFF, (Proof("no container weave-npc", where),)
        if any(container.env.get("EXPECT_NPC") == "0" for container in daemon_set.containers):
            return True, Switch.UNCLEAR, (Proof("EXPECT_NPC=0 beside a container weave-npc", where),)
    return True, Switch.ON, ()


def _agent_switch(daemon_set: DaemonSet, where: str) -> tuple[bool, Switch, tuple[Proof, ...]]:
    agents = policy_agents(daemon_set)
    if not agents:
        return False, Switch.OFF, (Proof("no policy agent container beside aws-node", where),)
    value = argument(agents, "--enable-network-policy")
    agent = f"{where} container {agents[0].name}"
    if value is None:
        return True, Switch.UNCLEAR, (Proof("--enable-network-policy is not set", agent),)
    return True, _read(value), (Proof(f"--enable-network-policy={value}", agent),)


def policy_agents(daemon_set: DaemonSet) -> tuple[Container, ...]:
    """The VPC CNI's policy agent containers, by name or by image."""
    return tuple(
        container
        for container in daemon_set.containers
        if container.name in AGENTS or "aws-network-policy-agent" in container.image
    )


def _read(value: str) -> Switch:
    word = value.strip().lower()
    if word in _TRUE:
        return Switch.ON
    return Switch.OFF if word in _FALSE else Switch.UNCLEAR


def argument(containers: tuple[Container, ...], name: str) -> str | None:
    """The last value of an argument, as `--name=value`, `--name value` or a bare `--name` (true); None where not given."""
    found: str | None = None
    for container in containers:
        for index, arg in enumerate(container.args):
            key, equals, value = arg.partition("=")
            if key.strip() != name:
                continue
            following = container.args[index + 1] if index + 1 < len(container.args) else ""
            bare = following if re.fullmatch(r"(?i)true|false", following) else "true"
            found = value if equals else bare
    return found


def flag(containers: tuple[Container, ...], name: str) -> Switch | None:
    """A boolean argument; None where not given."""
    value = argument(containers, name)
    return None if value is None else _read(value)
