"""NB-EXP-07: Services' externalIPs, and whether admission refuses them (CVE-2020-8554)."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names, unread
from scanner.controls.exposure.admission import KINDS, guards
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.model import Cloud, Service

ADMISSION = "admission"
_HALF = 0.5  # what NB-EXP-07 grants where no Service sets one and nothing prevents it
_POLICY = """kubectl apply -f - <<'END'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: refuse-external-ips}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [services], operations: [CREATE, UPDATE]}]
  validations: [{expression: "!has(object.spec.externalIPs) || size(object.spec.externalIPs) == 0"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: refuse-external-ips}
spec: {policyName: refuse-external-ips, validationActions: [Deny]}
END"""


def external_ips_are_refused(case: Case) -> Iterator[Verdict]:
    """NB-EXP-07: one verdict per Service with externalIPs, and one on admission.

    Half the credit where none is set and nothing prevents it: the share of the Services that set one counts nothing then.
    """
    if gaps := case.missing("services"):
        yield unread(CLUSTER, gaps)
        return
    own = [ipaddress.ip_network(text, strict=False) for text in case.config.external_ips]
    failed = False
    for service in case.snapshot.services:
        if not service.external_ips:
            continue
        verdict = _service(service, own)
        failed |= verdict.status is Status.FAIL
        yield verdict
    yield _admission(case, clean=not failed)


def _service(service: Service, own: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> Verdict:
    name = f"{service.namespace}/{service.name}"
    strange = [text for text in service.external_ips if not _is_allowed(text, own)]
    line = f"Service {name}: spec.externalIPs {names(strange or service.external_ips)}"
    if not strange:
        evidence = (line, "allowed by baseline.external_ips")
        return Verdict(subject=name, status=Status.PASS, reason="allowed", evidence=evidence, weight=0.0)
    return Verdict(
        subject=name,
        status=Status.FAIL,
        reason="external-ips-set",
        evidence=(line,),
        remediation=_unset(service),
    )


def _is_allowed(text: str, own: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in own)


def _unset(service: Service) -> str:
    where = f"-n {shlex.quote(service.namespace)} {shlex.quote(service.name)}"
    return (
        f"""kubectl patch service {where} --type json -p '[{{"op":"remove","path":"/spec/externalIPs"}}]', """
        "or allow the addresses under baseline.external_ips in ringfence.yaml."
    )


def _admission(case: Case, *, clean: bool) -> Verdict:
    around = case.facts.around if case.facts else None
    if around is not None and around.external_ips is False:
        evidence = (f"GKE refuses Services with externalIPs ({around.external_ips_where} is off)",)
        return _passed(evidence, clean=clean)
    found = guards(case)
    whole = [guard.line for guard in found if guard.answer is Answer.YES]
    if whole:
        return _passed(bounded(whole), clean=clean)
    partly = [guard.line for guard in found if guard.answer is Answer.UNKNOWN]
    gaps = case.missing(*KINDS)
    if partly or gaps:
        reason = "admission-unclear" if partly else "admission-unread"
        return Verdict(subject=ADMISSION, status=Status.UNKNOWN, reason=reason, evidence=bounded((*partly, *gaps)))
    if case.cloud in {Cloud.OTHER, Cloud.GCP} and (around is None or around.external_ips is None):
        lines = ("whether the API server runs the plugin DenyServiceExternalIPs is not known: its flags are not read",)
        if case.cloud is Cloud.GCP:
            lines = ("whether GKE refuses them is not in the cloud record (networkConfig.serviceExternalIpsConfig)",)
        return Verdict(subject=ADMISSION, status=Status.UNKNOWN, reason="plugins-unread", evidence=lines)
    nothing = "no ValidatingAdmissionPolicy, Kyverno policy or K8sExternalIPs constraint refuses externalIPs"
    return Verdict(
        subject=ADMISSION,
        status=Status.FAIL,
        reason="not-refused",
        evidence=bounded((nothing, *(guard.line for guard in found))),
        remediation=_POLICY,
        covered=_HALF if clean else 0.0,
    )


def _passed(evidence: tuple[str, ...], *, clean: bool) -> Verdict:
    return Verdict(
        subject=ADMISSION, status=Status.PASS, reason="refused", evidence=evidence, covered=1.0 if clean else 0.0
    )
