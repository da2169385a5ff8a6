"""What an operator declares about an estate: platform namespaces, edges, approved ranges, tiers. Data, no logic."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

import msgspec

from scanner.baselines.assertions import Assertion
from scanner.baselines.profiles import PROFILES
from scanner.baselines.zones import ZonePath

PLATFORM_NAMESPACES = (
    "kube-system", "kube-public", "kube-node-lease", "kube-flannel", "gke-*", "gmp-*", "calico-system", "tigera-operator",
    "cilium*", "istio-system", "aks-*", "azure-*", "amazon-*",
)  # fmt: skip
TIERS = ("prod", "staging", "dev")
HEAVIEST = 1000  # what a cluster of one tier may weigh at most
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{64}")


class _Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the operator's file: a misspelt key is refused, not ignored."""


class Match(_Declared, frozen=True, kw_only=True):
    """Clusters, namespaces and workloads by shell pattern (`*`, `?`); labels must all be equal. Absent fields match all."""

    cluster: str = "*"
    namespace: str = "*"
    workload: str = "*"
    labels: dict[str, str] = {}


class Difference(_Declared, frozen=True, kw_only=True):
    """A flow in which one cluster may differ from the others of its intent group: workloads as "namespace/name" patterns."""

    cluster: str
    source: str
    destination: str


class Intent(_Declared, frozen=True, kw_only=True):
    """Workloads that are to have the same policy in several clusters (NB-XC-05); all by shell pattern.

    `reference` is the cluster that the others are compared with; without it, the one that most of them agree with.
    """

    name: str
    clusters: tuple[str, ...]
    namespaces: tuple[str, ...] = ("*",)
    workloads: tuple[str, ...] = ("*",)
    reference: str = ""
    differences: tuple[Difference, ...] = ()


class TrustDomain(_Declared, frozen=True, kw_only=True):
    """A mesh's trust domain: the tiers that may share its roots, the aliases it may take, the roots it may have.

    `roots` are SHA-256 fingerprints of certificates in hexadecimal, colons allowed.
    """

    name: str
    tiers: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()


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
    tier_weights: dict[str, float] = {}  # tier -> what one of its clusters weighs in the fleet's score
    host_network: tuple[Match, ...] = ()  # workloads with an approved need for their node's network or for host ports
    startup_guards: tuple[Match, ...] = ()  # workloads that wait for their policies before they start to work
    intents: tuple[Intent, ...] = ()  # workloads whose policy is to be the same in several clusters
    zones: dict[str, tuple[Match, ...]] = {}  # zones of trust inside a cluster: name -> their workloads
    zone_paths: tuple[ZonePath, ...] = ()  # the only ways between them
    api_clients: tuple[Match, ...] = ()  # workloads with an approved need for the API server
    flow_sources: dict[str, str] = {}  # cluster name pattern -> what records its flows, in words
    policy_writers: tuple[
        str, ...
    ] = ()  # who may change policies: "Group:platform", "ServiceAccount:argocd/*", "User:ada"
    repository: str = ""  # where policies are kept under version control; empty: nowhere
    active_probing: bool = True  # whether enforcement is to be proven by probes
    assertions: tuple[Assertion, ...] = ()
    sealed: tuple[str, ...] = ()  # clusters (patterns) that only their pipeline can write to
    mutual_tls: tuple[Match, ...] = ()  # workloads that must be in a mesh with mutual TLS
    mesh_exclusions: tuple[Match, ...] = ()  # workloads that may take plain traffic past the mesh
    encrypt_in_transit: tuple[Match, ...] = ()  # namespaces whose traffic between nodes must be encrypted
    administrative: tuple[Match, ...] = ()  # entry points and Services that need an identity-aware proxy
    trust_domains: tuple[TrustDomain, ...] = ()  # the trust domains of meshes, and who may share them
    sensitive_hops: int = 1  # NB-EXP-06: paths of at most so many hops fail; the way in is the first hop
    external_ips: tuple[str, ...] = ()  # NB-EXP-07: addresses that Services may set as externalIPs
    certificate_days: int = 14  # NB-EXP-05: a certificate must be valid for more than so many days
    scan_hours: int = 24  # NB-OBS-06: the age of a scan that still counts
    out_of_scope: tuple[str, ...] = ()  # NB-OBS-06: cluster name patterns that need not be scanned afresh

    def __post_init__(self) -> None:
        """Refuse what no control could use."""
        for problem in _problems(self):
            raise ValueError(problem)


def _problems(config: BaselineConfig) -> Iterator[str]:
    """What is wrong with a configuration, each beginning with its key."""
    if config.profile not in PROFILES:
        yield f"profile {config.profile!r}: write one of {', '.join(PROFILES)}"
    for pattern, tier in config.tiers.items():
        if tier not in TIERS:
            yield f"tiers[{pattern!r}] is {tier!r}: write one of {', '.join(TIERS)}"
    for tier, weight in config.tier_weights.items():
        if tier not in TIERS or not 0 < weight <= HEAVIEST:
            yield f"tier_weights[{tier!r}]: write a number above 0 for one of {', '.join(TIERS)}"
    yield from _names(config)
    yield from _trust(config)
    yield from _numbers(config)


def _numbers(config: BaselineConfig) -> Iterator[str]:
    """Addresses that are none, and numbers out of bounds."""
    for key, texts in (("organisation_ranges", config.organisation_ranges), ("external_ips", config.external_ips)):
        for text in texts:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                yield f"{key}: {text!r} is no range: write it as 198.51.100.0/24"
    for key, number, most in (
        ("sensitive_hops", config.sensitive_hops, 5),
        ("certificate_days", config.certificate_days, 365),
        ("scan_hours", config.scan_hours, 24 * 366),
    ):
        if not 1 <= number <= most:
            yield f"{key} is {number}: write a number from 1 to {most}"


def _names(config: BaselineConfig) -> Iterator[str]:
    """What refers to nothing, or is called like something else."""
    seen: set[str] = set()
    for intent in config.intents:
        if not intent.name or intent.name in seen or not intent.clusters:
            yield f"intents: {intent.name!r}: give each a name of its own and its clusters"
        seen.add(intent.name)
    for path in config.zone_paths:
        for name in (path.from_, path.to):
            if name not in config.zones:
                yield f"zone_paths: {name!r} is no zone: declare it under zones, or mend the spelling"


def _trust(config: BaselineConfig) -> Iterator[str]:
    for number, domain in enumerate(config.trust_domains):
        place = f"trust_domains[{number}]"
        if not domain.name or not domain.tiers or not set(domain.tiers) <= set(TIERS):
            yield f"{place}: needs a name, and tiers among {', '.join(TIERS)}"
        for root in domain.roots:
            if not _FINGERPRINT.fullmatch(root.replace(":", "")):
                yield f"{place}.roots: {root!r} is no SHA-256 fingerprint: write 64 hexadecimal digits"


DEFAULT_CONFIG = BaselineConfig()
