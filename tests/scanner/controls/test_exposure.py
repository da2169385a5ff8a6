"""NB-EXP-01 and 04, NB-LP-05 and NB-OBS-01: what clouds and nodes let through, and what is logged."""

from __future__ import annotations

import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.model import Cloud, DaemonSet, Service, Source
from tests.factories import cluster, node, pod, policy, snapshot
from tests.scanner.controls.clusters import cilium, egress, eks, judged, npm, outcome, record, to_block, web

PLAIN = BaselineConfig()


def endpoint(public: bool, *ranges: str):
    access = {"endpointPublicAccess": public, "endpointPrivateAccess": True, "publicAccessCidrs": list(ranges)}
    return record(Cloud.AWS, {"resourcesVpcConfig": access})


@pytest.mark.parametrize(
    ("given", "config", "expected", "credit"),
    [
        pytest.param(endpoint(False), PLAIN, ("pass", "private"), 1.0, id="private"),
        pytest.param(endpoint(True, "8.8.8.8/32"), PLAIN, ("pass", "restricted"), 0.7, id="restricted"),
        pytest.param(endpoint(True, "0.0.0.0/0"), PLAIN, ("fail", "wide-allow-list"), 0.0, id="world"),
        pytest.param(endpoint(True, "0.0.0.0/1", "128.0.0.0/1"), PLAIN, ("fail", "wide-allow-list"), 0.0, id="halves"),
        pytest.param(endpoint(True, "8.8.0.0/16"), PLAIN, ("fail", "wide-allow-list"), 0.0, id="wide"),
        pytest.param(
            endpoint(True, "8.8.0.0/16"),
            BaselineConfig(organisation_ranges=("8.0.0.0/8",)),
            ("pass", "restricted"),
            0.7,
            id="wide-but-ours",
        ),
        pytest.param(record(), PLAIN, ("unknown", "endpoint-unread"), 0.0, id="not-in-the-record"),
        pytest.param(None, PLAIN, ("unknown", "endpoint-unread"), 0.0, id="no-record"),
    ],
)
def test_api_server(given, config, expected, credit):
    """Private earns everything, a narrow allow list 0.7, anything wider fails."""
    found = judged("NB-EXP-01", snapshot(record=given), config)
    assert (outcome(found), found.fraction) == (expected, credit)


def test_api_server_of_an_unread_cluster():
    """The cloud's record alone suffices for this control."""
    given = snapshot(record=endpoint(False), unread="refused", collection={})
    assert outcome(judged("NB-EXP-01", given)) == ("pass", "private")


def balancer(**fields) -> Service:
    return Service(**({"namespace": "shop", "name": "lb", "type": "LoadBalancer", "selector": {"app": "web"}} | fields))


def note(name: str, value: str) -> dict:
    return {"annotations": {name: value}}


AWS = "service.beta.kubernetes.io/aws-load-balancer-"
AZURE = note("service.beta.kubernetes.io/azure-load-balancer-internal", "true")
AZURE_SOURCES = "service.beta.kubernetes.io/azure-allowed-ip-ranges"
GKE = note("networking.gke.io/load-balancer-type", "Internal")
EVERYWHERE_INTERNAL = {
    "annotations": AZURE["annotations"] | GKE["annotations"] | {f"{AWS}internal": "true"},
}


