"""One wire rule as one rule or several: its peers by the doubt about them, crossed with its ports by what filters above them.

Source: Cilium's documentation, "Layer 3 Policies" and "Mutual Authentication"; cilium/cilium, pkg/policy/rule.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scanner.policy.cilium.found import Found, Notes, Scope, join_doubts
from scanner.policy.cilium.peers import rule_peers
from scanner.policy.cilium.ports import port_groups
from scanner.policy.cilium.wire import WireEgress, WireIngress, WireIngressDeny, WireRule
from scanner.policy.decode import FieldError
from scanner.policy.model import Action, Peer, Rule

AUTHENTICATED = "it lets through only what has authenticated (mode 'required')"  # the doubt about such a rule


def resolved_rules(rule: Rule, wire: WireRule, place: str, scope: Scope, notes: Notes) -> Iterator[Rule]:
    """The rules that a wire rule comes to, all with the place and the action of `rule`.

    Without peers it is for every peer on its ports; with neither peers nor ports ({}) it matches nothing, which is how a
    default deny is written (Cilium's documentation, "Ingress/Egress Default Deny").

    Raises:
        FieldError: the API server or the agent refuses the rule.
        UnreadableError: it has an effect that cannot be read here.
    """
    found = rule_peers(wire, place, scope, notes)
    ingress = isinstance(wire, WireIngress | WireIngressDeny)
    groups = port_groups(wire.to_ports, wire.icmps, place, notes, ingress=ingress)
    login = _authentication(wire, place)
    limited = bool(wire.to_ports or wire.icmps)
    if found is None and not limited and rule.action is Action.DENY:
        notes.remark(place, "names neither peers nor ports, so it denies nothing; name what it is to deny")
    by_doubt = {"": None if limited else ()} if found is None else _by_doubt(found)
    for doubt, peers in by_doubt.items():
        for group in groups:
            reasons = join_doubts(doubt, group.doubt, login)
            yield replace(rule, peers=peers, ports=group.ports, l7=group.l7, doubt=reasons)


def _by_doubt(found: tuple[Found, ...]) -> Mapping[str, tuple[Peer, ...] | None]:
    """The peers by the doubt about them; nobody, without doubt, where there are none."""
    gathered: dict[str, dict[Peer, None]] = {}
    for each in found:
        if each.peers:
            gathered.setdefault(each.doubt, {}).update(dict.fromkeys(each.peers))
    return {doubt: tuple(peers) for doubt, peers in gathered.items()} or {"": ()}


def _authentication(wire: WireRule, place: str) -> str:
    """Why traffic that needs mutual authentication may not pass; empty where it needs none."""
    login = wire.authentication if isinstance(wire, WireIngress | WireEgress) else None
    if login is None or login.mode == "disabled":
        return ""
    if not login.mode:
        raise FieldError(f"{place}.authentication.mode", "is missing; write required or disabled")
    return f"it lets through only what has authenticated (mode {login.mode!r})"
