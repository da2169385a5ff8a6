"""Which Gateways and listeners a Gateway API route attaches to.

Rules: the Gateway API's types (kubernetes-sigs/gateway-api, apis/v1: ParentReference, AllowedRoutes, Listener.Hostname). What
the parent's controller says in the route's status goes before what can be worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from scanner.dataplane.model import Answer
from scanner.model import NAME_LABEL, EntryPoint, Gateway, Listener, RouteParent
from scanner.policy.common import WireSelector, label_selector
from scanner.policy.decode import FieldError, decode_spec
from scanner.policy.selectors import matches
from scanner.reach.population import NamespaceSpan

MESH = "Service"  # a route whose parent is a Service steers traffic between pods (GAMMA)
# What a listener takes by its protocol where it names no kinds.
_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
_BY_NAME = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute"})  # the kinds that have hostnames


@dataclass(frozen=True, slots=True)
class Attachment:
    """A listener that a route is attached to, or may be: then `doubt` says why that is not known.

    `gateway` is "namespace/name", empty where the route names none; `listener` (its name) is empty and `port` 0 where it
    cannot be told.
    """

    gateway: str
    listener: str = ""
    port: int = 0
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """Everywhere a route is attached; `refusals` say why it is not attached elsewhere. Without both it is the mesh's."""

    to: tuple[Attachment, ...]
    refusals: tuple[str, ...]


def is_route(entry: EntryPoint) -> bool:
    """Whether an entry point needs a Gateway to lead anywhere."""
    return entry.kind not in {"Ingress", "Route"}


class Attachments:
    """Attaches routes to the Gateways of one snapshot."""

    def __init__(self, gateways: Sequence[Gateway], namespaces: Sequence[NamespaceSpan]) -> None:
        self._gateways = {f"{item.namespace}/{item.name}": item for item in gateways}
        self._namespaces: Mapping[str, NamespaceSpan] = {span.name: span for span in namespaces}

    def of(self, route: EntryPoint) -> Attached:
        """Where a route is attached. One that names no parent keeps its doubt: older snapshots hold no parents."""
        if not route.parents:
            return Attached((Attachment("", doubt="it names no Gateway, so whether it is attached is not known"),), ())
        to: list[Attachment] = []
        refusals: list[str] = []
        for parent in route.parents:
            if parent.kind != MESH:
                self._attach(route, parent, to, refusals)
        return Attached(tuple(dict.fromkeys(to)), tuple(dict.fromkeys(refusals)))

    def _attach(self, route: EntryPoint, parent: RouteParent, to: list[Attachment], refusals: list[str]) -> None:
        name = f"{parent.namespace}/{parent.name}"
        if parent.accepted is False:
            refusals.append(f"{parent.kind} {name} does not accept it")
            return
        gateway = self._gateways.get(name) if parent.kind == "Gateway" else None
        if gateway is None:
            to.append(Attachment(name, doubt=f"{parent.kind} {name} is not in this snapshot"))
            return
        reasons = []
        before = len(to)
        for listener in gateway.listeners:
            answer, reason = self._takes(route, parent, gateway, listener)
            if answer is not Answer.NO:
                port = listener.port if 1 <= listener.port <= 65535 else 0
                to.append(Attachment(name, listener.name, port, reason))
            elif reason:
                reasons.append(f"{listener.name or listener.port}: {reason}")
        if len(to) > before:
            return
        if parent.accepted:
            to.append(Attachment(name, doubt=f"Gateway {name} accepts it, and no listener is seen that takes it"))
        else:
            why = f" ({'; '.join(reasons[:5])})" if reasons else ""
            refusals.append(f"no listener of Gateway {name} takes it{why}")

    def _takes(
        self, route: EntryPoint, parent: RouteParent, gateway: Gateway, listener: Listener
    ) -> tuple[Answer, str]:
        """Whether a listener takes a route, and why not, or why that is not known; a listener not meant needs no reason."""
        if parent.section not in {"", listener.name} or parent.port not in {0, listener.port}:
            return Answer.NO, ""
        if route.kind in _BY_NAME and not _names_meet(listener.hostname, route.hostnames):
            return Answer.NO, f"its hostname {listener.hostname} is none of the route's"
        kinds = listener.route_kinds or _KINDS.get(listener.protocol)
        if kinds is not None and route.kind not in kinds:
            return Answer.NO, f"it takes no {route.kind}"
        answer, reason = self._admits(route, gateway, listener)
        if answer is Answer.NO or parent.accepted:
            return (Answer.YES, "") if parent.accepted and answer is Answer.UNKNOWN else (answer, reason)
        if kinds is None:
            return Answer.UNKNOWN, f"which routes protocol {listener.protocol} takes is not known"
        return answer, reason

    def _admits(self, route: EntryPoint, gateway: Gateway, listener: Listener) -> tuple[Answer, str]:
        """Whether routes of this namespace may attach (AllowedRoutes.namespaces)."""
        match listener.routes_from:
            case "All":
                return Answer.YES, ""
            case "Same":
                if route.namespace == gateway.namespace:
                    return Answer.YES, ""
                return Answer.NO, f"it takes no routes of namespace {route.namespace}"
            case "None":
                return Answer.NO, "it takes no routes"
            case "Selector":
                return self._chosen(route.namespace, listener)
            case other:
                return Answer.UNKNOWN, f"from which namespaces it takes routes is not known: {other}"

    def _chosen(self, namespace: str, listener: Listener) -> tuple[Answer, str]:
        """Whether a listener's selector matches a namespace."""
        if isinstance(listener.selector, msgspec.UnsetType):
            return Answer.UNKNOWN, "it chooses namespaces by a selector that is not there"
        try:
            wire, unknown = decode_spec(listener.selector, WireSelector)
            selector = label_selector(wire, "allowedRoutes.namespaces.selector")
        except FieldError as error:
            return Answer.UNKNOWN, f"its selector of namespaces cannot be read: {error.message}"
        if unknown:
            return Answer.UNKNOWN, f"its selector of namespaces has an unknown field {unknown[0][1]}"
        span = self._namespaces.get(namespace)
        known = span is not None and span.listed
        if not known and not selector.everything:
            return Answer.UNKNOWN, f"the labels of namespace {namespace} could not be read"
        labels = span.labels if span else {NAME_LABEL: namespace}
        if matches(selector, labels):
            return Answer.YES, ""
        return Answer.NO, f"its selector does not match namespace {namespace}"


def _names_meet(listener: str, route: Sequence[str]) -> bool:
    """Whether a listener and a route have a host name in common; without one, each takes every name."""
    return not listener or not route or any(_meet(listener.lower(), name.lower()) for name in route)


def _meet(one: str, other: str) -> bool:
    """Whether two names, of which each may begin with a wildcard label, have a name in common."""
    if one == other:
        return True
    pairs = ((one, other), (other, one))
    return any(wild.startswith("*.") and name.removeprefix("*").endswith(wild[1:]) for wild, name in pairs)
