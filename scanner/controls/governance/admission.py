"""NB-GOV-05: whether admission control keeps the baseline: deletion, allow-all rules and undeclared public Services.

What a rule refuses is known where it holds the expression that ringfence ships (`docs/admission`), word for word, or is a
constraint of Gatekeeper's library. Whatever else denies such requests may protect or not: that is unknown until somebody
vouches for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner.admission import RESOURCES, AdmissionRule, Mode, admission_of
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, unread
from scanner.evidence import is_fresh, statements_on
from scanner.findings import Status

DAYS = 30  # a statement about admission control holds no longer


@dataclass(frozen=True, slots=True)
class Protection:
    """One thing to be refused: in which requests, by which expression or template, and the file that ships it."""

    subject: str
    file: str
    operations: tuple[str, ...]
    group: str
    resource: str
    expression: str
    templates: tuple[str, ...] = ()


PROTECTIONS = (
    Protection(
        subject="deletion of a default deny",
        file="keep-default-deny.yaml",
        operations=("DELETE", "UPDATE"),
        group="networking.k8s.io",
        resource="networkpolicies",
        expression=(  # a namespace that goes takes its policies along
            "request.userInfo.username == 'system:serviceaccount:kube-system:namespace-controller' || "
            "has(oldObject.spec.podSelector.matchLabels) || has(oldObject.spec.podSelector.matchExpressions) || "
            "has(oldObject.spec.ingress) || has(oldObject.spec.egress) || "
            "(request.operation == 'UPDATE' && object.spec == oldObject.spec)"
        ),
    ),
    Protection(
        subject="allow-all rules",
        file="no-allow-all.yaml",
        operations=("CREATE", "UPDATE"),
        group="networking.k8s.io",
        resource="networkpolicies",
        expression=(
            "(!has(object.spec.ingress) || object.spec.ingress.all(rule, (has(rule.from) && size(rule.from) > 0) || "
            "(has(rule.ports) && size(rule.ports) > 0))) && "
            "(!has(object.spec.egress) || object.spec.egress.all(rule, (has(rule.to) && size(rule.to) > 0) || "
            "(has(rule.ports) && size(rule.ports) > 0)))"
        ),
    ),
    Protection(
        subject="public Services that nobody declared",
        file="no-public-service.yaml",
        operations=("CREATE", "UPDATE"),
        group="",
        resource="services",
        expression=(
            "!has(object.spec.type) || object.spec.type != 'LoadBalancer' || "
            "(has(object.spec.loadBalancerSourceRanges) && size(object.spec.loadBalancerSourceRanges) > 0) || "
            "(has(object.metadata.labels) && 'ringfence.io/edge' in object.metadata.labels && "
            "object.metadata.labels['ringfence.io/edge'] == 'true')"
        ),
        templates=("K8sBlockLoadBalancer",),
    ),
)


def admission_protects(case: Case) -> Iterator[Verdict]:
    """One verdict for each protection; a cluster that only its pipeline can write to needs none, if that is declared."""
    if case.config.sealed and any(_is(case, pattern) for pattern in case.config.sealed):
        sealed = "declared sealed: only its pipeline can write to it (baseline.sealed)"
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="sealed", evidence=(sealed,))
        return
    gaps = case.missing(*RESOURCES)
    if gaps:
        yield unread(CLUSTER, gaps)
        return
    admission = admission_of(case.snapshot)
    for protection in PROTECTIONS:
        yield _verdict(case, protection, admission.rules, admission.broken)


def _is(case: Case, pattern: str) -> bool:
    return fnmatchcase(case.snapshot.cluster.name, pattern)


def _verdict(case: Case, protection: Protection, rules: tuple[AdmissionRule, ...], broken: tuple[str, ...]) -> Verdict:
    looking = [
        rule
        for rule in rules
        if all(rule.covers(operation, protection.group, protection.resource) for operation in protection.operations)
    ]
    known = [rule for rule in looking if _refuses(rule, protection)]
    whole = [rule for rule in known if rule.mode is Mode.DENY and not rule.narrowed]
    if whole:
        said = f"{whole[0].where} refuses {protection.subject} everywhere"
        return Verdict(subject=protection.subject, status=Status.PASS, reason="refused", evidence=(said,))
    vouched = statements_on(case.statements, "NB-GOV-05", case.snapshot.cluster)
    if vouched and is_fresh(vouched[0], case.at, DAYS):
        status = Status.PASS if vouched[0].outcome == "pass" else Status.FAIL
        mend = "" if status is Status.PASS else _mend(protection)
        return Verdict(
            subject=protection.subject,
            status=status,
            reason="stated",
            evidence=(vouched[0].sentence,),
            remediation=mend,
        )
    doubts = [rule for rule in looking if rule not in known and rule.mode in {Mode.DENY, Mode.UNKNOWN}]
    doubts += [rule for rule in known if rule.mode is Mode.DENY]
    if doubts or broken:
        return Verdict(
            subject=protection.subject, status=Status.UNKNOWN, reason="not-understood",
            evidence=bounded([*map(_doubt, doubts), *(f"{name} cannot be understood" for name in broken)]),
        )  # fmt: skip
    idle = [rule for rule in looking if rule.mode in {Mode.AUDIT, Mode.NOWHERE}]
    if idle:
        return _failed(protection, "audit-mode", bounded(f"{rule.where} only {_IDLE[rule.mode]}" for rule in idle))
    return _failed(protection, "not-refused", (f"nothing in admission control looks at {protection.subject}",))


_IDLE = {Mode.AUDIT: "reports, and refuses nothing", Mode.NOWHERE: "exists: no binding puts it to work"}


def _refuses(rule: AdmissionRule, protection: Protection) -> bool:
    return any(
        "".join(text.split()) == "".join(protection.expression.split()) or text in protection.templates
        for text in rule.refuses
    )


def _doubt(rule: AdmissionRule) -> str:
    if rule.narrowed:
        return f"{rule.where} denies, but leaves out what {rule.narrowed} says"
    return f"{rule.where} may refuse it: what it demands is known to its own engine alone"


def _failed(protection: Protection, reason: str, evidence: tuple[str, ...]) -> Verdict:
    return Verdict(
        subject=protection.subject, status=Status.FAIL, reason=reason, evidence=evidence, remediation=_mend(protection)
    )


def _mend(protection: Protection) -> str:
    return (
        f"kubectl apply -f docs/admission/{protection.file} (a ValidatingAdmissionPolicy for Kubernetes 1.30 and newer): with "
        "validationActions [Audit] first, then [Deny]."
    )