@pytest.mark.parametrize(
    ("cloud", "fields", "expected"),
    [
        pytest.param("aws", {}, ("fail", "undeclared"), id="aws-plain"),
        pytest.param(
            "aws", note(f"{AWS}scheme", "internal"), ("unknown", "ambiguous"), id="aws-scheme-that-nobody-may-read"
        ),
        pytest.param(
            "aws",
            {"load_balancer_class": "x/y"} | note(f"{AWS}scheme", "internal"),
            ("unknown", "ambiguous"),
            id="aws-scheme-for-an-unheard-of-class",
        ),
        pytest.param(
            "aws",
            {"annotations": {f"{AWS}scheme": "internal", f"{AWS}type": "external"}},
            ("pass", "internal"),
            id="aws-scheme-internal",
        ),
        pytest.param("aws", note(f"{AWS}internal", "true"), ("pass", "internal"), id="aws-internal"),
        pytest.param("aws", note(f"{AWS}internal", "yes"), ("unknown", "ambiguous"), id="aws-internal-odd"),
        pytest.param("aws", note(f"{AWS}internal", "false"), ("fail", "undeclared"), id="aws-not-internal"),
        pytest.param(
            "aws", {"load_balancer_class": "service.k8s.aws/nlb"}, ("pass", "internal"), id="aws-controller-default"
        ),
        pytest.param("aws", {"load_balancer_class": "x/y"}, ("unknown", "ambiguous"), id="aws-unheard-of-class"),
        pytest.param(
            "aws",
            {"load_balancer_class": "service.k8s.aws/nlb"} | note(f"{AWS}scheme", "internet-facing"),
            ("fail", "undeclared"),
            id="aws-controller-facing",
        ),
        pytest.param("gcp", {}, ("fail", "undeclared"), id="gke-plain"),
        pytest.param("gcp", GKE, ("pass", "internal"), id="gke-internal"),
        pytest.param("azure", {}, ("fail", "undeclared"), id="aks-plain"),
        pytest.param("azure", AZURE, ("pass", "internal"), id="aks-internal"),
        pytest.param(
            "azure", note(AZURE_SOURCES, "198.51.100.0/24"), ("pass", "source-limited"), id="aks-allowed-ranges"
        ),
        pytest.param("azure", note(AZURE_SOURCES, "0.0.0.0/0"), ("fail", "undeclared"), id="aks-allows-everybody"),
        pytest.param("gcp", note(AZURE_SOURCES, "198.51.100.0/24"), ("fail", "undeclared"), id="azure's-ranges-on-gke"),
        pytest.param("azure", GKE, ("fail", "undeclared"), id="another-cloud's-annotation"),
        pytest.param("other", {}, ("fail", "undeclared"), id="any-cloud-plain"),
        pytest.param("other", AZURE, ("unknown", "ambiguous"), id="any-cloud-annotated"),
        pytest.param("other", EVERYWHERE_INTERNAL, ("pass", "internal"), id="any-cloud-annotated-for-all"),
        pytest.param("other", {"balancer_addresses": ("10.1.2.3",)}, ("pass", "internal"), id="private-address"),
        pytest.param(
            "azure", AZURE | {"balancer_addresses": ("8.8.4.4",)}, ("fail", "undeclared"), id="public-address"
        ),
        pytest.param(
            "gcp",
            {"balancer_addresses": ("10.1.2.3", "2600:1900::7")},
            ("fail", "undeclared"),
            id="public-beside-a-private-address",
        ),
        pytest.param("aws", {"source_ranges": ("8.8.8.0/24",)}, ("pass", "source-limited"), id="limited"),
        pytest.param("aws", {"source_ranges": ("0.0.0.0/0",)}, ("fail", "undeclared"), id="limited-to-the-world"),
        pytest.param(
            "aws", {"source_ranges": ("0.0.0.0/1", "128.0.0.0/1")}, ("fail", "undeclared"), id="limited-in-halves"
        ),
        pytest.param("aws", {"source_ranges": ("=cmd()",)}, ("unknown", "ambiguous"), id="broken-range"),
        pytest.param("aws", {"type": "ClusterIP"}, ("not_applicable", "nothing-to-judge"), id="no-balancer"),
    ],
)
def test_balancers(cloud, fields, expected):
    """External balancers are declared or limited; each cloud has its own words for internal."""
    given = snapshot(services=[balancer(**fields)], cluster=cluster(Cloud(cloud)))
    assert outcome(judged("NB-EXP-04", given)) == expected


def test_balancers_need_their_services():
    """Declared edges pass, and a refused list of Services is unknown."""
    config = BaselineConfig(edge=(Match(namespace="shop", workload="lb"),))
    assert outcome(judged("NB-EXP-04", snapshot(services=[balancer()]), config)) == ("pass", "edge")
    assert outcome(judged("NB-EXP-04", snapshot(unlisted=["services"]))) == ("unknown", "unread")


