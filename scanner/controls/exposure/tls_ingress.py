"""What an Ingress or Route makes of plain HTTP, of old TLS versions and of its certificates: each controller has its own words.

Sources: ingress-nginx, "TLS/HTTPS" and its ConfigMap's page; AWS Load Balancer Controller, "Ingress annotations"; GKE, "Ingress
configuration" and Google's "SSL policies overview"; Application Gateway Ingress Controller, "Annotations"; Traefik, "Ingress".
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.controls.base import Case, names
from scanner.controls.exposure.certificates import Certificates, Found, doubtful, passed
from scanner.controls.exposure.tls_policies import of_policy
from scanner.findings import Status
from scanner.model import Cloud, EntryPoint
from scanner.objects import decoded, decoded_raw

_NGINX, _ALB, _GCE = "nginx.ingress.kubernetes.io/", "alb.ingress.kubernetes.io/", "networking.gke.io/"
_APPGW, _TRAEFIK = "appgw.ingress.kubernetes.io/", "traefik.ingress.kubernetes.io/router."
_ALLOW_HTTP = "kubernetes.io/ingress.allow-http"
_PRE_SHARED = "ingress.gcp.kubernetes.io/pre-shared-cert"
_FRONTEND = "networking.gke.io/v1beta1.FrontendConfig"
_CONFIG = "ingress-nginx-controller"
_BY_NAME = {
    "nginx": "nginx", "alb": "alb", "gce": "gce", "gce-internal": "gce", "azure-application-gateway": "appgw",
    "azure/application-gateway": "appgw", "traefik": "traefik", "webapprouting.kubernetes.azure.com": "webapprouting",
}  # fmt: skip
_BY_CONTROLLER = {
    "k8s.io/ingress-nginx": "nginx", "ingress.k8s.aws/alb": "alb", "eks.amazonaws.com/alb": "alb",
    "azure/application-gateway": "appgw", "traefik.io/ingress-controller": "traefik",
    "webapprouting.kubernetes.azure.com/nginx": "webapprouting",
}  # fmt: skip
_OLD = frozenset({"sslv2", "sslv3", "tlsv1", "tlsv1.1"})


class _Class(msgspec.Struct, frozen=True):
    controller: str | None = None
    parameters: dict[str, Any] | None = None


class _Redirect(msgspec.Struct, frozen=True):
    enabled: bool | None = None


class _Frontend(msgspec.Struct, frozen=True, rename="camel"):
    ssl_policy: str | None = None
    redirect_to_https: _Redirect | None = None


class Controllers:
    """Which controller serves an Ingress, and what is known of its own settings."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._classes: dict[str, str] = {}
        self._with_parameters: set[str] = set()
        for each in case.snapshot.settings:
            if each.kind == "IngressClass":
                read = decoded(each, _Class) or _Class()
                self._classes[each.name] = read.controller or ""
                self._with_parameters |= {each.name} if read.parameters else set()

    def of(self, entry: EntryPoint) -> str:
        """The controller's short name, or empty where it is not one of those that are known here."""
        named = _BY_CONTROLLER.get(self._classes.get(entry.class_name, ""), "")
        if named or (entry.class_name and self._classes.get(entry.class_name)):
            return named
        if not entry.class_name and self._case.cloud is Cloud.GCP:
            return "gce"
        return _BY_NAME.get(entry.class_name, "")

    def parameters(self, entry: EntryPoint) -> bool:
        """Whether the class of an Ingress has parameters of its own, which are not read."""
        return entry.class_name in self._with_parameters

    @property
    def nginx(self) -> dict[str, str] | None:
        """The settings of ingress-nginx, None where its ConfigMap was not found under its chart's name."""
        found = (each.data for each in self._case.snapshot.config_maps if each.name == _CONFIG)
        return next(found, None)

    def frontend(self, namespace: str, name: str) -> tuple[_Frontend | None, str]:
        """A FrontendConfig of GKE, or why it is not known."""
        for each in self._case.snapshot.settings:
            if each.kind == "FrontendConfig" and (each.namespace, each.name) == (namespace, name):
                read = decoded(each, _Frontend)
                return read, "" if read else f"FrontendConfig {namespace}/{name} cannot be read"
        gaps = self._case.missing("frontendconfigs.networking.gke.io")
        return None, gaps[0] if gaps else f"FrontendConfig {namespace}/{name} does not exist"


def of_route(entry: EntryPoint, _: Controllers, certificates: Certificates) -> Iterator[Found]:
    """An OpenShift Route."""
    yield from _plain(tls=bool(entry.tls), redirects=entry.redirects, field="spec.tls", fix=_ROUTE_FIX)
    if entry.tls:
        yield doubtful("tls-minimum-unread", "the router's TLS profile and certificate are not read")
    yield from certificates.of_secrets(entry.namespace, _secrets(entry))


_ROUTE_FIX = "In the Route set spec.tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}."


