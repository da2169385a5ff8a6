"""Detection: one case per row of the capability notes, and each way to end in doubt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.cloud.facts import CloudFacts
from scanner.cloud.read import read_facts
from scanner.dataplane.detect import detect
from scanner.dataplane.model import Answer, Enforcing
from scanner.model import Cloud, Container, Snapshot, Source
from tests.factories import cluster, node, policy, snapshot
from tests.scanner.dataplane.parts import (
    DATAPLANE_V2,
    HALF_ON,
    LEGACY_ON,
    aks,
    aws_node,
    cilium_config,
    daemon_set,
    eks,
    gke,
    live,
    node_class,
    policy_endpoint,
    record,
    setting,
    vpc_cni_config,
)

ON, OFF, DOUBT = Enforcing.YES, Enforcing.NO, Enforcing.UNKNOWN
CONTROLLER = "ConfigMap kube-system/amazon-vpc-cni"
AGENT = "DaemonSet kube-system/aws-node container aws-eks-nodeagent"
MANIFESTS = {"source": Source.MANIFESTS, "nodes": (), "pods": ()}
AUTO_NODE = node("n1", labels={"eks.amazonaws.com/compute-type": "auto"})
NO_DAEMON_SETS = ("daemonsets.apps",)


def flannel(*containers: str) -> Snapshot:
    """A cluster on Flannel, with further containers beside flanneld."""
    parts = tuple(Container(name=name, image=f"example.test/{name}:v1.0.0") for name in ("kube-flannel", *containers))
    return live(daemon_set("kube-flannel-ds", ns="kube-flannel", containers=parts))


ROWS = [
    # EKS, the VPC CNI
    ("no-agent", live(aws_node(agent="")), eks(None), "none", OFF, "no-engine", "DaemonSet kube-system/aws-node"),
    ("agent-off", live(aws_node("false")), eks(None), "eks-vpc-cni", OFF, "off", AGENT),
    ("agent-off-despite-addon", live(aws_node("false")), eks(), "eks-vpc-cni", OFF, "off", AGENT),
    ("agent-on", live(aws_node(), config_maps=(vpc_cni_config(),)), eks(), "eks-vpc-cni", ON, "on", CONTROLLER),
    ("agent-on-no-record", live(aws_node(), config_maps=(vpc_cni_config(),)), None, "eks-vpc-cni", ON, "on", CONTROLLER),
    ("other-agent-name", live(aws_node(agent="aws-network-policy-agent"), config_maps=(vpc_cni_config(),)), None,
     "eks-vpc-cni", ON, "on", CONTROLLER),
    ("controller-off", live(aws_node(), policies=[policy()], config_maps=(vpc_cni_config("false"),)), eks(),
     "eks-vpc-cni", OFF, "controller-off", CONTROLLER),
    ("controller-key-missing", live(aws_node(), policies=[policy()], config_maps=(vpc_cni_config(None),)), eks(),
     "eks-vpc-cni", OFF, "controller-off", "policyendpoints.networking.k8s.aws"),
    ("controller-map-missing", live(aws_node(), policies=[policy()]), eks(), "eks-vpc-cni", OFF, "controller-off",
     CONTROLLER),
    ("controller-off-stale-endpoints", live(aws_node(), policies=[policy()], settings=[policy_endpoint()]), eks(),
     "eks-vpc-cni", DOUBT, "controller-off", "policyendpoints.networking.k8s.aws"),
    ("controller-off-foreign-endpoints", live(aws_node(), policies=[policy()], settings=[policy_endpoint("gone")]), eks(),
     "eks-vpc-cni", OFF, "controller-off", CONTROLLER),
    ("controller-off-no-policies", live(aws_node()), eks(), "eks-vpc-cni", DOUBT, "controller-off", CONTROLLER),
    ("controller-off-endpoints-unread",
     live(aws_node(), policies=[policy()], unlisted=["policyendpoints.networking.k8s.aws"]), eks(),
     "eks-vpc-cni", DOUBT, "controller-off", CONTROLLER),
    ("controller-unread", live(aws_node(), unlisted=["configmaps"]), eks(), "eks-vpc-cni", DOUBT,
     "controller-undetermined", CONTROLLER),
    ("switch-not-set", live(aws_node(None)), eks(), "eks-vpc-cni", DOUBT, "switch-unclear", AGENT),
    ("switch-odd", live(aws_node("maybe")), eks(), "eks-vpc-cni", DOUBT, "switch-unclear", AGENT),
    ("agent-not-ready", live(aws_node(ready=0), config_maps=(vpc_cni_config(),)), eks(), "eks-vpc-cni", OFF,
     "engine-not-ready", "DaemonSet kube-system/aws-node"),
    ("addon-off-daemonsets-unread", live(unlisted=NO_DAEMON_SETS), eks(None), "unknown", DOUBT, "engine-undetermined",
     "addons[0].configurationValues of add-on vpc-cni"),
    ("self-managed-daemonsets-unread", live(unlisted=NO_DAEMON_SETS), eks(addons=[]), "unknown", DOUBT,
     "engine-undetermined", "daemonsets.apps"),
    ("addon-on-daemonsets-unread", live(unlisted=NO_DAEMON_SETS), eks(), "eks-vpc-cni", DOUBT, "engine-unconfirmed",
     "daemonsets.apps"),
    ("addon-on-daemonset-missing", live(), eks(), "eks-vpc-cni", DOUBT, "engine-missing", "daemonsets.apps"),
    # EKS Auto Mode
    ("auto-on", live(nodes=[AUTO_NODE], config_maps=(vpc_cni_config(),), settings=[node_class()]), eks(auto=True),
     "eks-auto-mode", ON, "on", "NodeClass default"),
    ("auto-deny", live(nodes=[AUTO_NODE], config_maps=(vpc_cni_config(),),
                       settings=[node_class(networkPolicy="DefaultDeny")]),
     None, "eks-auto-mode", ON, "on", "NodeClass default"),
    ("auto-off", live(nodes=[AUTO_NODE], policies=[policy()], settings=[node_class()]), eks(auto=True),
     "eks-auto-mode", OFF, "controller-off", CONTROLLER),
    ("auto-odd-nodeclass", live(nodes=[AUTO_NODE], config_maps=(vpc_cni_config(),),
                                settings=[node_class(networkPolicy="Off")]),
     eks(auto=True), "eks-auto-mode", DOUBT, "nodeclass-undetermined", "NodeClass default"),
    ("auto-nodeclass-unread", live(nodes=[AUTO_NODE], config_maps=(vpc_cni_config(),),
                                   unlisted=["nodeclasses.eks.amazonaws.com"]),
     eks(auto=True), "eks-auto-mode", DOUBT, "nodeclass-undetermined", "nodeclasses.eks.amazonaws.com"),
    # other engines on EKS
    ("calico-policy-only", live(aws_node("false"), daemon_set("calico-node", ns="calico-system")), eks(None), "calico",
     ON, "on", "DaemonSet calico-system/calico-node"),
    ("cilium-chained", live(aws_node("false"), daemon_set("cilium"), config_maps=(cilium_config(cni_chaining_mode="aws-cni"),)),
     eks(None), "cilium", ON, "on", "DaemonSet kube-system/cilium"),
    ("two-engines", live(aws_node(), daemon_set("calico-node"), config_maps=(vpc_cni_config(),)), eks(), "unknown",
     DOUBT, "two-engines", "DaemonSet kube-system/calico-node"),
    # GKE
    ("dataplane-v2", live(daemon_set("anetd")), gke(**DATAPLANE_V2), "gke-dataplane-v2", ON, "on",
     "cluster.networkConfig.datapathProvider"),
    ("autopilot", live(daemon_set("anetd")), gke(networkConfig={}, autopilot={"enabled": True}), "gke-dataplane-v2", ON,
     "on", "cluster.autopilot.enabled"),
    ("dataplane-v2-addon-fields-ignored", live(daemon_set("anetd")), gke(**(HALF_ON | DATAPLANE_V2)), "gke-dataplane-v2",
     ON, "on", "cluster.networkConfig.datapathProvider"),
    ("dataplane-v2-no-record", live(daemon_set("anetd")), None, "gke-dataplane-v2", ON, "on",
     "DaemonSet kube-system/anetd"),
    ("dataplane-v2-missing", live(), gke(**DATAPLANE_V2), "gke-dataplane-v2", DOUBT, "engine-missing", "daemonsets.apps"),
    ("dataplane-v2-unread", live(unlisted=NO_DAEMON_SETS), gke(**DATAPLANE_V2), "gke-dataplane-v2", DOUBT,
     "engine-unconfirmed", "cluster.networkConfig.datapathProvider"),
    ("dataplane-v2-not-ready", live(daemon_set("anetd", ready=0)), gke(**DATAPLANE_V2), "gke-dataplane-v2", OFF,
     "engine-not-ready", "DaemonSet kube-system/anetd"),
    ("gke-legacy-calico", live(daemon_set("calico-node")), gke(**LEGACY_ON), "gke-calico", ON, "on",
     "cluster.networkPolicy.enabled, cluster.addonsConfig.networkPolicyConfig.disabled"),
    ("gke-half-on", live(), gke(**HALF_ON), "none", OFF, "node-enforcement-off",
     "cluster.networkPolicy.enabled, cluster.addonsConfig.networkPolicyConfig.disabled"),
    ("gke-half-on-unread", live(unlisted=NO_DAEMON_SETS), gke(**HALF_ON), "none", OFF, "node-enforcement-off",
     "cluster.networkPolicy.enabled, cluster.addonsConfig.networkPolicyConfig.disabled"),
    ("gke-half-on-leftover-calico", live(daemon_set("calico-node")), gke(**HALF_ON), "calico", DOUBT,
     "node-enforcement-off", "DaemonSet kube-system/calico-node"),
    ("gke-half-on-own-cilium", live(daemon_set("cilium"), config_maps=(cilium_config(),)), gke(**HALF_ON), "cilium", ON,
     "on", "DaemonSet kube-system/cilium"),
    ("gke-nodes-on-addon-off", live(daemon_set("calico-node")),
     gke(networkPolicy={"enabled": True}, addonsConfig={"networkPolicyConfig": {"disabled": True}}), "calico", DOUBT,
     "addon-off", "DaemonSet kube-system/calico-node"),
    ("gke-off", live(), gke(addonsConfig={"networkPolicyConfig": {"disabled": True}}), "none", OFF, "off",
     "daemonsets.apps"),
    ("gke-off-unread", live(unlisted=NO_DAEMON_SETS), gke(), "unknown", DOUBT, "engine-undetermined", "daemonsets.apps"),
    ("gke-mismatch", live(daemon_set("antrea-agent")), gke(**DATAPLANE_V2), "antrea", DOUBT, "mismatch",
     "cluster.networkConfig.datapathProvider"),
    # AKS
    ("aks-npm", live(daemon_set("azure-npm")), aks(networkPolicy="Azure"), "aks-npm", ON, "on",
     "cluster.properties.networkProfile.networkPolicy"),
    ("aks-calico", live(daemon_set("calico-node", ns="calico-system")), aks(networkPolicy="calico"), "aks-calico", ON,
     "on", "cluster.properties.networkProfile.networkPolicy"),
    ("aks-cilium", live(daemon_set("cilium"), config_maps=(cilium_config(),)),
     aks(networkDataplane="cilium", networkPolicy=None), "aks-cilium", ON, "on",
     "cluster.properties.networkProfile.networkDataplane"),
    ("aks-npm-with-calico", live(daemon_set("calico-node")), aks(networkPolicy="azure"), "calico", DOUBT, "mismatch",
     "cluster.properties.networkProfile.networkPolicy"),
    ("aks-npm-and-calico", live(daemon_set("azure-npm"), daemon_set("calico-node")), aks(networkPolicy="azure"),
     "unknown", DOUBT, "two-engines", "DaemonSet kube-system/azure-npm"),
    ("aks-none", live(daemon_set("azure-cns")), aks(), "none", OFF, "off", "daemonsets.apps"),
    ("aks-none-unread", live(unlisted=NO_DAEMON_SETS), aks(), "unknown", DOUBT, "engine-undetermined",
     "cluster.properties.networkProfile.networkPolicy"),
    ("aks-own-cni", live(daemon_set("cilium"), config_maps=(cilium_config(),)), aks(networkPlugin="none"), "cilium", ON,
     "on", "DaemonSet kube-system/cilium"),
    ("aks-own-cni-unread", live(unlisted=NO_DAEMON_SETS), aks(networkPlugin="none"), "unknown", DOUBT,
     "engine-undetermined", "daemonsets.apps"),
    # self-managed
    ("antrea", live(daemon_set("antrea-agent")), None, "antrea", ON, "on", "DaemonSet kube-system/antrea-agent"),
    ("kube-router", live(daemon_set("kube-router")), None, "kube-router", ON, "on", "DaemonSet kube-system/kube-router"),
    ("kube-router-off", live(daemon_set("kube-router", args=["--run-firewall=false"])), None, "kube-router", OFF, "off",
     "DaemonSet kube-system/kube-router"),
    ("kube-router-off-two-words", live(daemon_set("kube-router", args=["--run-firewall", "false"])), None, "kube-router",
     OFF, "off", "DaemonSet kube-system/kube-router"),
    ("weave", live(daemon_set("weave-net", containers=(Container(name="weave", image="w:2.8.1"),
                                                       Container(name="weave-npc", image="n:2.8.1")))),
     None, "weave", ON, "on", "DaemonSet kube-system/weave-net"),
    ("weave-without-npc", live(daemon_set("weave-net")), None, "none", OFF, "no-engine",
     "DaemonSet kube-system/weave-net"),
    ("weave-npc-not-expected", live(daemon_set("weave-net", containers=(
        Container(name="weave", image="w:2.8.1", env={"EXPECT_NPC": "0"}), Container(name="weave-npc", image="n:2.8.1")))),
     None, "weave", DOUBT, "switch-unclear", "DaemonSet kube-system/weave-net"),
    ("flannel", flannel(), None, "none", OFF, "no-engine", "daemonsets.apps"),
    ("flannel-with-policies", flannel("kube-network-policies"), None, "kube-network-policies", ON, "on",
     "DaemonSet kube-flannel/kube-flannel-ds"),
    ("ovn-kubernetes", live(daemon_set("ovnkube-node", ns="ovn-kubernetes")), None, "ovn-kubernetes", ON, "on",
     "DaemonSet ovn-kubernetes/ovnkube-node"),
    ("no-engine", live(daemon_set("kube-proxy")), None, "none", OFF, "no-engine", "daemonsets.apps"),
    ("daemonsets-unread", live(unlisted=NO_DAEMON_SETS), None, "unknown", DOUBT, "engine-undetermined",
     "daemonsets.apps"),
    ("readiness-unknown", live(daemon_set("calico-node", ready=None)), None, "calico", DOUBT, "engine-unconfirmed",
     "DaemonSet kube-system/calico-node"),
    ("partial-list", live(daemon_set("calico-node"), unlisted=NO_DAEMON_SETS), None, "calico", DOUBT,
     "engine-unconfirmed", "daemonsets.apps"),
    ("no-nodes", live(daemon_set("calico-node", desired=0, ready=0), nodes=(), pods=()), None, "calico", DOUBT,
     "no-nodes", "nodes"),
    ("look-alike-in-tenant-namespace", live(daemon_set("cilium", ns="shop"), config_maps=(cilium_config("shop"),)), None,
     "cilium", DOUBT, "engine-unconfirmed", "DaemonSet shop/cilium"),
    ("engine-outside-catalogue", live(daemon_set("kube-ovn-cni")), None, "unknown", DOUBT, "engine-undetermined",
     "DaemonSet kube-system/kube-ovn-cni"),
    ("k3s", live(kubernetes_version="v1.33.5+k3s1"), None, "unknown", DOUBT, "engine-undetermined", "kubernetes version"),
    # no cluster was asked, or none answered
    ("manifests", live(**MANIFESTS), None, "unknown", DOUBT, "engine-undetermined", "daemonsets.apps"),
    ("manifests-engine", live(daemon_set("calico-node", desired=None, ready=None), **MANIFESTS), None, "calico", DOUBT,
     "engine-unconfirmed", "DaemonSet kube-system/calico-node"),
    ("manifests-agent-off", live(aws_node("false"), **MANIFESTS), eks(), "eks-vpc-cni", DOUBT, "engine-undetermined",
     "daemonsets.apps"),
    ("manifests-record-on", live(**MANIFESTS), eks(), "eks-vpc-cni", ON, "on",
     "addons[0].configurationValues of add-on vpc-cni"),
    ("manifests-record-off", live(**MANIFESTS), eks(None), "unknown", DOUBT, "engine-undetermined", "daemonsets.apps"),
    ("manifests-record-half", live(**MANIFESTS), gke(**HALF_ON), "none", OFF, "node-enforcement-off",
     "cluster.networkPolicy.enabled, cluster.addonsConfig.networkPolicyConfig.disabled"),
    ("record-alone", snapshot(collection={}), gke(**DATAPLANE_V2), "gke-dataplane-v2", ON, "on",
     "cluster.networkConfig.datapathProvider"),
    ("unread-cluster", snapshot(unread="connection refused", collection={}), gke(**DATAPLANE_V2), "gke-dataplane-v2",
     DOUBT, "unread", "Kubernetes API"),
    ("unread-cluster-no-record", snapshot(unread="connection refused", collection={}), None, "unknown", DOUBT, "unread",
     "Kubernetes API"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "facts", "expected", "where"), [pytest.param(*row[1:3], row[3:6], row[6], id=row[0]) for row in ROWS]
)
def test_each_row_of_the_capability_notes(
    seen: Snapshot, facts: CloudFacts | None, expected: tuple[str, Enforcing, str], where: str
):
    """A cluster's engine, whether it enforces and why are read from the objects that decide, and those are named."""
    plane = detect(seen, facts)
    assert (plane.name, plane.enforcing, plane.reason) == expected
    assert where in {proof.where for proof in plane.proofs}
    assert all(proof.text and proof.where for proof in plane.proofs)


