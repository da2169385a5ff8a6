"""NB-EXP-01 and 04: who on the internet can reach the API server, and which balancers lead inside."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator

from scanner.controls import addresses
from scanner.controls.balancers import facing, is_edge, source_ranges
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names, unread
from scanner.dataplane.model import Answer
from scanner.facing import by_controller
from scanner.findings import Status
from scanner.model import Cloud, Service

_RESTRICTED = 0.7  # the credit of a public endpoint with an allow list (NB-EXP-01)


def api_server_is_closed(case: Case) -> Iterator[Verdict]:
    """NB-EXP-01: private, or public behind an allow list without a wide range outside the organisation's own.

    Adjacent ranges count as one, so cutting a wide range into pieces does not help; private addresses in the list cannot
    be those of the internet and do not count.
    """
    endpoint = case.facts.endpoint if case.facts else None
    if endpoint is None or endpoint.public is None:
        where = endpoint.where if endpoint else ""
        said = f"the cloud's record does not say ({where})" if where else "no cloud record was read"
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="endpoint-unread", evidence=(said,))
        return
    if not endpoint.public:
        evidence = (f"the endpoint is private ({endpoint.where})",)
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="private", evidence=evidence)
        return
    if endpoint.allowed is None:
        evidence = (f"the endpoint is public without an allow list ({endpoint.where})",)
        yield Verdict(subject=CLUSTER, status=Status.FAIL, reason="public", evidence=evidence, remediation=_close(case))
        return
    try:
        networks = [ipaddress.ip_network(text, strict=False) for text in endpoint.allowed]
    except ValueError as error:
        evidence = (f"{error} ({endpoint.where})",)
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="allow-list-unreadable", evidence=evidence)
        return
    own = addresses.of_networks(ipaddress.ip_network(text, strict=False) for text in case.config.organisation_ranges)
    listed = f"the endpoint is public for {names(map(str, networks)) or 'no address'} ({endpoint.where})"
    if addresses.is_wide(addresses.less(addresses.of_networks(networks), own)):
        wide = (listed, "a range wider than /24 (IPv6: /48) is outside the organisation's declared ranges")
        yield Verdict(
            subject=CLUSTER, status=Status.FAIL, reason="wide-allow-list", evidence=wide, remediation=_close(case)
        )
        return
    yield Verdict(subject=CLUSTER, status=Status.PASS, reason="restricted", evidence=(listed,), covered=_RESTRICTED)


def _close(case: Case) -> str:
    name = shlex.quote(case.snapshot.cluster.name)
    place = shlex.quote(case.snapshot.cluster.location)
    match case.cloud:
        case Cloud.AWS:
            values = "endpointPublicAccess=false,endpointPrivateAccess=true"
            return f"aws eks update-cluster-config --name {name} --region {place} --resources-vpc-config {values}"
        case Cloud.GCP:
            return (
                f"gcloud container clusters update {name} --location {place} "
                "--enable-master-authorized-networks --master-authorized-networks <your ranges>"
            )
        case Cloud.AZURE:
            return (
                f"az aks update --name {name} --resource-group <group> --api-server-authorized-ip-ranges <your ranges>"
            )
        case Cloud.OTHER:
            return "Make the API server private, or limit it to your own ranges."


def balancers_are_limited(case: Case) -> Iterator[Verdict]:
    """NB-EXP-04: one verdict per LoadBalancer Service. Source ranges that add up to the internet limit nothing."""
    if gaps := case.missing("services"):
        yield unread(CLUSTER, gaps)
        return
    for service in case.snapshot.services:
        if service.type == "LoadBalancer":
            yield _balancer(case, service)


def _balancer(case: Case, service: Service) -> Verdict:
    subject = f"{service.namespace}/{service.name}"
    faces = facing(case, service)
    ranges, broken = source_ranges(service, case.cloud)
    limited = ranges is not None and not addresses.is_unrestricted(ranges)
    lines = [f"Service {subject}: {faces.why}"]
    fix = ""
    if faces.answer is Answer.NO:
        status, reason = Status.PASS, "internal"
    elif is_edge(case, service):
        status, reason = Status.PASS, "edge"
        lines.append("declared as an edge")
    elif limited:
        status, reason = Status.PASS, "source-limited"
        lines.append(f"loadBalancerSourceRanges: {names(service.source_ranges or ('set by annotation',))}")
    elif broken or faces.answer is Answer.UNKNOWN:
        status, reason = Status.UNKNOWN, "ambiguous"
        lines += [broken] if broken else []
    else:
        status, reason = Status.FAIL, "undeclared"
        lines.append("its source ranges admit the internet" if ranges else "it has no loadBalancerSourceRanges")
        fix = _limit(case, service)
    return Verdict(subject=subject, status=status, reason=reason, evidence=bounded(lines), remediation=fix)


def _limit(case: Case, service: Service) -> str:
    annotation = {
        Cloud.AWS: "service.beta.kubernetes.io/aws-load-balancer-"
        + ("scheme=internal" if by_controller(service) else "internal=true"),  # the cloud controller reads no scheme
        Cloud.GCP: "networking.gke.io/load-balancer-type=Internal",
        Cloud.AZURE: "service.beta.kubernetes.io/azure-load-balancer-internal=true",
    }.get(case.cloud, "<your provider's annotation for an internal balancer>")
    where = f"-n {shlex.quote(service.namespace)}"
    name = shlex.quote(service.name)
    return (
        f"Internal only: kubectl annotate service {where} {name} {annotation}. "
        f"Meant to be public: kubectl patch service {where} {name} "
        """-p '{"spec":{"loadBalancerSourceRanges":["<range>"]}}', or declare it under baseline.edge in ringfence.yaml."""
    )
