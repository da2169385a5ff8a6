"""What `ringfence.yaml` says of each cloud under `sources:`: where to look, as whom, and what to leave out."""

from __future__ import annotations

import msgspec


class _Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base: a misspelt key is refused rather than ignored."""


class AwsOptions(_Options, frozen=True, kw_only=True):
    """Where EKS clusters are looked for. Without `organization` and `accounts`: in the credentials' own account.

    `role` is the name of the role to assume in every account but the own one. `organizational_units` narrows `organization`.
    `regions` empty means all that are enabled. `hybrid` also reads VPN and Direct Connect, whose answers hold keys.
    """

    organization: bool = False
    organizational_units: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    role: str = ""
    external_id: str = ""
    profile: str = ""
    regions: tuple[str, ...] = ()
    network: bool = True
    hybrid: bool = False


class GcpEndpoints(_Options, frozen=True, kw_only=True):
    """Other hosts for Google's APIs, each `https://HOST` or `https://HOST:PORT`; "" is the public one.

    For Private Service Connect (`https://container-NAME.p.googleapis.com`), a proxy, or a sovereign cloud; the domain of a
    sovereign cloud that stands in the credentials is used without being named here.
    """

    container: str = ""
    resource_manager: str = ""
    compute: str = ""


class GcpOptions(_Options, frozen=True, kw_only=True):
    """Where GKE clusters are looked for. Without any: in every active project that the credentials can see.

    `organization` and `folders` are numbers, with everything below them; `projects` are ids or numbers. Given together, all
    of them are looked in. `quota_project` is the project that calls are counted for.
    """

    organization: str = ""
    folders: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    quota_project: str = ""
    endpoints: GcpEndpoints = GcpEndpoints()
    network: bool = True


class AzureOptions(_Options, frozen=True, kw_only=True):
    """Where AKS clusters are looked for. Without any: in every subscription that the credentials can see.

    `resource_manager` names the endpoint of a sovereign or private cloud. `local_accounts` allows the cluster-admin
    certificate of clusters without Entra sign-in, which nothing read-only can replace.
    """

    tenant: str = ""
    management_groups: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    resource_manager: str = ""
    authority: str = ""
    local_accounts: bool = False
    network: bool = True
