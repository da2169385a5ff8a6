"""Cloud records of three clouds, well formed and odd, in the one form that judging reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.cloud.facts import CloudFacts
from scanner.cloud.read import read_facts
from scanner.model import Cloud, CloudRecord
from tests.factories import raw

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def read(provider: Cloud, cluster: object, **lists: list[Any]) -> CloudFacts:
    """The facts of a record whose parts are plain values."""
    parts: dict[str, Any] = {name: tuple(raw(member) for member in members) for name, members in lists.items()}
    return read_facts(CloudRecord(provider=provider, cluster=raw(cluster), **parts))


def addon(values: object, version: object = "v1.21.1-eksbuild.1") -> dict[str, object]:
    """The vpc-cni add-on as describe_addon gives it."""
    return {"addonName": "vpc-cni", "addonVersion": version, "configurationValues": values}


@pytest.mark.parametrize(
    ("values", "enabled", "noted"),
    [
        pytest.param('{"enableNetworkPolicy": "true"}', True, False, id="text"),
        pytest.param('{"enableNetworkPolicy": true}', True, False, id="boolean"),
        pytest.param('{"enableNetworkPolicy": "false"}', False, False, id="off"),
        pytest.param("{}", False, False, id="key-missing"),
        pytest.param(None, False, False, id="no-values"),
        pytest.param("", False, False, id="empty"),
        pytest.param('{"enableNetworkPolicy": null}', False, False, id="null"),
        pytest.param('{"enableNetworkPolicy": "maybe"}', None, True, id="odd-value"),
        pytest.param("enableNetworkPolicy: 'true'", None, True, id="yaml"),
        pytest.param("[1]", None, True, id="a-list"),
        pytest.param({"enableNetworkPolicy": True}, None, True, id="no-string"),
        pytest.param("[" * 5000, None, True, id="deep"),
    ],
)
def test_the_vpc_cni_switch(values, enabled, noted):
    """The add-on's values decide with the chart's default, and what cannot be read decides nothing."""
    facts = read(Cloud.AWS, {}, addons=[{"addonName": "coredns"}, {"addon": addon(values)}])
    assert (facts.engine.managed, facts.engine.enabled) == ("eks-vpc-cni", enabled)
    assert any("configurationValues" in notice for notice in facts.notices) is noted


def test_an_eks_record():
    """Every part of an EKS record arrives, whether the SDK's wrapper is around it or not."""
    cluster = {
        "version": "1.33",
        "computeConfig": {"enabled": False},
        "resourcesVpcConfig": {
            "endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.0/24"],
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
        "remoteNetworkConfig": {"remotePodNetworks": [{"cidrs": ["10.90.0.0/16"]}]},
    }  # fmt: skip
    values = {"enableNetworkPolicy": "true", "nodeAgent": {"enablePolicyEventLogs": "true"},
              "env": {"NETWORK_POLICY_ENFORCING_MODE": "strict"}}  # fmt: skip
    template = {
        "LaunchTemplateId": "lt-1", "LaunchTemplateName": "nodes", "VersionNumber": 3,
        "LaunchTemplateData": {"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}},
    }  # fmt: skip
    older = template | {"VersionNumber": 2, "LaunchTemplateData": {}}
    group = {"nodegroupName": "blue", "amiType": "AL2023_x86_64_STANDARD", "labels": {"tier": "web"}}
    facts = read(
        Cloud.AWS,
        {"cluster": cluster},
        addons=[addon(json.dumps(values))],
        nodegroups=[
            group | {"launchTemplate": {"id": "lt-1", "version": "3"}},
            {"nodegroup": {"amiType": "WINDOWS_CORE_2022_x86_64"}},
        ],
        launch_templates=[{"LaunchTemplateVersions": [older, template]}],
        fargate_profiles=[
            {"fargateProfileName": "batch", "selectors": [{"namespace": "jobs", "labels": {"a": "b"}}, {}]}
        ],
    )
    assert facts.kubernetes_version == "1.33"
    assert (facts.endpoint.public, facts.endpoint.private, facts.endpoint.allowed) == (True, True, ("203.0.113.0/24",))
    assert (facts.engine.version, facts.engine.enforcing_mode) == ("1.21.1", "strict")
    assert (facts.engine.deny_events, facts.engine.deny_export) == (True, False)
    assert facts.pools is not None
    blue, windows = facts.pools
    assert (blue.os, blue.hop_limit, blue.tokens_required, blue.labels) == ("linux", 1, True, {"tier": "web"})
    assert (windows.os, windows.hop_limit, windows.tokens_required) == ("windows", None, None)
    assert facts.fargate is not None
    assert [(item.profile, item.namespace, item.labels) for item in facts.fargate] == [("batch", "jobs", {"a": "b"})]
    assert (facts.pod_ranges, facts.service_ranges) == (("10.90.0.0/16",), ("172.20.0.0/16",))
    assert facts.notices == ("fargateProfiles[0].selectors[1] names no namespace and is left out",)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"HttpTokens": "optional", "HttpPutResponseHopLimit": 2}, (2, False, None), id="open"),
        pytest.param({"HttpEndpoint": "disabled"}, (None, None, "DISABLED"), id="switched-off"),
        pytest.param({"HttpTokens": 1, "HttpPutResponseHopLimit": "many"}, (None, None, None), id="odd"),
        pytest.param({}, (None, None, None), id="unsaid"),
    ],
)
def test_metadata_options_of_a_launch_template(options, expected):
    """Hop limit and tokens come from the template a group names; what it does not say is not known."""
    template = {"LaunchTemplateName": "nodes", "VersionNumber": 1, "LaunchTemplateData": {"MetadataOptions": options}}
    facts = read(
        Cloud.AWS, {}, nodegroups=[{"launchTemplate": {"name": "nodes", "version": "1"}}], launch_templates=[template]
    )
    assert facts.pools is not None
    pool = facts.pools[0]
    assert (pool.hop_limit, pool.tokens_required, pool.metadata_mode) == expected


