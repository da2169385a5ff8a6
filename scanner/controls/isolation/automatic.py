"""NB-ISO-05: does a namespace that somebody creates tomorrow start closed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, unread
from scanner.controls.isolation.admission import GENERATORS, generated, namespaces_are_closed
from scanner.controls.peers import TOMORROW
from scanner.controls.vouched import stated
from scanner.dataplane.model import Answer
from scanner.evidence import moment, statements_on
from scanner.findings import Level, Status
from scanner.model import NAME_LABEL, ApiObject, Namespace
from scanner.objects import named
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.model import Direction

_ID = "NB-ISO-05"
_FIX = """With Kyverno, whose background controller must run:
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: add-network-policy}
spec:
  rules:
  - name: default-deny
    match: {any: [{resources: {kinds: [Namespace]}}]}
    exclude: {any: [{resources: {namespaces: [kube-system, kube-public, kube-node-lease]}}]}
    generate:
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      name: default-deny
      namespace: "{{request.object.metadata.name}}"
      synchronize: true
      data: {spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}"""


def namespaces_start_closed(case: Case) -> Iterator[Verdict]:
    """One verdict on the cluster. The baseline is a default deny of both directions.

    Asked is the pod without labels in a namespace that does not exist: do cluster-scoped policies, or what an admission
    rule would generate, isolate it? Where neither does, a namespace younger than the newest default deny that has none
    shows that nothing else installs it either; so does a cluster without any. A pipeline outside the cluster leaves no
    trace: without such a namespace the answer is unknown, unless somebody vouches for it.
    """
    if gaps := case.missing("namespaces", POLICIES):
        yield unread(CLUSTER, gaps)
    elif proof := namespaces_are_closed(case):
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="namespaces-closed", evidence=proof)
    else:
        yield _judge(case)


def _judge(case: Case) -> Verdict:
    tier, policies = _isolated(case, [item for item in case.snapshot.policies if not item.namespace])
    if tier is Answer.YES:
        evidence = (f"a pod without labels in a new namespace is isolated both ways by {names(policies)}",)
        return Verdict(subject=CLUSTER, status=Status.PASS, reason="cluster-tier", evidence=evidence)
    if tier is Answer.UNKNOWN:
        evidence = (f"whether {names(policies) or 'cluster-scoped policy'} isolates it is not established",)
        return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="undecided", evidence=evidence)
    today = _today(case)
    doubts = []
    for rule in generated(case):
        if rule.policy is None:
            doubts.append(f"{rule.by}: {rule.doubt}")
            continue
        given = [item for item in case.snapshot.policies if not item.namespace]
        answer, _ = _isolated(case, [*given, rule.policy])
        if answer is Answer.YES and not today.young:
            evidence = (f"{rule.by} gives each new namespace a default deny of both directions",)
            return Verdict(subject=CLUSTER, status=Status.PASS, reason="generated", evidence=evidence)
        if answer is Answer.YES:
            lines = [f"{rule.by} should give them one, and did not", *today.young]
            return _failed("not-generated", lines)
        doubts.append(f"{rule.by}: what it generates does not isolate both ways ({answer})")
    if gaps := case.missing(*GENERATORS):
        return unread(CLUSTER, gaps)
    return _by_age(case, today, doubts)


def _by_age(case: Case, today: _Today, doubts: Sequence[str]) -> Verdict:
    """What the namespaces there are tell, where no mechanism that a cluster shows closes the next one."""
    nothing = "no cluster-scoped policy and no generating rule closes a new namespace"
    if doubts:
        return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="generator-undecided", evidence=bounded(doubts))
    if today.young:
        return _failed("not-installed", [nothing, *today.young])
    if statements_on(case.statements, _ID, case.snapshot.cluster):
        return stated(case, _ID)
    if today.lacking and not today.having:
        lines = [nothing, f"and no namespace has a default deny of both directions: {names(today.lacking)}"]
        return _failed("no-baseline", lines)
    reason = "age-unknown" if today.ageless else "no-mechanism-seen"
    lines = [
        nothing,
        *(f"namespace {name} has no default deny, and how old it is is not known" for name in today.ageless),
        "if a pipeline does it, say so under `evidence:` in ringfence.yaml (docs/evidence.md)",
    ]
    return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason=reason, evidence=bounded(lines))


def _failed(reason: str, lines: Sequence[str]) -> Verdict:
    return Verdict(subject=CLUSTER, status=Status.FAIL, reason=reason, evidence=bounded(lines), remediation=_FIX)


def _isolated(case: Case, policies: Sequence[ApiObject]) -> tuple[Answer, tuple[str, ...]]:
    """Whether these policies isolate the unlabelled pod of a new namespace both ways, and which have a say."""
    if not policies:
        return Answer.NO, ()
    space = Namespace(name=TOMORROW, labels={NAME_LABEL: TOMORROW})
    new = msgspec.structs.replace(
        case.snapshot,
        namespaces=(space,),
        policies=tuple(policies),
        **dict.fromkeys(("pods", "services", "endpoint_slices", "entry_points", "gateways"), ()),
    )
    plane = case.dataplane if case.reach.level is Level.EFFECTIVE else None
    reach = build(new, resolve(new), plane)
    found = [reach.isolation(reach.hypothetical(TOMORROW), direction) for direction in Direction]
    answers = {each.answer for each in found}
    listed = tuple(dict.fromkeys(policy for each in found for policy in each.policies))
    return next(answer for answer in (Answer.NO, Answer.UNKNOWN, Answer.YES) if answer in answers), listed


@dataclass(frozen=True, slots=True)
class _Today:
    """The workload namespaces with and without a default deny of both directions; sentences on the `young` ones without."""

    having: tuple[str, ...]
    lacking: tuple[str, ...]
    young: tuple[str, ...]
    ageless: tuple[str, ...]


def _today(case: Case) -> _Today:
    having, lacking, closing = [], [], set()
    for name in case.namespaces:
        pod = case.reach.hypothetical(name)
        found = [case.isolation(case.reach, pod, direction) for direction in Direction]
        if all(each.answer is Answer.YES for each in found):
            having.append(name)
            closing |= {policy for each in found for policy in each.policies}
        elif any(each.answer is Answer.NO for each in found):
            lacking.append(name)
    made = {named(item): moment(item.created) for item in case.snapshot.policies if item.created}
    times: list[datetime] = [when for policy in closing if (when := made.get(policy)) is not None]
    newest = max(times, default=None)
    born = {space.name: moment(space.created) if space.created else None for space in case.snapshot.namespaces}
    young, ageless = [], []
    for name in lacking if having else ():
        age = born.get(name)
        if age is None or newest is None:
            ageless.append(name)
        elif age > newest:
            young.append(f"namespace {name} is younger than the newest default deny ({newest:%Y-%m-%d}) and has none")
    return _Today(tuple(having), tuple(lacking), tuple(young), tuple(ageless))
