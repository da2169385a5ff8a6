"""Reading a GKE record: the REST form of `Cluster`, which leaves out what has its default."""

from __future__ import annotations

from scanner.cloud.facts import CloudFacts, Endpoint, EngineSettings, Pool, Surroundings
from scanner.cloud.part import Part
from scanner.model import Cloud

HALF_ADDON = "addonsConfig.networkPolicyConfig is on, networkPolicy.enabled (the nodes) is off"
# The catalogue's words for a switch of networkConfig.
SWITCHES = {
    "networkConfig.enableFqdnNetworkPolicy is on": "enableFqdnNetworkPolicy",
    "networkConfig.enableCiliumClusterwideNetworkPolicy is on": "enableCiliumClusterwideNetworkPolicy",
}
HALF_NODES = "networkPolicy.enabled is on, addonsConfig.networkPolicyConfig.disabled is true"


def read(cluster: Part, notices: list[str]) -> CloudFacts:
    """Read a GKE cluster."""
    addresses = cluster.part("ipAllocationPolicy")
    pools = cluster.items("nodePools")
    pod_ranges = [addresses.text("clusterIpv4CidrBlock") or cluster.text("clusterIpv4Cidr")]
    pod_ranges += [pool.part("networkConfig").text("podIpv4CidrBlock") for pool in pools or ()]
    return CloudFacts(
        provider=Cloud.GCP,
        kubernetes_version=cluster.text("currentMasterVersion") or "",
        endpoint=_endpoint(cluster),
        engine=_engine(cluster),
        pools=None if pools is None else tuple(_pool(pool, cluster) for pool in pools),
        fargate=None,
        pod_ranges=cluster.ranges(pod_ranges),
        service_ranges=cluster.ranges(
            (
                addresses.text("servicesIpv4CidrBlock") or cluster.text("servicesIpv4Cidr"),
                addresses.text("servicesIpv6CidrBlock"),
            )
        ),
        workload_identity=_workload_identity(cluster, pools),
        metadata_restricted=None,
        autopilot=cluster.part("autopilot").flag("enabled"),
        around=_around(cluster),
        notices=tuple(notices),
        transit_encryption=_transit(cluster.part("networkConfig")),
        transit_where=f"{cluster.part('networkConfig').path}.inTransitEncryptionConfig",
    )


def _transit(network: Part) -> bool | None:
    """Inter-node transparent encryption (REST, NetworkConfig.inTransitEncryptionConfig); left out, it is off."""
    word = network.text("inTransitEncryptionConfig")
    if word is None:
        return None if not network or network.has("inTransitEncryptionConfig") else False
    known = {"IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT": True, "IN_TRANSIT_ENCRYPTION_DISABLED": False}
    return known.get(word, False if word == "IN_TRANSIT_ENCRYPTION_CONFIG_UNSPECIFIED" else None)


def _workload_identity(cluster: Part, pools: list[Part] | None) -> bool | None:
    """Whether a workload pool is set; its absence means "no" only in a record that shows its node pools too."""
    identity = cluster.part("workloadIdentityConfig")
    if identity.has("workloadPool"):
        pool = identity.text("workloadPool")
        return None if pool is None else bool(pool)
    return None if pools is None else False


def _engine(cluster: Part) -> EngineSettings:
    """Which policy engine Google runs here.

    Dataplane V2 (and so Autopilot) always enforces, whatever the older switches say; on the legacy data path Calico needs
    both the add-on and enforcement on the nodes. An add-on that is not mentioned counts as neither on nor off.
    """
    network = cluster.part("networkConfig")
    path = network.text("datapathProvider")
    autopilot = cluster.part("autopilot").flag("enabled")
    export = _log_export(cluster)
    where = f"{network.path}.datapathProvider"
    if path == "ADVANCED_DATAPATH" or (autopilot is True and not network.has("datapathProvider")):
        field = where if path else f"{cluster.path}.autopilot.enabled"
        return EngineSettings(
            managed="gke-dataplane-v2", enabled=True, deny_export=export, where=field, conditions=_conditions(network)
        )
    if path not in {None, "", "LEGACY_DATAPATH", "DATAPATH_PROVIDER_UNSPECIFIED"}:
        network.note(f"datapathProvider {path!r} is not known to this version")
        return EngineSettings(managed=None, enabled=None, where=where)
    unclear = (network.has("datapathProvider") and path is None) or (cluster.has("networkConfig") and not network)
    if unclear or (not network and not cluster.has("networkPolicy")):
        return EngineSettings(managed=None, enabled=None)
    return _legacy(cluster, export)


def _conditions(network: Part) -> dict[str, bool]:
    """Which of the switches are on: one that is left out is off, one that cannot be read is not known."""
    found: dict[str, bool] = {}
    for words, name in SWITCHES.items() if network else ():
        on = network.flag(name)
        if on is not None or not network.has(name):
            found[words] = on is True
    return found


def _legacy(cluster: Part, export: bool | None) -> EngineSettings:
    policy, addon = cluster.part("networkPolicy"), cluster.part("addonsConfig", "networkPolicyConfig")
    nodes: bool | None = False if not policy.has("enabled") else policy.flag("enabled")
    if cluster.has("networkPolicy") and not policy:
        nodes = None
    master: bool | None = None
    if addon:
        disabled = addon.flag("disabled")
        master = (not addon.has("disabled")) if disabled is None else not disabled
        if disabled is None and addon.has("disabled"):
            master = None
    half = ""
    if nodes is False and master is True:
        half = HALF_ADDON
    elif nodes is True and master is False:
        half = HALF_NODES
    runs = nodes is not False or master is True
    return EngineSettings(
        managed="gke-calico" if runs else "",
        enabled=None if nodes is None else nodes and not half,
        half=half,
        deny_export=export,
        where=f"{policy.path}.enabled, {addon.path}.disabled",
    )