def test_a_launch_template_that_is_not_there_is_named():
    """A group whose template version was not read has no metadata facts, and a notice says so."""
    template = {"LaunchTemplateId": "lt-1", "VersionNumber": 1, "LaunchTemplateData": {}}
    facts = read(
        Cloud.AWS, {}, nodegroups=[{"launchTemplate": {"id": "lt-1", "version": "2"}}], launch_templates=[template]
    )
    assert facts.pools is not None
    assert facts.pools[0].hop_limit is None
    assert any("lt-1" in notice for notice in facts.notices)


def test_auto_mode_has_no_switch_in_the_cloud():
    """Auto Mode is named, and whether it enforces is left to the cluster."""
    engine = read(Cloud.AWS, {"computeConfig": {"enabled": True}}).engine
    assert (engine.managed, engine.enabled, engine.auto_mode) == ("eks-auto-mode", None, True)


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        pytest.param(
            {"networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"}}, ("gke-dataplane-v2", True, False), id="v2"
        ),
        pytest.param(
            {"network_config": {"datapath_provider": "ADVANCED_DATAPATH"}},
            ("gke-dataplane-v2", True, False),
            id="snake",
        ),
        pytest.param({"autopilot": {"enabled": True}}, ("gke-dataplane-v2", True, False), id="autopilot"),
        pytest.param({"networkPolicy": {"enabled": True}}, ("gke-calico", True, False), id="calico"),
        pytest.param(
            {"networkPolicy": {"enabled": True}, "addonsConfig": {"networkPolicyConfig": {"disabled": True}}},
            ("gke-calico", False, True),
            id="half-nodes",
        ),
        pytest.param(
            {"networkConfig": {}, "addonsConfig": {"networkPolicyConfig": {}}},
            ("gke-calico", False, True),
            id="half-addon",
        ),
        pytest.param(
            {"networkConfig": {}, "addonsConfig": {"networkPolicyConfig": {"disabled": True}}},
            ("", False, False),
            id="off",
        ),
        pytest.param(
            {"networkConfig": {"datapathProvider": "LEGACY_DATAPATH"}}, ("", False, False), id="legacy-unsaid"
        ),
        pytest.param({"networkConfig": {"datapathProvider": "NEW_PATH"}}, (None, None, False), id="unheard-of"),
        pytest.param(
            {"networkConfig": {}, "networkPolicy": {"enabled": "perhaps"}}, ("gke-calico", None, False), id="odd-switch"
        ),
        pytest.param({"networkConfig": {"datapathProvider": 2}}, (None, None, False), id="odd-path"),
        pytest.param(
            {"networkConfig": "v2", "networkPolicy": {"enabled": False}}, (None, None, False), id="odd-config"
        ),
        pytest.param({"networkConfig": {}, "networkPolicy": "on"}, ("gke-calico", None, False), id="odd-policy"),
        pytest.param({}, (None, None, False), id="empty"),
    ],
)
def test_gke_engines(cluster, expected):
    """Dataplane V2 decides alone, Calico needs both switches, and a switch that is half on is said to be."""
    engine = read(Cloud.GCP, cluster).engine
    assert (engine.managed, engine.enabled, bool(engine.half)) == expected


