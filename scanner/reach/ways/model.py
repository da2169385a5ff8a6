"""The vocabulary of ways in: what leads inside, from where, to whom, and what policy says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scanner.reach.model import PortSet


class Scope(StrEnum):
    """Who finds the way in: the internet, the inside of a network, or it cannot be told."""

    PUBLIC = "public"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Admitted(StrEnum):
    """What policy says of a way in: all of it, some of it (by port or by source), nothing, or it cannot be told."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Through:
    """What leads inside.

    `kind` is LoadBalancer, NodePort or externalIPs (of a Service), hostPort or hostNetwork (of a workload), Ingress, Route, or
    a Gateway API route's kind. `name` is "namespace/name" of the Service, workload or entry point. `gateway`
    ("namespace/name") and `listener` are those of a route, `class_name` the class of an Ingress or Gateway; all are empty
    where there is none or it is not known.
    """

    kind: str
    name: str
    gateway: str = ""
    listener: str = ""
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a way in: some of its ports at the pods, from some of its sources ("first-last"; empty: from all of them)."""

    ports: PortSet
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What policy says of a way in, and why. `allowed` and `undecided` are left out where the answer is yes."""

    admitted: Admitted
    reason: str = ""
    allowed: tuple[Share, ...] = ()
    undecided: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """One way from outside to one workload, through one port of what leads inside.

    `port` is that port, 0 where it is not known; `targets` are the ports at the pods. `addresses` are where outside finds
    the way, as far as known. `sources` are the ranges "first-last" that may come this way, empty for any. `peer` is whom
    policy sees instead of the source: "{ingress-controller}", or empty for the source itself. Where endpoints that somebody
    wrote are no pods, `workload` is empty and `endpoints` are their addresses: no policy of this cluster judges what
    happens there, and `judgement` is None.
    """

    through: Through
    protocol: str
    port: int
    workload: str
    targets: PortSet
    scope: Scope
    scope_reason: str
    addresses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    peer: str = ""
    endpoints: tuple[str, ...] = ()
    judgement: Judgement | None = None