def test_rows_have_ids_of_their_own():
    """No two rows of the table share a name."""
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in ROWS if row[4] is not ON])
def test_no_pod_is_covered_where_the_engine_is_off_or_in_doubt(row):
    """Coverage follows the verdict: off covers nothing, doubt covers nothing for certain."""
    plane = detect(row[1], row[2])
    expected = Answer.NO if plane.enforcing is OFF else Answer.UNKNOWN
    assert plane.coverage("shop", "web-1", "n1").answer is expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({}, "enforcing", id="defaults"),
        pytest.param({"enable_policy": "always"}, "enforcing", id="always"),
        pytest.param({"enable_policy": "never"}, "never", id="never"),
        pytest.param({"policy_audit_mode": "true"}, "audit", id="audit"),
        pytest.param({"enable_k8s_networkpolicy": "false"}, "crd-only", id="crd-only"),
        pytest.param({"enable_policy": "never", "policy_audit_mode": "true"}, "never", id="never-before-audit"),
        pytest.param({"enable_policy": "sometimes"}, "unknown", id="odd"),
    ],
)
def test_cilium_mode_is_read_from_its_config(config, expected):
    """Cilium runs (so an engine is there) in whatever mode its ConfigMap sets, and the ConfigMap is the proof."""
    plane = detect(live(daemon_set("cilium"), config_maps=(cilium_config(**config),)), None)
    assert (plane.enforcing, plane.mode) == (ON, expected)
    assert "ConfigMap kube-system/cilium-config" in {proof.where for proof in plane.proofs}


