"""NB-LP-04: who decides which peers a rule of another namespace means?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scanner.admission import AdmissionRule, admission_of
from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, quoted, unread
from scanner.controls.peers import TOMORROW
from scanner.controls.privilege.ports import allows
from scanner.controls.privilege.rights import granted
from scanner.findings import Status
from scanner.model import NAME_LABEL, Pod
from scanner.policy.model import IMPLIED_NAMESPACE_LABELS, IMPLIED_NAMESPACE_NAME, PodPeer, Policy, Rule
from scanner.policy.selectors import matches
from scanner.rbac import RESOURCES
from scanner.reach.population import workload_id

# Whoever writes one of these gives pods their labels.
_MAKERS = (
    ("", "pods"), ("apps", "deployments"), ("apps", "statefulsets"), ("apps", "daemonsets"), ("apps", "replicasets"),
    ("batch", "jobs"), ("batch", "cronjobs"),
)  # fmt: skip
_LABEL_WRITES = ("create", "update", "patch")


def peers_are_trusted(case: Case) -> Iterator[Verdict]:
    """One verdict per policy with allow rules for pods of other namespaces.

    A namespace's name is kept right by the API server. Any other label of a namespace is as good as whoever may write
    namespaces; where the selector takes every namespace, the peers are chosen by labels of pods, and so by whoever may make
    pods anywhere. A selector of every namespace and pod fails in front of a sensitive workload only. Admission that names
    the label may protect it: then the answer is unknown.
    """
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    trust = _Trust(case)
    found: dict[str, list[Policy]] = {}
    for policy in case.policies.policies:
        if not policy.namespace or not case.is_platform(policy.namespace):
            found.setdefault(policy.id, []).append(policy)
    for name, policies in found.items():
        judged = [
            trust.judge(policy, rule, peer)
            for policy in policies
            for rule in policy.rules
            for peer in (rule.peers or () if allows(rule) else ())
            if isinstance(peer, PodPeer) and peer.namespaces is not None
        ]
        if judged:
            yield _verdict(name, judged)


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of one peer."""

    status: Status
    reason: str
    line: str
    fix: str = ""


def _verdict(name: str, judged: Sequence[_Said]) -> Verdict:
    for status in (Status.FAIL, Status.UNKNOWN):
        if of_status := [each for each in judged if each.status is status]:
            return Verdict(
                subject=name,
                status=status,
                reason=of_status[0].reason,
                evidence=bounded(each.line for each in of_status),
                remediation=of_status[0].fix,
            )
    return Verdict(subject=name, status=Status.PASS, reason="trusted", evidence=bounded(each.line for each in judged))