IP = {"enabled": True, "enablePublicEndpoint": True}
LIST = {"enabled": True, "cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}]}


@pytest.mark.parametrize(
    ("cluster", "public", "allowed"),
    [
        pytest.param({"controlPlaneEndpointsConfig": {"ipEndpointsConfig": IP}}, True, None, id="open"),
        pytest.param(
            {"controlPlaneEndpointsConfig": {"ipEndpointsConfig": IP | {"authorizedNetworksConfig": LIST}}},
            True,
            ("203.0.113.0/24",),
            id="list",
        ),
        pytest.param(
            {
                "controlPlaneEndpointsConfig": {"ipEndpointsConfig": IP | {"authorizedNetworksConfig": {}}},
                "masterAuthorizedNetworksConfig": {},
            },
            True,
            None,
            id="list-off",
        ),
        pytest.param(
            {
                "controlPlaneEndpointsConfig": {
                    "ipEndpointsConfig": IP | {"authorizedNetworksConfig": LIST | {"gcpPublicCidrsAccessEnabled": True}}
                }
            },
            True,
            None,
            id="google-let-in",
        ),
        pytest.param(
            {"controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enabled": True, "enablePublicEndpoint": False}}},
            False,
            None,
            id="private",
        ),
        pytest.param(
            {"controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enabled": False}}}, False, None, id="no-addresses"
        ),
        pytest.param(
            {
                "controlPlaneEndpointsConfig": {
                    "ipEndpointsConfig": {"enabled": False},
                    "dnsEndpointConfig": {"allowExternalTraffic": True},
                }
            },
            True,
            None,
            id="dns-from-anywhere",
        ),
        pytest.param(
            {
                "controlPlaneEndpointsConfig": {
                    "ipEndpointsConfig": IP | {"authorizedNetworksConfig": LIST},
                    "dnsEndpointConfig": {"endpoint": "x", "allowExternalTraffic": False},
                }
            },
            True,
            ("203.0.113.0/24",),
            id="dns-inside-only",
        ),
        pytest.param({"privateClusterConfig": {"enablePrivateEndpoint": True}}, False, None, id="legacy-private"),
        pytest.param(
            {"privateClusterConfig": {"enablePrivateNodes": True}, "masterAuthorizedNetworksConfig": LIST},
            True,
            ("203.0.113.0/24",),
            id="legacy-list",
        ),
        pytest.param({"endpoint": "198.51.100.7"}, True, None, id="legacy-public"),
        pytest.param(
            {
                "endpoint": "x",
                "masterAuthorizedNetworksConfig": {"enabled": True, "cidrBlocks": [{"cidrBlock": "all"}]},
            },
            None,
            None,
            id="odd-list",
        ),
        pytest.param({"privateClusterConfig": {"enablePrivateEndpoint": "odd"}}, None, None, id="odd"),
        pytest.param(
            {
                "controlPlaneEndpointsConfig": {
                    "ipEndpointsConfig": {"enablePublicEndpoint": False},
                    "dnsEndpointConfig": {"allowExternalTraffic": "odd"},
                }
            },
            None,
            None,
            id="private-beside-an-odd-name",
        ),
        pytest.param(
            {"controlPlaneEndpointsConfig": "odd", "privateClusterConfig": {"enablePrivateEndpoint": True}},
            None,
            None,
            id="private-beside-an-odd-config",
        ),
        pytest.param(
            {"endpoint": "x", "masterAuthorizedNetworksConfig": LIST | {"gcpPublicCidrsAccessEnabled": "odd"}},
            None,
            None,
            id="list-with-odd-exception",
        ),
        pytest.param(
            {"endpoint": "x", "masterAuthorizedNetworksConfig": LIST | {"enabled": "odd"}}, None, None, id="odd-switch"
        ),
        pytest.param({}, None, None, id="empty"),
    ],
)
def test_gke_endpoints(cluster, public, allowed):
    """The newer fields decide, the older stand in, and the DNS endpoint knows no allow list."""
    endpoint = read(Cloud.GCP, cluster).endpoint
    assert (endpoint.public, endpoint.allowed) == (public, allowed)
    assert "cluster." in endpoint.where


