"""The wire shapes of Calico's kinds, as its API types (`api/pkg/apis/projectcalico/v3`) spell them in JSON.

The stored form (`crd.projectcalico.org/v1`) has the same `spec`.
"""

from __future__ import annotations

import msgspec

from scanner.policy.decode import Wire


class WireServiceAccounts(Wire, frozen=True):
    """`serviceAccounts` of an entity rule: by name, by the accounts' labels, or both."""

    names: list[str | None] | None = None
    selector: str | None = None


class WireService(Wire, frozen=True):
    """`services` of an entity rule: one Service."""

    name: str | None = None
    namespace: str | None = None


class WireEntity(Wire, frozen=True):
    """`source` or `destination` of a rule."""

    nets: list[str | None] | None = None
    not_nets: list[str | None] | None = None
    selector: str | None = None
    not_selector: str | None = None
    namespace_selector: str | None = None
    ports: list[int | str | None] | None = None
    not_ports: list[int | str | None] | None = None
    service_accounts: WireServiceAccounts | None = None
    services: WireService | None = None


class WireIcmp(Wire, frozen=True):
    """`icmp` or `notICMP` of a rule."""

    type: int | None = None
    code: int | None = None


class WireHttpPath(Wire, frozen=True):
    """One of `http.paths`."""

    exact: str | None = None
    prefix: str | None = None


class WireHttp(Wire, frozen=True):
    """`http` of a rule."""

    methods: list[str | None] | None = None
    paths: list[WireHttpPath | None] | None = None


class WireMetadata(Wire, frozen=True):
    """`metadata` of a rule: comments."""

    annotations: dict[str, str | None] | None = None


class WireRule(Wire, frozen=True):
    """One of `ingress` or `egress`."""

    action: str | None = None
    ip_version: int | None = None
    protocol: int | str | None = None
    not_protocol: int | str | None = None
    icmp: WireIcmp | None = None
    not_icmp: WireIcmp | None = msgspec.field(default=None, name="notICMP")
    source: WireEntity | None = None
    destination: WireEntity | None = None
    http: WireHttp | None = None
    metadata: WireMetadata | None = None


class WireSpec(Wire, frozen=True):
    """`spec` of a NetworkPolicy."""

    tier: str | None = None
    order: float | None = None
    selector: str | None = None
    service_account_selector: str | None = None
    types: list[str | None] | None = None
    ingress: list[WireRule | None] | None = None
    egress: list[WireRule | None] | None = None
    performance_hints: list[str | None] | None = None  # never changes what is enforced


class WireGlobalSpec(WireSpec, frozen=True):
    """`spec` of a GlobalNetworkPolicy."""

    namespace_selector: str | None = None
    do_not_track: bool | None = None
    pre_dnat: bool | None = msgspec.field(default=None, name="preDNAT")
    apply_on_forward: bool | None = None


class WireTier(Wire, frozen=True):
    """`spec` of a Tier."""

    order: float | None = None
    default_action: str | None = None


class WireNetworkSet(Wire, frozen=True):
    """`spec` of a NetworkSet or GlobalNetworkSet."""

    nets: list[str | None] | None = None


class WireHostEndpoint(msgspec.Struct, frozen=True, rename="camel"):
    """As much of a HostEndpoint's `spec` as decides which addresses it stands for."""

    expected_ips: list[str | None] | None = msgspec.field(default=None, name="expectedIPs")
    profiles: list[str | None] | None = None


class WirePlace(msgspec.Struct, frozen=True, rename="camel"):
    """As much of a policy's `spec` as says where it stands and whether it has rules; anything else is not looked at."""

    tier: str | None = None
    order: float | None = None
    ingress: list[msgspec.Raw] | None = None
    egress: list[msgspec.Raw] | None = None
