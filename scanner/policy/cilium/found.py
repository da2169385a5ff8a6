"""What reading a policy's parts gathers: peers with their doubt, remarks, and doubts about the policy as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from scanner.policy.decode import Context, FieldError, Remark
from scanner.policy.model import Entity, EntityPeer, Peer

T = TypeVar("T")

# The widest that addresses in a policy can mean: they never match pods, and nodes only where policy-cidr-match-mode says so.
ADDRESSES: tuple[Peer, ...] = (EntityPeer(Entity.WORLD), EntityPeer(Entity.NODES))
NO_PODS: tuple[Peer, ...] = (*ADDRESSES, EntityPeer(Entity.KUBE_APISERVER), EntityPeer(Entity.INGRESS))


@dataclass(frozen=True, slots=True)
class Found:
    """Some peers of one rule; with `doubt` they are the widest reading of what the policy may mean."""

    peers: tuple[Peer, ...]
    doubt: str = ""


@dataclass(slots=True)
class Notes:
    """What one spec gathers on the way: remarks, and why it may not apply as it is read (`doubts`)."""

    remarks: list[Remark] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def remark(self, place: str, message: str) -> None:
        """Note what is ignored, or surely not meant."""
        self.remarks.append((place, message))


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a policy stands: its namespace, empty for a clusterwide one, and what it may refer to."""

    namespace: str
    context: Context


def entries(values: Sequence[T | None] | None, place: str) -> Iterator[tuple[str, T]]:
    """The items of a list, each with its path.

    Raises:
        FieldError: an item is empty, which the schema of a custom resource refuses (Kubernetes API reference, `nullable`).
    """
    for index, value in enumerate(values or ()):
        if value is None:
            raise FieldError(f"{place}[{index}]", "is an empty list item; fill or remove it")
        yield f"{place}[{index}]", value


def join_doubts(*doubts: str) -> str:
    """Several reasons as one, without repeats; empty without any."""
    return "; ".join(dict.fromkeys(each for each in doubts if each))
