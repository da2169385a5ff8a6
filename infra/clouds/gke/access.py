"""The way in to a GKE cluster: which of its endpoints, what to trust there, and a token that renews itself.

Source: discovery.md 3.2 and 3.5. The DNS endpoint reaches private clusters from any network and has a public certificate;
the addresses have the cluster's own authority.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from google.auth.exceptions import GoogleAuthError

from infra.clouds.gke.clusters import NAME, Described, get_cluster
from infra.clouds.gke.limits import Limits
from infra.clouds.gke.login import Login
from infra.clouds.gke.outcomes import meaning_of
from infra.clouds.gke.permissions import CONNECT, GET_CLUSTER
from infra.clouds.gke.projects import PROJECT_ID
from infra.clouds.gke.refusals import CallError
from infra.clouds.options import GcpOptions
from infra.clouds.reachable import check_reachable
from infra.kube.access import Access
from infra.text import printable
from scanner.cloud.part import Part
from scanner.errors import ClusterReadError
from scanner.model import ClusterRef

_NOT_NOW = {
    "PROVISIONING": "it is being created: read it when it runs",
    "STOPPING": "it is being deleted: nothing is left to read",
}
_DNS_MEND = "let its DNS endpoint take external traffic (`--enable-dns-access`) and grant " + CONNECT.permission
_HINT = f"{_DNS_MEND}, or run ringfence in its VPC"
_CONNECT_S = 5.0
_RENEWAL = "Google's credentials cannot be renewed: log in again, or check the key"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API server; `public` certificates are verified by the system's authorities, not the cluster's."""

    host: str
    port: int
    public: bool

    @property
    def url(self) -> str:
        """What the client asks."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" + (f":{self.port}" if self.port != 443 else "")


def way_in(cluster: Described, login: Login) -> Callable[[], Access]:
    """What makes the way in to a cluster when it is read; holds the authority's certificate, which no record does."""
    return lambda: _access(cluster, login)


def way_to(ref: ClusterRef, options: GcpOptions, limits: Limits) -> Access:
    """The way in to a cluster that is known by its address alone.

    Raises:
        ClusterReadError: it cannot be described (any more), or cannot be reached; with the mend.
        InputError: the credentials cannot be used at all.
    """
    shown = printable(ref.id, 200)
    if not all(map(NAME.match, (ref.location, ref.name))) or not PROJECT_ID.match(ref.account):
        raise ClusterReadError(f"{shown}: no cluster of GKE has such an address: discover again")
    login = Login(options, limits)
    try:
        return _access(get_cluster(login.line.session(), login.container, ref), login)
    except CallError as error:
        gone = "it is not there any more" if error.status == 404 else meaning_of(error, GET_CLUSTER)
        raise ClusterReadError(f"{shown}: no way in to it: {gone}") from None


def endpoints(cluster: Part) -> Iterator[Endpoint]:
    """The endpoints that are switched on, best first: by name, by public address, by private address."""
    config = cluster.part("controlPlaneEndpointsConfig")
    name, address = config.part("dnsEndpointConfig"), config.part("ipEndpointsConfig")
    legacy = cluster.part("privateClusterConfig")
    if name.flag("allowExternalTraffic"):
        yield from _endpoint(name.text("endpoint"), public=True)
    if address.flag("enabled") is False:
        return
    private = address.text("privateEndpoint") or legacy.text("privateEndpoint")
    open_to_all = address.flag("enablePublicEndpoint")
    if open_to_all is None:
        open_to_all = legacy.flag("enablePrivateEndpoint") is not True
    plain = cluster.text("endpoint")
    if open_to_all:
        yield from _endpoint(address.text("publicEndpoint") or legacy.text("publicEndpoint") or plain, public=False)
    else:
        private = private or plain
    yield from _endpoint(private, public=False)


