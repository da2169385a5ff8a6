"""What holds of detection for every cluster: it always answers, and reading less never makes the answer better."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.cloud.facts import CloudFacts
from scanner.cloud.read import read_facts
from scanner.dataplane.catalogue import CATALOGUE
from scanner.dataplane.detect import detect
from scanner.dataplane.model import Enforcing
from scanner.model import Cloud, CloudRecord, Snapshot
from tests.factories import node, pod, policy, raw
from tests.scanner.dataplane.parts import (
    DATAPLANE_V2,
    HALF_ON,
    LEGACY_ON,
    aks,
    aws_node,
    cilium_config,
    daemon_set,
    eks,
    engine_pod,
    gke,
    live,
    node_class,
    policy_endpoint,
    setting,
    vpc_cni_config,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
ENGINES = (
    "aws-node", "calico-node", "cilium", "anetd", "azure-npm", "antrea-agent", "kube-router", "kube-proxy", "kube-ovn-cni",
)  # fmt: skip
FACTS: tuple[CloudFacts | None, ...] = (
    None, eks(), eks(None), eks(auto=True), gke(**DATAPLANE_V2), gke(**LEGACY_ON), gke(**HALF_ON), gke(),
    aks(networkPolicy="azure"), aks(networkDataplane="cilium"), aks(), aks(networkPlugin="none"),
)  # fmt: skip
# The field of a snapshot that holds each resource's objects; a list that was refused is empty.
HELD = {
    "pods": "pods", "nodes": "nodes", "daemonsets.apps": "daemon_sets", "configmaps": "config_maps",
    "networkpolicies.networking.k8s.io": "policies", "policyendpoints.networking.k8s.aws": "settings",
    "nodeclasses.eks.amazonaws.com": "settings", "networkloggings.networking.gke.io": "settings",
}  # fmt: skip
KINDS = {
    "policyendpoints.networking.k8s.aws": "PolicyEndpoint",
    "nodeclasses.eks.amazonaws.com": "NodeClass",
    "networkloggings.networking.gke.io": "NetworkLogging",
}


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """The parts of a cluster whose DaemonSets count the pods that are really there."""
    compute = st.sampled_from(["", "", "auto", "fargate", "hybrid"])
    nodes = [
        node(
            name,
            os=draw(st.sampled_from(["linux", "linux", "windows", ""])),
            kernel=draw(st.sampled_from(["6.1.102", "5.4.1", ""])),
            labels={"eks.amazonaws.com/compute-type": kind} if (kind := draw(compute)) else {},
        )
        for name in ("n1", "n2")
    ]
    pods = [
        pod(f"web-{index}", node=draw(st.sampled_from(["n1", "n2", ""]))) for index in range(draw(st.integers(0, 2)))
    ]
    sets = []
    for name in draw(st.lists(st.sampled_from(ENGINES), max_size=2, unique=True)):
        mine = [engine_pod(name, on, ready=draw(st.booleans())) for on in ("n1", "n2") if draw(st.booleans())]
        counts = {"desired": len(mine), "ready": sum(item.ready for item in mine)}
        if name == "aws-node":
            sets.append(aws_node(draw(st.sampled_from(["true", "true", "false", None])), **counts))
        else:
            sets.append(daemon_set(name, **counts))
        pods += mine
    maps = draw(st.sampled_from([(), (vpc_cni_config(),), (vpc_cni_config("false"),), (cilium_config(),)]))
    objects = draw(
        st.lists(st.sampled_from([policy_endpoint(), node_class(), node_class("x", networkPolicy="?")]), max_size=2)
    )
    return {
        "sets": sets, "pods": pods, "nodes": nodes, "config_maps": maps, "settings": objects,
        "policies": draw(st.sampled_from([[], [policy()]])),
    }  # fmt: skip


def build(world: dict[str, Any], refused: frozenset[str] = frozenset()) -> Snapshot:
    """The snapshot of a world in which some lists were refused."""
    parts = dict(world)
    sets = parts.pop("sets") if "daemonsets.apps" not in refused else (parts.pop("sets"), ())[1]
    for resource in refused:
        field = HELD[resource]
        if field == "settings":
            parts[field] = [item for item in parts[field] if item.kind != KINDS[resource]]
        elif field in parts:
            parts[field] = ()
    return live(*sets, unlisted=refused, **parts)


@settings(max_examples=400, deadline=None)
@given(world=worlds(), facts=st.sampled_from(FACTS), refused=st.sets(st.sampled_from(sorted(HELD)), min_size=1))
def test_reading_less_never_makes_enforcement_certain(world, facts, refused):
    """A refused list turns neither "no", "partly" nor "unknown" into "yes"."""
    before = detect(build(world), facts).enforcing
    after = detect(build(world, frozenset(refused)), facts).enforcing
    assert after is not Enforcing.YES or before is Enforcing.YES


@settings(max_examples=200, deadline=None)
@given(world=worlds(), facts=st.sampled_from(FACTS), unread=st.booleans())
def test_detection_always_answers_with_a_known_name_and_proofs(world, facts, unread):
    """Every cluster gets a name of the catalogue, none or unknown, the same one twice, and says what decided."""
    seen = live(unread="timed out", collection={}) if unread else build(world)
    plane = detect(seen, facts)
    assert plane == detect(seen, facts)
    assert plane.name in {*CATALOGUE, "none", "unknown"}
    assert plane.proofs
    assert (plane.capabilities is None) == (plane.name in {"none", "unknown"})


@settings(max_examples=150, deadline=None)
@given(provider=st.sampled_from(Cloud), cluster=JSON, spec=JSON, world=worlds())
def test_odd_records_and_objects_never_raise(provider, cluster, spec, world):
    """Whatever JSON the cloud and the cluster's objects hold, there is an answer."""
    facts = read_facts(CloudRecord(provider=provider, cluster=raw(cluster), addons=(raw(spec),)))
    odd = [
        setting("PolicyEndpoint", "networking.k8s.aws/v1alpha1", "odd", spec),
        setting("NodeClass", "eks.amazonaws.com/v1", "odd", spec),
        setting("NetworkLogging", "networking.gke.io/v1alpha1", "default", spec),
        setting("ContainerNetworkLog", "acn.azure.com/v1alpha1", "odd", spec),
    ]
    plane = detect(build(world | {"settings": odd}), facts)
    assert plane.enforcing in set(Enforcing)
