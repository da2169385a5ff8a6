"""Policies and rules that concern nobody.

- `dead-policy`: selects no pod today, running or finished, nor would it an unlabelled one; or it says nothing at all.
- `empty-namespace`: stands in a namespace that has no pods, or is not there.
- `host-network`: selects host-network pods, which no policy isolates (Kubernetes documentation, "Network Policies").
- `dead-rule`: has no peer or no port that anything could have, or is for none of its policy's pods.
- `dead-part`: a block of addresses of which the excepts leave nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scanner.lint.case import Case, ObjectKey, names_of_namespaces, noted_name, object_key, some
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.policy.model import BlockPeer, Policy
from scanner.policy.selectors import matches
from scanner.policy.words import block_words, selector_words
from scanner.reach.addresses import admitted_spans
from scanner.reach.grants import Grant


def dead_policies(case: Case) -> tuple[frozenset[int], tuple[Finding, ...]]:
    """Policies without pods, by their positions, and what to say of them."""
    dead: dict[int, Finding | None] = {}
    for at, (policy, _) in enumerate(case.standing.selected_by):
        spans = case.spans_of(policy.namespace, policy.namespaces)
        if not policy.directions and not policy.rules and not policy.doubt:
            message = "has no rules and isolates nothing; write rules or remove it"
            dead[at] = of_policy(Kind.DEAD_POLICY, Severity.WARNING, policy, message)
        elif case.pods_known and not case.any_pod(spans, policy.subject):
            dead[at] = _without_pods(case, policy)
    findings: list[Finding] = []
    for parts in case.parts.values():
        mine = [dead[at] for at in parts if at in dead]
        whole = len(mine) == len(parts)
        for at in parts:
            found = dead.get(at)
            if found is None or (whole and at != parts[0]):
                continue
            policy = case.standing.selected_by[at][0]
            if whole or not policy.rules:
                findings.append(found)
            else:  # one of several specs: its first rule says which
                findings.append(of_policy(found.kind, found.severity, policy, found.message, policy.rules[0]))
    return frozenset(dead), tuple(findings)


def _without_pods(case: Case, policy: Policy) -> Finding | None:
    """What to say of a policy that selects no running pod; nothing where it waits for pods by design."""
    spans = case.spans_of(policy.namespace, policy.namespaces)
    if policy.namespaces is None and not any(case.inhabited(span) for span in spans):
        return _without_neighbours(case, policy)
    if case.has_finished(spans, policy.subject) or any(matches(policy.subject, span.stranger) for span in spans):
        return None
    elsewhere = case.partly and policy.namespaces is not None and not names_of_namespaces(policy.namespaces)
    severity = Severity.NOTE if elsewhere else Severity.WARNING
    if policy.namespaces is not None and not spans:
        message = (
            f"no namespace matches {selector_words(policy.namespaces)} today, so it concerns nobody; check the labels"
        )
        return of_policy(Kind.DEAD_POLICY, severity, policy, message) if case.namespaces_known else None
    pods = f"no pod in {_places(policy)} has labels {selector_words(policy.subject)} today"
    later = "; check the labels" if not case.partly else "; check the labels, unless an operator makes them later"
    return of_policy(Kind.DEAD_POLICY, severity, policy, pods + later)


def _without_neighbours(case: Case, policy: Policy) -> Finding | None:
    """The same where its whole namespace has none. For every pod of a namespace a policy may stand there first."""
    name = policy.namespace
    if case.namespaces_known and name not in case.namespaces and not case.partly:
        message = f"namespace {name} does not exist, so it concerns nobody; correct metadata.namespace"
        return of_policy(Kind.EMPTY_NAMESPACE, Severity.WARNING, policy, message)
    if policy.subject.everything:
        return None
    message = f"namespace {name} has no pods, so it concerns nobody today; check metadata.namespace"
    return of_policy(Kind.EMPTY_NAMESPACE, Severity.NOTE, policy, message)


def _places(policy: Policy) -> str:
    if policy.namespaces is None:
        return f"namespace {policy.namespace}"
    return "any namespace" if policy.namespaces.everything else f"namespaces {selector_words(policy.namespaces)}"


def host_network(case: Case) -> tuple[frozenset[int], tuple[Finding, ...]]:
    """Policies that select host-network pods alone, by their positions, and what to say of those that select any.

    Of isolating policies that select the same ones the first speaks for all.
    """
    grouped: dict[tuple[int, bool], list[int]] = {}
    for at, (policy, _) in enumerate(case.standing.selected_by if case.host else ()):
        chosen = case.pods(case.spans_of(policy.namespace, policy.namespaces), policy.subject)
        hosts = chosen & case.host
        if hosts and (policy.directions or hosts == chosen):
            grouped.setdefault((hosts, hosts == chosen), []).append(at)
    findings = []
    for (hosts, only), positions in grouped.items():
        policies = [case.standing.selected_by[at][0] for at in positions]
        others = some(sorted({each.id for each in policies} - {policies[0].id}))
        also = f" (so does {others})" if others else ""
        how, severity = ("selects only", Severity.WARNING) if only else ("also selects", Severity.NOTE)
        message = f"{how} host-network pods, of {case.workloads(hosts)}, whom no policy isolates{also}"
        message += "; close their ports on the node"
        findings.append(of_policy(Kind.HOST_NETWORK, severity, policies[0], message))
    alone = frozenset(at for (_, only), positions in grouped.items() if only for at in positions)
    return alone, tuple(findings)


def dead_rules(case: Case, dead: Collection[int], noted: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """Rules that can match nothing; `noted` are objects and rules of which that is said already.

    A rule that is read as several is dead where each of these is; doubt does not matter, for it only narrows what is read.
    """
    silent = {object_key(case.standing.selected_by[at][0]) for at in dead}
    pieces: dict[tuple[ObjectKey, str], list[tuple[Grant, str]]] = {}
    for grant in case.grants:
        if (noted_name(grant.policy), grant.rule.name) not in noted:
            key = (object_key(grant.policy), grant.rule.name)
            why = _why_dead(case, grant, quiet=key[0] in silent)
            pieces.setdefault(key, []).append((grant, why))
    for mine in pieces.values():
        grant, message = mine[0]
        if all(why for _, why in mine):
            yield of_policy(Kind.DEAD_RULE, Severity.WARNING, grant.policy, message, grant.rule)
        peers = [peer for each, _ in mine for peer in each.rule.peers or ()]
        empty = [block_words(peer.block) for peer in peers if isinstance(peer, BlockPeer) and not admitted_spans(peer)]
        if empty:
            message = f"the excepts leave nothing of {some(empty)}; except less, or remove the block"
            yield of_policy(Kind.DEAD_PART, Severity.WARNING, grant.policy, message, grant.rule)


def _why_dead(case: Case, grant: Grant, *, quiet: bool) -> str:
    """Why one piece of a rule matches nothing; empty where it may. Of a policy without pods that need not be said."""
    policy, rule = grant.policy, grant.rule
    if rule.peers == ():
        default_deny = policy.group == "cilium.io" and rule.ports is None  # {} is how that is written there
        return "" if default_deny else "matches nothing: none of its peers can exist; name peers, or remove the rule"
    if rule.ports == ():
        return "matches no port of TCP, UDP or SCTP; name ports, or remove the rule"
    if rule.subject is None or grant.subject.maybe or quiet or not case.pods_known:
        return ""
    if case.has_finished(case.spans_of(policy.namespace, policy.namespaces), rule.subject):
        return ""
    return f"is for pods {selector_words(rule.subject)}, and its policy selects no such pod today; check the labels"
