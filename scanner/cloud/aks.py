"""Reading an AKS record: the managed cluster, in the ARM form with `properties` or as `az aks show` flattens it."""

from __future__ import annotations

from scanner.cloud.facts import CloudFacts, Endpoint, EngineSettings, Pool, Surroundings
from scanner.cloud.part import Part
from scanner.model import Cloud

_WORDS = ("networkPlugin", "networkPolicy", "networkDataplane")
# The catalogue's words for what `advancedNetworking.security.advancedNetworkPolicies` allows, and the values that allow it.
ADVANCED = {
    "Advanced Container Networking Services allow domain names": {"fqdn", "l7"},
    "Advanced Container Networking Services allow layer 7": {"l7"},
}
_POLICIES = {"azure": "aks-npm", "calico": "aks-calico", "cilium": "aks-cilium"}


def read(resource: Part, notices: list[str]) -> CloudFacts:
    """Read an AKS managed cluster. Azure compares its words without regard to case, and so does this."""
    cluster = resource.part("properties") or resource
    network = cluster.part("networkProfile")
    pools = cluster.items("agentPoolProfiles")
    return CloudFacts(
        provider=Cloud.AZURE,
        kubernetes_version=cluster.text("currentKubernetesVersion") or cluster.text("kubernetesVersion") or "",
        endpoint=_endpoint(cluster),
        engine=_engine(cluster, network),
        pools=None if pools is None else tuple(_pool(pool) for pool in pools),
        fargate=None,
        pod_ranges=network.ranges((network.text("podCidr"), *(network.texts("podCidrs") or ()))),
        service_ranges=network.ranges((network.text("serviceCidr"), *(network.texts("serviceCidrs") or ()))),
        workload_identity=_workload_identity(cluster),
        metadata_restricted=_metadata_restricted(network, pools),
        around=Surroundings(outbound=_word(network, "outboundType"), outbound_where=f"{network.path}.outboundType"),
        notices=tuple(notices),
        transit_encryption=_transit(network),
        transit_where=f"{network.path}.advancedNetworking.security.transitEncryption.type",
    )


def _transit(network: Part) -> bool | None:
    """Pod-to-pod encryption of ACNS (ARM, AdvancedNetworkingSecurityTransitEncryption: `None` where not said)."""
    security = network.part("advancedNetworking", "security")
    chosen = security.part("transitEncryption")
    if not chosen:
        return None if not network or security.has("transitEncryption") else False
    known = {"wireguard": True, "none": False}
    return known.get(_word(chosen, "type")) if chosen.has("type") else False


def _word(part: Part, key: str) -> str:
    return (part.text(key) or "").strip().lower()


def _workload_identity(cluster: Part) -> bool | None:
    """Whether workload identity is on; Azure leaves the profile null where it never was."""
    identity = cluster.part("securityProfile", "workloadIdentity")
    if identity.has("enabled"):
        return identity.flag("enabled")
    return False if cluster.has("securityProfile") else None


def _metadata_restricted(network: Part, pools: list[Part] | None) -> bool | None:
    """Whether pods are kept from the metadata service (`podLinkLocalAccess: None`), which Windows nodes cannot do.

    Only preview versions of the API have the field, so an answer without it says nothing (azure-mgmt-containerservice 41.8.0,
    API 2026-08-01, does not know it).
    """
    access = _word(network, "podLinkLocalAccess")
    if access == "none":
        linux_only = pools is not None and all(_word(pool, "osType") == "linux" for pool in pools)
        return True if linux_only else None
    return False if access == "imds" else None


