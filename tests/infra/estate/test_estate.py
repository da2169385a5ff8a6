"""The estate as it ships: small, up to date with its generator, and with the traits that each cluster is there for."""

import ipaddress
import itertools

import msgspec
import pytest
import zstandard

from infra.cloudrecord import record_from
from infra.estate.build import draw
from infra.estate.read import estate
from infra.snapshots import decode, problem
from scanner.cloud.read import read_facts
from scanner.kept import KEPT_ANNOTATIONS, KEPT_CONFIG, KEPT_ENV
from scanner.model import Cloud, Read, Snapshot

NAMES = (
    "custody-prod-eun1", "insight-prod-ew4", "ledger-prod-ew1", "lend-prod-weu",
    "partner-prod-neu", "pay-prod-euw1", "store-prod-euc1",
)  # fmt: skip
READ = tuple(name for name in NAMES if name != "custody-prod-eun1")


@pytest.fixture(scope="module")
def clusters() -> dict[str, Snapshot]:
    """The shipped clusters by name, strictly decoded."""
    return {name: decode(data, name) for name, data in estate()}


def facts(snapshot: Snapshot):
    assert snapshot.cloud_record is not None
    return read_facts(snapshot.cloud_record)


def daemon_set(snapshot: Snapshot, name: str):
    return next(item for item in snapshot.daemon_sets if item.name == name)


def engine_nodes(snapshot: Snapshot, name: str) -> set[str]:
    """The nodes with a ready pod of a DaemonSet of kube-system."""
    return {
        pod.node
        for pod in snapshot.pods
        if pod.ready and (pod.namespace, pod.workload.kind, pod.workload.name) == ("kube-system", "DaemonSet", name)
    }


def test_seven_clusters_over_three_clouds(clusters):
    """The files are named after the clusters in them."""
    assert tuple(clusters) == NAMES
    assert all(snapshot.cluster.name == name for name, snapshot in clusters.items())
    clouds = [snapshot.cluster.cloud for snapshot in clusters.values()]
    assert {cloud: clouds.count(cloud) for cloud in Cloud if cloud in clouds} == {"aws": 3, "gcp": 2, "azure": 2}


def test_the_files_are_what_the_generator_draws():
    """Drawing the estate again gives the shipped documents byte for byte, whatever zstd packs them into."""
    shipped = {name: zstandard.ZstdDecompressor().decompress(data) for name, data in estate()}
    drawn = {snapshot.cluster.name: msgspec.json.encode(snapshot, order="deterministic") for snapshot in draw()}
    assert {name for name in drawn if drawn[name] != shipped.get(name)} == set(), "run python -m infra.estate.build"
    assert drawn.keys() == shipped.keys()


def test_the_estate_is_small():
    """All files together stay under the limit that the package allows them."""
    assert sum(len(data) for _, data in estate()) < 300_000


@pytest.mark.parametrize("name", READ)
def test_sizes_are_realistic(clusters, name):
    """Every cluster that was read has 20 to 80 workloads, and more pods than workloads."""
    snapshot = clusters[name]
    workloads = {(pod.namespace, pod.workload) for pod in snapshot.pods}
    assert 20 <= len(workloads) <= 80
    assert len(snapshot.pods) > 2 * len(workloads)
    assert snapshot.read is Read.COMPLETE


@pytest.mark.parametrize("name", NAMES)
def test_snapshots_look_as_the_collector_stores_them(clusters, name):
    """Lists are sorted and without repeats, namespaces carry their name, and only listed keys are kept."""
    snapshot = clusters[name]
    assert problem(snapshot) == ""
    for items in (snapshot.pods, snapshot.services, snapshot.daemon_sets, snapshot.config_maps):
        places = [(item.namespace, item.name) for item in items]
        assert places == sorted(set(places))
    for items in (snapshot.policies, snapshot.settings):
        places = [(item.namespace, item.name, item.kind) for item in items]
        assert places == sorted(set(places))
    spaces = {space.name: space for space in snapshot.namespaces}
    assert all(space.labels["kubernetes.io/metadata.name"] == name for name, space in spaces.items())
    assert {item.namespace for item in (*snapshot.pods, *snapshot.services, *snapshot.policies)} <= spaces.keys()
    assert {key for item in snapshot.services for key in item.annotations} <= KEPT_ANNOTATIONS
    assert {key for item in snapshot.daemon_sets for part in item.containers for key in part.env} <= KEPT_ENV
    assert all(item.data.keys() <= KEPT_CONFIG[item.name] for item in snapshot.config_maps)


