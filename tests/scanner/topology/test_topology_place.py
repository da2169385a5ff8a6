"""Where clusters stand: placements from cloud records and the subnets that were read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra.cloudrecord import cluster_ref, record_from
from scanner.topology.model import Becomes, Domain, DomainKind, Placement, Pods, Subnet, Topology
from scanner.topology.place import place

ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/prod"
AROUND = Topology(
    domains=(Domain(id="vpc-1", kind=DomainKind.AWS_VPC, ranges=("10.1.0.0/16", "100.64.0.0/16"), table="rtb"),),
    subnets=(
        Subnet(id="subnet-a", domain="vpc-1", ranges=("10.1.0.0/24",)),
        Subnet(id="subnet-b", domain="vpc-1", ranges=("10.1.1.0/24",)),
        Subnet(id="subnet-f", domain="vpc-1", ranges=("10.1.2.0/24",)),
    ),
)


def placed(value: dict[str, Any], topology: Topology, **more: Any) -> Placement:
    """The placement of a record's cluster."""
    record = record_from(value, "test")
    found = place(cluster_ref(record, "x"), record, topology, **more)
    assert found is not None
    return found


def eks(values: str | None = "{}", subnets: tuple[str, ...] = ("subnet-a",), **cluster: Any) -> dict[str, Any]:
    """An EKS record; `values` are the VPC CNI add-on's, None for no add-on."""
    body = {
        "name": "prod",
        "arn": ARN,
        "resourcesVpcConfig": {"vpcId": "vpc-1", "subnetIds": ["subnet-a"]},
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
    }
    addon = {"addonName": "vpc-cni", "addonVersion": "v1.21.1-eksbuild.1", "configurationValues": values}
    groups = [{"nodegroupName": "g", "subnets": list(subnets)}] if subnets else []
    return {"cluster": body | cluster, "addons": [addon] if values is not None else [], "nodegroups": groups}


def test_an_eks_cluster_stands_in_its_node_groups_subnets_pods_and_all():
    """The VPC CNI gives pods addresses of the node's subnet; Services have a range of their own."""
    found = placed(eks(), AROUND, load_balancers=())
    assert (found.cluster, found.domain) == (ARN, "vpc-1")
    assert (found.nodes, found.pods, found.services) == (("10.1.0.0/24",), ("10.1.0.0/24",), ("172.20.0.0/16",))
    assert found.routing is Pods.NATIVE
    assert found.unread == {}
    assert found.masquerade[-1].becomes is Becomes.NODE


@pytest.mark.parametrize(
    ("values", "last"),
    [
        pytest.param('{"env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "true"}}', Becomes.POD, id="external-snat"),
        pytest.param('{"env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "maybe"}}', Becomes.UNKNOWN, id="odd-value"),
        pytest.param('{"env": {"ENABLE_POD_ENI": "true"}}', Becomes.UNKNOWN, id="security-groups-for-pods"),
        pytest.param(
            '{"env": {"ENABLE_POD_ENI": "true", "POD_SECURITY_GROUP_ENFORCING_MODE": "standard"}}',
            Becomes.NODE,
            id="security-groups-in-standard-mode",
        ),
        pytest.param("not: [json", Becomes.UNKNOWN, id="values-not-readable"),
        pytest.param(None, Becomes.UNKNOWN, id="no-add-on"),
    ],
)
def test_the_add_ons_environment_decides_whose_address_leaves_the_vpc(values, last):
    """What cannot be read decides nothing."""
    assert placed(eks(values), AROUND).masquerade[-1].becomes is last


def test_custom_networking_puts_pods_where_only_the_cluster_knows():
    """ENIConfig objects name the subnets."""
    found = placed(eks('{"env": {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"}}'), AROUND)
    assert found.pods == ()
    assert "ENIConfig" in found.unread["pod"]


