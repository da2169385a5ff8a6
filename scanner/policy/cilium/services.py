"""`toServices`: the pods behind a Service, or the addresses behind one without a selector.

Sources: Cilium's documentation, "Services based"; cilium/cilium, pkg/policy/k8s/service.go. Before 1.17 only Services
without a selector counted.
"""

from __future__ import annotations

import ipaddress

from scanner.model import NAME_LABEL, Service
from scanner.policy.cilium.found import ADDRESSES, Found, Notes, join_doubts
from scanner.policy.cilium.selectors import left_out
from scanner.policy.cilium.wire import WireService
from scanner.policy.decode import Context
from scanner.policy.model import (
    EVERYTHING,
    BlockPeer,
    Entity,
    EntityPeer,
    Matching,
    Operator,
    Peer,
    PodPeer,
    Requirement,
    Selector,
)
from scanner.policy.selectors import equalities

_SLICES = "endpointslices.discovery.k8s.io"


def service_peers(wire: WireService, place: str, context: Context, notes: Notes) -> tuple[Found, ...]:
    """What one entry leads to; without a namespace it means every Service of the name."""
    labels, name = wire.k8s_service_selector, wire.k8s_service
    if labels is not None:
        return (_anything(labels.namespace or "", "the labels of Services are not in the snapshot"),)
    if name is None:
        notes.remark(place, "names no Service, so it matches nothing; write k8sService or k8sServiceSelector")
        return ()
    wanted, namespace = name.service_name or "", name.namespace or ""
    if namespace:
        one = context.services.get((namespace, wanted))
        found = [] if one is None else [one]
    else:
        found = [service for service in context.services.values() if service.name == wanted]
    whole = context.snapshot.collected("services")
    result = [each for service in found for each in _behind(service, context)]
    if any(service.selector for service in found):
        notes.remark(place, "leads to the pods of a Service, which Cilium before 1.17 does not follow")
    if not whole and not (found and namespace):
        result.append(_anything(namespace, "the list of Services is not whole"))
    elif not found:
        where = f"{namespace}/{wanted}" if namespace else wanted
        notes.remark(place, f"Service {where!r} does not exist, so this matches nothing; create it or remove the entry")
    return tuple(result)


def _behind(service: Service, context: Context) -> tuple[Found, ...]:
    if service.selector:
        pods = PodPeer(equalities(service.selector), _namespaces(service.namespace))
        return (Found((pods,), join_doubts(*(left_out(key) for key in sorted(service.selector)))),)
    if (service.namespace, service.name) == ("default", "kubernetes"):
        return (
            Found((EntityPeer(Entity.KUBE_APISERVER), *ADDRESSES), "the API server may have no address of its own"),
        )
    if not context.snapshot.collected(_SLICES):
        return (Found(ADDRESSES, f"the endpoints of Service {service.namespace}/{service.name} are not known"),)
    ready: list[Peer] = []
    unready: list[Peer] = []
    for piece in context.snapshot.endpoint_slices:
        if (piece.namespace, piece.service) == (service.namespace, service.name):
            for endpoint in piece.endpoints:
                (ready if endpoint.ready else unready).extend(
                    peer for text in endpoint.addresses if (peer := _address(text)) is not None
                )
    doubtful = (Found(tuple(unready), "an endpoint that is not ready may not count"),) if unready else ()
    return (Found(tuple(ready)), *doubtful)


def _address(text: str) -> Peer | None:
    """One address as a block; None for the host names that slices may hold as well."""
    try:
        return BlockPeer(ipaddress.ip_network(text), matching=Matching.OUTSIDE)
    except ValueError:
        return None


def _anything(namespace: str, doubt: str) -> Found:
    return Found((PodPeer(EVERYTHING, _namespaces(namespace)), *ADDRESSES), doubt)


def _namespaces(namespace: str) -> Selector:
    return Selector((Requirement(NAME_LABEL, Operator.IN, (namespace,)),)) if namespace else EVERYTHING
