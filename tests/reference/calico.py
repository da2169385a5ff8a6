"""Calico's policies by its documentation: tier by tier, policy by policy, rule by rule, one packet's worth at a time.

Sources: tigera/docs `calico/reference/resources/` (networkpolicy, globalnetworkpolicy, tier, networkset,
globalnetworkset) with `calico/_includes/content/` (selectors, scopes, entity rules, ports, rules),
`network-policy/policy-tiers/tiered-policy` and `get-started/kubernetes-default-deny`, the comments of the types in
projectcalico/calico `api/pkg/apis/projectcalico/v3/`, and where those are silent `felix/calc` and the update processors.

Whatever is open at one step (an unknown service account, the source port of a client, two readings of a text) is followed
both ways to the end; the answer is None where the ends differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.reference.calico_rules import (
    End,
    Packet,
    account,
    account_labels,
    calico_objects,
    namespace,
    pod_labels,
    rule_matches,
)
from tests.reference.calico_selector import matches
from tests.reference.plain import (
    Verdict,
    addresses_of,
    agreed,
    block_holds,
    both,
    family,
    network_policy_admits,
    network_policy_selects,
    of_kind,
    pod_of,
)

Wire = dict[str, Any]
Outcomes = set[bool]

DEFAULT_TIER, DEFAULT_TIER_ORDER = "default", 1_000_000
KUBERNETES_ORDER = 1000
LAST = float("inf")


@dataclass(frozen=True)
class Asked:
    """One direction of a packet at one end of it."""

    cluster: Wire
    word: str
    packet: Packet
    subject: End


def may(cluster: Wire, src: str, dst: str, protocol: str, port: int) -> Verdict:
    """Whether a connection is possible; None where that hangs on the addresses of a pod that has several or tells none.

    Between ends without a version of IP in common there is no connection to be judged.
    """
    ends = [_versions(cluster, end) for end in (src, dst)]
    found = []
    for version in (4, 6):
        if not all(version in each for each in ends):
            continue
        source, target = (
            End(name, pod_of(cluster, name), each[version]) for name, each in zip((src, dst), ends, strict=True)
        )
        packet = Packet(source, target, version, protocol, port)
        found.append(both((_verdict(cluster, "egress", packet), _verdict(cluster, "ingress", packet))))
    return agreed(found) if found else None


def _versions(cluster: Wire, end: str) -> dict[int, str]:
    """The addresses of an end by IP version; both with nothing known where a pod tells none."""
    pod = pod_of(cluster, end)
    told = [end.removeprefix("ip:")] if pod is None else addresses_of(pod)
    return {family(each): each for each in told} or {4: "", 6: ""}


def _verdict(cluster: Wire, word: str, packet: Packet) -> Verdict:
    subject = packet.src if word == "egress" else packet.dst
    if subject.pod is None:
        return True
    asked = Asked(cluster, word, packet, subject)
    found: Outcomes = set()
    for order in _orders(cluster):
        found |= _tiers(asked, order)
    return found.pop() if len(found) == 1 else None


# --- tiers, policies, rules ---


@lru_cache(maxsize=16)
def _orders(cluster: Wire) -> list[list[tuple[str, list[Wire]]]]:
    """Every order in which the tiers and their policies may be taken: one, but for ties."""
    found: list[list[tuple[str, list[Wire]]]] = []
    for tie in (_by_name, _by_key, _by_plain_name):
        order = _sorted_tiers(cluster, tie)
        if order not in found:
            found.append(order)
    return found


def _sorted_tiers(cluster: Wire, tie: Callable[[Wire], str]) -> list[tuple[str, list[Wire]]]:
    """Every tier's default action and policies, both in their order: lowest number first, none at all last, then by name."""
    known = {DEFAULT_TIER: (DEFAULT_TIER_ORDER, DEFAULT_TIER, "Deny")}
    for each in calico_objects(cluster, "Tier"):
        name, spec = each["metadata"]["name"], each["spec"]
        known[name] = (spec.get("order", LAST), name, spec.get("defaultAction") or "Deny")
    held: dict[str, list[Wire]] = {name: [] for name in known}
    for policy in _policies(cluster):
        held[_tier_of(policy)].append(policy)
    return [
        (action, sorted(held[name], key=lambda each: (_order_of(each), tie(each))))
        for _, name, action in sorted(known.values())
    ]


def _policies(cluster: Wire) -> list[Wire]:
    """All that is enforced; staged policies are not."""
    return [
        *calico_objects(cluster, "NetworkPolicy"),
        *calico_objects(cluster, "GlobalNetworkPolicy"),
        *of_kind(cluster, "NetworkPolicy", "networking.k8s.io"),
    ]


def _kubernetes(policy: Wire) -> bool:
    return bool(policy["apiVersion"].startswith("networking.k8s.io/"))


