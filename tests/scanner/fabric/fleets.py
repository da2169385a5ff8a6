"""Small fleets for the tests: members as results hold them, over networks as readers write them down."""

from __future__ import annotations

from scanner.baselines.config import DEFAULT_CONFIG
from scanner.enums import Cloud
from scanner.fabric.judge import judge_fabric
from scanner.fabric.member import Crossing, Member, Opening
from scanner.findings import ControlResult
from scanner.model import ClusterRef
from scanner.topology.model import (
    Becomes,
    Domain,
    DomainKind,
    Link,
    LinkState,
    MasqueradeRule,
    Placement,
    Pods,
    Topology,
)

EVERYBODY = "0.0.0.0-255.255.255.255"
_KINDS = {Cloud.AWS: DomainKind.AWS_VPC, Cloud.GCP: DomainKind.GCP_NETWORK, Cloud.AZURE: DomainKind.AZURE_VNET}


def opening(ranges: str = EVERYBODY, port: int = 443, *workloads: str, **more: object) -> Opening:
    """Some addresses that one workload may talk with on one TCP port."""
    names = workloads or ("shop/web[Deployment]",)
    return Opening(ranges=(ranges,), ports={"TCP": ((port, port),)}, workloads=names, count=len(names), **more)


def member(
    name: str, cloud: Cloud = Cloud.AWS, *, tier: str = "prod", engine: str = "pass", **crossing: object
) -> Member:
    """A cluster that was read live; without openings its policies let nothing through."""
    ref = ClusterRef(cloud=cloud, account="1", location="r", name=name, id=name)
    return Member(ref=ref, tier=tier, engine=engine, crossing=Crossing(**{"evidence": "E2", **crossing}))


def domain(name: str, *ranges: str, cloud: Cloud = Cloud.AWS) -> Domain:
    """A network with one route table of its name."""
    return Domain(id=name, kind=_KINDS[cloud], cloud=cloud, ranges=ranges, table=name)


def link(name: str, *ends: str, **more: object) -> Link:
    """A link that is up."""
    return Link(**{"id": name, "kind": "VPN connection", "state": LinkState.ACTIVE, "ends": ends, **more})


def stands(
    cluster: str, network: str, nodes: str, pods: str, becomes: Becomes = Becomes.POD, **more: object
) -> Placement:
    """A cluster in a network that carries its pods' addresses."""
    rule = MasqueradeRule(becomes=becomes, why="test")
    fields = {"routing": Pods.NATIVE, "masquerade": (rule,), **more}
    return Placement(cluster=cluster, domain=network, nodes=(nodes,), pods=(pods,), **fields)


def judged(
    control: str, members: list[Member], topology: Topology | None, *rest: object, **more: object
) -> ControlResult:
    """What comes of one control, with the configuration and declarations given."""
    given = rest or (DEFAULT_CONFIG,)
    return next(each for each in judge_fabric(members, topology, *given, **more) if each.id == control)
