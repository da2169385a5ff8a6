"""What a manifest file holds, whatever it is written in: objects, documents that are none, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from infra.wire import Pod

# Rule lists whose entries reports point at by line; Cilium has the last two.
RULE_LISTS = ("ingress", "egress", "ingressDeny", "egressDeny")
MAX_DEPTH = 100
HELM_MESSAGE = "looks like a Helm template: render it first (helm template)"


class Document(msgspec.Struct, frozen=True, gc=False):
    """One object as JSON. `line` is that of its first key, from 1; `lines` finds those of its rules when asked.

    `pod` is the object where it is a Pod and was decoded already.
    """

    json: bytes | msgspec.Raw
    api_version: str
    kind: str
    line: int
    lines: Callable[[], dict[str, int]]
    templated: bool = False  # "{{" stands in its text
    pod: Pod | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A document that is no Kubernetes object, such as a values file."""

    line: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong in a file: what and the mend. `lost` says that an object may have stood there unread."""

    message: str
    line: int = 0  # 0: the file as a whole
    column: int = 0
    lost: bool = True


Found = Document | Foreign | Trouble


def unidentified(api_version: str | None, line: int, *, has_metadata: bool) -> Foreign | Trouble:
    """What a document without apiVersion or kind (absent, or no text) is."""
    if not has_metadata:
        return Foreign(line)
    missing = "kind" if api_version else "apiVersion"
    return Trouble(f"an object without {missing}: add it (as text)", line)


def item_identity(api_version: str, kind: str) -> tuple[str | None, str | None]:
    """What the items of a list are when they do not say: a PodList holds Pods, a List anything."""
    stem = kind.removesuffix("List")
    return (api_version, stem) if stem else (None, None)