def _log_export(cluster: Part) -> bool | None:
    """Whether the cluster's own log agent sends system logs, policy logs among them, to Cloud Logging."""
    logging = cluster.part("loggingConfig", "componentConfig")
    components = logging.texts("enableComponents")
    if components is not None:
        return "SYSTEM_COMPONENTS" in components
    if cluster.text("loggingService") == "none":
        return False
    return False if logging and not logging.has("enableComponents") else None


def _around(cluster: Part) -> Surroundings:
    """Logs and the network.

    Admin Activity audit logs, which hold every write to the Kubernetes API, cannot be switched off (GKE, "Audit logging").
    """
    external = cluster.part("networkConfig", "serviceExternalIpsConfig")
    allowed = external.flag("enabled")
    if allowed is None and external and not external.has("enabled"):
        allowed = False  # the REST form leaves out what is off
    return Surroundings(
        audit=True if cluster else None,
        audit_where="GKE writes Admin Activity audit logs for every cluster, and they cannot be switched off",
        external_ips=allowed,
        external_ips_where=f"{external.path}.enabled",
    )


def _public(pool: Part, cluster: Part) -> tuple[bool | None, str]:
    """Whether a pool's nodes get public addresses: the pool says so, else the cluster's default, else its older switch."""
    network, legacy = cluster.part("networkConfig"), cluster.part("privateClusterConfig")
    for part, key in (
        (pool.part("networkConfig"), "enablePrivateNodes"),
        (network, "defaultEnablePrivateNodes"),
        (legacy, "enablePrivateNodes"),
    ):
        if part.has(key):
            private = part.flag(key)
            return None if private is None else not private, f"{part.path}.{key}"
    known = bool(pool.part("networkConfig")) and bool(network)  # without its network a record is no whole answer
    return (True, f"{network.path}.defaultEnablePrivateNodes is off") if known else (None, "")


def _pool(pool: Part, cluster: Part) -> Pool:
    config = pool.part("config")
    image = config.text("imageType") or ""
    public, where = _public(pool, cluster)
    system = "windows" if image.upper().startswith("WINDOWS") else "linux" if image else ""
    return Pool(
        name=pool.text("name") or "",
        os=system,
        image=image,
        metadata_mode=config.part("workloadMetadataConfig").text("mode"),
        labels=config.labels("labels"),
        public=public,
        public_where=where,
    )


def _endpoint(cluster: Part) -> Endpoint:
    """Whether anybody on the internet can reach the API server, by its address or by its name.

    The newer `controlPlaneEndpointsConfig` decides where it speaks, the older fields otherwise (a cluster without
    `privateClusterConfig` has a public address). Authorized networks do not govern the DNS endpoint, nor Google's own
    public addresses where those are let in: then there is no allow list to speak of.
    """
    config = cluster.part("controlPlaneEndpointsConfig")
    address, name = config.part("ipEndpointsConfig"), config.part("dnsEndpointConfig")
    legacy = cluster.part("privateClusterConfig")
    where = [f"{address.path}.enablePublicEndpoint"]
    public = _public_address(cluster, address, legacy, where)
    private = True if address.has("privateEndpoint") or legacy.has("privateEndpoint") else None
    networks = address.part("authorizedNetworksConfig")
    if not networks:
        networks = cluster.part("masterAuthorizedNetworksConfig")
    where.append(networks.path)
    allowed: tuple[str, ...] | None = None
    if networks.flag("enabled") is True:
        allowed = networks.ranges_in("cidrBlocks", "cidrBlock")
        public = public if allowed is not None or public is False else None
        if networks.flag("gcpPublicCidrsAccessEnabled") is True:
            networks.note("gcpPublicCidrsAccessEnabled lets in every public address of Google Cloud")
            allowed = None
    by_name = name.flag("allowExternalTraffic")
    if _unclear(cluster, networks):
        public, allowed = None, None
    if by_name is True:
        public, allowed = True, None
        where.append(f"{name.path}.allowExternalTraffic")
    return Endpoint(public=public, private=private, allowed=allowed, where=", ".join(where))


def _unclear(cluster: Part, networks: Part) -> bool:
    """Whether something that says who reaches the API server is in the record and cannot be read."""
    config = cluster.part("controlPlaneEndpointsConfig")
    address, name = config.part("ipEndpointsConfig"), config.part("dnsEndpointConfig")
    objects = (
        (cluster, "controlPlaneEndpointsConfig"),
        (cluster, "privateClusterConfig"),
        (cluster, "masterAuthorizedNetworksConfig"),
        (config, "ipEndpointsConfig"),
        (config, "dnsEndpointConfig"),
        (address, "authorizedNetworksConfig"),
    )
    flags = (
        (address, "enabled"),
        (networks, "enabled"),
        (networks, "gcpPublicCidrsAccessEnabled"),
        (name, "allowExternalTraffic"),
    )
    return any(above.has(key) and not above.part(key) for above, key in objects) or any(
        above.has(key) and above.flag(key) is None for above, key in flags
    )


def _public_address(cluster: Part, address: Part, legacy: Part, where: list[str]) -> bool | None:
    if address.flag("enabled") is False:
        return False
    public = address.flag("enablePublicEndpoint")
    if public is not None or address.has("enablePublicEndpoint"):
        return public
    where[0] = f"{legacy.path}.enablePrivateEndpoint"
    if legacy.has("enablePrivateEndpoint"):
        only_private = legacy.flag("enablePrivateEndpoint")
        return None if only_private is None else not only_private
    return True if legacy or cluster.has("endpoint") else None
