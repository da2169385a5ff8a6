"""Which mesh a pod is in, and which one it should be in.

Istio, "Installing the Sidecar" (istio.io, setup/additional-setup/sidecar-injection): the namespace labels `istio-injection`
and `istio.io/rev`, the pod label `sidecar.istio.io/inject` before its annotation. Istio, "Add workloads to the mesh" (ambient):
`istio.io/dataplane-mode` on the pod before that on the namespace; the CNI writes `ambient.istio.io/redirection: enabled` on
every pod that it captures. Linkerd, "Automatic Proxy Injection": `linkerd.io/inject` on the pod before that on the namespace.
Neither injects into pods of the node's network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model import Pod, Snapshot

SIDECAR, AMBIENT, LINKERD = "Istio sidecar", "Istio ambient", "Linkerd"
ISTIO = frozenset({SIDECAR, AMBIENT})
_SIDECAR, _MODE = "sidecar.istio.io/inject", "istio.io/dataplane-mode"
_INJECTED = frozenset({"enabled", "ingress"})
_PROXIES = {"istio-proxy": SIDECAR, "linkerd-proxy": LINKERD}


@dataclass(frozen=True, slots=True)
class Membership:
    """The mesh a pod is in (empty: none), the one it is meant to be in, and what says either."""

    mesh: str
    wanted: str
    why: str


class Enrolment:
    """The memberships of one cluster's pods."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._labels: Mapping[str, Mapping[str, str]] = {item.name: item.labels for item in snapshot.namespaces}
        self._notes = {item.name: item.annotations for item in snapshot.namespaces}
        self._asked: dict[str, tuple[str, str]] = {}

    def of(self, pod: Pod) -> Membership:
        """A pod's membership. A template of a folder has no proxy yet: it counts as injected where its labels ask for it."""
        wanted, why = self.wanted(pod)
        if pod.template:
            mesh = "" if opted_out(pod) else wanted
            return Membership(mesh, wanted, why)
        for name in pod.proxies:
            if name in _PROXIES:
                return Membership(_PROXIES[name], wanted or _PROXIES[name], f"it has the container {name}")
        if pod.annotations.get("ambient.istio.io/redirection") == "enabled":
            return Membership(AMBIENT, wanted or AMBIENT, "ambient.istio.io/redirection is enabled")
        return Membership("", wanted, why)

    def wanted(self, pod: Pod) -> tuple[str, str]:
        """The mesh that the pod's namespace or its own labels ask for, and which one says so. A pod may opt out: `opted_out`."""
        found = self._asked.get(pod.namespace)
        if found is None:
            found = self._asked[pod.namespace] = self._by_namespace(pod.namespace)
        if found[0]:
            return found
        inject = pod.annotations.get("linkerd.io/inject", "")
        if "true" in (pod.labels.get(_SIDECAR), pod.annotations.get(_SIDECAR)):
            return SIDECAR, f"the pod has {_SIDECAR}: true"
        if inject in _INJECTED:
            return LINKERD, f"the pod has linkerd.io/inject: {inject}"
        return (AMBIENT, f"the pod has {_MODE}: ambient") if pod.labels.get(_MODE) == "ambient" else found

    def _by_namespace(self, namespace: str) -> tuple[str, str]:
        labels, notes = self._labels.get(namespace, {}), self._notes.get(namespace, {})
        where = f"Namespace {namespace}"
        revision = labels.get("istio.io/rev", "") if labels.get("istio-injection") != "disabled" else ""
        inject = notes.get("linkerd.io/inject", "")
        asked = (
            (labels.get("istio-injection") == "enabled", SIDECAR, f"{where} has istio-injection: enabled"),
            (bool(revision), SIDECAR, f"{where} has istio.io/rev: {revision}"),
            (inject in _INJECTED, LINKERD, f"{where} has linkerd.io/inject: {inject}"),
            (labels.get(_MODE) == "ambient", AMBIENT, f"{where} has {_MODE}: ambient"),
        )
        return next(((mesh, why) for holds, mesh, why in asked if holds), ("", ""))


def opted_out(pod: Pod) -> str:
    """What keeps a pod out of the mesh of its namespace, as it is written there; empty where nothing does."""
    for values, where in ((pod.labels, "label"), (pod.annotations, "annotation")):
        if values.get(_SIDECAR) == "false":
            return f"{where} {_SIDECAR}: false"
        if values.get(_MODE) == "none":
            return f"{where} {_MODE}: none"
    if pod.annotations.get("linkerd.io/inject") == "disabled":
        return "annotation linkerd.io/inject: disabled"
    return "hostNetwork: true" if pod.host_network else ""
