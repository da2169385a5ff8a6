"""NB-ENF-08 and NB-ENF-09: the node's network, and ways around the policed interface."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from scanner.baselines.config import BaselineConfig, Match
from scanner.controls.enforcement.networks import INTERFACES, NETWORKS, Attached, attached
from scanner.findings import Status
from scanner.model import ApiObject, ContainerPort
from tests.factories import pod, raw
from tests.scanner.controls.clusters import cilium, eks, judged, outcome, web

APPROVED = BaselineConfig(host_network=(Match(namespace="shop"),))
FIREWALL = {"enable-policy": "default", "enable-host-firewall": "true"}


def host(**overrides):
    """A host-network pod of a workload."""
    return web(host_network=True, ips=("10.9.0.7",), **overrides)


def for_nodes(spec: object) -> ApiObject:
    """A clusterwide policy of Cilium."""
    return ApiObject(api_version="cilium.io/v2", kind="CiliumClusterwideNetworkPolicy", name="nodes", spec=raw(spec))


def test_the_names_of_multus_networks_are_read_in_both_forms():
    """A list with interfaces and namespaces, or JSON; the pod's own namespace is the default."""
    plain = pod("a", annotations={NETWORKS: " fast@eth1, lab/slow ,"})
    listed = pod("a", annotations={NETWORKS: '[{"name":"fast"},{"name":"slow","namespace":"lab","ips":["10.1.1.1"]}]'})
    wanted = [Attached("shop/fast", False, NETWORKS), Attached("lab/slow", False, NETWORKS)]
    assert list(attached(plain)) == list(attached(listed)) == wanted


def test_the_default_network_of_gke_is_no_further_one():
    """Only the others count."""
    text = '[{"interfaceName":"eth0","network":"default"},{"interfaceName":"eth1","network":"blue"}]'
    assert list(attached(pod("a", annotations={INTERFACES: text}))) == [Attached("blue", True, INTERFACES)]


@over(st.text(max_size=30), st.sampled_from([NETWORKS, INTERFACES]))
def test_any_annotation_is_read_or_unknown(text, key):
    """Whatever stands there: no exception, and what is no JSON has no name, so nothing covers it."""
    found = list(attached(pod("a", annotations={key: text})))
    assert all(isinstance(each.name, str) for each in found)
    if key == INTERFACES and text.strip() and not text.strip().startswith("["):
        assert [each.name for each in found] == [""]


@pytest.mark.parametrize("text", ["[{", '[{"name":7}]', "[" * 500])
def test_an_annotation_that_cannot_be_read_is_unknown(text):
    """Neither is there no further interface, nor is one known to be open."""
    found = judged("NB-ENF-09", cilium(web(annotations={NETWORKS: text})))
    assert outcome(found) == ("unknown", "interface-undecided")


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        pytest.param({"nodeSelector": {}, "ingress": [{"fromEntities": ["cluster"]}]}, "pass", id="cluster-only"),
        pytest.param({"nodeSelector": {}, "ingress": [{}]}, "pass", id="nobody"),
        pytest.param({"nodeSelector": {}, "ingress": [{"fromCIDR": ["0.0.0.0/0"]}]}, "fail", id="everybody"),
        pytest.param({"nodeSelector": {}, "egress": [{}]}, "unknown", id="egress-only"),
        pytest.param({"nodeSelector": {"matchLabels": {"pool": "edge"}}, "ingress": [{}]}, "unknown", id="other-nodes"),
        pytest.param({"nodeSelector": {"matchLabels": 3}, "ingress": [{}]}, "unknown", id="unreadable"),
        pytest.param({"nodeSelector": {}, "ingress": 3}, "unknown", id="unreadable-rules"),
        pytest.param([{"nodeSelector": {}, "ingress": [{}]}, 7], "unknown", id="an-odd-list"),
    ],
)
def test_a_host_policy_guards_the_nodes_it_selects(spec, status):
    """Only one that is in force for the pod's node, for ingress, and that keeps the internet out."""
    given = msgspec.structs.replace(cilium(host(), config=FIREWALL), policies=(for_nodes(spec),))
    assert judged("NB-ENF-08", given, APPROVED).status == status


@pytest.mark.parametrize("spec", ["text", 7, {"node": 3}, {"node": "other", "interfaceName": "*"}, {"node": "n1"}])
def test_a_host_endpoint_that_does_not_guard_passes_nobody(spec):
    """Unreadable, of another node, or of one interface only."""
    point = ApiObject(api_version="crd.projectcalico.org/v1", kind="HostEndpoint", name="h", spec=raw(spec))
    given = msgspec.structs.replace(eks(host()), settings=(point,))
    assert judged("NB-ENF-08", given, APPROVED).status is Status.UNKNOWN


def test_a_host_port_needs_approval_and_passes_no_host_policy():
    """A pod in its own network with a host port: host policies do not see its traffic."""
    given = cilium(web(ports=(ContainerPort(port=25, host_port=25),)), config=FIREWALL)
    given = msgspec.structs.replace(given, policies=(for_nodes({"nodeSelector": {}, "ingress": [{}]}),))
    assert outcome(judged("NB-ENF-08", given)) == ("fail", "host-port")
    assert outcome(judged("NB-ENF-08", given, APPROVED)) == ("unknown", "firewall-not-collected")


def test_a_crafted_name_stays_in_its_string():
    """The manifest to paste quotes the namespace."""
    given = cilium(host(ns='x", evil: "y'))
    assert '"x\\", evil: \\"y"' in judged("NB-ENF-08", given).items[0].remediation