def _endpoint(written: str | None, *, public: bool) -> Iterator[Endpoint]:
    """An endpoint as Google writes it: a name or an address, IPv6 without brackets; a port where one is given."""
    try:
        host, port = str(ipaddress.ip_address(written or "")), None
    except ValueError:
        try:
            url = urlsplit(f"//{written or ''}")
            host, port = url.hostname or "", url.port
        except ValueError:
            return
        if (written or "").lower() != (host if port is None else f"{host}:{port}"):
            return  # a path, a user or what else does not belong there
    if host:
        yield Endpoint(host, port or 443, public)


def _access(cluster: Described, login: Login) -> Access:
    from kubernetes.client import Configuration
    from kubernetes.config.config_exception import ConfigException

    ref = cluster.ref
    shown = f"{ref.account}/{ref.location}/{ref.name}"
    record = Part.decode(cluster.record.cluster, "cluster", [])
    status = record.text("status") or ""
    if status in _NOT_NOW:
        raise ClusterReadError(f"{shown}: {_NOT_NOW[status]}")
    note = f" (Google says its status is {printable(status, 40)})" if status in {"ERROR", "DEGRADED"} else ""
    endpoint = _reachable(record, f"{shown}{note}")
    configuration: Any = Configuration(host=endpoint.url)
    if not endpoint.public:
        configuration.ca_cert_data = _authority(cluster.authority, f"{shown}{note}")
    try:
        configuration.api_key = {"BearerToken": f"Bearer {login.token()}"}
    except (CallError, GoogleAuthError):
        raise ClusterReadError(f"{shown}: {_RENEWAL}") from None

    def renew(before: Any) -> None:  # noqa: ANN401 - the client's Configuration
        try:
            before.api_key = {"BearerToken": f"Bearer {login.token()}"}
        except (CallError, GoogleAuthError):
            raise ConfigException(_RENEWAL) from None

    def replace() -> None:
        try:
            configuration.api_key = {"BearerToken": f"Bearer {login.token(refused=True)}"}
        except (CallError, GoogleAuthError):
            raise ClusterReadError(_RENEWAL) from None

    configuration.refresh_api_key_hook = renew
    return Access(context=f"gke_{ref.account}_{ref.location}_{ref.name}", configuration=configuration, renew=replace)


def _reachable(record: Part, shown: str) -> Endpoint:
    """The first endpoint that answers; where there is but one left, the client says best why it does not.

    Raises:
        ClusterReadError: none can be reached, or there is none; every reason, and the mend.
    """
    known = list(endpoints(record))
    if not known:
        raise ClusterReadError(f"{shown}: Google names no endpoint that is switched on: {_DNS_MEND}")
    silent = []
    for endpoint in known[:-1]:
        if _answers(endpoint):
            return endpoint
        silent.append(
            f"{printable(endpoint.host, 200)}:{endpoint.port}: does not answer here, or does not admit this address; "
        )
    try:
        check_reachable(known[-1].host, known[-1].port, private_hint=_HINT)
    except ClusterReadError as error:
        raise ClusterReadError(f"{shown}: {''.join(silent)}{error}") from None
    return known[-1]


def _answers(endpoint: Endpoint) -> bool:
    """Whether it takes a connection. A cluster's authorized networks drop the packets of everybody else."""
    proxies = getproxies()
    if (proxies.get("https") or proxies.get("all")) and not proxy_bypass(endpoint.host):
        return True  # the proxy knows the way
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=_CONNECT_S).close()
    except (OSError, ValueError):  # ValueError: a label that is no label
        return False
    return True


def _authority(encoded: str, shown: str) -> str:
    """The cluster's authority as PEM.

    Raises:
        ClusterReadError: there is none that can be used, so nothing there can be trusted.
    """
    try:
        pem = base64.b64decode(encoded, validate=True).decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (binascii.Error, UnicodeError, ValueError, ssl.SSLError):
        raise ClusterReadError(
            f"{shown}: Google gives no certificate authority that can be used, so its address cannot be trusted: {_DNS_MEND}"
        ) from None
    return pem
