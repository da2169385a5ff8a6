"""Whether a packet meets a Calico rule: protocols, blocks, ports, and the pods and network sets that selectors choose.

Sources: tigera/docs `calico/_includes/content/` (_rule, _entityrule, _ports, _selector-scopes), `calico-labels`,
`networkset`, `globalnetworkset`; where those are silent `libcalico-go/lib/backend/syncersv1/updateprocessors/rules.go`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.reference.calico_selector import REST, matches
from tests.reference.plain import (
    UNKNOWN,
    Verdict,
    agreed,
    both,
    either,
    named_ports,
    namespace_labels,
    negated,
    of_kind,
    within,
)

Wire = dict[str, Any]

GROUPS = ("projectcalico.org", "crd.projectcalico.org")
NUMBERS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPV6": 58, "SCTP": 132, "UDPLITE": 136}


@dataclass(frozen=True)
class End:
    """One end of a packet: its name, its pod if it is one, and its address ("" where nobody knows it)."""

    name: str
    pod: Any
    address: str


@dataclass(frozen=True)
class Packet:
    """What a rule looks at: both ends, the IP version, the protocol and the destination's port."""

    src: End
    dst: End
    version: int
    protocol: str
    port: int


def account_labels(name: Any) -> dict[str, Any]:
    """A service account's labels: Calico adds its name, the rest is in no object here."""
    return {"projectcalico.org/name": name, REST: UNKNOWN}


@lru_cache(maxsize=256)
def calico_objects(cluster: Wire, kind: str) -> list[Wire]:
    """The objects of one of Calico's kinds, in the served or in the stored group."""
    return [each for group in GROUPS for each in of_kind(cluster, kind, group)]


def rule_matches(cluster: Wire, rule: Wire, home: str | None, packet: Packet) -> Verdict:
    """Whether a packet meets every criterion of a rule (`_rule.mdx`)."""
    number = NUMBERS[packet.protocol]
    return both(
        (
            rule.get("ipVersion") in (None, packet.version),
            rule.get("protocol") is None or _number(rule["protocol"]) == number,
            rule.get("notProtocol") is None or _number(rule["notProtocol"]) != number,
            None if rule.get("http") else True,
            _entity(cluster, rule.get("source") or {}, home, packet.src, packet, source=True),
            _entity(cluster, rule.get("destination") or {}, home, packet.dst, packet, source=False),
        )
    )


def _number(protocol: int | str) -> int:
    return int(protocol) if str(protocol).isdecimal() else NUMBERS[str(protocol).upper()]


# --- the source or the destination of a rule ---


def _entity(cluster: Wire, entity: Wire, home: str | None, end: End, packet: Packet, *, source: bool) -> Verdict:
    """Whether an end meets all criteria of an entity rule (`_entityrule.mdx`)."""
    return both(
        (
            _nets(entity.get("nets"), end, packet.version) if entity.get("nets") else True,
            _not_nets(entity["notNets"], end, packet.version) if entity.get("notNets") else True,
            _identity(cluster, entity, home, end),
            _ports(entity, end, packet, source=source),
            None if entity.get("services") else True,  # by EndpointSlices, which are in no object here
        )
    )


def _nets(nets: list[str], end: End, version: int) -> Verdict:
    """Whether an end's address is in any of the blocks: a pod's counts like any other."""
    ours = [each for each in nets if (":" in each) == (version == 6)]
    if end.address:
        return any(within(end.address, each) for each in ours)
    if any(each.endswith("/0") for each in ours):
        return True
    return None if ours else False


def _not_nets(nets: list[str], end: End, version: int) -> Verdict:
    """Whether an end's address is in none of the blocks.

    Two readings where all blocks are of the other IP version: no block holds the address, so the rule matches; or, as the
    data plane has it (felix/rules, FilterRuleToIPVersion), the rule is not for this version at all.
    """
    said = negated(_nets(nets, end, version))
    return said if any((":" in each) == (version == 6) for each in nets) else agreed((said, False))


def _ports(entity: Wire, end: End, packet: Packet, *, source: bool) -> Verdict:
    wanted, unwanted = entity.get("ports"), entity.get("notPorts")
    if source:
        return None if wanted or unwanted else True  # a client's own port is anything
    here = (
        []
        if end.pod is None
        else [(name, port) for name, spoken, port in named_ports(end.pod) if spoken == packet.protocol]
    )

    def held(ports: list[int | str]) -> bool:
        return any(_port(each, here, packet.port) for each in ports)

    return (not wanted or held(wanted)) and not (unwanted and held(unwanted))


def _port(port: int | str, here: list[tuple[str, int]], number: int) -> bool:
    """`_ports.mdx`: a number, `start:end`, or the name of a port of the destination."""
    text = str(port)
    if text.isdecimal():
        return int(text) == number
    first, colon, last = text.partition(":")
    if colon:
        return int(first) <= number <= int(last)
    return (text, number) in here


