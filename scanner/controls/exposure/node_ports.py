"""NB-EXP-03: are the ports that nodes listen on for workloads open to the world?"""

from __future__ import annotations

import dataclasses
import ipaddress
import shlex
from collections.abc import Iterator, Sequence

from scanner.cloud.facts import IngressRule
from scanner.controls import addresses
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names, unread
from scanner.controls.exposure.nodes import public_nodes
from scanner.controls.vouched import stated
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.model import Cloud, Service
from scanner.reach.population import workload_id

CONTROL = "NB-EXP-03"
_WHAT = "which sources the firewall of the nodes (security groups, firewall rules, network security groups) admits"
NodePort = tuple[str, int]  # protocol, number; 0 where the cluster has yet to choose it


def node_ports_are_closed(case: Case) -> Iterator[Verdict]:
    """NB-EXP-03: one verdict per Service and workload with ports on nodes.

    Nodes without a public address pass, for nothing outside the network can address them. Otherwise the firewall decides:
    EKS security groups where the cloud record holds them, else what somebody states.
    """
    if gaps := case.missing("services", "pods"):
        yield unread(CLUSTER, gaps)
        return
    ports = _ports(case)
    if not ports:
        return
    public, why = public_nodes(case)
    for subject, (lines, numbers) in sorted(ports.items()):
        if public is Answer.NO:
            evidence = (*bounded(lines, 3), "no node can be addressed from the internet", *bounded(why, 5))
            yield Verdict(subject=subject, status=Status.PASS, reason="nodes-private", evidence=evidence)
        else:
            yield _by_firewall(case, subject, lines, numbers, why)


def _ports(case: Case) -> dict[str, tuple[list[str], list[NodePort]]]:
    """The ports on nodes by subject: of every Service, and of the pods of workload namespaces."""
    found: dict[str, tuple[list[str], list[NodePort]]] = {}
    for service in case.snapshot.services:
        numbers = _of_service(service)
        if numbers:
            name = f"{service.namespace}/{service.name}"
            found[name] = ([f"Service {name} ({service.type}) listens on every node: {_listed(numbers)}"], numbers)
    for pod in case.workload_pods:
        numbers = []
        for port in pod.ports:
            number = port.port if pod.host_network else port.host_port
            if 1 <= number <= 65535:
                numbers.append((port.protocol, number))
        if numbers:
            field = "hostNetwork" if pod.host_network else "hostPort"
            lines, known = found.setdefault(workload_id(pod), ([], []))
            lines.append(f"Pod {pod.namespace}/{pod.name}: {field} {_listed(numbers)}")
            known += [number for number in numbers if number not in known]
    return found


def _of_service(service: Service) -> list[NodePort]:
    if service.type not in {"NodePort", "LoadBalancer"}:
        return []
    found = [(port.protocol, port.node_port) for port in service.ports if port.node_port or service.type == "NodePort"]
    return found + ([("TCP", service.health_check_node_port)] if service.health_check_node_port else [])


def _listed(numbers: Sequence[NodePort]) -> str:
    return names(f"{protocol} {number or 'chosen by the cluster'}" for protocol, number in numbers)


def _by_firewall(
    case: Case, subject: str, lines: Sequence[str], numbers: Sequence[NodePort], why: tuple[str, ...]
) -> Verdict:
    around = case.facts.around if case.facts else None
    if around is None or around.open_rules is None:
        found = stated(case, CONTROL, otherwise=_WHAT)
        evidence = bounded((*bounded(lines, 3), *why, *found.evidence))
        return dataclasses.replace(found, subject=subject, evidence=evidence)
    hits = [rule for rule in around.open_rules if any(_covers(rule, each) for each in numbers)]
    world = [rule for rule in hits if _is_world(rule)]
    sure = [rule for rule in world if rule.group in around.node_groups]
    if sure:
        return Verdict(
            subject=subject,
            status=Status.FAIL,
            reason="open-to-the-world",
            evidence=bounded((*bounded(lines, 3), *map(_said, sure), *why)),
            remediation=_revoke(case, sure[0]),
        )
    doubtful = world or [rule for rule in hits if not _is_declared(case, rule)]
    if doubtful:
        doubt = (
            "whether a node bears that group is not in the cloud record"
            if world
            else "declare those sources under baseline.organisation_ranges in ringfence.yaml, or remove them"
        )
        reason = "group-of-nodes-unknown" if world else "undeclared-source"
        evidence = bounded((*bounded(lines, 3), *map(_said, doubtful), doubt))
        return Verdict(subject=subject, status=Status.UNKNOWN, reason=reason, evidence=evidence)
    evidence = bounded(
        (
            *bounded(lines, 3),
            "no security group of the VPC opens these ports to undeclared addresses (vpc.securityGroups)",
        )
    )
    return Verdict(subject=subject, status=Status.PASS, reason="firewalled", evidence=evidence)


def _covers(rule: IngressRule, port: NodePort) -> bool:
    """Whether a rule lets a port in; of a port that is yet to be chosen any of the usual range may be meant."""
    protocol, number = port
    if rule.protocol and rule.protocol != protocol:
        return False
    if rule.ports is None:
        return True
    first, last = rule.ports
    return first <= number <= last if number else first <= 32767 and last >= 30000


def _networks(rule: IngressRule) -> tuple[addresses.Ranges, bool]:
    """A rule's sources, and whether all of them can be read (a prefix list's members are not in the record)."""
    found, whole = [], True
    for text in rule.sources:
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            whole = False
    return addresses.of_networks(found), whole


def _is_world(rule: IngressRule) -> bool:
    return addresses.is_unrestricted(_networks(rule)[0])


def _is_declared(case: Case, rule: IngressRule) -> bool:
    """Whether nothing but private and the organisation's own addresses may come."""
    own = addresses.of_networks(ipaddress.ip_network(text, strict=False) for text in case.config.organisation_ranges)
    ranges, whole = _networks(rule)
    return whole and addresses.within(addresses.public(ranges), own)


def _said(rule: IngressRule) -> str:
    ports = "every port" if rule.ports is None else f"{rule.protocol} {rule.ports[0]}-{rule.ports[1]}"
    return f"security group {rule.group} admits {names(rule.sources)} on {ports} ({rule.where})"


def _revoke(case: Case, rule: IngressRule) -> str:
    if case.cloud is not Cloud.AWS:
        return "Delete the rule that admits the world, or move the workload behind an internal balancer."
    place, group = shlex.quote(case.snapshot.cluster.location), shlex.quote(rule.group)
    first, last = rule.ports or (-1, -1)
    protocol = (rule.protocol or "-1").lower()
    version = any(":" in text for text in rule.sources)
    source = "Ipv6Ranges=[{CidrIpv6=<range>}]" if version else "IpRanges=[{CidrIp=<range>}]"
    ports = f",FromPort={first},ToPort={last}" if rule.ports else ""
    return (
        f"aws ec2 revoke-security-group-ingress --region {place} --group-id {group} "
        f"--ip-permissions 'IpProtocol={protocol}{ports},{source}' with the range above"
    )
