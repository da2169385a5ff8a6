"""The vocabulary that the estate is drawn with."""

import msgspec
import pytest

from infra.estate.collection import collection
from infra.estate.names import container_ports, number, token
from infra.estate.network import vpc
from infra.estate.rules import allow_dns, deny_all, flow_policies, ports
from scanner.model import ApiObject, Collected, ContainerPort


def spec(policy: ApiObject):
    return msgspec.json.decode(policy.spec)


def test_names_follow_from_their_seed():
    """The same seed gives the same suffix and number, another seed another."""
    assert token("pay/web", 5) == token("pay/web", 5) != token("pay/api", 5)
    assert number("pay/web", 100) == number("pay/web", 100)
    assert 0 <= number("pay/web", 3) < 3


def test_container_ports():
    """Ports are written by name, number and, where it is not TCP, protocol."""
    assert container_ports("http:8080 dns:53/UDP -:99") == (
        ContainerPort(name="http", port=8080),
        ContainerPort(name="dns", port=53, protocol="UDP"),
        ContainerPort(port=99),
    )


def test_policy_ports():
    """A policy names its ports by number or by name."""
    assert ports("53/UDP metrics") == [{"port": 53, "protocol": "UDP"}, {"port": "metrics", "protocol": "TCP"}]


def test_a_flow_opens_both_its_ends():
    """One line allows the source's egress and the destination's ingress, each by the other's labels and namespace."""
    destination, source = (
        flow_policies("shop/web > data/db, shop/cache : 5432")[0],
        flow_policies("shop/web > data/db : 1")[1],
    )
    assert (destination.namespace, destination.name) == ("data", "allow-db")
    assert spec(destination) == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "db"}},
        "ingress": [
            {
                "from": [
                    {
                        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                    }
                ],
                "ports": [{"port": 5432, "protocol": "TCP"}],
            }
        ],
        "policyTypes": ["Ingress"],
    }
    assert spec(source)["policyTypes"] == ["Egress"]
    assert "namespaceSelector" in spec(source)["egress"][0]["to"][0]


def test_a_flow_within_a_namespace_names_no_namespace():
    """A peer of the policy's own namespace is selected by its labels alone."""
    cache, _ = flow_policies("shop/web > shop/cache : 6379")
    assert spec(cache)["ingress"][0]["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}]


def test_a_range_has_no_policy_of_its_own():
    """A range at either end of a flow is an ipBlock of the other end."""
    (web,) = flow_policies("10.0.0.0/8 > shop/web : 80\nshop/web > 192.0.2.0/28 : 443")
    assert spec(web)["ingress"][0]["from"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    assert spec(web)["egress"][0]["to"] == [{"ipBlock": {"cidr": "192.0.2.0/28"}}]
    assert spec(web)["policyTypes"] == ["Ingress", "Egress"]


def test_isolation_and_dns():
    """The default deny selects everything both ways; DNS goes to the cluster's resolver over both protocols."""
    assert spec(deny_all("shop")) == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (rule,) = spec(allow_dns("shop"))["egress"]
    assert {entry["protocol"] for entry in rule["ports"]} == {"UDP", "TCP"}
    assert {entry["port"] for entry in rule["ports"]} == {53}


def test_what_the_server_does_not_know_is_absent():
    """A resource that the API server does not serve is absent; one that it serves is whole, also when it is empty."""
    found = collection({"pods": 3}, frozenset({"networkloggings.networking.gke.io"}))
    assert (found["pods"].status, found["pods"].count) == (Collected.COMPLETE, 3)
    assert found["networkloggings.networking.gke.io"].status is Collected.COMPLETE
    assert found["policyendpoints.networking.k8s.aws"].status is Collected.ABSENT


def test_an_object_that_no_server_could_give_is_refused():
    """An object of a resource that the cluster does not serve is a mistake in the drawing."""
    with pytest.raises(ValueError, match=r"^policyendpoints\.networking\.k8s\.aws: drawn, but not"):
        collection({"policyendpoints.networking.k8s.aws": 1}, frozenset())


def test_links_are_seen_from_both_ends():
    """A link that joins two clusters stands in the record of each, with the far end's ranges."""
    near, far = (msgspec.json.decode(vpc(name)) for name in ("pay-prod-euw1", "ledger-prod-ew1"))
    assert {"to": "ledger-prod-ew1", "kind": "vpn", "cidrs": far["cidrs"]} in near["peerings"]
    assert {"to": "pay-prod-euw1", "kind": "vpn", "cidrs": near["cidrs"]} in far["peerings"]
