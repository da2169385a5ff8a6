"""What a manifest file holds, whatever it is written in: objects, documents that are none, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

# Rule lists whose entries reports point at by line; Cilium has the last two.
RULE_LISTS = ("ingress", "egress", "ingressDeny", "egressDeny")
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Document:
    """One object as JSON. `line` is that of its first key, from 1; `lines` finds those of its rules when asked."""

    json: bytes | msgspec.Raw
    api_version: str
    kind: str
    line: int
    lines: Callable[[], dict[str, int]]
    templated: bool = False  # "{{" stands in its text


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


@dataclass(frozen=True, slots=True)
class Header:
    """The fields that say what a document is. None is absent, or no text."""

    api_version: str | None
    kind: str | None
    has_metadata: bool = field(default=False)

    def identify(self, line: int) -> tuple[str, str] | Foreign | Trouble:
        """The apiVersion and kind, or why this is no object."""
        if self.api_version and self.kind:
            return self.api_version, self.kind
        if not self.has_metadata:
            return Foreign(line)
        missing = "kind" if self.api_version else "apiVersion"
        return Trouble(f"an object without {missing}: add it (as text)", line)


def item_identity(api_version: str, kind: str) -> tuple[str | None, str | None]:
    """What the items of a list are when they do not say: a PodList holds Pods, a List anything."""
    stem = kind.removesuffix("List")
    return (api_version, stem) if stem else (None, None)
