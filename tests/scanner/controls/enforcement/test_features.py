"""NB-ENF-04: verdicts per policy, the confidence rule, and policies that nobody can read."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings import Status
from scanner.model import ApiObject, Cloud, Snapshot
from tests.factories import policy, raw
from tests.scanner.controls.clusters import DENY, cilium, egress, eks, item, judged, npm, outcome, record, to_block, web

CONTROL = "NB-ENF-04"
L7 = {
    "endpointSelector": {},
    "ingress": [{"toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{"method": "GET"}]}}]}],
}


def with_policies(given: Snapshot, *policies: ApiObject) -> Snapshot:
    """The same cluster with these policies."""
    return msgspec.structs.replace(given, policies=policies)


def custom(spec: object, kind: str = "CiliumNetworkPolicy", ns: str = "shop") -> ApiObject:
    """A policy of Cilium's."""
    return ApiObject(api_version="cilium.io/v2", kind=kind, name="x", namespace=ns, spec=raw(spec))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("true", ("pass", "honoured"), id="on"),
        pytest.param("false", ("fail", "ignored"), id="off"),
        pytest.param(None, ("unknown", "condition-unknown"), id="not-said"),
        pytest.param("perhaps", ("unknown", "condition-unknown"), id="neither"),
    ],
)
def test_layer_7_of_cilium_hangs_on_its_proxy(word, expected):
    """The switch in cilium-config decides; without it nobody knows."""
    config = {"enable-policy": "default"} | ({"enable-l7-proxy": word} if word else {})
    assert outcome(judged(CONTROL, with_policies(cilium(web(), config=config), custom(L7)))) == expected


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        pytest.param({"enabled": True, "advancedNetworkPolicies": "L7"}, "pass", id="on"),
        pytest.param({"enabled": True, "advancedNetworkPolicies": "FQDN"}, "fail", id="names-only"),
        pytest.param({"enabled": False, "advancedNetworkPolicies": "L7"}, "fail", id="security-off"),
        pytest.param({"enabled": True}, "unknown", id="not-said"),
        pytest.param({"enabled": True, "advancedNetworkPolicies": ["L7"]}, "unknown", id="of-another-type"),
    ],
)
def test_layer_7_on_aks_hangs_on_the_record(security, expected):
    """What Advanced Container Networking Services allow, as the managed cluster says."""
    network = {"networkDataplane": "cilium", "advancedNetworking": {"enabled": True, "security": security}}
    given = cilium(web(), record=record(Cloud.AZURE, {"networkProfile": network}))
    found = judged(CONTROL, with_policies(given, custom(L7)))
    assert found.status == expected
    assert expected != "fail" or "--acns-advanced-networkpolicies L7" in found.items[0].remediation


def test_one_verdict_per_object():
    """A policy that the engine does not honour takes no other one with it; a refused one is named."""
    good, bad = policy(DENY, name="good"), policy(egress(to_block("2001:db8::/32")), name="bad")
    refused = ApiObject(
        api_version="cilium.io/v2",
        kind="CiliumNetworkPolicy",
        name="two",
        namespace="shop",
        spec=raw({"ingress": [{}]}),
    )
    found = judged(CONTROL, with_policies(npm(web()), good, bad, refused))
    assert item(found, "NetworkPolicy shop/good").status is Status.PASS
    assert item(found, "NetworkPolicy shop/bad").reason == "ignored"
    assert "spec.egress[0]" in item(found, "NetworkPolicy shop/bad").evidence[1]
    assert item(found, "CiliumNetworkPolicy shop/two").status is Status.FAIL


@pytest.mark.parametrize("spec", ["text", 7, [7], None, {"specs": 1}, {"nodeSelector": {"matchLabels": 3}}])
@pytest.mark.parametrize("kind", ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"])
def test_hostile_specs_pass_nowhere(spec, kind):
    """What cannot be read is refused or unknown, never honoured and never an exception."""
    given = cilium(web(), config={"enable-policy": "default", "enable-host-firewall": "true"})
    found = judged(CONTROL, with_policies(given, custom(spec, kind, "" if "wide" in kind else "shop")))
    assert found.status in {Status.FAIL, Status.UNKNOWN}


def test_an_engine_that_only_may_honour_a_kind_is_no_failure():
    """A kind of which the catalogue remembers that it is ignored is unknown."""
    upstream = ApiObject(
        api_version="policy.networking.k8s.io/v1alpha1",
        kind="AdminNetworkPolicy",
        name="x",
        spec=raw({"priority": 1, "subject": {"namespaces": {}}}),
    )
    assert outcome(judged(CONTROL, with_policies(cilium(web()), upstream))) == ("unknown", "kind-unknown")


NAMES = st.sampled_from(["web", "", "a", "x-1"])
PORTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "port": st.one_of(st.integers(1, 65535), st.just("http")),
            "protocol": st.sampled_from(["TCP", "UDP", "SCTP"]),
        },
    ),
    max_size=2,
)
PEERS = st.lists(
    st.one_of(
        st.just({"podSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}}),
        st.sampled_from(["10.0.0.0/8", "10.0.0.9/32", "2001:db8::/48"]).map(lambda cidr: {"ipBlock": {"cidr": cidr}}),
        st.just({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}),
    ),
    max_size=2,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(PEERS, PORTS), min_size=1, max_size=3), st.sampled_from([eks, cilium, npm]))
def test_what_fails_rests_on_a_source_and_names_its_rule(rules, cluster):
    """Whatever is written: a failure names the rule, the source and the mend; what is remembered fails nobody."""
    spec = egress(*({"to": to, "ports": ports} for to, ports in rules))
    for found in judged(CONTROL, with_policies(cluster(web()), policy(spec))).items:
        if found.status is Status.FAIL:
            assert found.remediation
            assert any("spec.egress[" in line or "spec, " in line for line in found.evidence)
            assert all("memory)" not in line and "inferred)" not in line for line in found.evidence)


def test_what_was_not_looked_at_passes_nobody():
    """Where more connections differ than are looked at, a policy with the same feature is unknown, not honoured."""
    cut = egress(to_block("198.51.100.0/24", "198.51.100.0/28"), to_block("198.51.100.0/28"))
    pods = [web(f"w{number}-1", ns="aaa", labels={}) for number in range(5_001)]
    policies = [policy(cut, name="cut", ns=ns) for ns in ("aaa", "shop")]
    found = judged(CONTROL, with_policies(eks(*pods, web()), *policies))
    assert [each.reason for each in found.items] == ["partial", "too-many-differences"]