def test_making_a_balancer_internal_names_the_annotation_its_controller_reads():
    """The cloud controller reads no scheme, and the load balancer controller has done away with the older annotation."""
    for fields, told in (({}, f"{AWS}internal=true"), ({"load_balancer_class": "service.k8s.aws/nlb"}, f"{AWS}scheme")):
        facing = note(f"{AWS}scheme", "internet-facing")
        given = snapshot(services=[balancer(**fields, **facing)], cluster=cluster(Cloud.AWS))
        assert told in judged("NB-EXP-04", given).items[0].remediation


FARGATE_LABEL = {"eks.amazonaws.com/fargate-profile": "f"}
FARGATE_NODES = [node("n1"), node("fargate-1", labels={"eks.amazonaws.com/compute-type": "fargate"})]
ON_FARGATE, LABELLED = web(labels=FARGATE_LABEL, node="fargate-1"), web(labels=FARGATE_LABEL)
WILD = {"fargateProfileName": "f", "selectors": [{"namespace": "sh*"}]}
DENIED = policy(egress(to_block("0.0.0.0/0", "169.254.169.254/32")))
POOL = {"eks.amazonaws.com/nodegroup": "ng"}


def eks_pool(hops: int | None, tokens: str = "required"):
    """EKS with one node group whose launch template says this of the metadata service."""
    options = {"HttpTokens": tokens, "HttpPutResponseHopLimit": hops}
    template = {"LaunchTemplateId": "lt-1", "VersionNumber": 1, "LaunchTemplateData": {"MetadataOptions": options}}
    group = {"nodegroupName": "ng", "launchTemplate": {"id": "lt-1", "version": "1"}}
    found = record(nodegroups=[group], launch_templates=[{"LaunchTemplateVersions": [template]}])
    return {"record": found, "nodes": [node("n1", labels=POOL)]}


def gke_pool(mode: str):
    pool = {"name": "p", "config": {"workloadMetadataConfig": {"mode": mode}}}
    found = record(Cloud.GCP, {"nodePools": [pool], "workloadIdentityConfig": {"workloadPool": "x.svc.id.goog"}})
    return snapshot(pods=[web()], record=found, nodes=[node("n1", labels={"cloud.google.com/gke-nodepool": "p"})])


def aks(access: str, **fields):
    profile = {"networkPlugin": "azure", "networkPolicy": "azure", "podLinkLocalAccess": access}
    pools = [{"name": "p", "osType": "Linux"}]
    return npm(
        web(**fields.pop("pod", {})),
        **fields,
        record=record(Cloud.AZURE, {"networkProfile": profile, "agentPoolProfiles": pools}),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(eks(web(), policies=[policy()]), ("pass", "blocked"), id="default-deny"),
        pytest.param(eks(web(), policies=[DENIED]), ("pass", "blocked"), id="except"),
        pytest.param(
            eks(web(), policies=[policy(egress(to_block("169.254.0.0/16")))]),
            ("unknown", "undecided"),
            id="covering-prefix",
        ),
        pytest.param(eks(web(), **eks_pool(1)), ("pass", "blocked"), id="eks-hop-limit-1"),
        pytest.param(eks(web(), **eks_pool(2)), ("fail", "reachable"), id="eks-hop-limit-2"),
        pytest.param(eks(web(), **eks_pool(1, "optional")), ("fail", "reachable"), id="eks-imdsv1"),
        pytest.param(eks(web()), ("unknown", "undecided"), id="eks-pool-unread"),
        pytest.param(
            eks(web(host_network=True), policies=[policy()], **eks_pool(1)), ("fail", "reachable"), id="host-network"
        ),
        pytest.param(
            eks(web(), on=False, policies=[policy()], **eks_pool(2)), ("fail", "reachable"), id="policy-on-no-engine"
        ),
        pytest.param(eks(ON_FARGATE, nodes=FARGATE_NODES), ("not_applicable", "fargate"), id="fargate"),
        pytest.param(
            eks(ON_FARGATE, on=False, nodes=FARGATE_NODES), ("not_applicable", "fargate"), id="fargate-on-no-engine"
        ),
        pytest.param(eks(LABELLED, **eks_pool(2)), ("fail", "reachable"), id="fargate-label-on-an-ordinary-node"),
        pytest.param(
            eks(web(node=""), record=record(fargate_profiles=[WILD])), ("unknown", "undecided"), id="fargate-perhaps"
        ),
        pytest.param(gke_pool("GKE_METADATA"), ("pass", "blocked"), id="gke-metadata-server"),
        pytest.param(gke_pool("GCE_METADATA"), ("fail", "reachable"), id="gke-node-metadata"),
        pytest.param(aks("None"), ("pass", "blocked"), id="aks-restricted"),
        pytest.param(aks("IMDS"), ("fail", "reachable"), id="aks-open"),
        pytest.param(
            aks("None", pod={"node": "aci"}, nodes=[node("n1"), node("aci", labels={"type": "virtual-kubelet"})]),
            ("unknown", "undecided"),
            id="aks-virtual-node",
        ),
        pytest.param(cilium(web()), ("unknown", "undecided"), id="no-record"),
        pytest.param(
            snapshot(pods=[web()], policies=[policy()], source=Source.MANIFESTS),
            ("unknown", "undecided"),
            id="manifests",
        ),
        pytest.param(eks(web(), unlisted=["pods"]), ("unknown", "unread"), id="pods-refused"),
        pytest.param(
            eks(web(), unlisted=["networkpolicies.networking.k8s.io"], **eks_pool(2)),
            ("unknown", "undecided"),
            id="policies-refused",
        ),
    ],
)
def test_metadata(given, expected):
    """Policy on an enforcing plane or the platform blocks it; what was not read is unknown."""
    assert outcome(judged("NB-LP-05", given)) == expected


