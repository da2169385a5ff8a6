"""Where a GKE cluster stands: its network, its subnetworks' primary ranges, and every pod range of cluster and pools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.cloud.part import Part
from scanner.topology.model import Pods, Subnet, Topology
from scanner.topology.places import Known, around
from scanner.topology.seen_as import gke_rules


def place_gke(cluster: Part, topology: Topology, listed: Sequence[str] | None, *, agent_read: bool) -> Known:
    """Multi-range clusters are common: the cluster's own pod range is one of several, and pools name theirs."""
    network = cluster.part("networkConfig")
    policy = cluster.part("ipAllocationPolicy")
    pools = cluster.items("nodePools") or []
    domain = path_of(network.text("network"))
    subnets = {path_of(name): each for name, each in around(topology, domain).items()}
    names = [path_of(network.text("subnetwork"))]
    names += [path_of(pool.part("networkConfig").text("subnetwork")) for pool in pools]
    further = policy.items("additionalIpRangesConfigs") or []
    names += [path_of(part.text("subnetwork")) for part in further]
    used = [name for name in dict.fromkeys(names) if name]
    unread: dict[str, str] = {}
    if not used or any(name not in subnets for name in used):
        unread["node"] = "not all its subnetworks were read"
    here = [subnets[name] for name in used if name in subnets]
    pods, missing = _pods(cluster, policy, pools, here)
    if missing:
        unread["pod"] = f"secondary range {missing[0]!r} is in no subnetwork that was read"
    elif not pods:
        unread["pod"] = "the record names no pod range"
    aliases = policy.flag("useIpAliases")
    windows = any("windows" in (pool.part("config").text("imageType") or "").lower() for pool in pools)
    return Known(
        domain=domain,
        nodes=tuple(dict.fromkeys(text for subnet in here for text in _primary(subnet))),
        pods=pods,
        services=cluster.ranges(
            (
                policy.text("servicesIpv4CidrBlock"),
                policy.text("servicesIpv6CidrBlock"),
                cluster.text("servicesIpv4Cidr"),
            )
        ),
        routing=Pods.NATIVE if aliases else Pods.UNKNOWN,  # a routes-based cluster's pods are behind its instances
        masquerade=gke_rules(default_snat_disabled=_snat(network), listed=listed, agent=agent_read, windows=windows),
        unread=unread,
    )


def path_of(link: str | None) -> str:
    """`projects/...` of a full link or a path, "" where there is none."""
    _, found, rest = (link or "").partition("projects/")
    return found + rest


def _snat(network: Part) -> bool | None:
    """`defaultSnatStatus.disabled`: absent means that the default SNAT is on."""
    status = network.part("defaultSnatStatus")
    if status.has("disabled"):
        return status.flag("disabled")
    return None if network.has("defaultSnatStatus") and not status else False


def _primary(subnet: Subnet) -> Iterable[str]:
    secondary = set(subnet.secondary.values())
    return (text for text in subnet.ranges if text not in secondary)


def _pods(
    cluster: Part, policy: Part, pools: Sequence[Part], here: Sequence[Subnet]
) -> tuple[tuple[str, ...], list[str]]:
    """The pod ranges, and the names of those that no subnetwork resolves."""
    blocks = [policy.text("clusterIpv4CidrBlock"), cluster.text("clusterIpv4Cidr")]
    names = [*(policy.part("additionalPodRangesConfig").texts("podRangeNames") or ())]
    for part in policy.items("additionalIpRangesConfigs") or ():
        names += part.texts("podIpv4RangeNames") or ()
    for pool in pools:
        config = pool.part("networkConfig")
        blocks.append(config.text("podIpv4CidrBlock"))
        if not config.has("podIpv4CidrBlock") and (name := config.text("podRange")):
            names.append(name)
    ranges = {name: text for subnet in here for name, text in subnet.secondary.items()}
    found = cluster.ranges((*blocks, *(ranges[name] for name in names if name in ranges)))
    return found, [name for name in names if name not in ranges]