def test_a_gke_record():
    """Pools, ranges, identity and log export of a GKE record."""
    pools = [
        {"name": "a", "config": {"imageType": "COS_CONTAINERD", "workloadMetadataConfig": {"mode": "GKE_METADATA"}},
         "networkConfig": {"podIpv4CidrBlock": "10.9.0.0/20"}},
        {"name": "w", "config": {"imageType": "WINDOWS_LTSC_CONTAINERD"}},
    ]  # fmt: skip
    cluster = {
        "currentMasterVersion": "1.33.5-gke.1", "nodePools": pools,
        "workloadIdentityConfig": {"workloadPool": "p.svc.id.goog"},
        "ipAllocationPolicy": {"clusterIpv4CidrBlock": "10.8.0.0/14", "servicesIpv4CidrBlock": "10.4.0.0/20"},
        "networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"},
        "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}},
    }  # fmt: skip
    facts = read(Cloud.GCP, cluster)
    assert facts.pools is not None
    assert [(pool.name, pool.os, pool.metadata_mode) for pool in facts.pools] == [
        ("a", "linux", "GKE_METADATA"),
        ("w", "windows", None),
    ]
    assert facts.pod_ranges == ("10.8.0.0/14", "10.9.0.0/20")
    assert facts.service_ranges == ("10.4.0.0/20",)
    assert (facts.workload_identity, facts.engine.deny_export, facts.notices) == (True, True, ())


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        pytest.param(
            {"networkPlugin": "azure", "networkDataplane": "cilium", "networkPolicy": None},
            ("aks-cilium", True),
            id="dataplane-decides",
        ),
        pytest.param(
            {"networkPlugin": "azure", "networkDataplane": "azure", "networkPolicy": "azure"},
            ("aks-npm", True),
            id="npm",
        ),
        pytest.param(
            {"network_plugin": "azure", "network_policy": "Calico"}, ("aks-calico", True), id="calico-snake-case"
        ),
        pytest.param({"networkPlugin": "azure", "networkPolicy": "none"}, ("", False), id="none"),
        pytest.param({"networkPlugin": "kubenet", "networkPolicy": None}, ("", False), id="null"),
        pytest.param({"networkPlugin": "none"}, (None, None), id="own-cni"),
        pytest.param({"networkPlugin": "azure", "networkPolicy": "shiny"}, (None, None), id="unheard-of"),
        pytest.param({"networkPlugin": "azure", "networkPolicy": 7}, (None, None), id="odd-type"),
        pytest.param({"networkPlugin": "azure", "networkDataplane": ["cilium"]}, (None, None), id="odd-dataplane"),
        pytest.param(None, (None, None), id="no-profile"),
        pytest.param("text", (None, None), id="odd-profile"),
    ],
)
@pytest.mark.parametrize("form", ["arm", "flat"])
def test_aks_engines(network, expected, form):
    """The data plane decides before the policy field, in the ARM form and the flattened one."""
    cluster = {"networkProfile": network}
    engine = read(Cloud.AZURE, {"properties": cluster} if form == "arm" else cluster).engine
    assert (engine.managed, engine.enabled) == expected


@pytest.mark.parametrize(
    ("cluster", "public", "allowed"),
    [
        pytest.param({"fqdn": "c1.test", "apiServerAccessProfile": None}, True, None, id="default-public"),
        pytest.param(
            {"apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.7"]}}, True, ("203.0.113.7/32",), id="list"
        ),
        pytest.param({"apiServerAccessProfile": {"authorizedIpRanges": []}}, True, None, id="empty-list"),
        pytest.param(
            {"apiServerAccessProfile": {"enablePrivateCluster": True, "enablePrivateClusterPublicFQDN": True}},
            False,
            None,
            id="private",
        ),
        pytest.param({"fqdn": "c1.test", "publicNetworkAccess": "disabled"}, False, None, id="access-off"),
        pytest.param({"fqdn": "c1.test", "apiServerAccessProfile": {"enablePrivateCluster": 3}}, None, None, id="odd"),
        pytest.param({"fqdn": "c1.test", "apiServerAccessProfile": "odd"}, None, None, id="odd-profile"),
        pytest.param({}, None, None, id="empty"),
    ],
)
def test_aks_endpoints(cluster, public, allowed):
    """A private cluster, public access switched off, an allow list, or none."""
    endpoint = read(Cloud.AZURE, {"properties": cluster} if cluster else {}).endpoint
    assert (endpoint.public, endpoint.allowed) == (public, allowed)


