"""Rules that forget DNS, without which few pods find anybody.

- `dns-without-udp`: a rule opens TCP 53 and no rule beside it UDP 53, which clients ask first (RFC 1123, section 6.1.3.2); a
  port without a protocol is TCP (API reference of NetworkPolicy v1).
- `no-dns`: pods isolated for egress may go somewhere, and nowhere on port 53. Pods that may go nowhere at all are meant so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scanner.lint.boxes import Boxes, Group
from scanner.lint.case import DNS_PORT, Case, some
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.lint.opening import is_dns
from scanner.policy.model import Action, BlockPeer, Policy
from scanner.policy.selectors import members
from scanner.reach.grants import Grant
from scanner.reach.model import Direction


def without_udp(case: Case, silent: Collection[int]) -> Iterator[Finding]:
    """Rules that open TCP 53 alone, unless other rules open UDP 53 for all of the same pods."""
    udp = case.atoms.span("UDP", DNS_PORT, DNS_PORT)
    opened = dict.fromkeys(Direction, 0)
    for grant in case.grants:
        if _allows(grant) and case.atoms.mask(grant.maybe_ports, ()) & udp:
            opened[grant.rule.direction] |= grant.subject.maybe
    for number, grant in enumerate(case.grants):
        tcp = any(is_dns(port) and port.protocol == "TCP" for port in grant.rule.ports or ())
        if tcp and number not in silent and _allows(grant) and grant.subject.maybe & ~opened[grant.rule.direction]:
            message = "opens TCP 53 and not UDP 53, which DNS asks first (a port without protocol is TCP); add it"
            yield of_policy(Kind.DNS_WITHOUT_UDP, Severity.WARNING, grant.policy, message, grant.rule)


def _allows(grant: Grant) -> bool:
    return grant.rule.action is Action.ALLOW and not grant.rule.doubt


def no_dns(case: Case, boxes: Boxes) -> Iterator[Finding]:
    """Pods that may not ask DNS, by the policies that isolate them; `boxes` are those of egress."""
    dns = case.atoms.numbers((("TCP", DNS_PORT), ("UDP", DNS_PORT)))
    closed = 0
    for group in boxes.groups:
        if 3 in group.ends and not group.undecided and _talks(boxes, group, dns):
            closed |= group.classes
    closed &= case.real & ~case.host & ~case.standing.unpoliced
    if not closed:
        return
    for positions, classes in _by_policies(case, closed).items():
        policies = [case.standing.selected_by[at][0] for at in positions]
        workloads = sorted({name for at in classes for name in case.population.classes[at].workloads})
        message = (
            f"isolates {some(workloads)} for egress, and no rule lets them ask DNS (port 53); allow UDP and TCP 53 to the "
            "cluster's DNS, unless they need no names"
        )
        yield of_policy(Kind.NO_DNS, Severity.WARNING, _spokesman(policies), message)


def _talks(boxes: Boxes, group: Group, dns: int) -> bool:
    """Whether a group may go to pods or names, but to nobody on port 53."""
    somewhere = False
    for ref in group.refs:
        rule = boxes.grants[ref >> 1].rule
        if rule.action is Action.DENY:
            continue
        for mask, peers in boxes.maybe(ref, group):
            if mask & dns and peers:
                return False
            somewhere = somewhere or any(not isinstance(peer, BlockPeer) for peer in rule.peers or (None,))
    return somewhere


def _by_policies(case: Case, closed: int) -> dict[tuple[int, ...], list[int]]:
    """Classes by the positions of the policies that isolate them for egress."""
    isolating: dict[int, list[int]] = {}
    for at, (policy, subject) in enumerate(case.standing.selected_by):
        if Direction.EGRESS in policy.directions:
            for number in members(subject.sure & closed):
                isolating.setdefault(number, []).append(at)
    found: dict[tuple[int, ...], list[int]] = {}
    for number, positions in sorted(isolating.items()):
        found.setdefault(tuple(positions), []).append(number)
    return found


def _spokesman(policies: list[Policy]) -> Policy:
    """The policy to name: the one with the most egress rules says what its pods are for."""
    return max(policies, key=lambda policy: sum(rule.direction is Direction.EGRESS for rule in policy.rules))