def _tier_of(policy: Wire) -> str:
    return DEFAULT_TIER if _kubernetes(policy) else policy["spec"].get("tier") or DEFAULT_TIER


def _order_of(policy: Wire) -> float:
    if _kubernetes(policy):
        return KUBERNETES_ORDER
    order = policy["spec"].get("order")
    return LAST if order is None else float(order)


def _by_name(policy: Wire) -> str:
    """Ties: the resource's name, which for a Kubernetes policy is the one that Calico converts it to."""
    return ("knp.default." if _kubernetes(policy) else "") + str(policy["metadata"]["name"])


def _by_key(policy: Wire) -> str:
    """Ties, as data planes before 3.32 keep them: `namespace/tier.name`, without a namespace for a global policy."""
    name, tier = _by_name(policy), _tier_of(policy)
    stored = name if _kubernetes(policy) or name.startswith(f"{tier}.") else f"{tier}.{name}"
    return "/".join(part for part in (policy["metadata"].get("namespace", ""), stored) if part)


def _by_plain_name(policy: Wire) -> str:
    """Ties: the name as written (a third reading)."""
    return str(policy["metadata"]["name"])


def _tiers(asked: Asked, tiers: list[tuple[str, list[Wire]]]) -> Outcomes:
    """What may become of a packet in these tiers. After the last one the namespace's profile allows it."""
    if not tiers:
        return {True}
    (action, policies), *rest = tiers

    def leave() -> Outcomes:
        return _tiers(asked, rest)

    return _through(asked, policies, lambda applied: {False} if applied and action == "Deny" else leave(), leave)


def _through(
    asked: Asked,
    policies: list[Wire],
    end: Callable[[bool], Outcomes],
    leave: Callable[[], Outcomes],
    applied: bool = False,
) -> Outcomes:
    """The policies of one tier in turn; at its `end` it matters whether any of them applied, or the tier is skipped."""
    if not policies:
        return end(applied)
    policy, *others = policies
    applies = _applies(asked, policy)
    found: Outcomes = set()
    if applies is not False:
        found |= _rules(_judged(asked, policy), lambda: _through(asked, others, end, leave, applied=True), leave)
    if applies is not True:
        found |= _through(asked, others, end, leave, applied)
    return found


def _rules(rules: list[tuple[str, Verdict]], onward: Callable[[], Outcomes], leave: Callable[[], Outcomes]) -> Outcomes:
    """One policy's rules in turn: the first that matches decides, except that `Log` only logs."""
    if not rules:
        return onward()
    (action, matched), *others = rules
    found: Outcomes = set()
    if matched is not False and action != "Log":
        found |= leave() if action == "Pass" else {action == "Allow"}
    if matched is not True or action == "Log":
        found |= _rules(others, onward, leave)
    return found


def _applies(asked: Asked, policy: Wire) -> Verdict:
    """Whether a policy governs the pod in question in the direction in question."""
    cluster, word, subject = asked.cluster, asked.word, asked.subject
    if _kubernetes(policy):
        return network_policy_selects(policy, word, subject.pod)
    spec, home = policy["spec"], policy["metadata"].get("namespace")
    types = spec.get("types")
    if not types:
        egress = ["Egress"] if spec.get("egress") else []
        types = (["Ingress"] if spec.get("ingress") or not egress else []) + egress
    if word.capitalize() not in types:
        return False
    space = subject.pod["metadata"]["namespace"]
    chosen = [matches(spec.get("selector") or "", pod_labels(subject.pod))]
    if home is not None:
        chosen.append(space == home)
    if spec.get("namespaceSelector"):
        chosen.append(matches(spec["namespaceSelector"], namespace(cluster, space), namespaced=True))
    if spec.get("serviceAccountSelector"):
        chosen.append(matches(spec["serviceAccountSelector"], account_labels(account(subject.pod))))
    if spec.get("preDNAT") or spec.get("doNotTrack"):
        chosen.append(None)  # for host endpoints; what they do to a pod that they select is not said
    return both(chosen)


def _judged(asked: Asked, policy: Wire) -> list[tuple[str, Verdict]]:
    """A policy's rules of the direction as (action, whether the packet matches)."""
    cluster, word, packet = asked.cluster, asked.word, asked.packet
    if _kubernetes(policy):
        other = packet.src if word == "ingress" else packet.dst
        target = (packet.dst.name, packet.protocol, packet.port)

        def in_block(_: str, block: Wire) -> Verdict:
            # Whether an ipBlock reaches pods is left to the implementation: Calico's looks at addresses only.
            return None if not other.address or block_holds(other.address, block) else False

        return [("Allow", network_policy_admits(cluster, policy, word, (other.name, *target), in_block))]
    home = policy["metadata"].get("namespace")
    return [(rule["action"], rule_matches(cluster, rule, home, packet)) for rule in policy["spec"].get(word) or []]
