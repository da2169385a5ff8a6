"""Configuration of meshes, which may hold credentials of other systems: reduced to the few fields that judging reads."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from infra.cloudrecord.document import UnreadableError, parse_text
from infra.cloudrecord.projection import project
from infra.cloudrecord.shapes import Shape, fields
from infra.objects.certificates import roots_in

_MASQUERADE = fields("nonMasqueradeCIDRs masqLinkLocal masqLinkLocalIPv6")
SHAPES: Mapping[tuple[str, str], Shape] = {
    ("istio", "mesh"): fields(
        "trustDomain trustDomainAliases enableAutoMtls rootNamespace", meshMTLS=fields("minProtocolVersion")
    ),
    ("linkerd-config", "values"): fields(
        "identityTrustDomain",
        proxy=fields("defaultInboundPolicy"),
        identity=fields("externalCA"),
    ),
    ("ip-masq-agent", "config"): _MASQUERADE,
    ("azure-ip-masq-agent-config", "ip-masq-agent"): _MASQUERADE,
}

_BUNDLES = frozenset({("istio-ca-root-cert", "root-cert.pem"), ("linkerd-identity-trust-roots", "ca-bundle.crt")})
_UNREADABLE = "(not kept: no document)"


def reduced(name: str, data: dict[str, str]) -> dict[str, str]:
    """The values of a ConfigMap: YAML documents as JSON with the fields of `SHAPES`, certificates as what `roots_in` says.

    What cannot be read stays as a text that is no document, so that nobody takes it for "all defaults".
    """
    return {key: _value(name, key, text) for key, text in data.items()}


def _value(name: str, key: str, text: str) -> str:
    if (name, key) in _BUNDLES:
        roots = roots_in(text)
        return _UNREADABLE if roots is None else msgspec.json.encode(roots).decode()
    return _document(text, SHAPES[name, key]) if (name, key) in SHAPES else text


def _document(text: str, shape: Shape) -> str:
    try:
        found = parse_text(text)
    except UnreadableError:
        return _UNREADABLE
    return msgspec.json.encode(project(found, shape)).decode()
