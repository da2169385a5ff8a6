"""NB-MSH-04: whether administrative entry points ask who somebody is before the backend."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, quoted, unread
from scanner.controls.mesh.iap import Check
from scanner.controls.mesh.identity import Identity
from scanner.controls.mesh.ways import Way, Ways
from scanner.controls.vouched import stated
from scanner.dataplane.model import Answer
from scanner.evidence import statements_on
from scanner.findings import Status
from scanner.model import Cloud

CONTROL = "NB-MSH-04"


def administration_asks_for_identity(case: Case) -> Iterator[Verdict]:
    """NB-MSH-04: one verdict per entry point that leads to an administrative interface, known or declared.

    What cannot be told of an entry point somebody may vouch for (evidence); what plainly asks nobody fails all the same.
    """
    gaps = case.missing("services", "pods", "ingresses.networking.k8s.io")
    ways = Ways(case)
    identity = Identity(case, ways)
    found = list(ways.found())
    for way in found:
        yield _verdict(case, way, identity.of(way))
    if gaps:
        yield unread(CLUSTER, gaps)
    elif not found:
        evidence = ("no entry point leads to a known administrative interface, and baseline.administrative names none",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="none-found", evidence=evidence)


def _verdict(case: Case, way: Way, check: Check) -> Verdict:
    lines = bounded([way.why, check.why])
    if check.answer is Answer.YES:
        return Verdict(subject=way.subject, status=Status.PASS, reason=check.reason, evidence=lines)
    if check.answer is Answer.NO:
        fix = _mend(case, way)
        return Verdict(subject=way.subject, status=Status.FAIL, reason=check.reason, evidence=lines, remediation=fix)
    told = stated(case, CONTROL)
    known = bool(statements_on(case.statements, CONTROL, case.snapshot.cluster))
    return Verdict(
        subject=way.subject,
        status=told.status,
        reason=told.reason if known else check.reason,
        evidence=(*lines, *told.evidence),
        remediation=told.remediation,
        level=told.level,
    )


def _mend(case: Case, way: Way) -> str:
    if way.entry is None:
        return (
            f"Make {way.subject} a ClusterIP Service and put an Ingress with authentication before it, or an identity-aware "
            "proxy (IAP, AWS Verified Access, Entra application proxy, oauth2-proxy)."
        )
    kind = way.entry.kind.lower()
    annotate = (
        f"kubectl annotate {kind} {shlex.quote(way.entry.name)} -n {shlex.quote(way.entry.namespace)} --overwrite"
    )
    match case.cloud:
        case Cloud.GCP if way.services:
            service = way.services[0]
            return (
                "apiVersion: cloud.google.com/v1\nkind: BackendConfig\n"
                f"metadata: {{name: iap, namespace: {quoted(service.namespace)}}}\nspec: {{iap: {{enabled: true}}}}\n"
                f"# then: kubectl annotate service {shlex.quote(service.name)} -n {shlex.quote(service.namespace)} "
                """--overwrite cloud.google.com/backend-config='{"default": "iap"}'"""
            )
        case Cloud.AWS:
            return (
                f"{annotate} alb.ingress.kubernetes.io/auth-type=oidc "
                """alb.ingress.kubernetes.io/listen-ports='[{"HTTPS":443}]' """
                "alb.ingress.kubernetes.io/auth-idp-oidc='<your identity provider, as JSON>' "
                "(or put AWS Verified Access before an internal balancer)"
            )
        case _:
            return (
                f"{annotate} nginx.ingress.kubernetes.io/auth-url='<address of oauth2-proxy>/oauth2/auth' "
                "nginx.ingress.kubernetes.io/auth-signin='<address of oauth2-proxy>/oauth2/start' "
                "(ingress-nginx with oauth2-proxy; or put Entra application proxy before an internal address)"
            )