# --- selectors: pods and network sets are what they match ---


@dataclass(frozen=True)
class Resource:
    """A thing that selectors match: its labels, its namespace (None for a global one), its service account if a pod."""

    labels: Any
    namespace: str | None
    account: Any
    there: Verdict  # whether it has the address in question


def pod_labels(pod: Wire) -> dict[str, Any]:
    """A pod's labels with Calico's own (`calico-labels.mdx`)."""
    return {
        **pod["metadata"]["labels"],
        "projectcalico.org/namespace": pod["metadata"]["namespace"],
        "projectcalico.org/orchestrator": "k8s",
        "projectcalico.org/serviceaccount": account(pod),
    }


def account(pod: Wire) -> Any:
    """A pod's service account, UNKNOWN where the pod names none."""
    return pod["spec"].get("serviceAccountName") or UNKNOWN


def namespace(cluster: Wire, name: str) -> dict[str, str]:
    """A namespace's labels with Calico's own."""
    return namespace_labels(cluster, name) | {"projectcalico.org/name": name}


def _resources(cluster: Wire, end: End) -> list[Resource]:
    """What holds an end's address: its pod, and the network sets around that address."""
    found = []
    if end.pod is not None:
        labels = pod_labels(end.pod)
        found.append(Resource(labels, end.pod["metadata"]["namespace"], account(end.pod), there=True))
    for each in [*calico_objects(cluster, "NetworkSet"), *calico_objects(cluster, "GlobalNetworkSet")]:
        space = each["metadata"].get("namespace")
        labels = dict(each["metadata"].get("labels") or {}) | ({"projectcalico.org/namespace": space} if space else {})
        nets = each["spec"].get("nets") or []
        if end.address:
            there: Verdict = any(within(end.address, net) for net in nets)
        else:
            there = None if nets else False
        found.append(Resource(labels, space, None, there))
    return found


def _identity(cluster: Wire, entity: Wire, home: str | None, end: End) -> Verdict:
    """Whether an end is one of the things that an entity rule's selectors choose.

    `notSelector` negates the match of the packet: it also lets pass what is no resource at all. Two readings are open: in
    a namespaced policy with nothing but `notSelector` the page says "anywhere", while the update processor keeps such a
    rule to the policy's namespace; and an address that two network sets hold, of which one is chosen by both selectors.
    """
    around = entity.get("namespaceSelector") or ""
    selector, unwanted = entity.get("selector") or "", entity.get("notSelector") or ""
    accounts = entity.get("serviceAccounts") or {}
    positive = bool(around or selector or accounts.get("names") or accounts.get("selector"))
    if not positive and not unwanted:
        return True

    held = _resources(cluster, end)

    def in_scope(each: Resource) -> Verdict:
        if around:
            return _in_namespaces(cluster, around, each)
        return home is None or each.namespace == home

    def chosen(each: Resource) -> Verdict:
        return both((each.there, in_scope(each), matches(selector, each.labels), _runs_as(accounts, each)))

    def shunned(each: Resource) -> Verdict:
        return matches(unwanted, each.labels) if unwanted else False

    def in_sight(each: Resource) -> Verdict:
        return both((each.there, in_scope(each), shunned(each)))

    anywhere = negated(either(both((each.there, shunned(each))) for each in held))
    nearby = negated(either(in_sight(each) for each in held))
    filtered = either(both((chosen(each), negated(shunned(each)))) for each in held)
    if not positive:
        return agreed((anywhere, nearby, filtered)) if home is not None else anywhere
    found = either(chosen(each) for each in held)
    return agreed((both((found, anywhere)), both((found, nearby)), filtered)) if unwanted else found


def _in_namespaces(cluster: Wire, selector: str, each: Resource) -> Verdict:
    """Whether a resource is in the selected namespaces.

    Two readings, twice: a network set of such a namespace is no workload endpoint, and only those are matched, says the page
    on entity rules; the pages on scopes and labels and the code include it. And what is in no namespace is chosen by
    `global()` alone, says the page; the code also lets it meet `!=`, `not in` and `!has()`.
    """
    if each.namespace is not None:
        found = matches(selector, namespace(cluster, each.namespace), namespaced=True)
        return None if found and each.account is None else found
    found = matches(selector, {}, namespaced=False)
    return None if found and "global(" not in selector else found


def _runs_as(accounts: Wire, each: Resource) -> Verdict:
    parts: list[Verdict] = []
    if accounts.get("names"):
        if each.account is UNKNOWN:
            parts.append(None)
        else:
            parts.append(each.account in accounts["names"])
    if accounts.get("selector"):
        if each.account is None:
            parts.append(None if matches(accounts["selector"], {}) else False)
        else:
            parts.append(matches(accounts["selector"], account_labels(each.account)))
    return both(parts)