def test_cilium_mode_is_unknown_without_its_config():
    """A ConfigMap that could not be read says nothing of the mode."""
    assert detect(live(daemon_set("cilium"), unlisted=["configmaps"]), None).mode == "unknown"


def test_dataplane_v2_without_a_config_map_enforces():
    """Google's data plane always enforces, unless its ConfigMaps could not be read."""
    assert detect(live(daemon_set("anetd")), None).mode == "enforcing"
    assert detect(live(daemon_set("anetd"), unlisted=["configmaps"]), None).mode == "unknown"


@pytest.mark.parametrize(
    ("image", "version"),
    [
        pytest.param("quay.io/cilium/cilium:v1.17.9", "1.17.9", id="tag"),
        pytest.param("registry.test:5000/cilium/cilium:v1.17.9-250901@sha256:00ff", "1.17.9", id="port-suffix-digest"),
        pytest.param("registry.test:5000/cilium/cilium", "", id="port-is-no-tag"),
        pytest.param("quay.io/cilium/cilium:latest", "", id="mutable"),
        pytest.param("quay.io/cilium/cilium@sha256:00ff", "", id="digest-only"),
        pytest.param("quay.io/cilium/cilium:" + "9" * 5000, "", id="hostile"),
    ],
)
def test_version_comes_from_the_image_tag(image, version):
    """A version is read from a tag with numbers, and from nothing else."""
    agent = (Container(name="cilium-agent", image=image),)
    plane = detect(live(daemon_set("cilium", containers=agent), config_maps=(cilium_config(),)), None)
    assert plane.version == version


