"""A cloud's answer reduced to the fields a record keeps.

What is odd stays odd without its content (an object where a value belongs becomes an empty one), because "absent" often means
"default" and an odd value must read as "not known".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from infra.cloudrecord.document import UnreadableError, parse_text
from infra.cloudrecord.shapes import Each, Leaf, Shape, fields
from scanner.kept import KEPT_ENV

ODD = "(not kept: not what belongs here)"
_MAX_TEXT = 4096  # characters of one value; an add-on's values are read whole first
_MAX_INT = 1 << 63  # what JSON readers agree on
_ADDON_VALUES = fields(
    "enableNetworkPolicy enableWindowsIpam",
    nodeAgent=fields("enablePolicyEventLogs enableCloudWatchLogs enableIpv6"),
    env=fields(" ".join(sorted(KEPT_ENV))),
)


def project(value: object, shape: Shape) -> Any:  # noqa: ANN401 - any JSON value
    """`value` with the fields that `shape` names, in either spelling (`nodePools`, `node_pools`), and no others."""
    if isinstance(shape, Leaf):
        return _leaf(value, shape)
    if value is None:
        return None
    if isinstance(value, list):
        return [_members(member, shape) if isinstance(member, Mapping) else ODD for member in value]
    return _members(value, shape) if isinstance(value, Mapping) else ODD


def _members(value: Mapping[Any, Any], shape: Mapping[str, Shape] | Each) -> dict[str, Any]:
    if isinstance(shape, Each):
        return {str(key): project(member, shape.shape) for key, member in value.items()}
    known = {_plain(name): inner for name, inner in shape.items()}
    return {
        key: project(member, known[_plain(key)])
        for key, member in value.items()
        if isinstance(key, str) and _plain(key) in known
    }


def _plain(name: str) -> str:
    """A field's name whichever way it is spelled: SDKs write `osSKU`, `osSku` and `os_sku` for one field."""
    return name.replace("_", "").lower()


def _leaf(value: object, shape: Leaf) -> Any:  # noqa: ANN401 - any JSON value
    if shape is Leaf.ADDON_VALUES:
        return _addon_values(value)
    if shape is Leaf.LABELS and isinstance(value, Mapping):
        return {str(key): _scalar(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_scalar(member) for member in value]
    return _scalar(value)


def _scalar(value: object) -> Any:  # noqa: ANN401 - any JSON scalar
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else ODD  # JSON has no other, and null would say "absent"
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else str(value)[:_MAX_TEXT]
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else ODD
    return {} if isinstance(value, (Mapping, list)) else str(value)  # a date that YAML recognised


def _addon_values(value: object) -> Any:  # noqa: ANN401 - a string, or null
    """The values as a string of JSON, whatever they were, with the switches of policy enforcement alone.

    EKS takes JSON and YAML. What cannot be read is replaced by a text that is neither, so that nobody takes it for "all
    defaults".
    """
    if value is None:
        return None
    if isinstance(value, str):
        if not value.strip():
            return ""
        try:
            value = parse_text(value)
        except UnreadableError:
            return ODD
    if not isinstance(value, Mapping):
        return ODD
    return msgspec.json.encode(project(value, _ADDON_VALUES)).decode()
