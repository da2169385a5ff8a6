"""NB-LP-08 and 09: what of lint is a defect, and for which clusters flows are reviewed."""

from __future__ import annotations

import shlex

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig
from scanner.findings import Status
from scanner.model import ApiObject
from tests.factories import namespace, policy, raw
from tests.scanner.controls.clusters import DENY, eks, ingress, item, judged, outcome, web
from tests.scanner.controls.whole import whole

DEAD = {"podSelector": {"matchLabels": {"app": "gone"}}, "policyTypes": ["Ingress"]}


def test_each_defect_of_a_policy_is_its_own_item():
    """Two kinds of defect in one policy, none in another."""
    gone = {"from": [{"podSelector": {"matchLabels": {"app": "gone"}}}], "ports": [{"port": 80}]}
    port = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "nowhere"}]}
    spec = ingress(gone, port) | {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}
    found = judged("NB-LP-08", whole(eks(web(), policies=[policy(spec, name="odd"), policy(name="fine")])))
    reasons = {each.subject: each.reason for each in found.items}
    assert reasons["NetworkPolicy shop/odd (dangling-peer)"] == "dangling-peer"
    assert reasons["NetworkPolicy shop/odd (dangling-port)"] == "dangling-port"
    assert reasons["NetworkPolicy shop/fine"] == "sound"


def test_the_command_deletes_this_policy_and_nothing_else():
    """A crafted name stays one word of the shell's."""
    name = "x; rm -rf y"
    found = judged("NB-LP-08", whole(eks(web(), policies=[policy(DEAD, name=name)])))
    command = item(found, f"NetworkPolicy shop/{name} (dead-policy)").remediation.partition(": ")[2]
    assert shlex.split(command) == ["kubectl", "-n", "shop", "delete", "networkpolicy", name]


def test_a_default_deny_waits_in_an_empty_namespace():
    """It is there for whoever comes; a policy for labels that nobody has there is dead."""
    spaces = [namespace("shop"), namespace("empty")]
    deny, dead = policy(DENY, ns="empty", name="deny"), policy(DEAD, ns="empty", name="dead")
    found = judged("NB-LP-08", whole(eks(web(), policies=[deny, dead], namespaces=spaces)))
    assert item(found, "NetworkPolicy empty/deny").status == "pass"
    assert [each.status for each in found.items if "empty/dead" in each.subject] == [Status.FAIL]


def test_a_refused_policy_is_malformed():
    """The API server would not take it, so it does nothing."""
    refused = policy({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Perhaps"}]}}, name="odd")
    found = judged("NB-LP-08", whole(eks(web(), policies=[refused])))
    assert item(found, "NetworkPolicy shop/odd (refused)").status == "fail"


@pytest.mark.parametrize("spec", [b"null", b"[]", b"{", b'{"podSelector": []}', b'{"ingress": {"from": 1}}'])
def test_no_spec_is_too_odd(spec: bytes):
    """Every control of rules has an answer to a policy that cannot be read."""
    odd = msgspec.structs.replace(policy(name="odd"), spec=msgspec.Raw(spec))
    for control in ("NB-LP-03", "NB-LP-04", "NB-LP-06", "NB-LP-07", "NB-LP-08", "NB-ISO-05", "NB-ISO-06"):
        found = judged(control, whole(eks(web(), policies=[odd, policy()])))
        assert found.status in set(Status)


def test_policies_of_the_platform_are_its_own():
    """What the provider ships in kube-system is not the operator's to mend."""
    found = judged("NB-LP-08", whole(eks(web(), policies=[policy(DEAD, ns="kube-system")])))
    assert outcome(found) == ("not_applicable", "nothing-to-judge")


def test_flow_sources_are_by_cluster():
    """A pattern for another cluster switches nothing on here."""
    here, there = BaselineConfig(flow_sources={"c?": "Hubble"}), BaselineConfig(flow_sources={"prod-*": "Hubble"})
    given = whole(eks(web(), policies=[policy()]))
    assert outcome(judged("NB-LP-09", given, here)) == ("unknown", "no-evidence")
    assert outcome(judged("NB-LP-09", given, there)) == ("not_applicable", "no-flow-source")


def test_a_policy_kind_of_a_cluster_is_named_without_a_namespace():
    """A cluster-scoped policy that selects nobody."""
    rule = ApiObject(
        api_version="cilium.io/v2",
        kind="CiliumClusterwideNetworkPolicy",
        name="wide",
        spec=raw({"endpointSelector": {"matchLabels": {"app": "gone"}}, "ingress": [{}]}),
    )
    found = judged("NB-LP-08", whole(eks(web(), policies=[rule])))
    assert any(each.subject.startswith("CiliumClusterwideNetworkPolicy wide (dead") for each in found.items)
