"""Configuration of meshes, which may hold credentials of other systems: reduced to the few fields that judging reads."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from infra.cloudrecord.document import UnreadableError, parse_text
from infra.cloudrecord.projection import project
from infra.cloudrecord.shapes import Shape, fields

_MASQUERADE = fields("nonMasqueradeCIDRs masqLinkLocal masqLinkLocalIPv6")
SHAPES: Mapping[tuple[str, str], Shape] = {
    ("istio", "mesh"): fields(
        "trustDomain trustDomainAliases enableAutoMtls rootNamespace", meshMTLS=fields("minProtocolVersion")
    ),
    ("linkerd-config", "values"): fields(
        "identityTrustDomain identityTrustAnchorsPEM",
        proxy=fields("defaultInboundPolicy"),
        identity=fields("externalCA"),
    ),
    ("ip-masq-agent", "config"): _MASQUERADE,
    ("azure-ip-masq-agent-config", "ip-masq-agent"): _MASQUERADE,
}


def reduced(name: str, data: dict[str, str]) -> dict[str, str]:
    """The values of a ConfigMap, those that are YAML documents as JSON with the fields of `SHAPES` alone.

    What cannot be read stays as a text that is no document, so that nobody takes it for "all defaults".
    """
    return {key: _document(text, SHAPES[name, key]) if (name, key) in SHAPES else text for key, text in data.items()}


def _document(text: str, shape: Shape) -> str:
    try:
        found = parse_text(text)
    except UnreadableError:
        return "(not kept: no document)"
    return msgspec.json.encode(project(found, shape)).decode()
