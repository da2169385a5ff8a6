"""Rules that name what is not there today.

- `dangling-namespace`: a namespaceSelector that no namespace matches, or whose label no namespace carries.
- `dangling-peer`: a selector that no pod in the namespaces it speaks of matches, running or finished.
- `dangling-port`: a port's name that none of the pods it may concern declares.

In a folder of manifests, who lives in namespaces that the folder does not hold is not known: there this is only a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scanner.lint.case import Case, names_of_namespaces, some
from scanner.lint.model import Finding, Kind, Severity, of_policy
from scanner.policy.model import Operator, PodPeer, Selector
from scanner.policy.selectors import members
from scanner.policy.words import selector_words
from scanner.reach.grants import Grant
from scanner.reach.model import Direction
from scanner.reach.population import NamespaceSpan

_ALWAYS_THERE = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})  # every cluster has these
_NEEDS_KEY = frozenset(
    {Operator.IN, Operator.EXISTS, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH}
)  # without the key these never hold


class Dangling:
    """Looks at every peer once, however many rules name it."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._known: dict[tuple[PodPeer, str], tuple[Kind, Severity, str] | None] = {}
        self._keys = {key for span in case.spans.values() for key in span.labels}

    def peers(self, silent: Collection[int]) -> Iterator[Finding]:
        """Findings about the peers of every rule; `silent` are the grants whose policies are dead themselves."""
        if not self._case.pods_known or not self._case.namespaces_known:
            return
        for number, grant in enumerate(self._case.grants):
            if grant.rule.doubt or number in silent:
                continue
            for peer in grant.rule.peers or ():
                if isinstance(peer, PodPeer) and (found := self._of(peer, grant.policy.namespace)):
                    yield of_policy(*found[:2], grant.policy, found[2], grant.rule)

    def _of(self, peer: PodPeer, namespace: str) -> tuple[Kind, Severity, str] | None:
        key = (peer, namespace if peer.namespaces is None else "")
        if key not in self._known:
            self._known[key] = self._judge(peer, namespace)
        return self._known[key]

    def _judge(self, peer: PodPeer, namespace: str) -> tuple[Kind, Severity, str] | None:
        case = self._case
        spans = case.spans_of(namespace, peer.namespaces)
        named = (namespace,) if peer.namespaces is None else names_of_namespaces(peer.namespaces)
        if not spans and peer.namespaces is not None:
            return self._no_namespace(peer.namespaces, named)
        if case.any_pod(spans, peer.pods):
            return self._only_hosts(peer, spans)
        if case.has_finished(spans, peer.pods) or (peer.namespaces is None and peer.pods.everything):
            return None  # of its own namespace without pods the policy's own finding speaks
        here = bool(named) and (peer.namespaces is None or case.namespaces.issuperset(named))
        severity = Severity.WARNING if here or not case.partly else Severity.NOTE
        labels = f" has labels {selector_words(peer.pods)}" if not peer.pods.everything else ""
        where = f"in {_places(peer.namespaces, named)}"
        message = f"no pod {where}{labels} today" if labels else f"there is no pod {where} today"
        unless = ", unless an operator makes them later" if case.partly and severity is Severity.WARNING else ""
        return Kind.DANGLING_PEER, severity, f"{message}; check the {'labels' if labels else 'selector'}{unless}"

    def _no_namespace(self, selector: Selector, named: tuple[str, ...]) -> tuple[Kind, Severity, str] | None:
        if _ALWAYS_THERE.intersection(named):
            return None
        severity = Severity.NOTE if self._case.partly else Severity.WARNING
        keys = [each.key for each in selector.requirements if each.operator in _NEEDS_KEY]
        missing = [key for key in keys if key not in self._keys]
        if named:
            message = f"there is no namespace {' or '.join(named)}; check the name"
        elif missing:
            message = f"no namespace carries the label {some(missing)}; label the namespaces or correct the key"
        else:
            message = f"no namespace matches {selector_words(selector)} today; check the labels"
        return Kind.DANGLING_NAMESPACE, severity, message

    def _only_hosts(self, peer: PodPeer, spans: list[NamespaceSpan]) -> tuple[Kind, Severity, str] | None:
        """By its selector a host-network pod is matched by no rule: it shows its node's address."""
        case = self._case
        found = case.pods(spans, peer.pods) if case.host and case.declared else 0
        if not found or found & ~case.host or peer.pods.everything:
            return None
        who = case.workloads(found)
        message = (
            f"pods {selector_words(peer.pods)} are all on the host network ({who}), where no selector matches them"
        )
        return Kind.HOST_NETWORK, Severity.NOTE, f"{message}; name the addresses of their nodes"

    def ports(self, silent: Collection[int]) -> Iterator[Finding]:
        """Findings about port names that nobody declares. Where nobody is selected at all, other findings speak."""
        case = self._case
        if not case.pods_known:
            return
        anywhere = {each[:2] for named in case.population.named for each in named}
        for number, grant in enumerate(case.grants):
            names = {(port.protocol, port.name) for port in grant.rule.ports or () if port.name}
            if not names or number in silent:
                continue
            concerned = self._destinations(grant)
            if not concerned:
                continue
            declared = anywhere
            if concerned != case.real:
                declared = {each[:2] for at in members(concerned) for each in case.population.named[at]}
            for protocol, name in sorted(names - declared):
                who = "it selects" if grant.rule.direction is Direction.INGRESS else "it may lead to"
                message = f"no container of the pods {who} declares a {protocol} port named {name!r}, so it opens none"
                mend = "correct the name, or write the number"
                yield of_policy(Kind.DANGLING_PORT, Severity.WARNING, grant.policy, f"{message}; {mend}", grant.rule)

    def _destinations(self, grant: Grant) -> int:
        """The real pods whose ports a rule speaks of."""
        inward = grant.rule.direction is Direction.INGRESS
        return (grant.subject if inward else grant.peers.all).maybe & self._case.real


def _places(selector: Selector | None, named: tuple[str, ...]) -> str:
    if named:
        return f"namespace {' or '.join(named)}"
    return "any namespace" if selector is None or selector.everything else f"namespaces {selector_words(selector)}"
