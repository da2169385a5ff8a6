"""What an operator declares about an estate: platform namespaces, edges, approved ranges, tiers. Data, no logic."""

from __future__ import annotations

import ipaddress

import msgspec

from scanner.baselines.profiles import PROFILES

PLATFORM_NAMESPACES = (
    "kube-system", "kube-public", "kube-node-lease", "kube-flannel", "gke-*", "gmp-*", "calico-system", "tigera-operator",
    "cilium*", "istio-system", "aks-*", "azure-*", "amazon-*",
)  # fmt: skip
TIERS = ("prod", "staging", "dev")


class _Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the operator's file: a misspelt key is refused, not ignored."""


class Match(_Declared, frozen=True, kw_only=True):
    """Clusters, namespaces and workloads by shell pattern (`*`, `?`); labels must all be equal. Absent fields match all."""

    cluster: str = "*"
    namespace: str = "*"
    workload: str = "*"
    labels: dict[str, str] = {}


class BaselineConfig(_Declared, frozen=True, kw_only=True):
    """The `baseline:` part of `ringfence.yaml`. Every list adds to the built-in defaults.

    Raises:
        ValueError: an unknown profile or tier, or a range that is no CIDR (msgspec reports it with its path).
    """

    profile: str = "standard"
    platform_namespaces: tuple[str, ...] = ()
    platform_sources: tuple[Match, ...] = ()  # may reach every pod: ingress controllers, monitoring
    edge: tuple[Match, ...] = ()  # workloads, and the Services in front of them, that may face the internet
    egress: tuple[Match, ...] = ()  # workloads with an approved way out: proxies, egress gateways
    metadata: tuple[Match, ...] = ()  # workloads with an approved need for the metadata service
    sensitive: tuple[Match, ...] = ()  # a failure that touches one of these earns a critical control no fraction
    organisation_ranges: tuple[str, ...] = ()  # the organisation's own public ranges
    tiers: dict[
        str, str
    ] = {}  # cluster name pattern -> prod | staging | dev; the first that matches wins, default prod
    sensitive_hops: int = 1  # NB-EXP-06: paths of at most so many hops fail; the way in is the first hop
    external_ips: tuple[str, ...] = ()  # NB-EXP-07: addresses that Services may set as externalIPs
    certificate_days: int = 14  # NB-EXP-05: a certificate must be valid for more than so many days
    scan_hours: int = 24  # NB-OBS-06: the age of a scan that still counts
    out_of_scope: tuple[str, ...] = ()  # NB-OBS-06: cluster name patterns that need not be scanned afresh

    def __post_init__(self) -> None:
        """Refuse what no control could use."""
        if self.profile not in PROFILES:
            raise ValueError(f"profile {self.profile!r}: write one of {', '.join(PROFILES)}")
        for pattern, tier in self.tiers.items():
            if tier not in TIERS:
                raise ValueError(f"tiers[{pattern!r}] is {tier!r}: write one of {', '.join(TIERS)}")
        for key, texts in (("organisation_ranges", self.organisation_ranges), ("external_ips", self.external_ips)):
            for text in texts:
                try:
                    ipaddress.ip_network(text, strict=False)
                except ValueError as error:
                    raise ValueError(f"{key}: {text!r} is no range: write it as 198.51.100.0/24") from error
        for key, number, most in (
            ("sensitive_hops", self.sensitive_hops, 5),
            ("certificate_days", self.certificate_days, 365),
            ("scan_hours", self.scan_hours, 24 * 366),
        ):
            if not 1 <= number <= most:
                raise ValueError(f"{key} is {number}: write a number from 1 to {most}")


DEFAULT_CONFIG = BaselineConfig()
