"""Which way balancers face, the internet or the inside, and from where they take traffic: each cloud has its own words."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.dataplane.model import Answer
from scanner.entry import Gateway, Service
from scanner.enums import Cloud

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

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
# GKE's GatewayClasses (GKE, "GatewayClass capabilities"); those of several clusters end in -mc.
_GKE_GATEWAYS = {
    "gke-l7-rilb": Answer.NO,
    "gke-l7-cross-regional-internal-managed": Answer.NO,
    "gke-l7-gxlb": Answer.YES,
    "gke-l7-global-external-managed": Answer.YES,
    "gke-l7-regional-external-managed": Answer.YES,
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


def facing(service: Service, cloud: Cloud, *, auto_mode: bool) -> Facing:
    """Read the balancer's own addresses first, then the cloud's annotations and class (the providers' Service pages)."""
    seen = by_address(service.balancer_addresses)
    if seen is not None:
        return seen
    match cloud:
        case Cloud.AWS:
            return _aws(service, auto_mode=auto_mode)
        case Cloud.GCP:
            return _gke(service)
        case Cloud.AZURE:
            return _azure(service)
        case Cloud.OTHER:
            return _anywhere(service)


def gateway_facing(gateway: Gateway, cloud: Cloud) -> Facing:
    """The same of a Gateway: what makes its balancer is known by its addresses, GKE's classes, or an internal annotation."""
    seen = by_address(gateway.addresses)
    if seen is not None:
        return seen
    answer = _GKE_GATEWAYS.get(gateway.class_name.removesuffix("-mc"))
    if answer is not None:
        return Facing(answer, f"GatewayClass {gateway.class_name}")
    balancer = Service(namespace=gateway.namespace, name=gateway.name, annotations=gateway.annotations)
    passed_on = facing(balancer, cloud, auto_mode=False)
    if passed_on.answer is Answer.NO:
        return passed_on
    return Facing(
        Answer.UNKNOWN, f"Gateway {gateway.namespace}/{gateway.name} has no address, and its controller chooses one"
    )


def by_address(texts: Iterable[str]) -> Facing | None:
    """What addresses say: their ranges, or the name AWS gives to internal balancers. One public address decides."""
    private: Facing | None = None
    for text in texts:
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
    return service.load_balancer_class in _AWS_CLASSES or aws_type(service) in {"external", "nlb-ip"}


def aws_type(service: Service) -> str:
    """The sort of balancer that is asked for on AWS, empty for the cloud controller's default (a Classic one)."""
    return service.annotations.get(f"{_AWS}type", "").strip().lower()


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


def source_networks(service: Service, cloud: Cloud) -> tuple[tuple[Network, ...] | None, str]:
    """The sources a balancer admits: (None, "") where every one is, (None, why) where the list cannot be read.

    The annotation is the field's older form; on Azure a second one adds to either (cloud-provider-azure, load balancer).
    Node ports know nothing of these ranges.
    """
    texts = service.source_ranges or listed(service.annotations, _SOURCES)
    if cloud is Cloud.AZURE:
        texts += listed(service.annotations, _AZURE_SOURCES)
    if not texts:
        return None, ""
    try:
        return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts), ""
    except ValueError as error:
        return None, f"loadBalancerSourceRanges of {service.namespace}/{service.name}: {error}: write CIDRs"


def listed(annotations: Mapping[str, str], key: str) -> tuple[str, ...]:
    """An annotation's items, which commas separate."""
    return tuple(text.strip() for text in annotations.get(key, "").split(",") if text.strip())