def test_vpc_cni_version_falls_back_on_the_add_on():
    """An image without a version leaves the add-on's own."""
    parts = (Container(name="aws-node", image="mirror.test/cni@sha256:00ff"), aws_node().containers[1])
    seen = live(daemon_set("aws-node", containers=parts), config_maps=(vpc_cni_config(),))
    assert detect(seen, eks()).version == "1.21.1"
    assert detect(seen, None).version == ""


def test_npm_says_when_its_support_ends():
    """The catalogue's dates travel with the data plane."""
    plane = detect(live(daemon_set("azure-npm")), aks(networkPolicy="azure"))
    assert plane.support is not None
    assert "2028-09-30" in plane.support.text
    assert "2026-09-30" in plane.support.text


def test_kubenet_says_when_its_support_ends():
    """The plugin's end of support is told beside the engine's."""
    plane = detect(live(daemon_set("calico-node")), aks(networkPolicy="calico", networkPlugin="kubenet"))
    assert plane.support is not None
    assert "2028-03-31" in plane.support.text


def test_cluster_settings_change_what_is_honoured():
    """Strict mode starts pods closed, and Cilium's CIDR mode lets ipBlock match nodes."""
    strict = aws_node(env={"NETWORK_POLICY_ENFORCING_MODE": "strict"})
    closed = detect(live(strict, config_maps=(vpc_cni_config(),)), None).capabilities
    opened = detect(live(aws_node(), config_maps=(vpc_cni_config(),)), eks()).capabilities
    nodes = detect(
        live(daemon_set("cilium"), config_maps=(cilium_config(policy_cidr_match_mode="nodes"),)), None
    ).capabilities
    assert closed is not None
    assert closed.closed_at_start.firm is Answer.YES
    assert opened is not None
    assert opened.closed_at_start.firm is Answer.NO
    assert nodes is not None
    assert nodes.ipblock_matches_nodes.firm is Answer.YES