@pytest.mark.parametrize("name", READ)
def test_objects_refer_to_what_is_there(clusters, name):
    """Pods stand on known nodes with addresses of their own, and every Service with a selector finds pods."""
    snapshot = clusters[name]
    nodes = {node.name: node for node in snapshot.nodes}
    assert {pod.node for pod in snapshot.pods} <= nodes.keys()
    own = [pod.ips for pod in snapshot.pods if not pod.host_network]
    assert len(own) == len(set(own))
    assert all(pod.ips == nodes[pod.node].addresses for pod in snapshot.pods if pod.host_network)
    for service in snapshot.services:
        if service.selector is not None:
            selected = [
                pod
                for pod in snapshot.pods
                if pod.namespace == service.namespace and service.selector.items() <= pod.labels.items()
            ]
            assert selected, service.name
            names = {port.name for pod in selected for port in pod.ports}
            assert {port.target for port in service.ports if isinstance(port.target, str)} <= names, service.name
    services = {f"{service.namespace}/{service.name}" for service in snapshot.services}
    assert {backend for entry in snapshot.entry_points for backend in entry.services} <= services


@pytest.mark.parametrize("name", READ)
def test_lists_are_counted(clusters, name):
    """The collection counts what the snapshot holds."""
    snapshot = clusters[name]
    counts = {resource: status.count for resource, status in snapshot.collection.items()}
    assert counts["pods"] == len(snapshot.pods)
    assert counts["nodes"] == len(snapshot.nodes)
    assert counts["namespaces"] == len(snapshot.namespaces)
    assert counts["networkpolicies.networking.k8s.io"] == len(snapshot.policies)


@pytest.mark.parametrize("name", NAMES)
def test_records_hold_what_the_collector_keeps(clusters, name):
    """A record goes through the projection unchanged, and the cloud's answers are understood to the last part."""
    record = clusters[name].cloud_record
    parts = {
        "provider": str(record.provider),
        "cluster": msgspec.json.decode(record.cluster),
        "addons": [msgspec.json.decode(part) for part in record.addons],
        "nodegroups": [msgspec.json.decode(part) for part in record.nodegroups],
        "fargateProfiles": [msgspec.json.decode(part) for part in record.fargate_profiles],
        "launchTemplates": [msgspec.json.decode(part) for part in record.launch_templates],
    }
    again = record_from(parts, name)
    assert msgspec.structs.replace(again, vpc=record.vpc) == record
    assert facts(clusters[name]).notices == ()


def test_no_public_address_belongs_to_anybody(clusters):
    """Every address of the estate is private or reserved for documentation."""
    for snapshot in clusters.values():
        texts = [address for node in snapshot.nodes for address in node.addresses]
        texts += [address for service in snapshot.services for address in service.balancer_addresses]
        addresses = [ipaddress.ip_address(text) for text in texts if not text.endswith(".example")]
        assert not [address for address in addresses if address.is_global]


def test_address_plans_are_apart_but_for_one_pair(clusters):
    """Networks are joined across clouds, and exactly one overlap waits to be found."""
    plans = {name: msgspec.json.decode(snapshot.cloud_record.vpc) for name, snapshot in clusters.items()}
    ranges = {name: [ipaddress.ip_network(text) for text in plan["cidrs"]] for name, plan in plans.items()}
    overlapping = [
        (one, other)
        for one, other in itertools.combinations(ranges, 2)
        if any(a.overlaps(b) for a in ranges[one] for b in ranges[other])
    ]
    assert overlapping == [("partner-prod-neu", "store-prod-euc1")]
    links = {
        (clusters[name].cluster.cloud, clusters[link["to"]].cluster.cloud)
        for name, plan in plans.items()
        for link in plan["peerings"]
        if link["to"] in clusters
    }
    assert {(Cloud.AWS, Cloud.GCP), (Cloud.AWS, Cloud.AZURE)} <= links


@pytest.mark.parametrize("name", READ)
def test_nodes_and_pods_stay_in_their_ranges(clusters, name):
    """Addresses come from the network's ranges or, in an overlay, from the pod range."""
    snapshot = clusters[name]
    plan = [ipaddress.ip_network(text) for text in msgspec.json.decode(snapshot.cloud_record.vpc)["cidrs"]]
    pods = [ipaddress.ip_network(text) for text in facts(snapshot).pod_ranges]
    for texts, blocks in (
        ([address for node in snapshot.nodes for address in node.addresses], plan),
        ([address for pod in snapshot.pods for address in pod.ips], plan + pods),
    ):
        assert all(any(ipaddress.ip_address(text) in block for block in blocks) for text in texts)