def of_ingress(entry: EntryPoint, controllers: Controllers, certificates: Certificates) -> Iterator[Found]:
    """An Ingress, as its controller reads it."""
    match controllers.of(entry):
        case "nginx":
            yield from _nginx(entry, controllers.nginx)
        case "webapprouting":
            yield from _nginx(entry, None)
        case "alb":
            yield from _alb(entry, defaults=not controllers.parameters(entry))
        case "gce":
            yield from _gce(entry, controllers, certificates)
        case "appgw":
            yield from _appgw(entry)
        case "traefik":
            yield from _traefik(entry)
        case _:
            said = f"class {entry.class_name}" if entry.class_name else "no class"
            yield doubtful("controller-unknown", f"what its controller ({said}) makes of plain HTTP is not known")
    yield from certificates.of_secrets(entry.namespace, _secrets(entry))


def _secrets(entry: EntryPoint) -> list[str]:
    return [each.secret for each in entry.tls if each.secret]


def _flag(entry: EntryPoint, key: str) -> bool | None:
    return {"true": True, "false": False}.get(entry.annotations.get(key, "").strip().lower())


def _plain(*, tls: bool, redirects: bool | None, field: str, fix: str) -> Iterator[Found]:
    """What becomes of plain HTTP: nothing but TLS, sent on to it, or served."""
    if not tls:
        yield Found(Status.FAIL, "plain-http", f"{field} is not set: it is served over plain HTTP", fix)
    elif redirects is None:
        yield doubtful("redirect-unread", "whether plain HTTP is sent on to HTTPS is in the controller's own settings")
    elif not redirects:
        yield Found(Status.FAIL, "no-redirect", "plain HTTP is served beside HTTPS: nothing sends it on", fix)
    else:
        yield passed("plain HTTP is sent on to HTTPS")


def _nginx(entry: EntryPoint, settings: dict[str, str] | None) -> Iterator[Found]:
    """ingress-nginx redirects the hosts of `spec.tls`, unless an annotation or its ConfigMap says otherwise."""
    known = settings or {}
    own = {"true": True, "false": False}
    redirect = _flag(entry, f"{_NGINX}ssl-redirect")
    redirect = own.get(known.get("ssl-redirect", "").lower(), True) if redirect is None else redirect
    force = _flag(entry, f"{_NGINX}force-ssl-redirect")
    force = own.get(known.get("force-ssl-redirect", "").lower(), False) if force is None else force
    fix = (
        f"kubectl annotate ingress -n {shlex.quote(entry.namespace)} {shlex.quote(entry.name)} --overwrite "
        f"{_NGINX}force-ssl-redirect=true, and name every host of its rules under spec.tls with a Secret."
    )
    bare = [host for host in entry.hosts if not _is_covered(host, entry)]
    if bare and entry.tls and not force:
        hosts = names(host or "any host" for host in bare)
        yield Found(Status.FAIL, "plain-http", f"spec.tls does not name {hosts}: served over plain HTTP", fix)
    else:
        yield from _plain(tls=bool(entry.tls) or force, redirects=redirect or force, field="spec.tls", fix=fix)
    if settings is None:
        line = f"ConfigMap ingress-nginx/{_CONFIG} was not found: which TLS versions it accepts (ssl-protocols) is not known"
        yield doubtful("tls-minimum-unread", line)
        return
    protocols = known.get("ssl-protocols", "TLSv1.2 TLSv1.3").split()
    old = [each for each in protocols if each.lower() in _OLD]
    if old:
        mend = f"In ConfigMap ingress-nginx/{_CONFIG} set ssl-protocols: TLSv1.2 TLSv1.3."
        yield Found(Status.FAIL, "old-tls", f"its ssl-protocols are {' '.join(protocols)}", mend)
    else:
        yield passed(f"it accepts {' '.join(protocols)} (ConfigMap ingress-nginx/{_CONFIG})")


def _is_covered(host: str, entry: EntryPoint) -> bool:
    for each in entry.tls:
        for name in each.hosts:
            if name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:]):
                return True
    return False