def _engine(cluster: Part, network: Part) -> EngineSettings:
    """The engine that AKS runs: `networkDataplane: cilium` decides even where `networkPolicy` is empty (AKS docs)."""
    plugin, policy, path = (_word(network, key) for key in _WORDS)
    managed: str | None
    if any(network.has(key) and network.text(key) is None for key in _WORDS):
        return EngineSettings(managed=None, enabled=None, plugin=plugin, where=network.path)
    if path == "cilium":
        managed = "aks-cilium"
    elif policy in _POLICIES:
        managed = _POLICIES[policy]
    elif not network or plugin == "none" or policy not in {"", "none"} or not plugin:
        managed = None  # somebody brought a CNI of their own, or the record does not say
        if network and policy not in {"", "none"}:
            network.note(f"networkPolicy {policy!r} is not known to this version")
    else:
        managed = ""
    advanced = network.part("advancedNetworking")
    observed = advanced.flag("enabled") is True and advanced.part("observability").flag("enabled") is not False
    return EngineSettings(
        managed=managed,
        enabled=None if managed is None else managed != "",
        deny_events=None if observed or not network else False,
        deny_export=_log_export(cluster),
        virtual_nodes=_virtual_nodes(cluster),
        plugin=plugin,
        where=f"{network.path}.networkDataplane" if path == "cilium" else f"{network.path}.networkPolicy",
        conditions=_conditions(network, advanced),
    )


def _conditions(network: Part, advanced: Part) -> dict[str, bool]:
    """What the advanced services allow in policies: nothing where they are off, unknown where the answer cannot be read.

    Policies for domain names come with the services' security unless `advancedNetworkPolicies` says otherwise, so an
    answer without the word settles nothing while the services are on.
    """
    if not network or (network.has("advancedNetworking") and not advanced):
        return {}
    security = advanced.part("security")
    on = advanced.flag("enabled") is True and security.flag("enabled") is not False
    word = _word(security, "advancedNetworkPolicies")
    if on and word not in {"none", "fqdn", "l7"}:
        return {}
    return {words: on and word in allowing for words, allowing in ADVANCED.items()}


def _virtual_nodes(cluster: Part) -> bool:
    """Whether the virtual-node add-on is on; Azure spells the names of add-ons in any case."""
    profiles = cluster.part("addonProfiles")
    names = [name for name, _ in profiles.entries() if name.lower() in {"aciconnectorlinux", "aci_connector_linux"}]
    return any(profiles.part(name).flag("enabled") is True for name in names)


def _log_export(cluster: Part) -> bool | None:
    """Whether Container Insights sends container network logs to a workspace."""
    insights = cluster.part("azureMonitorProfile", "containerInsights")
    if not insights:
        return None
    if insights.flag("enabled") is not True:
        return False
    state = _word(insights, "containerNetworkLogs") if insights.has("containerNetworkLogs") else "disabled"
    return {"enabled": True, "disabled": False, "": None}.get(state)


def _pool(pool: Part) -> Pool:
    """An agent pool; the switch for public addresses is left out where it never was on, so a pool with neither says no."""
    key = "enableNodePublicIp" if pool.has("enableNodePublicIp") else "enableNodePublicIP"
    public = pool.flag(key)
    if public is None and not pool.has(key):
        public = False if pool.has("vnetSubnetId") or pool.has("osType") else None
    return Pool(
        name=pool.text("name") or "",
        os=_word(pool, "osType"),
        image=pool.text("osSKU") or pool.text("osSku") or "",
        labels=pool.labels("nodeLabels"),
        public=public,
        public_where=f"{pool.path}.enableNodePublicIP",
    )


def _endpoint(cluster: Part) -> Endpoint:
    """How the API server is reached. A private cluster's public name resolves to a private address, so it stays private."""
    access = cluster.part("apiServerAccessProfile")
    private = access.flag("enablePrivateCluster")
    closed = _word(cluster, "publicNetworkAccess") == "disabled"
    public: bool | None = None
    if private is True or closed:
        public = False
    elif access.has("enablePrivateCluster"):
        public = None if private is None else True
    elif access or (cluster.has("fqdn") and not cluster.has("apiServerAccessProfile")):
        public = True
    key = "authorizedIpRanges" if access.has("authorizedIpRanges") else "authorizedIPRanges"
    ranges = access.ranges_in(key)
    if ranges is None and public:
        public = None
    return Endpoint(
        public=public,
        private=True if private else (None if public is None else False),
        allowed=ranges if ranges and public is not False else None,
        where=f"{access.path}.enablePrivateCluster, {access.path}.authorizedIPRanges, {cluster.path}.publicNetworkAccess",
    )