@pytest.mark.parametrize("spec", [None, 7, "text", [], {"policyRef": 3}, {"policyRef": {"name": ["x"]}}], ids=repr)
def test_odd_settings_are_read_as_absent(spec):
    """A PolicyEndpoint without a readable reference belongs to no policy of ours."""
    odd = setting("PolicyEndpoint", "networking.k8s.aws/v1alpha1", "other-abc", spec, "shop")
    plane = detect(live(aws_node(), policies=[policy()], settings=[odd]), eks())
    assert (plane.enforcing, plane.reason) == (OFF, "controller-off")


def test_detection_is_the_same_for_every_cloud_name():
    """Nothing hangs on the cluster's identity, only on what was read."""
    make: Callable[[Cloud], Snapshot] = lambda cloud: live(daemon_set("calico-node"), cluster=cluster(cloud))  # noqa: E731
    assert len({(detect(make(cloud), None).name, detect(make(cloud), None).enforcing) for cloud in Cloud}) == 1


def test_a_record_that_says_nothing_is_no_evidence():
    """An empty record leaves the decision to the cluster."""
    facts = read_facts(record(Cloud.AZURE, {}))
    assert detect(live(), facts).reason == "no-engine"
    assert detect(live(**MANIFESTS), facts).reason == "engine-undetermined"


def test_node_classes_that_nobody_could_list_may_be_auto_modes():
    """With its switch on, the agent that EKS runs out of sight may stand beside another engine: not known which decides."""
    refused = live(
        daemon_set("calico-node"), config_maps=(vpc_cni_config(),), unlisted=["nodeclasses.eks.amazonaws.com"]
    )
    found = detect(refused, None)
    assert (found.enforcing, found.reason) == (Enforcing.UNKNOWN, "two-engines")
    assert detect(live(daemon_set("calico-node"), config_maps=(vpc_cni_config(),)), None).reason != "two-engines"
