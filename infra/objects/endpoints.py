"""EndpointSlices, and Endpoints in their place, as a snapshot holds them: only those of Services without a selector.

A Service with a selector leads to the pods it selects, which are read anyway; its slices are as many as its pods.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator

from infra.wire.network import EndpointAddress, Endpoints, ObjectReference
from infra.wire.network import EndpointPort as WirePort
from infra.wire.network import EndpointSlice as WireSlice
from scanner.model import Endpoint, EndpointPort, EndpointSlice, Origin, Service

SERVICE_LABEL = (
    "kubernetes.io/service-name"  # by which kube-proxy finds a Service's slices (discovery/v1, LabelServiceName)
)
_SKIP = "endpointslice.kubernetes.io/skip-mirror"  # an Endpoints object that no slice is made of

# Called with a text that is no address.
Refuse = Callable[[str], None]


def is_written(service: Service) -> bool:
    """Whether a Service's endpoints are written by somebody rather than found by its selector; ExternalName has none."""
    return service.selector is None and service.type != "ExternalName"


def endpoint_slice(wire: WireSlice, namespace: str, origin: Origin | None, refuse: Refuse) -> EndpointSlice | None:
    """A slice; None where it belongs to no Service, or holds names (FQDN slices, which kube-proxy does not serve)."""
    service = (wire.metadata.labels or {}).get(SERVICE_LABEL)
    if not service or wire.address_type == "FQDN":
        return None
    found = (
        _endpoint(
            entry.addresses or (),
            entry.target_ref,
            namespace,
            refuse,
            ready=entry.conditions is None or entry.conditions.ready is not False,
        )
        for entry in wire.endpoints or ()
    )
    return EndpointSlice(
        namespace=namespace,
        name=wire.metadata.name,
        service=service,
        ports=_ports(wire.ports),
        endpoints=tuple(entry for entry in found if entry.addresses),
        origin=origin,
    )


def mirrored(wire: Endpoints, namespace: str, origin: Origin | None, refuse: Refuse) -> Iterator[EndpointSlice]:
    """What the mirroring controller makes of an Endpoints object: a slice for each subset."""
    if (wire.metadata.labels or {}).get(_SKIP) == "true":
        return
    for subset in wire.subsets or ():
        groups: tuple[tuple[Iterable[EndpointAddress], bool], ...] = (
            (subset.addresses or (), True),
            (subset.not_ready_addresses or (), False),
        )
        found = (
            _endpoint((entry.ip,), entry.target_ref, namespace, refuse, ready=ready)
            for entries, ready in groups
            for entry in entries
        )
        yield EndpointSlice(
            namespace=namespace,
            name=wire.metadata.name,
            service=wire.metadata.name,
            ports=_ports(subset.ports),
            endpoints=tuple(entry for entry in found if entry.addresses),
            origin=origin,
        )


def _endpoint(
    addresses: Iterable[str], target: ObjectReference | None, namespace: str, refuse: Refuse, *, ready: bool
) -> Endpoint:
    kept = []
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            refuse(address)
        else:
            kept.append(address)
    pod = ""
    if target is not None and target.kind == "Pod" and target.name:
        pod = f"{target.namespace or namespace}/{target.name}"
    return Endpoint(addresses=tuple(kept), ready=ready, pod=pod)


def _ports(wire: Iterable[WirePort] | None) -> tuple[EndpointPort, ...]:
    """The ports; one without a number means nothing to kube-proxy."""
    return tuple(
        EndpointPort(port=entry.port, protocol=entry.protocol or "TCP", name=entry.name or "")
        for entry in wire or ()
        if entry.port
    )
