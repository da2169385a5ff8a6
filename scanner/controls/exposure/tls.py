"""NB-EXP-05: do the entry points that face the internet use TLS, send plain HTTP on to it, and refuse old versions?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from scanner.controls.balancers import facing
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, unread
from scanner.controls.exposure.certificates import Certificates, Found
from scanner.controls.exposure.entries import ENTRY_KINDS, Entries
from scanner.controls.exposure.tls_balancers import of_service
from scanner.controls.exposure.tls_gateways import AttachedRoute, of_listener, of_server, servers
from scanner.controls.exposure.tls_ingress import Controllers, of_ingress, of_route
from scanner.controls.vouched import stated
from scanner.dataplane.model import Answer
from scanner.facing import Facing
from scanner.findings import Status
from scanner.model import NAME_LABEL
from scanner.policy.selectors import LabelIndex
from scanner.reach.population import NamespaceSpan
from scanner.reach.ways.attach import Attachments

CONTROL = "NB-EXP-05"
_WHAT = (
    "which TLS versions the entry points accept and when their certificates end, as a scan of them from outside shows"
)
_RANK = {Status.FAIL: 0, Status.UNKNOWN: 1, Status.PASS: 2}


def entry_points_use_tls(case: Case) -> Iterator[Verdict]:
    """NB-EXP-05: one verdict per Ingress, Route, listener of a Gateway, and balancer that speaks HTTP itself.

    Entry points that only face the inside do not count. What the cluster's objects leave open (a certificate in a Secret, a
    controller's flags) is unknown unless somebody states it.
    """
    given = stated(case, CONTROL, otherwise=_WHAT)
    for verdict in _verdicts(case):
        yield _vouched(verdict, given)
    if gaps := case.missing(*ENTRY_KINDS):
        yield unread(CLUSTER, gaps)


def _vouched(verdict: Verdict, given: Verdict) -> Verdict:
    """What cannot be known here, with what somebody states of it."""
    if verdict.status is not Status.UNKNOWN:
        return verdict
    evidence = bounded((*verdict.evidence, *given.evidence))
    if given.status is Status.UNKNOWN:
        return dataclasses.replace(verdict, evidence=evidence)
    return dataclasses.replace(given, subject=verdict.subject, evidence=evidence)


def _verdicts(case: Case) -> Iterator[Verdict]:
    entries, certificates, controllers = Entries(case), Certificates(case), Controllers(case)
    for entry in case.snapshot.entry_points:
        if entry.kind not in {"Ingress", "Route"}:
            continue
        subject = f"{entry.kind} {entry.namespace}/{entry.name}"
        judged = of_ingress if entry.kind == "Ingress" else of_route
        yield _joined(subject, entries.facing(entry), judged(entry, controllers, certificates))
    routes = _routes(case)
    for gateway in case.snapshot.gateways:
        faces = entries.gateway(gateway)
        attached = routes.get(f"{gateway.namespace}/{gateway.name}", ())
        for listener in gateway.listeners:
            subject = f"Gateway {gateway.namespace}/{gateway.name} listener {listener.name}"
            found = tuple(of_listener(gateway, listener, attached, certificates))
            if found:
                yield _joined(subject, faces, found)
    for gateway_object, number, server in servers(case):
        subject = f"Gateway {gateway_object.namespace}/{gateway_object.name} servers[{number}]"
        faces, found = of_server(case, gateway_object, server, certificates)
        if found:
            yield _joined(subject, faces, found)
    for service in case.snapshot.services:
        if service.type == "LoadBalancer" and not entries.in_front(service):
            found = tuple(of_service(service, case.cloud))
            if found:
                yield _joined(f"Service {service.namespace}/{service.name}", facing(case, service), found)


def _routes(case: Case) -> dict[str, list[AttachedRoute]]:
    """The routes for HTTP by the Gateway that they are attached to."""
    attachments = Attachments(case.snapshot.gateways, _spans(case))
    found: dict[str, list[AttachedRoute]] = {}
    for route in case.snapshot.entry_points:
        if route.kind in {"HTTPRoute", "GRPCRoute"}:
            for at in attachments.of(route).to:
                found.setdefault(at.gateway, []).append((route, at))
    return found


def _spans(case: Case) -> list[NamespaceSpan]:
    """The namespaces as attaching routes needs them: their labels, no pods."""
    nothing = LabelIndex(())
    return [
        NamespaceSpan(each.name, {**each.labels, NAME_LABEL: each.name}, True, 0, 0, 0, nothing, {})
        for each in case.snapshot.namespaces
    ]


def _joined(subject: str, faces: Facing, found: Iterable[Found]) -> Verdict:
    """The worst of what was found; a failure is one only where the entry point surely faces the internet."""
    if faces.answer is Answer.NO:
        evidence = (faces.why,)
        return Verdict(subject=subject, status=Status.NOT_APPLICABLE, reason="internal", evidence=evidence)
    ordered = sorted(found, key=lambda each: _RANK[each.status])
    worst = ordered[0]
    lines = [each.line for each in ordered]
    if worst.status is Status.FAIL and faces.answer is Answer.UNKNOWN:
        why = f"whether it faces the internet is not known: {faces.why}"
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="facing-unknown", evidence=bounded((why, *lines)))
    fixes = dict.fromkeys(each.fix for each in ordered if each.status is Status.FAIL and each.fix)
    return Verdict(
        subject=subject,
        status=worst.status,
        reason=worst.reason,
        evidence=bounded((faces.why, *lines)),
        remediation=" ".join(fixes),
    )
