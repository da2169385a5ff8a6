"""The published form of `reach/v1`, `reach-classes/v1` and `explain/v1`. Later versions add fields and never change these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Level = Literal["declared", "effective"]
Answer = Literal["yes", "no", "unknown"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Position = Annotated[int, msgspec.Meta(ge=0)]


class Ports(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Sorted, disjoint, inclusive ranges; [[1, 65535]] is every port. A protocol without a port is left out."""

    TCP: tuple[tuple[Port, Port], ...] = ()
    UDP: tuple[tuple[Port, Port], ...] = ()
    SCTP: tuple[tuple[Port, Port], ...] = ()


class Selection(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a document was reduced to: lines that touch one of `namespaces` and one of `workloads`, on `ports`.

    `hypothetical` are the ids of workloads that do not exist. A document of a whole cluster has no selection.
    """

    namespaces: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    ports: Ports | msgspec.UnsetType = msgspec.UNSET
    hypothetical: tuple[str, ...] = ()


class Peer(msgspec.Struct, kw_only=True):
    """A workload "namespace/name[Kind]", an address range "first-last", "{ingress-controller}", a DNS name or an entity."""

    id: str
    kind: Literal["workload", "ip", "ingress-controller", "dns", "entity"]


class Connection(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who may talk to whom. `via` is the Service whose path is meant, `filter` "L7" where rules look above the ports too."""

    src: str
    dst: str
    ports: Ports
    via: str = ""
    filter: Literal["L7", ""] = ""


class Undecided(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who may or may not talk to whom, and why that cannot be told."""

    src: str
    dst: str
    ports: Ports
    reason: str
    via: str = ""


class InputWarning(msgspec.Struct, kw_only=True):
    """What was invalid, ignored or not modelled in the input."""

    object: str
    field: str
    message: str


class Through(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What leads inside: `name` is "namespace/name" of the Service, entry point or workload of that kind.

    `gateway` ("namespace/name") and `listener` are a route's; `class` is that of an Ingress or Gateway.
    """

    kind: str
    name: str
    gateway: str = ""
    listener: str = ""
    class_name: str = msgspec.field(name="class", default="")


class Share(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A part of a way in: some of its target ports, from some of its sources; without `sources` from all of them."""

    ports: Ports
    sources: tuple[str, ...] = ()


class EntryPoint(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A way in from outside: through what, at which port, to which workload, on which ports, and whether policy lets it in.

    `port` is the outer one, absent where it is not known, `targets` are the pods'. `addresses` are where outside finds it;
    `sources` are the ranges that may come, absent for any. `peer` is whom policy sees in the source's place. With
    `admitted` partly, no or unknown, `allowed` is what gets in for sure and `undecided` what may. Endpoints that are no pods
    have neither `workload` nor `admitted`.
    """

    through: Through
    protocol: Literal["TCP", "UDP", "SCTP"]
    port: Port | msgspec.UnsetType = msgspec.UNSET
    addresses: tuple[str, ...] = ()
    scope: Literal["public", "internal", "unknown"]
    scope_reason: str = ""
    sources: tuple[str, ...] = ()
    peer: Literal["{ingress-controller}", ""] = ""
    workload: str = ""
    endpoints: tuple[str, ...] = ()
    targets: Ports
    admitted: Literal["yes", "partly", "no", "unknown"] | msgspec.UnsetType = msgspec.UNSET
    reason: str = ""
    allowed: tuple[Share, ...] = ()
    undecided: tuple[Share, ...] = ()


class Reach(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who can talk to whom. Connections are sorted by src and dst, and disjoint from what is unknown.

    `entry_points` are the ways in from outside; those of 0.1.0 have none.
    """

    schema: str
    level: Level
    peers: list[Peer]
    connections: list[Connection]
    unknown: list[Undecided]
    entry_points: list[EntryPoint] = []
    warnings: list[InputWarning]
    selection: Selection | msgspec.UnsetType = msgspec.UNSET


class PodClass(msgspec.Struct, kw_only=True):
    """Pods that nothing tells apart, of one or several workloads."""

    id: Position
    namespace: str
    workloads: tuple[str, ...]
    pods: Position


class External(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is no pod: addresses that nothing tells apart, or something known by name."""

    id: Position
    ranges: tuple[str, ...] = ()
    name: str = ""


class ClassColumn(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Destinations (ids) with the same [position in masks, position in sources] pairs.

    `filtered` is the part of `allowed` that is also filtered above the ports; with `via` that Service's path is meant.
    """

    destinations: tuple[Position, ...]
    allowed: tuple[tuple[Position, Position], ...]
    unknown: tuple[tuple[Position, Position], ...]
    filtered: tuple[tuple[Position, Position], ...] = ()
    via: str = ""


class ReachClasses(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The same class by class. `sources` are sets of ids as runs [first, last]; `masks` are sets of ports.

    A class among its own sources: its pods may talk with each other.
    """

    schema: str
    level: Level
    classes: list[PodClass]
    external: list[External]
    masks: list[Ports]
    sources: list[list[tuple[Position, Position]]]
    columns: list[ClassColumn]
    warnings: list[InputWarning]
    selection: Selection | msgspec.UnsetType = msgspec.UNSET


class Rule(msgspec.Struct, kw_only=True):
    """A rule, or ("default-deny", without a rule) a policy that denies what none of its tier's rules matched.

    `place` is file:line or a resourceVersion, where known; `matches` is unknown where the rule may match.
    """

    object: str
    rule: str
    action: str
    tier: str
    matches: Answer
    place: str
    text: str


class Half(msgspec.Struct, kw_only=True):
    """What one end's policies say: `by` decides, `steps` is all that was asked in order, `change` what would turn it round."""

    direction: Literal["ingress", "egress"]
    subject: str
    allowed: Answer
    isolated: Answer
    reason: str
    by: tuple[Rule, ...]
    steps: tuple[Rule, ...]
    change: tuple[str, ...]


class ThroughService(msgspec.Struct, kw_only=True):
    """A Service and what is answered at its address."""

    service: str
    allowed: Answer


class Explanation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why one connection is possible or not at one level.

    `because` are the rules of the data plane without which it would be as declared. `through` are Services in front of
    the destination at whose address the connection is judged otherwise.
    """

    level: Level
    src: str
    dst: str
    protocol: Literal["TCP", "UDP", "SCTP"]
    port: Port
    allowed: Answer
    halves: tuple[Half, ...]
    because: tuple[str, ...] = ()
    through: tuple[ThroughService, ...] = ()


class Explain(msgspec.Struct, kw_only=True):
    """One connection at both levels, an explanation for each pair of classes of pods that is judged differently."""

    schema: str
    explanations: list[Explanation]


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas (2020-12) by the version that a document's `schema` names; unknown fields stay allowed."""
    return {
        "reach/v1": _schema(Reach, "reach/v1", "Who can talk to whom in one cluster"),
        "reach-classes/v1": _schema(ReachClasses, "reach-classes/v1", "Who can talk to whom, class by class"),
        "explain/v1": _schema(Explain, "explain/v1", "Why one connection is possible or not"),
    }


def _schema(kind: type[msgspec.Struct], version: str, title: str) -> dict[str, Any]:
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    components[kind.__name__]["properties"]["schema"] = {"const": version}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **reference, "$defs": components}