def test_nodes_that_no_group_made_may_be_anywhere_in_the_vpc():
    """Auto Mode, Karpenter and self-managed nodes are in no list of AWS's."""
    for record in (eks(subnets=()), eks(computeConfig={"enabled": True})):
        assert "Karpenter" in placed(record, AROUND).unread["node"]


def test_a_subnet_that_was_not_read_is_missed():
    """An unknown part of the nodes is said to be unknown."""
    assert "not all subnets" in placed(eks(subnets=("subnet-a", "subnet-z")), AROUND).unread["node"]


def test_another_cni_than_amazons_is_not_guessed_at():
    """Without a record of the add-on nothing is known of pods' addresses, nor of their rewriting."""
    found = placed(eks(None), AROUND)
    assert (found.routing, found.pods) == (Pods.UNKNOWN, ())
    assert "pod" in found.unread


def test_hybrid_nodes_are_noted():
    """They stand on somebody's premises, inside the cluster."""
    found = placed(eks(remoteNetworkConfig={"remoteNodeNetworks": [{"cidrs": ["192.168.0.0/24"]}]}), AROUND)
    assert any("192.168.0.0/24" in note for note in found.notes)


NETWORK = "projects/host/global/networks/prod"
SUBNET = "projects/host/regions/europe-west1/subnetworks/sub"
GCP = Topology(
    domains=(Domain(id=NETWORK, kind=DomainKind.GCP_NETWORK, ranges=("10.1.0.0/20", "10.4.0.0/14", "10.8.0.0/16")),),
    subnets=(
        Subnet(
            id=SUBNET,
            domain=NETWORK,
            ranges=("10.1.0.0/20", "10.4.0.0/14", "10.8.0.0/16"),
            secondary={"pods": "10.4.0.0/14", "more-pods": "10.8.0.0/16"},
        ),
    ),
)


def gke(**more: Any) -> dict[str, Any]:
    """A GKE cluster in a Shared VPC, with a pool that has a pod range of its own."""
    return {
        "name": "c",
        "selfLink": "https://container.googleapis.com/v1/projects/svc/locations/europe-west1/clusters/c",
        "location": "europe-west1",
        "currentMasterVersion": "1.33",
        "networkConfig": {"network": NETWORK, "subnetwork": SUBNET},
        "ipAllocationPolicy": {
            "useIpAliases": True,
            "clusterIpv4CidrBlock": "10.4.0.0/14",
            "servicesIpv4CidrBlock": "34.118.224.0/20",
        },
        "nodePools": [{"name": "p", "networkConfig": {"podRange": "more-pods"}, "config": {"imageType": "COS"}}],
    } | more


def test_a_gke_cluster_has_every_pod_range_of_its_pools():
    """Names resolve through the subnetwork's secondary ranges; nodes have the primary one."""
    found = placed(gke(), GCP, agent_read=True, load_balancers=("10.1.0.9",))
    assert (found.domain, found.nodes) == (NETWORK, ("10.1.0.0/20",))
    assert found.pods == ("10.4.0.0/14", "10.8.0.0/16")
    assert found.services == ("34.118.224.0/20",)
    assert (found.routing, found.unread) == (Pods.NATIVE, {})
    assert found.load_balancers == ("10.1.0.9",)


def test_a_gke_pod_range_that_no_subnetwork_resolves_is_missed():
    """The host project may not have been read."""
    found = placed(gke(), Topology())
    assert set(found.unread) == {"node", "pod", "load_balancer"}


def test_a_routes_based_gke_clusters_pods_are_not_guessed_at():
    """They are behind instances, by static routes."""
    assert placed(gke(ipAllocationPolicy={}, clusterIpv4Cidr="10.4.0.0/14"), GCP).routing is Pods.UNKNOWN


GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/"
VNET = f"{GROUP}net/providers/microsoft.network/virtualnetworks/v"
MADE = f"{GROUP}mc_x/providers/microsoft.network/virtualnetworks/aks-vnet"
AZURE = Topology(
    domains=tuple(Domain(id=each, kind=DomainKind.AZURE_VNET, ranges=("10.1.0.0/16",)) for each in (VNET, MADE)),
    subnets=(
        Subnet(id=f"{VNET}/subnets/nodes", domain=VNET, ranges=("10.1.0.0/24",)),
        Subnet(id=f"{VNET}/subnets/pods", domain=VNET, ranges=("10.1.4.0/22",)),
        Subnet(id=f"{MADE}/subnets/aks-subnet", domain=MADE, ranges=("10.224.0.0/16",)),
    ),
)


def aks(network: dict[str, Any], **pool: Any) -> dict[str, Any]:
    """An AKS cluster as the SDK gives it."""
    return {
        "id": f"{GROUP}RG/providers/Microsoft.ContainerService/managedClusters/a",
        "name": "a",
        "location": "westeurope",
        "properties": {
            "nodeResourceGroup": "MC_x",
            "networkProfile": {"serviceCidr": "10.0.0.0/16"} | network,
            "agentPoolProfiles": [{"name": "p", "mode": "System"} | pool],
        },
    }


@pytest.mark.parametrize(
    ("network", "pool", "nodes", "pods", "routing"),
    [
        pytest.param(
            {"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "10.244.0.0/16"},
            {"vnetSubnetID": f"{VNET}/subnets/NODES"},
            ("10.1.0.0/24",),
            ("10.244.0.0/16",),
            Pods.OVERLAY,
            id="overlay",
        ),
        pytest.param(
            {"networkPlugin": "azure"},
            {"vnetSubnetID": f"{VNET}/subnets/nodes", "podSubnetID": f"{VNET}/subnets/pods"},
            ("10.1.0.0/24",),
            ("10.1.4.0/22",),
            Pods.NATIVE,
            id="pod-subnet",
        ),
        pytest.param(
            {"networkPlugin": "azure"},
            {"vnetSubnetID": f"{VNET}/subnets/nodes"},
            ("10.1.0.0/24",),
            ("10.1.0.0/24",),
            Pods.NATIVE,
            id="node-subnet",
        ),
        pytest.param(
            {"networkPlugin": "kubenet", "podCidr": "10.244.0.0/16"},
            {},
            ("10.224.0.0/16",),
            ("10.244.0.0/16",),
            Pods.OVERLAY,
            id="kubenet-in-the-vnet-that-aks-made",
        ),
        pytest.param(
            {"networkPlugin": "none", "podCidr": "10.244.0.0/16"},
            {"vnetSubnetID": f"{VNET}/subnets/nodes"},
            ("10.1.0.0/24",),
            ("10.244.0.0/16",),
            Pods.UNKNOWN,
            id="own-cni",
        ),
    ],
)
def test_an_aks_cluster(network, pool, nodes, pods, routing):
    """Overlay pods have a range of their own, flat ones a subnet; Azure's ids have no case."""
    found = placed(aks(network, **pool), AZURE, load_balancers=())
    assert (found.nodes, found.pods, found.routing) == (nodes, pods, routing)
    assert found.services == ("10.0.0.0/16",)
    assert found.unread == {}


def test_an_aks_cluster_whose_vnet_was_not_read_is_placed_nowhere_certain():
    """Its subnets are missed."""
    found = placed(aks({"networkPlugin": "azure"}, vnetSubnetID=f"{VNET}/subnets/nodes"), Topology())
    assert set(found.unread) == {"node", "pod", "load_balancer"}


def test_odd_records_are_placed_without_a_traceback():
    """Whatever a record holds, the placement is one that can be stored."""
    for value in (eks(resourcesVpcConfig=7), gke(networkConfig=[], nodePools={"a": 1}), aks({"networkPlugin": 7})):
        for topology in (Topology(), AROUND, GCP, AZURE):
            assert msgspec.json.encode(placed(value, topology))