def test_pay_has_thirty_policies_that_nothing_enforces(clusters):
    """(a) The agent is there with its switch off, the add-on says nothing of it, and no controller resolved a policy."""
    snapshot = clusters["pay-prod-euw1"]
    assert len(snapshot.policies) == 30
    assert "--enable-network-policy=false" in daemon_set(snapshot, "aws-node").containers[1].args
    assert [item.data["enable-network-policy-controller"] for item in snapshot.config_maps] == ["false"]
    assert not [item for item in snapshot.settings if item.kind == "PolicyEndpoint"]
    assert facts(snapshot).engine.enabled is False


def test_store_enforces_on_its_linux_nodes_only(clusters):
    """(b) Everything is switched on; Fargate and Windows run workloads without the agent; metadata is within reach."""
    snapshot = clusters["store-prod-euc1"]
    assert "--enable-network-policy=true" in daemon_set(snapshot, "aws-node").containers[1].args
    resolved = [item for item in snapshot.settings if item.kind == "PolicyEndpoint"]
    assert len(resolved) == len(snapshot.policies)
    found = facts(snapshot)
    assert found.engine.enabled is True
    assert [(selector.namespace, selector.labels) for selector in found.fargate] == [
        ("receipts", {"compute": "fargate"})
    ]
    bare = {node.name for node in snapshot.nodes} - engine_nodes(snapshot, "aws-node")
    kinds = {
        (node.os, node.labels.get("eks.amazonaws.com/compute-type")) for node in snapshot.nodes if node.name in bare
    }
    assert kinds == {("windows", None), ("linux", "fargate")}
    assert bare <= {pod.node for pod in snapshot.pods if pod.namespace == "receipts"}
    assert {(pool.tokens_required, pool.hop_limit) for pool in found.pools} == {(False, 2)}
    assert not [policy for policy in snapshot.policies if policy.namespace == "promotions"]
    assert [pod for pod in snapshot.pods if pod.namespace == "promotions"]


def test_ledger_is_hardened(clusters):
    """(c) Autopilot on Dataplane V2 with denials logged, a private API server and the metadata server on."""
    snapshot = clusters["ledger-prod-ew1"]
    found = facts(snapshot)
    assert (found.engine.managed, found.endpoint.public, found.workload_identity) == ("gke-dataplane-v2", False, True)
    assert {pool.metadata_mode for pool in found.pools} == {"GKE_METADATA"}
    assert engine_nodes(snapshot, "anetd") == {node.name for node in snapshot.nodes}
    (logging,) = [item for item in snapshot.settings if item.kind == "NetworkLogging"]
    assert msgspec.json.decode(logging.spec)["cluster"]["deny"] == {"log": True, "delegate": False}


def test_insight_has_the_addon_and_no_calico(clusters):
    """(d) The add-on is on, enforcement on the nodes is off, and no calico-node runs."""
    snapshot = clusters["insight-prod-ew4"]
    found = facts(snapshot).engine
    assert found.enabled is False
    assert found.half
    assert not {"calico-node", "anetd"} & {item.name for item in snapshot.daemon_sets}
    assert snapshot.policies


def test_lend_has_the_rule_that_selects_no_pod(clusters):
    """(e) Cilium on every node, and an ipBlock of everything."""
    snapshot = clusters["lend-prod-weu"]
    assert facts(snapshot).engine.managed == "aks-cilium"
    assert engine_nodes(snapshot, "cilium") == {node.name for node in snapshot.nodes}
    blocks = [policy.name for policy in snapshot.policies if b'"cidr":"0.0.0.0/0"' in bytes(policy.spec)]
    assert blocks == ["allow-direct-debit-anywhere"]


def test_partner_has_a_balancer_that_passes_by_npm(clusters):
    """(f) NPM on every node, and a LoadBalancer whose traffic policy is Cluster."""
    snapshot = clusters["partner-prod-neu"]
    assert facts(snapshot).engine.managed == "aks-npm"
    assert engine_nodes(snapshot, "azure-npm") == {node.name for node in snapshot.nodes}
    (balancer,) = [service for service in snapshot.services if service.type == "LoadBalancer"]
    assert (balancer.external_traffic_policy, balancer.source_ranges) == ("Cluster", ())


def test_custody_is_unread(clusters):
    """(g) Address, record and reason are all there is."""
    snapshot = clusters["custody-prod-eun1"]
    assert snapshot.read is Read.UNREAD
    assert "private" in snapshot.unread
    assert facts(snapshot).endpoint.public is False
    assert {snapshot.pods, snapshot.policies, snapshot.namespaces, snapshot.nodes} == {()}
