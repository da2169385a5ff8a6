"""Reading the VPC part of an EKS record: security groups, flow logs and subnets, as EC2 describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from scanner.cloud.facts import FlowLog, IngressRule, Surroundings
from scanner.cloud.part import Part
from scanner.model import CloudRecord

_PROTOCOLS = {"tcp": "TCP", "6": "TCP", "udp": "UDP", "17": "UDP", "sctp": "SCTP", "132": "SCTP"}
_NO_PORTS = frozenset({"icmp", "icmpv6", "1", "58"})
_KEPT = frozenset({"ALL", "REJECT"})  # TrafficType: with these a flow log holds what was refused


def surroundings(record: CloudRecord, cluster: Part, groups: Sequence[Part], notices: list[str]) -> Surroundings:
    """The network around an EKS cluster. What the record leaves out is None."""
    vpc = Part.decode(record.vpc, "vpc", notices) if isinstance(record.vpc, msgspec.Raw) else Part({}, "vpc", [])
    network = cluster.part("resourcesVpcConfig")
    audit, where = _audit(cluster)
    firewalls, flows = vpc.items("securityGroups"), vpc.items("flowLogs")
    return Surroundings(
        audit=audit,
        audit_where=where,
        open_rules=None if firewalls is None else tuple(rule for each in firewalls for rule in _rules(each)),
        node_groups=_own_groups(network, groups),
        flow_logs=None if flows is None else tuple(_flow_log(each) for each in flows),
        vpc=vpc.text("id") or network.text("vpcId") or "",
        subnets=_subnets(network, groups),
    )


def public_subnets(record: CloudRecord) -> dict[str, bool]:
    """Whether each subnet gives what starts in it a public address (`MapPublicIpOnLaunch`)."""
    if not isinstance(record.vpc, msgspec.Raw):
        return {}
    found = {}
    for subnet in Part.decode(record.vpc, "vpc", []).items("subnets") or ():
        name, public = subnet.text("SubnetId"), subnet.flag("MapPublicIpOnLaunch")
        if name and public is not None:
            found[name] = public
    return found


def _audit(cluster: Part) -> tuple[bool | None, str]:
    """Whether log type `audit` is on (EKS, `clusterLogging`); a type that is listed nowhere is off."""
    entries = cluster.part("logging").items("clusterLogging")
    where = f"{cluster.path}.logging.clusterLogging"
    if entries is None:
        return None, where
    audit: bool | None = False
    for entry in entries:
        types, enabled = entry.texts("types"), entry.flag("enabled")
        if types is None or enabled is None:
            audit = None if audit is False else audit
        elif enabled and "audit" in types:
            return True, where
    return audit, where


def _own_groups(network: Part, groups: Iterable[Part]) -> frozenset[str]:
    """The security groups that nodes surely bear: EKS gives node groups without a template of their own the cluster's."""
    own = network.text("clusterSecurityGroupId")
    plain = any(not group.has("launchTemplate") for group in groups)
    return frozenset({own}) if own and plain else frozenset()


def _subnets(network: Part, groups: Iterable[Part]) -> tuple[str, ...]:
    found = dict.fromkeys(network.texts("subnetIds") or ())
    for group in groups:
        found |= dict.fromkeys(group.texts("subnets") or ())
    return tuple(found)


def _rules(group: Part) -> Iterator[IngressRule]:
    """The rules of a group that name addresses or prefix lists; those that name groups stay inside the network."""
    name = group.text("GroupId") or "a group without an id"
    for rule in group.items("IpPermissions") or ():
        protocol = (rule.text("IpProtocol") or "").lower()
        if protocol in _NO_PORTS:
            continue
        first, last = rule.number("FromPort"), rule.number("ToPort")
        named = _PROTOCOLS.get(protocol, "")
        sources = [part.text("CidrIp") for part in rule.items("IpRanges") or ()]
        sources += [part.text("CidrIpv6") for part in rule.items("Ipv6Ranges") or ()]
        lists = [part.text("PrefixListId") for part in rule.items("PrefixListIds") or ()]
        if not any(sources) and not any(lists):
            continue
        yield IngressRule(
            group=name,
            protocol=named,
            ports=(first, last) if named and first is not None and last is not None else None,
            sources=tuple(text for text in (*sources, *lists) if text),
            where=rule.path,
        )


def _flow_log(log: Part) -> FlowLog:
    """A flow log; one whose delivery failed reaches nobody."""
    active = log.text("FlowLogStatus") == "ACTIVE"
    return FlowLog(
        id=log.text("FlowLogId") or "a flow log without an id",
        resource=log.text("ResourceId") or "",
        rejected=log.text("TrafficType") in _KEPT,
        live=active and log.text("DeliverLogsStatus") != "FAILED",
    )
