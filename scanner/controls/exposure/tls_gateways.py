"""What the listeners of Gateways make of HTTP and TLS: the Gateway API's, and the servers of Istio's own Gateways.

Sources: kubernetes-sigs/gateway-api, apis/v1 (Listener, HTTPRequestRedirectFilter); Istio, "Gateway" (ServerTLSSettings).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from scanner.controls.balancers import facing
from scanner.controls.base import Case
from scanner.controls.exposure.certificates import Certificates, Found, doubtful, passed
from scanner.dataplane.model import Answer
from scanner.facing import Facing
from scanner.findings import Status
from scanner.model import ApiObject, EntryPoint, Gateway, Listener, Pod
from scanner.objects import decoded
from scanner.policy.selectors import equalities, matches
from scanner.reach.ways.attach import Attachment

AttachedRoute = tuple[EntryPoint, Attachment]
_ISTIO = "networking.istio.io/"
_OLD = frozenset({"TLSV1_0", "TLSV1_1"})
_MODERN = frozenset({"TLSV1_2", "TLSV1_3", "TLS_AUTO", ""})  # TLS_AUTO: 1.2 and newer, for servers


class _Form(msgspec.Struct, frozen=True, rename="camel"):
    """Base of what is read of Istio's Gateways."""


class Port(_Form, frozen=True):
    """A server's port."""

    number: int | None = None
    protocol: str = ""


class Tls(_Form, frozen=True):
    """How a server ends TLS."""

    mode: str | None = None
    https_redirect: bool | None = None
    min_protocol_version: str | None = None
    credential_name: str | None = None


class Server(_Form, frozen=True):
    """A server of a Gateway of Istio."""

    port: Port | None = None
    tls: Tls | None = None


class _Gateway(_Form, frozen=True):
    selector: dict[str, str] = {}
    servers: tuple[Server, ...] = ()


def of_listener(
    gateway: Gateway, listener: Listener, routes: Sequence[AttachedRoute], certificates: Certificates
) -> Iterator[Found]:
    """A listener of the Gateway API; TCP and UDP listeners are no entry for HTTP, nor is one that no route uses."""
    if listener.protocol == "HTTP":
        yield from _http(listener, routes)
        return
    if listener.protocol not in {"HTTPS", "TLS"}:
        return
    if listener.tls_mode == "Passthrough":
        yield doubtful("passthrough", "TLS ends at the pods: their versions and certificates are not read")
        return
    yield passed(f"protocol {listener.protocol}")
    yield doubtful(
        "tls-minimum-unread", f"which TLS versions class {gateway.class_name or 'unnamed'} accepts is not read"
    )
    for place in listener.certificates:
        namespace, _, secret = place.partition("/")
        yield from certificates.of_secrets(namespace, [secret])
    if not listener.certificates:
        yield doubtful("certificate-unread", "it names no certificate")


def _http(listener: Listener, routes: Sequence[AttachedRoute]) -> Iterator[Found]:
    """Plain HTTP is in order where every route on it does nothing but redirect to HTTPS."""
    fix = (
        "Give this listener one HTTPRoute only: rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, "
        "statusCode: 301}}]}], and attach the others to the HTTPS listener by sectionName."
    )
    for route, at in routes:
        if at.listener not in {"", listener.name}:
            continue
        what = f"{route.kind} {route.namespace}/{route.name}"
        if route.redirects:
            yield passed(f"{what} sends plain HTTP on to HTTPS")
        elif at.doubt:
            yield doubtful("attachment-unclear", f"{what} may be served over plain HTTP: {at.doubt}")
        else:
            yield Found(Status.FAIL, "plain-http", f"{what} is served over plain HTTP", fix)


def servers(case: Case) -> Iterator[tuple[ApiObject, int, Server | None]]:
    """Every server of Istio's Gateways; None for one object that cannot be read."""
    for each in case.snapshot.settings:
        if each.kind == "Gateway" and each.api_version.startswith(_ISTIO):
            read = decoded(each, _Gateway)
            for number, server in enumerate(read.servers if read else (None,)):
                yield each, number, server


def of_server(
    case: Case, gateway: ApiObject, server: Server | None, certificates: Certificates
) -> tuple[Facing, tuple[Found, ...]]:
    """One server of an Istio Gateway, and which way the balancers before its pods face."""
    read = decoded(gateway, _Gateway)
    if read is None or server is None:
        unread = doubtful("unreadable", f"Gateway {gateway.namespace}/{gateway.name}: its spec cannot be read")
        return Facing(Answer.UNKNOWN, "its pods are not known"), (unread,)
    chosen = equalities(read.selector)
    pods = [pod for pod in case.pods if read.selector and matches(chosen, pod.labels)]
    homes = {pod.namespace for pod in pods}  # a credential is a Secret beside the proxies
    home = homes.pop() if len(homes) == 1 else gateway.namespace
    return _faces(case, pods), tuple(_server(server, home, certificates))


def _server(server: Server, namespace: str, certificates: Certificates) -> Iterator[Found]:
    protocol = (server.port.protocol if server.port else "").upper()
    tls = server.tls or Tls()
    number = server.port.number if server.port else None
    if protocol in {"HTTP", "HTTP2", "GRPC"} and not server.tls:
        fix = "In this server set tls: {httpsRedirect: true}."
        yield Found(Status.FAIL, "plain-http", f"port {number} serves plain {protocol}", fix)
    elif protocol in {"HTTP", "HTTP2", "GRPC"}:
        if tls.https_redirect:
            yield passed(f"port {number}: tls.httpsRedirect is true")
        else:
            fix = "In this server set tls: {httpsRedirect: true}."
            yield Found(Status.FAIL, "no-redirect", f"port {number} serves plain {protocol}: no httpsRedirect", fix)
    elif protocol in {"HTTPS", "TLS"}:
        yield from _encrypted(tls, number, namespace, certificates)


def _encrypted(tls: Tls, number: int | None, namespace: str, certificates: Certificates) -> Iterator[Found]:
    if (tls.mode or "").upper() in {"PASSTHROUGH", "AUTO_PASSTHROUGH"}:
        yield doubtful("passthrough", "TLS ends at the pods: their versions and certificates are not read")
        return
    least = tls.min_protocol_version or ""
    if least in _OLD:
        fix = "In this server set tls.minProtocolVersion: TLSV1_2."
        yield Found(Status.FAIL, "old-tls", f"port {number}: tls.minProtocolVersion is {least}", fix)
    elif least in _MODERN:
        yield passed(f"port {number}: TLS 1.2 and newer ({least or 'the default'})")
    else:
        yield doubtful("tls-minimum-unread", f"port {number}: tls.minProtocolVersion {least} is not known")
    if tls.credential_name:
        yield from certificates.of_secrets(namespace, [tls.credential_name])
    else:
        yield doubtful("certificate-unread", f"port {number}: its certificate is a file in the proxy")


def _faces(case: Case, pods: Sequence[Pod]) -> Facing:
    """The balancers whose Service selects the Gateway's pods: one that faces the internet decides."""
    found = [
        facing(case, service)
        for service in case.snapshot.services
        if service.type == "LoadBalancer"
        and service.selector
        and any(
            pod.namespace == service.namespace and matches(equalities(service.selector), pod.labels) for pod in pods
        )
    ]
    for answer in (Answer.YES, Answer.UNKNOWN):
        for each in found:
            if each.answer is answer:
                return each
    return found[0] if found else Facing(Answer.UNKNOWN, "no balancer is seen before its pods")
