"""LoadBalancer Services: which face the internet, and from where they can be reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.controls import addresses
from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.model import Cloud, Pod, Service
from scanner.policy.selectors import equalities, matches

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_AZURE_INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
_GKE_TYPES = ("networking.gke.io/load-balancer-type", "cloud.google.com/load-balancer-type")
_SOURCES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_AZURE_SOURCES = "service.beta.kubernetes.io/azure-allowed-ip-ranges"
# Classes of the AWS load balancer controller and of Auto Mode, whose default scheme is internal; and GKE's own two.
_AWS_CLASSES = frozenset({"service.k8s.aws/nlb", "eks.amazonaws.com/nlb"})
_GKE_CLASSES = {
    "networking.gke.io/l4-regional-internal": Answer.NO,
    "networking.gke.io/l4-regional-external": Answer.YES,
}


@dataclass(frozen=True, slots=True)
class Facing:
    """Whether a balancer faces the internet, and what says so."""

    answer: Answer
    why: str


# What is private by its address: RFC 1918, RFC 6598, RFC 4193, link-local and loopback. Everything else may be routed.
_INTERNAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    )
)  # fmt: skip


def facing(case: Case, service: Service) -> Facing:
    """Read the balancer's own addresses first, then the cloud's annotations and class (the providers' Service pages)."""
    seen = _by_address(service)
    if seen is not None:
        return seen
    match case.cloud:
        case Cloud.AWS:
            return _aws(service, auto_mode=bool(case.facts and case.facts.engine.auto_mode))
        case Cloud.GCP:
            return _gke(service)
        case Cloud.AZURE:
            return _azure(service)
        case Cloud.OTHER:
            return _anywhere(service)


def _by_address(service: Service) -> Facing | None:
    """What the status says: an address's range, or the name AWS gives to internal balancers. One public face decides."""
    private: Facing | None = None
    for text in service.balancer_addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            if text.startswith("internal-") and text.endswith(".elb.amazonaws.com"):
                private = private or Facing(Answer.NO, f"its name is {text}")
            continue
        if not any(address in network for network in _INTERNAL):
            return Facing(Answer.YES, f"its address {text} is not of a private range")
        private = private or Facing(Answer.NO, f"its address {text} is private")
    return private


def _true(annotations: Mapping[str, str], key: str) -> bool:
    return annotations.get(key, "").strip().lower() == "true"


def by_controller(service: Service) -> bool:
    """Whether a Service is handed to the AWS load balancer controller (or Auto Mode's), by its class or its type."""
    kind = service.annotations.get(f"{_AWS}type", "").strip().lower()
    return service.load_balancer_class in _AWS_CLASSES or kind in {"external", "nlb-ip"}


def _aws(service: Service, *, auto_mode: bool) -> Facing:
    """The scheme annotation decides, then the older one, then who makes the balancer: each controller has its default.

    Only the AWS load balancer controller reads the scheme; a Service that nothing hands to it is served by the cloud
    controller, which makes it internet-facing all the same (aws-load-balancer-controller, issues 2737 and 4539).
    """
    scheme = service.annotations.get(f"{_AWS}scheme", "").strip().lower()
    if scheme == "internal" and not by_controller(service):
        return Facing(
            Answer.UNKNOWN, "aws-load-balancer-scheme: internal, but nothing says that its controller reads it"
        )
    if scheme:
        answer = {"internal": Answer.NO, "internet-facing": Answer.YES}.get(scheme, Answer.UNKNOWN)
        return Facing(answer, f"annotation aws-load-balancer-scheme: {scheme}")
    internal = service.annotations.get(f"{_AWS}internal", "").strip().lower()
    if internal in {"true", "0.0.0.0/0"}:
        return Facing(Answer.NO, f"annotation aws-load-balancer-internal: {internal}")
    if internal not in {"", "false"}:
        return Facing(Answer.UNKNOWN, f"annotation aws-load-balancer-internal: {internal} is neither true nor false")
    return _aws_default(service, auto_mode=auto_mode)


def _aws_default(service: Service, *, auto_mode: bool) -> Facing:
    """Where no annotation decides, who makes the balancer does."""
    if by_controller(service):
        return Facing(Answer.NO, "the AWS load balancer controller makes it internal unless a scheme says otherwise")
    if service.load_balancer_class or auto_mode:
        made_by = service.load_balancer_class or "one that Auto Mode may set on admission"
        return Facing(Answer.UNKNOWN, f"the default of loadBalancerClass {made_by} is not known")
    return Facing(Answer.YES, "no annotation makes it internal, and without one AWS makes it internet-facing")


def _gke(service: Service) -> Facing:
    if service.load_balancer_class:
        answer = _GKE_CLASSES.get(service.load_balancer_class, Answer.UNKNOWN)
        return Facing(answer, f"loadBalancerClass {service.load_balancer_class}")
    for key in _GKE_TYPES:
        if service.annotations.get(key, "").strip().lower() == "internal":
            return Facing(Answer.NO, f"annotation {key}: Internal")
    return Facing(Answer.YES, "no annotation makes it internal, and without one GKE makes it external")


def _azure(service: Service) -> Facing:
    if service.load_balancer_class:
        return Facing(Answer.UNKNOWN, f"loadBalancerClass {service.load_balancer_class} is not known")
    if _true(service.annotations, _AZURE_INTERNAL):
        return Facing(Answer.NO, "annotation azure-load-balancer-internal: true")
    return Facing(Answer.YES, "no annotation makes it internal, and without one AKS makes it public")


def _anywhere(service: Service) -> Facing:
    """Where nobody named the cloud: what all three clouds agree on, else unknown."""
    answers = {_aws(service, auto_mode=False).answer, _gke(service).answer, _azure(service).answer}
    if answers == {Answer.YES}:
        return Facing(Answer.YES, "nothing makes it internal, and EKS, GKE and AKS then make it internet-facing")
    if answers == {Answer.NO}:
        return Facing(Answer.NO, "its annotations make it internal on EKS, GKE and AKS")
    return Facing(Answer.UNKNOWN, "it is internal in some clouds only, and the cluster's cloud is not known")


def source_ranges(service: Service, cloud: Cloud) -> tuple[addresses.Ranges | None, str]:
    """The sources a balancer admits: (None, "") where every one is, (None, why) where the list cannot be read.

    The annotation is the field's older form; on Azure a second one adds to either (cloud-provider-azure, load balancer).
    """
    texts = service.source_ranges or _listed(service, _SOURCES)
    if cloud is Cloud.AZURE:
        texts += _listed(service, _AZURE_SOURCES)
    if not texts:
        return None, ""
    try:
        return addresses.of_networks(ipaddress.ip_network(text.strip(), strict=False) for text in texts), ""
    except ValueError as error:
        return None, f"loadBalancerSourceRanges of {service.namespace}/{service.name}: {error}: write CIDRs"


def _listed(service: Service, annotation: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in service.annotations.get(annotation, "").split(",") if text.strip())


def is_edge(case: Case, service: Service) -> bool:
    """Whether the operator declared this Service as an edge, by its name or by what it selects."""
    return case.declared_as(case.config.edge, service.namespace, service.name, service.selector or {})


class EdgePods:
    """Which pods stand behind an approved way in: an Ingress or Route, or a balancer that is an edge or limited."""

    def __init__(self, case: Case) -> None:
        self._case = case
        entered = {name for entry in case.snapshot.entry_points for name in entry.services}
        self._services: dict[str, list[Service]] = {}
        for service in case.snapshot.services:
            if f"{service.namespace}/{service.name}" in entered or self._is_approved(service):
                self._services.setdefault(service.namespace, []).append(service)

    def _is_approved(self, service: Service) -> bool:
        if service.type != "LoadBalancer":
            return False
        ranges, _ = source_ranges(service, self._case.cloud)
        return is_edge(self._case, service) or (ranges is not None and not addresses.is_unrestricted(ranges))

    def why(self, pod: Pod) -> str:
        """What makes a pod an edge, or empty."""
        if self._case.declared_as(self._case.config.edge, pod.namespace, pod.workload.name, pod.labels):
            return "declared as an edge"
        for service in self._services.get(pod.namespace, ()):
            if service.selector and matches(equalities(service.selector), pod.labels):
                return f"backend of Service {service.namespace}/{service.name}"
        return ""
