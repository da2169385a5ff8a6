"""NB-ENF-04: does every policy say only what the data plane of this cluster honours?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, unread
from scanner.controls.enforcement.honoured import BY_SPECIFICATION, WORDS, Use, Uses, place
from scanner.controls.enforcement.hosts import Hosts, firewall_of
from scanner.dataplane.kinds import honours
from scanner.dataplane.model import Answer, Enforcing, Value
from scanner.findings import Status
from scanner.model import NAME_LABEL, Cloud, Source
from scanner.policy.model import Policy
from scanner.policy.resolve import REFUSED
from scanner.policy.selectors import matches
from scanner.reach.diff import Change, State, aligned, difference
from scanner.reach.effects.rules import Rule, rules_of, shown_by
from scanner.reach.model import Direction, PodClass

_MOST_CHANGES = 5_000  # connections looked at for one feature; a policy is blamed by the workloads among them
Found = tuple[Status, str, str]  # how one use of a policy does, the reason, a sentence
_SHOWN = 3
# By direction and namespace: classes of pods by number, each with the connections at that end.
Ends = dict[tuple[Direction, str], dict[int, tuple[PodClass, list[Change]]]]
_RANK = {Status.FAIL: 0, Status.UNKNOWN: 1, Status.PASS: 2}
_SWITCHES = {
    "FQDNNetworkPolicy": "--enable-fqdn-network-policy",
    "CiliumClusterwideNetworkPolicy": "--enable-cilium-clusterwide-network-policy",
}


def features_are_honoured(case: Case) -> Iterator[Verdict]:
    """NB-ENF-04. One verdict per policy object.

    What is honoured in part fails only where a connection of this cluster differs because of it. What the catalogue only
    remembers or infers never fails (Section 1, confidence rule). A policy that was refused has no effect at all.
    """
    gaps = case.missing(POLICIES)
    if gaps:
        yield unread(CLUSTER, gaps)
    objects: dict[str, list[Policy]] = {}
    for policy in case.policies.policies:
        objects.setdefault(_reference(policy), []).append(policy)
    refused = {each.object: each for each in case.policies.notices if each.message.endswith(REFUSED)}
    for_nodes = {each.id for each, _ in Hosts(case).host_policies} - objects.keys()
    if not (gaps or objects or refused or for_nodes or case.policies.unmodelled):
        nothing = ("no policy of any kind selects a pod or a node",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-policies", evidence=nothing)
        return
    plane = case.dataplane
    if plane.enforcing is Enforcing.NO or plane.engine is None:
        reason = "engine-off" if plane.enforcing is Enforcing.NO else "engine-unknown"
        evidence = bounded([f"what honours it is not known: {plane.reason}", *map(str, plane.proofs[:1])])
        for subject in sorted({*objects, *for_nodes, *case.policies.unmodelled, *refused}):
            yield Verdict(subject=subject, status=Status.UNKNOWN, reason=reason, evidence=evidence)
        return
    asked = _Asked(case)
    for subject in sorted(for_nodes):
        yield asked.for_nodes(subject)
    for subject in sorted(objects):
        yield asked.verdict(subject, objects[subject])
    for subject in sorted(case.policies.unmodelled):
        yield asked.unmodelled(subject)
    for subject in sorted(refused):
        yield _refused(case, subject, f"{refused[subject].field} {refused[subject].message}")


def _reference(policy: Policy) -> str:
    """The policy's name; with the group where several groups use the kind's name."""
    plain = policy.group == "networking.k8s.io" or policy.kind not in {"NetworkPolicy", "ClusterNetworkPolicy"}
    return policy.id if plain else policy.id.replace(policy.kind, f"{policy.kind}.{policy.group}", 1)


def _refused(case: Case, subject: str, said: str) -> Verdict:
    """A built-in kind is checked by the API server, so what a live cluster holds of it was taken: then this reading errs."""
    taken = subject.startswith("NetworkPolicy ") and case.snapshot.source is Source.CLUSTER
    return Verdict(
        subject=subject,
        status=Status.UNKNOWN if taken else Status.FAIL,
        reason="not-readable" if taken else "refused",
        evidence=(said,),
        remediation="" if taken else f"{subject} has no effect as it stands: mend the field that the evidence names.",
    )


class _Asked:
    """One cluster's policies against its engine."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._plane = case.dataplane
        self._uses = Uses(case)
        self._changes: dict[str, Ends] = {}
        self._cut: set[str] = set()  # features by which more connections differ than were looked at

    def verdict(self, subject: str, policies: list[Policy]) -> Verdict:
        """One object, which may hold several policies (Cilium's `specs`)."""
        answer, why = honours(self._plane, policies[0].group, policies[0].kind)
        if answer is not Answer.YES:
            return self._kind(subject, policies[0].kind, answer, why)
        uses = [(policy, use) for policy in policies for use in self._uses.of(policy)]
        judged = [self._judge(policy, use) for policy, use in uses]
        found = [*judged, *(doubt for policy in policies for doubt in _doubts(policy))]
        worst = min((status for status, _, _ in found), key=_RANK.__getitem__, default=Status.PASS)
        deciding = [(reason, line) for status, reason, line in found if status is worst]
        engine = f"{self._title} honours everything it uses" if worst is Status.PASS else ""
        if worst is Status.PASS:
            lines = [engine, *(line for _, _, line in found)]
            return Verdict(subject=subject, status=worst, reason="honoured", evidence=bounded(lines))
        fix = self._mend(
            subject, [use for (_, use), (status, _, _) in zip(uses, judged, strict=True) if status is worst]
        )
        return Verdict(
            subject=subject,
            status=worst,
            reason=deciding[0][0],
            evidence=bounded([self._title, *(line for _, line in deciding)]),
            remediation=fix if worst is Status.FAIL else "",
        )

    def for_nodes(self, subject: str) -> Verdict:
        """A policy of Cilium for nodes only: it needs the host firewall."""
        answer, why = honours(self._plane, "cilium.io", "CiliumClusterwideNetworkPolicy")
        on = firewall_of(self._case)
        if answer is not Answer.YES:
            return self._kind(subject, "CiliumClusterwideNetworkPolicy", answer, why)
        if on is Answer.YES:
            evidence = (f"{self._title}: spec.nodeSelector is honoured, for enable-host-firewall is true",)
            return Verdict(subject=subject, status=Status.PASS, reason="honoured", evidence=evidence)
        failed = on is Answer.NO and self._plane.name == "cilium"
        said = "is ignored without" if failed else "is honoured only with"
        return Verdict(
            subject=subject,
            status=Status.FAIL if failed else Status.UNKNOWN,
            reason="ignored" if failed else "condition-unknown",
            evidence=(f"{self._title}: spec.nodeSelector {said} enable-host-firewall in ConfigMap cilium-config",),
            remediation='In ConfigMap cilium-config set enable-host-firewall: "true", and restart the agents.'
            if failed
            else "",
        )

    def unmodelled(self, subject: str) -> Verdict:
        """A policy that cannot be judged; whether the engine reads its kind at all may still be known."""
        kind, _, group = subject.partition(" ")[0].partition(".")
        answer, why = honours(self._plane, group, kind)
        if answer is Answer.NO:
            return self._kind(subject, kind, answer, why)
        evidence = (f"{subject} cannot be read whole by this version, so what of it is honoured is not known",)
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="not-modelled", evidence=evidence)

    @property
    def _title(self) -> str:
        title = self._plane.engine.title if self._plane.engine else self._plane.name
        return f"{title} {self._plane.version}".strip()

    def _kind(self, subject: str, kind: str, answer: Answer, why: str) -> Verdict:
        """A policy of a kind that is not read, or may not be."""
        failed = answer is Answer.NO
        verb = "does not read" if failed else "is not known to read"
        return Verdict(
            subject=subject,
            status=Status.FAIL if failed else Status.UNKNOWN,
            reason="kind-not-served" if failed else "kind-unknown",
            evidence=(f"{self._title} {verb} {kind}: {why}",),
            remediation=self._serve(subject, kind) if failed else "",
        )

    def _serve(self, subject: str, kind: str) -> str:
        rewrite = f"Rewrite {subject} as NetworkPolicy of networking.k8s.io/v1, then delete it"
        switch = _SWITCHES.get(kind)
        if self._plane.name != "gke-dataplane-v2" or not switch:
            return f"{rewrite}: as it stands it protects nothing here."
        return f"{self._gcloud(switch)}; or {rewrite[0].lower()}{rewrite[1:]}."

    def _gcloud(self, switch: str) -> str:
        ref = self._case.snapshot.cluster
        return (
            f"gcloud container clusters update {shlex.quote(ref.name)} --location {shlex.quote(ref.location)} {switch}"
        )

    def _mend(self, subject: str, uses: list[Use]) -> str:
        steps = dict.fromkeys(f"{use.place}: {WORDS[use.feature][1]}" for use in uses)
        acns = {"layer-7": "L7", "names": "FQDN"}
        wanted = [acns[use.feature] for use in uses if use.feature in acns and "Clusterwide" not in subject]
        lines = [f"In {subject}, {'; '.join(islice(steps, 5))}."]
        if wanted and self._case.cloud is Cloud.AZURE:
            name = shlex.quote(self._case.snapshot.cluster.name)
            lines.append(
                f"Or: az aks update --name {name} --resource-group <group> --enable-acns "
                f"--acns-advanced-networkpolicies {'L7' if 'L7' in wanted else 'FQDN'}"
            )
        return " ".join(lines)

    def _judge(self, policy: Policy, use: Use) -> Found:
        """One use. What only part of a version or place honours is judged by what it changes here."""
        fact = use.fact
        if fact.value is Value.HONOURED and not fact.condition:
            if fact.firm is Answer.YES or use.feature in BY_SPECIFICATION:
                return Status.PASS, "honoured", use.words
            return Status.UNKNOWN, "not-established", use.words
        if fact.firm is Answer.NO:
            return Status.FAIL, str(fact.value), use.words
        if fact.value is not Value.PARTIAL or fact.condition:
            return Status.UNKNOWN, "condition-unknown" if fact.condition else "not-established", use.words
        return self._partial(policy, use)

    def _partial(self, policy: Policy, use: Use) -> Found:
        changes = list(islice(self._blamed(policy, use), _SHOWN))
        if not changes and use.feature in self._cut:
            return Status.UNKNOWN, "too-many-differences", f"{use.words}; more connections differ than are looked at"
        if not changes:
            return Status.PASS, "changes-nothing", f"{use.words}; no connection of this cluster differs because of it"
        ends = names(f"{each.src} to {each.dst}" for each in changes)
        if use.fact.confidence.may_fail:
            return Status.FAIL, "partial", f"{use.words}; because of it declared and effective differ for {ends}"
        return (
            Status.UNKNOWN,
            "not-established",
            f"{use.words}; because of it declared and effective may differ for {ends}",
        )

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        case = self._case
        rules = shown_by(rules_of(self._plane, case.policies), case.snapshot, case.policies)
        return {rule.name: rule for rule in rules}

    def _changed(self, feature: str) -> Ends:
        """The connections that differ because of one feature alone, from as specified to as the engine does it, by end."""
        if feature not in self._changes:
            self._changes[feature] = self._ends(feature) if feature in self._rules else {}
        return self._changes[feature]

    def _ends(self, feature: str) -> Ends:
        snapshot, policies = self._case.snapshot, self._case.policies
        specified = State(snapshot, policies, self._rules[feature].without)
        before, after = aligned(specified, State(snapshot, policies, self._plane))
        found: Ends = {}
        for count, change in enumerate(difference(before, after)):
            if count == _MOST_CHANGES:
                self._cut.add(feature)
                break
            for direction, end in ((Direction.EGRESS, change.src), (Direction.INGRESS, change.dst)):
                for each in self._classes.get(end, ()):
                    found.setdefault((direction, each.namespace), {}).setdefault(each.index, (each, []))[1].append(
                        change
                    )
        return found

    def _blamed(self, policy: Policy, use: Use) -> Iterator[Change]:
        """The connections at whose end the policy's rule is asked: it selects that end."""
        directions = (use.direction,) if use.direction else tuple(Direction)
        for (direction, namespace), classes in self._changed(use.feature).items():
            if direction in directions and (policy.namespaces is not None or namespace == policy.namespace):
                for pods, changes in classes.values():
                    if self._selects(policy, pods):
                        yield from changes

    @cached_property
    def _classes(self) -> Mapping[str, list[PodClass]]:
        found: dict[str, list[PodClass]] = {}
        for each in self._case.effective.classes:
            for workload in each.workloads:
                found.setdefault(workload, []).append(each)
        return found

    def _selects(self, policy: Policy, pods: PodClass) -> bool:
        if pods.host_network or not matches(policy.subject, pods.labels):
            return False
        if policy.namespaces is None:
            return pods.namespace == policy.namespace
        return matches(policy.namespaces, {**self._case.labels.get(pods.namespace, {}), NAME_LABEL: pods.namespace})


def _doubts(policy: Policy) -> Iterator[Found]:
    if policy.doubt:
        yield Status.UNKNOWN, "not-modelled", policy.doubt
    for rule in policy.rules:
        if rule.doubt:
            yield Status.UNKNOWN, "not-modelled", f"{place(rule)}: {rule.doubt}"