class _Trust:
    """Judges peers of one cluster; who may write labels is looked up once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._known: dict[tuple[bool, frozenset[str]], _Said | None] = {}
        self._today: dict[PodPeer, list[str]] = {}

    def judge(self, policy: Policy, rule: Rule, peer: PodPeer) -> _Said:
        """One peer of one rule."""
        spaces = {key for key in (peer.namespaces.label_keys() if peer.namespaces else ()) if key != NAME_LABEL}
        own = set(peer.pods.label_keys())
        spaces |= {key for key in own if key.startswith(IMPLIED_NAMESPACE_LABELS)}
        pods = {key for key in own if key not in IMPLIED_NAMESPACE_NAME} - spaces
        everywhere = self._takes_tomorrow(peer)
        if everywhere and (found := self._open(policy, rule, bare=peer.pods.everything)):
            return found
        if self._by_name(peer):
            return _Said(Status.PASS, "trusted", f"{rule.name} selects namespaces by name")
        by_pods = everywhere or not spaces
        found = self._writers(by_pods, frozenset(pods if by_pods else spaces))
        labels = names(sorted(pods if by_pods else spaces))
        what = f"{rule.name} selects {'pods of any namespace' if by_pods else 'namespaces'} by label {labels}"
        if found is None:
            return _Said(Status.PASS, "trusted", f"{what}, which the platform alone may write")
        fix = self._fix(policy, rule, peer) if found.status is Status.FAIL else ""
        return _Said(found.status, found.reason, f"{what}, {found.line}", fix)

    def _takes_tomorrow(self, peer: PodPeer) -> bool:
        """Whether a namespace that is made tomorrow, without labels, would be among the peers."""
        named = dict.fromkeys(IMPLIED_NAMESPACE_NAME, TOMORROW)
        asked = [each for each in peer.pods.requirements if each.key in IMPLIED_NAMESPACE_NAME]
        takes = peer.namespaces is None or matches(peer.namespaces, {NAME_LABEL: TOMORROW})
        return takes and all(matches(type(peer.pods)((each,)), named) for each in asked)

    def _by_name(self, peer: PodPeer) -> bool:
        """Whether the peer is confined to namespaces that it names."""
        wanted = [*(peer.namespaces.requirements if peer.namespaces else ()), *peer.pods.requirements]
        return not self._takes_tomorrow(peer) and any(
            each.key in {NAME_LABEL, *IMPLIED_NAMESPACE_NAME} for each in wanted
        )

    def _open(self, policy: Policy, rule: Rule, *, bare: bool) -> _Said | None:
        """Every namespace: a failure in front of what is sensitive; `bare` says that no label of pods narrows it."""
        behind = sorted({workload_id(pod) for pod in self._sensitive if self._case.selects(policy, pod)})
        if behind:
            line = f"{rule.name} takes pods of every namespace, and {names(behind)} is declared sensitive"
            fix = (
                f"In {policy.id} {rule.name} name the namespace and its pods:\n"
                "- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: <namespace>}}\n"
                "  podSelector: {matchLabels: {<label>: <value>}}"
            )
            return _Said(Status.FAIL, "every-namespace", line, fix)
        if not bare:
            return None
        if not self._case.config.sensitive:
            line = f"{rule.name} takes every pod of every namespace; whether what is behind is sensitive: baseline.sensitive"
            return _Said(Status.UNKNOWN, "sensitive-undeclared", line)
        line = f"{rule.name} takes every pod of every namespace, and nothing behind it is declared sensitive"
        return _Said(Status.PASS, "not-sensitive", line)

    @cached_property
    def _sensitive(self) -> tuple[Pod, ...]:
        """The pods that the operator declares sensitive."""
        case = self._case
        return tuple(
            pod
            for pod in (case.workload_pods if case.config.sensitive else ())
            if case.declared_as(case.config.sensitive, pod.namespace, pod.workload.name, pod.labels)
        )

    def _writers(self, by_pods: bool, labels: frozenset[str]) -> _Said | None:
        key = (by_pods, labels)
        if key not in self._known:
            self._known[key] = self._ask(by_pods, labels)
        return self._known[key]

    def _ask(self, by_pods: bool, labels: Iterable[str]) -> _Said | None:
        """Who but the platform may write such labels; None if nobody."""
        if gaps := self._case.missing(*RESOURCES):
            return _Said(Status.UNKNOWN, "rights-unread", f"and who may write that was not read: {gaps[0]}")
        writers, unreadable = self._pods if by_pods else self._namespaces
        if writers:
            if guards := self._guards(labels, "pods" if by_pods else "namespaces"):
                line = f"which {names(writers, 2)} may write; {names(guards, 2)} may keep them from it"
                return _Said(Status.UNKNOWN, "guard-not-judged", line)
            return _Said(Status.FAIL, "untrusted-label", f"which may be written by {names(writers, 3)}")
        if unreadable:
            return _Said(Status.UNKNOWN, "rights-unread", f"and {names(unreadable)} cannot be understood")
        return None

    @cached_property
    def _namespaces(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self._granted((("", "namespaces"),))

    @cached_property
    def _pods(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self._granted(_MAKERS)

    def _granted(self, resources: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = [granted(self._case, group, resource, _LABEL_WRITES) for group, resource in resources]
        who = dict.fromkeys(f"{grant.subject} ({grant.by})" for each in found for grant in each.grants)
        return tuple(who), tuple(dict.fromkeys(name for each in found for name in each.unreadable))

    def _guards(self, labels: Iterable[str], resource: str) -> list[str]:
        """Admission rules that look at such objects and speak of one of the labels."""
        return [
            rule.where
            for rule in self._admission
            if rule.covers("UPDATE", "", resource)
            and any(label in expression for label in labels for expression in rule.refuses)
        ]

    @cached_property
    def _admission(self) -> tuple[AdmissionRule, ...]:
        return admission_of(self._case.snapshot).rules

    def _fix(self, policy: Policy, rule: Rule, peer: PodPeer) -> str:
        """The namespaces with such pods today, by name."""
        if peer not in self._today:
            self._today[peer] = sorted(self._spaces(peer))[:10]
        listed = ", ".join(map(quoted, self._today[peer])) or "<namespace>"
        return (
            f"In {policy.id} {rule.name} name the namespaces (today's are given), and keep the podSelector beside it:\n"
            f"namespaceSelector: {{matchExpressions: [{{key: kubernetes.io/metadata.name, operator: In, values: [{listed}]}}]}}"
        )

    def _spaces(self, peer: PodPeer) -> set[str]:
        labels = self._case.labels
        chosen = {name for name in labels if peer.namespaces is None or matches(peer.namespaces, labels[name])}
        return {
            item.namespace
            for item in self._case.reach.classes
            if item.namespace in chosen and not item.hypothetical and matches(peer.pods, item.labels)
        }