def _alb(entry: EntryPoint, *, defaults: bool) -> Iterator[Found]:
    """An ALB listens on 80, or on 443 where a certificate is named, unless `listen-ports` says otherwise.

    Without `defaults` the parameters of the class may say otherwise too.
    """
    arn = entry.annotations.get(f"{_ALB}certificate-arn", "")
    text = entry.annotations.get(f"{_ALB}listen-ports", "")
    ports = decoded_raw(text.encode(), list[dict[str, int]]) if text else [{"HTTPS" if arn else "HTTP": 0}]
    fix = (
        f"""Set {_ALB}listen-ports: '[{{"HTTP":80}},{{"HTTPS":443}}]', {_ALB}ssl-redirect: '443', {_ALB}certificate-arn and """
        f"{_ALB}ssl-policy: ELBSecurityPolicy-TLS13-1-2-2021-06."
    )
    if not text and not defaults:
        yield doubtful(
            "class-parameters", "the listeners may come from the IngressClassParams of its class, which are not read"
        )
        return
    if ports is None:
        yield doubtful("redirect-unread", f"annotation {_ALB}listen-ports cannot be read")
        return
    kinds = {kind.upper() for each in ports for kind in each}
    if "HTTP" in kinds:
        redirect = bool(entry.annotations.get(f"{_ALB}ssl-redirect", ""))
        yield from _plain(tls="HTTPS" in kinds, redirects=redirect, field=f"{_ALB}certificate-arn", fix=fix)
    else:
        yield passed("it listens on HTTPS only")
    if "HTTPS" not in kinds:
        return
    policy = entry.annotations.get(f"{_ALB}ssl-policy", "")
    yield of_policy(policy, f"annotation {_ALB}ssl-policy", fix)
    what = f"ACM certificate {arn}" if arn else "a certificate that the controller looks up in ACM"
    yield doubtful("certificate-unread", f"when {what} ends is not read")


def _gce(entry: EntryPoint, controllers: Controllers, certificates: Certificates) -> Iterator[Found]:
    """GKE's own: HTTP stays open unless it is forbidden or redirected; without an SSL policy Google accepts TLS 1.0."""
    managed = [
        each.strip() for each in entry.annotations.get(f"{_GCE}managed-certificates", "").split(",") if each.strip()
    ]
    shared = entry.annotations.get(_PRE_SHARED, "")
    tls = bool(entry.tls or managed or shared)
    name = entry.annotations.get(_FRONTEND, "")
    frontend, why = controllers.frontend(entry.namespace, name) if name else (None, "")
    fix = (
        "kubectl apply: {apiVersion: networking.gke.io/v1beta1, kind: FrontendConfig, metadata: {name: tls, namespace: "
        f"{msgspec.json.encode(entry.namespace).decode()}}}, spec: {{redirectToHttps: {{enabled: true}}, sslPolicy: "
        f"<policy with TLS 1.2>}}}}, and annotate the Ingress {_FRONTEND}: tls"
    )
    if _flag(entry, _ALLOW_HTTP) is False:
        yield passed(f"annotation {_ALLOW_HTTP}: false") if tls else doubtful("no-listener", "it listens on nothing")
    elif tls and why:
        yield doubtful("redirect-unread", why)
    else:
        redirect = bool(frontend and frontend.redirect_to_https and frontend.redirect_to_https.enabled)
        field = f"spec.tls, {_GCE}managed-certificates or {_PRE_SHARED}"
        yield from _plain(tls=tls, redirects=redirect, field=field, fix=fix)
    if tls and not why:
        policy = frontend.ssl_policy if frontend else None
        if policy:
            yield doubtful("tls-minimum-unread", f"which versions SSL policy {policy} accepts is not in the cluster")
        else:
            line = "no FrontendConfig names an sslPolicy, and Google's default accepts TLS 1.0"
            yield Found(Status.FAIL, "old-tls", line, fix)
    yield from certificates.managed(entry.namespace, managed)
    if shared:
        yield doubtful("certificate-unread", f"when the certificate {shared} ends is not in the cluster")


def _appgw(entry: EntryPoint) -> Iterator[Found]:
    """Azure's Application Gateway."""
    named = entry.annotations.get(f"{_APPGW}appgw-ssl-certificate", "")
    fix = f"Set spec.tls, and annotation {_APPGW}ssl-redirect: 'true'."
    redirect = _flag(entry, f"{_APPGW}ssl-redirect") is True
    yield from _plain(tls=bool(entry.tls or named), redirects=redirect, field="spec.tls", fix=fix)
    if entry.tls or named:
        yield doubtful("tls-minimum-unread", "the SSL policy of the Application Gateway is not read")
    if named:
        yield doubtful("certificate-unread", f"when the gateway's certificate {named} ends is not read")


def _traefik(entry: EntryPoint) -> Iterator[Found]:
    """Traefik: without a list of entrypoints a router listens on all of them, and whether these redirect is its own matter."""
    points = {each.strip() for each in entry.annotations.get(f"{_TRAEFIK}entrypoints", "").split(",") if each.strip()}
    tls = bool(entry.tls) or _flag(entry, f"{_TRAEFIK}tls") is True
    if points == {"websecure"}:
        yield (
            passed("its only entrypoint is websecure")
            if tls
            else doubtful("redirect-unread", "whether entrypoint websecure has TLS of its own is in Traefik's settings")
        )
    elif tls or not points:
        yield doubtful("redirect-unread", "whether Traefik's entrypoints send plain HTTP on is in its own settings")
    else:
        fix = f"Set annotation {_TRAEFIK}entrypoints: websecure, and spec.tls."
        yield from _plain(tls=False, redirects=None, field="spec.tls", fix=fix)
    yield doubtful("tls-minimum-unread", "which TLS versions Traefik accepts is in its own settings")
