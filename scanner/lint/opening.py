"""Rules that open more than their author may know.

- `open-to-everything`: every peer on every port, which is also what an empty rule, or empty lists, mean.
- `open-to-anywhere`: every peer, inside and outside, on some ports; not where these are DNS alone.
- `split-peer`: a podSelector and a namespaceSelector as two items of a list (either will do), where other rules have the same
  two as one item (both must hold): Kubernetes documentation, "Behavior of to and from selectors".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from scanner.lint.case import DNS_PORT, Case
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.lint.redundant import opens_everything
from scanner.policy.model import Action, Entity, EntityPeer, PodPeer, Ports, Rule, Selector
from scanner.policy.words import selector_words
from scanner.reach.model import Direction

_Pair = tuple[Selector, Selector]


def open_rules(case: Case, silent: Collection[int], eclipsed: Mapping[int, int]) -> Iterator[Finding]:
    """Rules that are open to everybody; `eclipsed` says how many other rules each of them makes redundant."""
    for number, grant in enumerate(case.grants):
        rule = grant.rule
        if number in silent or rule.action is not Action.ALLOW or rule.l7 or grant.doubt:
            continue
        inward = rule.direction is Direction.INGRESS
        if opens_everything(rule):
            who = "lets in everybody" if inward else "lets its pods go anywhere"
            count = eclipsed.get(number, 0)
            idle = f", so that {count} other {'rule is' if count == 1 else 'rules are'} idle" if count else ""
            message = f"{who} on every port{idle}; name peers and ports (empty lists mean all)"
            severity = Severity.WARNING if inward or count else Severity.NOTE
            yield of_policy(Kind.OPEN_TO_EVERYTHING, severity, grant.policy, message, rule)
        elif rule.ports and (rule.peers is None or EntityPeer(Entity.ALL) in rule.peers) and not _dns_alone(rule):
            who = "anybody, inside the cluster and out, may come in" if inward else "its pods may go anywhere"
            message = f"{who} on these ports; name peers, unless that is meant (an empty list means all)"
            yield of_policy(Kind.OPEN_TO_ANYWHERE, Severity.NOTE, grant.policy, message, rule)


def _dns_alone(rule: Rule) -> bool:
    return all(is_dns(port) for port in rule.ports or ())


def is_dns(port: Ports) -> bool:
    """Whether a port of a rule is DNS's and no other."""
    return not port.name and port.first == port.last == DNS_PORT and port.protocol in {"TCP", "UDP"}


def split_peers(case: Case, silent: Collection[int]) -> Iterator[Finding]:
    """Pairs of selectors that stand apart in one rule and together in another."""
    together = {
        (peer.pods, peer.namespaces)
        for grant in case.grants
        for peer in grant.rule.peers or ()
        if isinstance(peer, PodPeer) and peer.namespaces is not None and not peer.pods.everything
    }
    for number, grant in enumerate(case.grants):
        if number in silent:
            continue
        for pods, namespaces in _apart(grant.rule):
            if (pods, namespaces) in together:
                message = (
                    f"matches pods {selector_words(pods)} of its own namespace, and every pod of namespaces "
                    f"{selector_words(namespaces)}: two list items; where both must hold, as another rule has it, write one"
                )
                yield of_policy(Kind.SPLIT_PEER, Severity.WARNING, grant.policy, message, grant.rule)


def _apart(rule: Rule) -> Iterator[_Pair]:
    """A podSelector and a namespaceSelector next to each other, each an item of its own."""
    for one, other in pairwise(rule.peers or ()):
        if isinstance(one, PodPeer) and isinstance(other, PodPeer):
            pods, spaces = (other, one) if one.namespaces is not None else (one, other)
            if (
                pods.namespaces is None
                and not pods.pods.everything
                and spaces.namespaces is not None
                and not spaces.namespaces.everything
                and spaces.pods.everything
            ):
                yield pods.pods, spaces.namespaces
