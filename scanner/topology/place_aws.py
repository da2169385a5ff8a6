"""Where an EKS cluster stands: its VPC and the subnets of its node groups; pods of the VPC CNI live in subnets too."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scanner.cloud.eks import addon_values
from scanner.cloud.part import Part
from scanner.model import CloudRecord
from scanner.topology.model import MasqueradeRule, Pods, Subnet, Topology
from scanner.topology.places import Known, around
from scanner.topology.seen_as import eks_rules
from scanner.topology.spans import is_prefix

_ELSEWHERE = "nodes that no managed group made (Karpenter, Auto Mode, self-managed) may be in any subnet of the VPC"


def place_eks(record: CloudRecord, cluster: Part, topology: Topology, notices: list[str]) -> Known:
    """Nodes: the node groups' subnets. Pods: the same with the VPC CNI, unless custom networking puts them elsewhere."""
    domain = cluster.part("resourcesVpcConfig").text("vpcId") or ""
    subnets = around(topology, domain)
    groups = list(_answers(record.nodegroups, "nodegroup", notices))
    named = [name for group in groups for name in group.texts("subnets") or ()]
    profiles = _answers(record.fargate_profiles, "fargateProfile", notices)
    fargate = [name for profile in profiles for name in profile.texts("subnets") or ()]
    auto = cluster.part("computeConfig").flag("enabled") is True
    unread: dict[str, str] = {}
    if not domain:
        unread["node"] = "the record names no VPC"
    elif any(name not in subnets for name in (*named, *fargate)):
        unread["node"] = "not all subnets of its node groups were read"
    elif not named or auto:
        unread["node"] = _ELSEWHERE
    nodes = _ranges(subnets, named)
    ranges = next((each.ranges for each in topology.domains if each.id == domain and not each.unread), ())
    engine = "auto-mode" if auto else ""
    env: Part | None = None
    values, found = addon_values(record, notices)
    if found and not auto:
        engine, env = "vpc-cni", values.part("env") if values is not None else None
    native = bool(engine)
    custom = None if env is None else _flag(env, "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG")
    if not native:
        unread["pod"] = "no record of Amazon's CNI: another one, or one installed by hand, gives pods their addresses"
    elif "node" in unread or auto:
        unread["pod"] = unread.get("node", _ELSEWHERE)
    elif custom is not False:
        unread["pod"] = "custom networking is on, or could not be read: ENIConfig objects name the pods' subnets"
    network = cluster.part("kubernetesNetworkConfig")
    return Known(
        domain=domain,
        nodes=nodes,
        pods=_ranges(subnets, (*(named if native and custom is False else ()), *fargate)),
        services=network.ranges((network.text("serviceIpv4Cidr"), network.text("serviceIpv6Cidr"))),
        routing=Pods.NATIVE if native else Pods.UNKNOWN,
        masquerade=_rules(ranges, engine, env),
        unread=unread,
        notes=tuple(_notes(cluster, groups)),
    )


def _answers(raws: Iterable[msgspec.Raw], wrapper: str, notices: list[str]) -> Iterable[Part]:
    for index, raw in enumerate(raws):
        answer = Part.decode(raw, f"{wrapper}s[{index}]", notices)
        yield answer.part(wrapper) if answer.has(wrapper) else answer


def _rules(vpc: tuple[str, ...], engine: str, env: Part | None) -> tuple[MasqueradeRule, ...]:
    if env is None:
        return eks_rules(vpc, external_snat=None, excluded=None, engine=engine)
    listed = [text.strip() for text in (env.text("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS") or "").split(",")]
    groups = _flag(env, "ENABLE_POD_ENI")
    mode = (env.text("POD_SECURITY_GROUP_ENFORCING_MODE") or "strict").strip().lower()
    return eks_rules(
        vpc,
        external_snat=_flag(env, "AWS_VPC_K8S_CNI_EXTERNALSNAT"),
        excluded=[text for text in listed if is_prefix(text)],  # the CNI skips what is no range, and so does this
        pod_groups=False if groups is False or mode == "standard" else None,
        engine=engine,
    )


def _flag(env: Part, key: str) -> bool | None:
    """A switch of the CNI's environment, off where it is left out; None where its value cannot be read."""
    return env.flag(key) if env.has(key) else False


def _ranges(subnets: dict[str, Subnet], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for name in names if name in subnets for text in subnets[name].ranges))


def _notes(cluster: Part, groups: list[Part]) -> Iterable[str]:
    remote = cluster.part("remoteNetworkConfig")
    cidrs = [
        text
        for key in ("remoteNodeNetworks", "remotePodNetworks")
        for part in remote.items(key) or ()
        for text in remote.ranges(part.texts("cidrs") or ())
    ]
    if cidrs:
        yield f"hybrid nodes at {', '.join(cidrs[:8])} stand outside the VPC and are not placed"
    if groups:
        yield _ELSEWHERE