def test_an_aks_record():
    """Pools, virtual nodes, identity, metadata restriction and log export of an AKS record."""
    cluster = {
        "currentKubernetesVersion": "1.33.4",
        "networkProfile": {"networkPlugin": "azure", "podCidr": "10.244.0.0/16", "podLinkLocalAccess": "None"},
        "agentPoolProfiles": [{"name": "sys", "osType": "Linux", "osSKU": "AzureLinux", "nodeLabels": {"a": "b"}}],
        "addonProfiles": {"AciConnectorLinux": {"enabled": True}},
        "securityProfile": {"workloadIdentity": {"enabled": True}},
        "azureMonitorProfile": {"containerInsights": {"enabled": True, "containerNetworkLogs": "Enabled"}},
    }
    facts = read(Cloud.AZURE, {"properties": cluster})
    assert facts.pools is not None
    assert [(pool.name, pool.os, pool.image, pool.labels) for pool in facts.pools] == [
        ("sys", "linux", "AzureLinux", {"a": "b"})
    ]
    assert (facts.kubernetes_version, facts.pod_ranges) == ("1.33.4", ("10.244.0.0/16",))
    assert (facts.engine.virtual_nodes, facts.engine.deny_export) == (True, True)
    assert (facts.workload_identity, facts.metadata_restricted, facts.notices) == (True, True, ())


def test_metadata_restriction_is_in_doubt_with_windows_pools():
    """The restriction does not reach Windows nodes."""
    pools = [{"osType": "Linux"}, {"osType": "Windows"}]
    network = {"networkPlugin": "azure", "podLinkLocalAccess": "None"}
    assert read(Cloud.AZURE, {"networkProfile": network, "agentPoolProfiles": pools}).metadata_restricted is None


@pytest.mark.parametrize(
    ("profile", "expected"), [({"podLinkLocalAccess": "IMDS"}, False), ({}, None)], ids=["off", "stable-api"]
)
def test_metadata_restriction_that_an_answer_does_not_speak_of_is_not_known(profile, expected):
    """Only preview versions of the API have the field: that it is absent does not say that the switch is off."""
    network = {"networkPlugin": "azure"} | profile
    assert read(Cloud.AZURE, {"properties": {"networkProfile": network}}).metadata_restricted is expected


@pytest.mark.parametrize("provider", list(Cloud))
@pytest.mark.parametrize("cluster", [None, 7, "text", [], [{}], {}], ids=repr)
def test_a_record_of_nothing_says_nothing(provider, cluster):
    """No part of a record is taken for granted."""
    facts = read(provider, cluster)
    assert (facts.engine.managed, facts.engine.enabled) == (None, None)
    assert (facts.endpoint.public, facts.pools, facts.fargate) == (None, None, None)


def test_unread_parts_and_odd_ranges_are_noticed():
    """A part the cloud refused, and a range that is none, are named; long values are cut."""
    record = CloudRecord(
        provider=Cloud.AWS,
        cluster=raw({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "9" * 500}}),
        unread=("addons: access denied",),
    )
    facts = read_facts(record)
    assert facts.notices[0] == "cloud record: addons: access denied"
    assert facts.service_ranges == ()
    assert len(facts.notices[1]) < 160


@pytest.mark.parametrize("ranges", ["0.0.0.0/0", ["203.0.113.0/24", 7], ["203.0.113.0/24", "anywhere"]], ids=repr)
def test_an_allow_list_with_an_unreadable_part_decides_nothing(ranges):
    """What is left of a broken list would look narrower than the list is."""
    vpc = {"endpointPublicAccess": True, "publicAccessCidrs": ranges}
    endpoint = read(Cloud.AWS, {"resourcesVpcConfig": vpc}).endpoint
    assert (endpoint.public, endpoint.allowed) == (None, None)


def test_odd_blocks_of_add_on_values_decide_nothing():
    """A block that is no object leaves its switches unknown rather than off."""
    engine = read(Cloud.AWS, {}, addons=[addon('{"nodeAgent": "on", "env": [1]}')]).engine
    assert (engine.enabled, engine.deny_events, engine.deny_export, engine.enforcing_mode) == (False, None, None, "")


KEYS = (
    "cluster", "properties", "networkConfig", "datapathProvider", "networkPolicy", "enabled", "addonsConfig",
    "networkPolicyConfig", "disabled", "networkProfile", "networkDataplane", "apiServerAccessProfile", "nodePools", "config",
    "resourcesVpcConfig", "publicAccessCidrs", "computeConfig", "addonProfiles", "aciConnectorLinux", "agentPoolProfiles",
    "addonName", "configurationValues", "selectors", "launchTemplate", "LaunchTemplateVersions", "labels", "autopilot",
)  # fmt: skip
SHAPED = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(provider=st.sampled_from(Cloud), cluster=SHAPED, parts=st.lists(SHAPED, max_size=2))
def test_reading_never_raises(provider, cluster, parts):
    """Whatever JSON a record holds, it is read to facts, and the same way twice."""
    lists = dict.fromkeys(("addons", "nodegroups", "fargate_profiles", "launch_templates"), parts)
    assert read(provider, cluster, **lists) == read(provider, cluster, **lists)