def test_metadata_by_declared_need():
    """An approved need is declared by the operator."""
    config = BaselineConfig(metadata=(Match(namespace="shop", workload="web"),))
    assert outcome(judged("NB-LP-05", eks(web(), **eks_pool(2)), config)) == ("pass", "approved")


CALICO = snapshot(
    pods=[web(), pod("calico-node-x", ns="kube-system", owner=("DaemonSet", "calico-node"), node="n1")],
    nodes=[node("n1")],
    daemon_sets=[DaemonSet(namespace="kube-system", name="calico-node", desired=1, ready=1)],
)
EVENTS, WATCH = "--enable-policy-event-logs=", "--enable-cloudwatch-logs="


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(eks(web(), args=(f"{EVENTS}true", f"{WATCH}true")), ("pass", "logged"), id="exported"),
        pytest.param(eks(web(), args=(f"{EVENTS}true", f"{WATCH}false")), ("fail", "node-only"), id="node-only"),
        pytest.param(eks(web(), args=(f"{EVENTS}false",)), ("fail", "not-logged"), id="off"),
        pytest.param(eks(web()), ("unknown", "logging-unread"), id="not-said"),
        pytest.param(npm(web()), ("not_applicable", "no-deny-log"), id="engine-without-one"),
        pytest.param(CALICO, ("unknown", "logging-unread"), id="engine-whose-log-is-not-read"),
        pytest.param(snapshot(pods=[web()]), ("fail", "inert"), id="no-engine"),
        pytest.param(
            snapshot(pods=[web()], unlisted=["daemonsets.apps"]), ("unknown", "engine-undetermined"), id="unknown"
        ),
    ],
)
def test_denial_log(given, expected):
    """Denials are recorded and leave the node, or the control fails; doubt stays doubt."""
    found = judged("NB-OBS-01", given)
    assert (str(found.status), found.reason) == expected
    assert all(item.evidence for item in found.items)


def test_switching_the_denial_log_on_is_told_for_this_cluster():
    """The command names cluster and region, and says that it sets every value anew; without an engine there is none."""
    where = cluster(Cloud.AWS, "a;b", location="eu-west-1")
    given = eks(web(), args=(f"{EVENTS}false",), cluster=where)
    told = judged("NB-OBS-01", given).items[0].remediation
    assert "--cluster-name 'a;b' --region eu-west-1" in told
    assert "this replaces them" in told
    assert "NB-ENF-01" in judged("NB-OBS-01", snapshot(pods=[web()])).items[0].remediation
