"""Whom a mesh believes: its trust domain, the aliases it takes for its own, and the roots that vouch for identities.

Istio, "Global Mesh Options" (`trustDomain`, by default cluster.local, and `trustDomainAliases`) and "Plug in CA Certificates"
(istio-ca-root-cert holds the public root); Linkerd, "Automatically Rotating Control Plane TLS Credentials"
(linkerd-identity-trust-roots; `identityTrustDomain`, by default cluster.local) and "Multi-cluster communication" (Link).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from scanner.kept import CONFIG_NAMESPACES
from scanner.mesh.specs import ISTIO_NETWORKING, Spec, objects
from scanner.model import ConfigMap, Snapshot
from scanner.objects import T, decoded, named

DEFAULT_DOMAIN = "cluster.local"
LINKS = "links.multicluster.linkerd.io"
# Secrets of intermediates, by the names under which meshes look for them; cert-manager's Certificates write them.
_CA_SECRETS = frozenset({"cacerts", "istio-ca-secret", "linkerd-identity-issuer", "linkerd-trust-anchor"})


class Root(Spec, frozen=True):
    """A root certificate: `sha256` of its DER form in hexadecimal, `not_after` in RFC 3339."""

    sha256: str
    subject: str = ""
    not_after: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """What one mesh of a cluster believes. `roots` is None where they could not be read, which `doubts` explain.

    `signs` are the sentences that show a federation; without any, nothing in the cluster joins the mesh to another.
    """

    mesh: str
    domain: str
    aliases: tuple[str, ...]
    roots: tuple[Root, ...] | None
    signs: tuple[str, ...]
    doubts: tuple[str, ...]
    where: str


class _Mesh(Spec, frozen=True):
    trust_domain: str | None = None
    trust_domain_aliases: list[str] | None = None


class _Values(Spec, frozen=True):
    identity_trust_domain: str | None = None


class _Tls(Spec, frozen=True):
    mode: str | None = None


class _IstioServer(Spec, frozen=True):
    tls: _Tls | None = None


class _IstioGateway(Spec, frozen=True):
    servers: list[_IstioServer] | None = None


class _CertificateSpec(Spec, frozen=True):
    secret_name: str | None = None


class _CertificateStatus(Spec, frozen=True):
    not_after: str | None = None


class _Certificate(Spec, frozen=True):
    spec: _CertificateSpec | None = None
    status: _CertificateStatus | None = None


def trusts_of(snapshot: Snapshot) -> tuple[Trust, ...]:
    """The meshes of a cluster whose configuration is there, each with whom it believes; empty without a mesh."""
    maps = {item.name: item for item in snapshot.config_maps if CONFIG_NAMESPACES.get(item.name) == item.namespace}
    found = []
    if "istio" in maps or "istio-ca-root-cert" in maps:
        found.append(_istio(snapshot, maps.get("istio"), maps.get("istio-ca-root-cert")))
    if "linkerd-config" in maps or "linkerd-identity-trust-roots" in maps:
        found.append(_linkerd(snapshot, maps.get("linkerd-config"), maps.get("linkerd-identity-trust-roots")))
    return tuple(found)


def intermediates(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """cert-manager's Certificates that meshes take their intermediates from, each with its end (empty where not known)."""
    for item in objects(snapshot, "Certificate", "cert-manager.io"):
        found = decoded(item, _Certificate)
        if found and found.spec and found.spec.secret_name in _CA_SECRETS:
            yield named(item), (found.status and found.status.not_after) or ""


def _istio(snapshot: Snapshot, config: ConfigMap | None, bundle: ConfigMap | None) -> Trust:
    signs: list[str] = []
    doubts: list[str] = []
    domain, aliases = "", tuple[str, ...]()
    where = "ConfigMap istio-system/istio"
    if config is not None and "mesh" in config.data:
        where = f"ConfigMap {config.namespace}/istio"
        mesh = _read(config.data["mesh"], _Mesh)
        if mesh is None:
            doubts.append(f"{where}, mesh: cannot be read")
        else:
            domain, aliases = mesh.trust_domain or DEFAULT_DOMAIN, tuple(mesh.trust_domain_aliases or ())
    else:
        doubts.append(f"{where} was not read, so neither trust domain nor aliases are known")
    signs += [f"{where}, trustDomainAliases: {alias[:120]}" for alias in aliases]
    for item in objects(snapshot, "Gateway", ISTIO_NETWORKING):
        gateway = decoded(item, _IstioGateway)
        if gateway is None:
            doubts.append(f"{named(item)}: spec cannot be read")
        elif any(server.tls and server.tls.mode == "AUTO_PASSTHROUGH" for server in gateway.servers or ()):
            signs.append(f"{named(item)} passes other clusters' calls through (tls.mode AUTO_PASSTHROUGH)")
    roots = _roots(bundle, "root-cert.pem", "istio-system/istio-ca-root-cert", doubts)
    return Trust("Istio", domain, aliases, roots, tuple(signs), tuple(doubts), where)


def _linkerd(snapshot: Snapshot, config: ConfigMap | None, bundle: ConfigMap | None) -> Trust:
    doubts: list[str] = []
    domain, where = "", "ConfigMap linkerd/linkerd-config"
    values = _read(config.data["values"], _Values) if config is not None and "values" in config.data else None
    if values is None:
        doubts.append(f"{where} was not read, so its trust domain is not known")
    else:
        domain = values.identity_trust_domain or DEFAULT_DOMAIN
    signs = tuple(
        f"{named(item)} joins another cluster" for item in objects(snapshot, "Link", "multicluster.linkerd.io")
    )
    roots = _roots(bundle, "ca-bundle.crt", "linkerd/linkerd-identity-trust-roots", doubts)
    return Trust("Linkerd", domain, (), roots, signs, tuple(doubts), where)


def _roots(bundle: ConfigMap | None, key: str, name: str, doubts: list[str]) -> tuple[Root, ...] | None:
    found = _read(bundle.data[key], list[Root]) if bundle is not None and key in bundle.data else None
    if found is None:
        doubts.append(f"ConfigMap {name}, {key}: no certificates that can be read")
    return None if found is None else tuple(found)


def _read(text: str, form: type[T]) -> T | None:
    try:
        return msgspec.json.decode(text, type=form)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
