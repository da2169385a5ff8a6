"""NB-LP-08 and 09: are there policies and grants that nobody needs?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, unread
from scanner.controls.vouched import stated
from scanner.findings import Evidence, Status
from scanner.lint.model import Finding, Kind
from scanner.lint.run import lint
from scanner.objects import named
from scanner.reach.engine import ClusterReach

# The defects that the control's text names; what else lint finds is for other controls or a matter of taste.
_DEAD = frozenset({Kind.DEAD_POLICY, Kind.EMPTY_NAMESPACE})
_DEFECTS = _DEAD | {
    Kind.DEAD_RULE, Kind.DEAD_PART, Kind.DANGLING_PEER, Kind.DANGLING_NAMESPACE, Kind.DANGLING_PORT,
    Kind.DANGLING_REFERENCE, Kind.SHADOWED_RULE, Kind.CONTRADICTORY_RULE, Kind.REDUNDANT_RULE, Kind.REDUNDANT_POLICY,
    Kind.REFUSED, Kind.NO_EFFECT,
}  # fmt: skip
_LEFT_OUT, _LEFT_OUT_WORDS = "direction-left-out", "is ignored: policyTypes does not list"
# Controllers whose pods come and go; a live cluster's other ones are not read (infra.kube.collect).
_CONTROLLERS = ("replicasets.apps", "daemonsets.apps", "jobs.batch")


def policies_are_sound(case: Case) -> Iterator[Verdict]:
    """One verdict per policy and defect, "NetworkPolicy shop/web (dead-policy)", and one for each policy without any.

    The checks are those of `scanner.lint`, on what is declared. A policy that would select an unlabelled pod is no dead one,
    whatever its namespace holds today: it is there for tomorrow's. Policies of platform namespaces are left out.
    """
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    objects = dict.fromkeys(
        named(item) for item in case.snapshot.policies if not item.namespace or not case.is_platform(item.namespace)
    )
    if not objects or not isinstance(case.declared, ClusterReach):
        return
    waiting = {policy.id for policy in case.policies.policies if policy.subject.everything and policy.directions}
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in lint(case.snapshot, case.declared):
        if (kind := _defect(finding)) and not (finding.kind is Kind.EMPTY_NAMESPACE and finding.object in waiting):
            found.setdefault((finding.object, kind), []).append(finding)
    unseen = case.missing(*_CONTROLLERS)
    for (name, kind), findings in found.items():
        if name in objects or name == CLUSTER:
            yield _verdict(name, kind, findings, unseen)
    for name in objects:
        if not any(name == other for other, _ in found):
            yield Verdict(subject=name, status=Status.PASS, reason="sound", evidence=("nothing is odd about it",))


def _defect(finding: Finding) -> str:
    """The defect's word, empty where it is none of this control's."""
    if _LEFT_OUT_WORDS in finding.message:
        return _LEFT_OUT
    return str(finding.kind) if finding.kind in _DEFECTS or finding.kind is Kind.NOT_JUDGED else ""


def _verdict(name: str, kind: str, findings: Sequence[Finding], unseen: Sequence[str]) -> Verdict:
    subject = f"{name} ({kind})"
    lines = [f"{each.rule} {each.message}".strip() for each in findings]
    if kind == Kind.NOT_JUDGED:
        return Verdict(subject=subject, status=Status.UNKNOWN, reason=kind, evidence=bounded(lines))
    if kind in _DEAD and unseen:
        evidence = bounded([*lines, *unseen])
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="controllers-unread", evidence=evidence)
    fix = f"Mend {name}: {lines[0]}"
    if kind in {*_DEAD, Kind.REDUNDANT_POLICY}:
        word, _, place = name.partition(" ")
        namespace, _, own = place.rpartition("/")
        where = f"-n {shlex.quote(namespace)} " if namespace else ""
        fix = f"Mend its selector, or delete it: kubectl {where}delete {shlex.quote(word.lower())} {shlex.quote(own)}"
    return Verdict(subject=subject, status=Status.FAIL, reason=kind, evidence=bounded(lines), remediation=fix)


def unused_grants_are_reviewed(case: Case) -> Iterator[Verdict]:
    """NB-LP-09: what somebody says who compared flows of at least 14 days with the rules; no scan sees flows."""
    name = case.snapshot.cluster.name
    source = next((words for pattern, words in case.config.flow_sources.items() if fnmatchcase(name, pattern)), None)
    if source is None:
        how = "no flow source is declared for this cluster: name it under baseline.flow_sources in ringfence.yaml"
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-flow-source", evidence=(how,))
    else:
        yield stated(case, "NB-LP-09", level=Evidence.E3)
