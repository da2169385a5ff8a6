"""The wire shapes of `cilium.io/v2`: what stands in a policy's `spec` and in each of its `specs`.

Source: cilium/cilium, pkg/policy/api (rule.go, ingress.go, egress.go, l4.go, cidr.go, service.go, fqdn.go). What acts above
the ports only (HTTP, Kafka and DNS rules, TLS contexts, Envoy listeners) or says nothing of connections is kept unread.
"""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.policy.common import WireSelector
from scanner.policy.decode import Wire


class WireCidrSet(Wire, frozen=True):
    """One of `fromCIDRSet` or `toCIDRSet`; `except` is a word of Python."""

    cidr: str | None = None
    cidr_group_ref: str | None = None
    cidr_group_selector: WireSelector | None = None
    except_: list[str | None] | None = msgspec.field(default=None, name="except")


class WireName(Wire, frozen=True):
    """One of `toFQDNs`."""

    match_name: str | None = None
    match_pattern: str | None = None


class WireServiceName(Wire, frozen=True):
    """A `k8sService`."""

    service_name: str | None = None
    namespace: str | None = None


class WireServiceSelector(Wire, frozen=True):
    """A `k8sServiceSelector`."""

    selector: WireSelector | None = None
    namespace: str | None = None


class WireService(Wire, frozen=True):
    """One of `toServices`."""

    k8s_service: WireServiceName | None = None
    k8s_service_selector: WireServiceSelector | None = None


class WirePort(Wire, frozen=True):
    """One of the `ports` of an entry of `toPorts`."""

    port: str | None = None
    protocol: str | None = None
    end_port: int | None = None


class WireL7(Wire, frozen=True):
    """The `rules` of an entry of `toPorts`."""

    http: list[Any] | None = None
    kafka: list[Any] | None = None
    dns: list[Any] | None = None
    l7proto: str | None = None
    l7: list[Any] | None = None


class WireDenyPorts(Wire, frozen=True):
    """One of the `toPorts` of a deny rule."""

    ports: list[WirePort | None] | None = None


class WireAllowPorts(WireDenyPorts, frozen=True):
    """One of the `toPorts` of an allow rule."""

    rules: WireL7 | None = None
    listener: Any = None
    terminating_tls: Any = msgspec.field(default=None, name="terminatingTLS")
    originating_tls: Any = msgspec.field(default=None, name="originatingTLS")
    server_names: list[str | None] | None = None


class WireAuthentication(Wire, frozen=True):
    """The `authentication` of an allow rule."""

    mode: str | None = None


class WireFrom(Wire, frozen=True):
    """What every ingress rule may have."""

    from_endpoints: list[WireSelector | None] | None = None
    from_requires: list[Any] | None = None
    from_cidr: list[str | None] | None = msgspec.field(default=None, name="fromCIDR")
    from_cidr_set: list[WireCidrSet | None] | None = msgspec.field(default=None, name="fromCIDRSet")
    from_entities: list[str | None] | None = None
    from_groups: list[Any] | None = None
    from_nodes: list[WireSelector | None] | None = None
    icmps: list[Any] | None = None


class WireIngress(WireFrom, frozen=True):
    """One of `ingress`."""

    to_ports: list[WireAllowPorts | None] | None = None
    authentication: WireAuthentication | None = None


class WireIngressDeny(WireFrom, frozen=True):
    """One of `ingressDeny`."""

    to_ports: list[WireDenyPorts | None] | None = None


class WireTo(Wire, frozen=True):
    """What every egress rule may have."""

    to_endpoints: list[WireSelector | None] | None = None
    to_requires: list[Any] | None = None
    to_cidr: list[str | None] | None = msgspec.field(default=None, name="toCIDR")
    to_cidr_set: list[WireCidrSet | None] | None = msgspec.field(default=None, name="toCIDRSet")
    to_entities: list[str | None] | None = None
    to_services: list[WireService | None] | None = None
    to_groups: list[Any] | None = None
    to_nodes: list[WireSelector | None] | None = None
    icmps: list[Any] | None = None


class WireEgress(WireTo, frozen=True):
    """One of `egress`."""

    to_ports: list[WireAllowPorts | None] | None = None
    to_fqdns: list[WireName | None] | None = msgspec.field(default=None, name="toFQDNs")
    authentication: WireAuthentication | None = None


class WireEgressDeny(WireTo, frozen=True):
    """One of `egressDeny`."""

    to_ports: list[WireDenyPorts | None] | None = None


WireRule = WireIngress | WireIngressDeny | WireEgress | WireEgressDeny


class WireDefaultDeny(Wire, frozen=True):
    """`enableDefaultDeny`."""

    ingress: bool | None = None
    egress: bool | None = None


class WireSpec(Wire, frozen=True):
    """`spec`, or one of `specs`. `labels`, `description` and `log` do not bear on what connects."""

    endpoint_selector: WireSelector | None = None
    node_selector: WireSelector | None = None
    ingress: list[WireIngress | None] | None = None
    ingress_deny: list[WireIngressDeny | None] | None = None
    egress: list[WireEgress | None] | None = None
    egress_deny: list[WireEgressDeny | None] | None = None
    enable_default_deny: WireDefaultDeny | None = None
    labels: Any = None
    description: Any = None
    log: Any = None


class WireCidrGroup(Wire, frozen=True):
    """`spec` of a CiliumCIDRGroup."""

    external_cidrs: list[str | None] | None = msgspec.field(default=None, name="externalCIDRs")
