"""The reference evaluator on its own: one small cluster for each thing the wording of the APIs says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reference.kubernetes import may
from tests.reference.wire import Cluster, Wire

UPSTREAM = "policy.networking.k8s.io/v1alpha2"
AWS = "networking.k8s.aws/v1alpha1"
ANYONE = {"namespaces": {}}
ALL_NETWORKS = {"networks": ["0.0.0.0/0", "::/0"]}


def pod(name: str, *addresses: str, ports: tuple[Wire, ...] = (), phase: str = "Running", host: bool = False) -> Wire:
    """A pod of namespace "a", labelled with its name."""
    return {
        "metadata": {"name": name, "namespace": "a", "labels": {"app": name}},
        "spec": {"containers": [{"ports": list(ports)}], "hostNetwork": host},
        "status": {"phase": phase, "podIPs": [{"ip": address} for address in addresses]},
    }


WEB = pod("web", "10.0.0.1")
SQL = {"containerPort": 5432, "name": "sql"}
DNS = {"containerPort": 53, "name": "dns", "protocol": "UDP"}
DB = pod("db", "10.0.0.2", ports=(SQL, DNS))


def policy(kind: str, spec: Wire, version: str = UPSTREAM) -> Wire:
    """A policy; the namespaced kinds stand in namespace "a"."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "p", "namespace": "a"}, "spec": spec}


def network_policy(**spec: Any) -> Wire:
    """A NetworkPolicy for every pod of "a"."""
    return policy("NetworkPolicy", {"podSelector": {}} | spec, "networking.k8s.io/v1")


def to(
    action: str, peer: Wire, *, priority: int = 10, tier: str = "Admin", version: str = UPSTREAM, **rule: Any
) -> Wire:
    """A ClusterNetworkPolicy for every pod, of one egress rule."""
    rules = [{"action": action, "to": [peer]} | rule]
    spec = {"tier": tier, "priority": priority, "subject": ANYONE, "egress": rules}
    return policy("ClusterNetworkPolicy", spec, version)


def ask(*policies: Wire, src: Wire | str = WEB, dst: Wire | str = DB, protocol: str = "TCP", port: int = 5432) -> Any:
    """The evaluator's answer for a cluster of two pods and these policies."""
    pods = tuple(end for end in (src, dst) if isinstance(end, dict))
    return may(Cluster((), pods, policies), src, dst, protocol, port)


DENY_EGRESS = network_policy(policyTypes=["Egress"])
ALLOW_DB = network_policy(policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}])

CASES = {
    # NetworkPolicy
    "nothing isolates: allowed": (True, []),
    "no types and no rules: ingress is isolated": (False, [network_policy()]),
    "no types, no egress rules: egress is not": (True, [network_policy(ingress=[{}])]),
    "no types, egress rules: both are": (False, [network_policy(egress=[{}])]),
    "rules add up": (True, [DENY_EGRESS, ALLOW_DB]),
    "a block matches no pod": (
        False,
        [network_policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])],
    ),
    "an entry without a port is its whole protocol": (
        True,
        [network_policy(policyTypes=["Egress"], egress=[{"ports": [{}]}])],
    ),
    "a named port is the destination's": (True, [network_policy(ingress=[{"ports": [{"port": "sql"}]}])]),
    "a named port of another protocol is none": (False, [network_policy(ingress=[{"ports": [{"port": "dns"}]}])]),
    # tiers
    "Deny goes before what is allowed below": (False, [to("Deny", ANYONE), ALLOW_DB]),
    "Accept goes before what is denied below": (True, [to("Accept", ANYONE), DENY_EGRESS]),
    "the lower number goes first": (True, [to("Deny", ANYONE, priority=20), to("Accept", ANYONE, priority=10)]),
    "Pass skips the rest of its tier": (True, [to("Pass", ANYONE, priority=1), to("Deny", ANYONE, priority=2)]),
    "Pass leaves it to NetworkPolicy": (False, [to("Pass", ANYONE), DENY_EGRESS]),
    "Pass leaves it to Baseline": (False, [to("Pass", ANYONE), to("Deny", ANYONE, tier="Baseline")]),
    "NetworkPolicy hides Baseline": (True, [ALLOW_DB, to("Deny", ANYONE, tier="Baseline")]),
    "but only in the direction it isolates": (
        False,
        [network_policy(policyTypes=["Ingress"], ingress=[{}]), to("Deny", ANYONE, tier="Baseline")],
    ),
    "no decision anywhere: allowed": (True, [to("Deny", {"networks": ["192.168.0.0/16"]})]),
    # one priority
    "equals that disagree are undefined": (None, [to("Deny", ANYONE), to("Accept", ANYONE)]),
    "equals that agree are not": (False, [to("Deny", ANYONE), to("Deny", ANYONE)]),
    "nor those of which one does not match": (False, [to("Deny", ANYONE), to("Accept", {"networks": ["9.0.0.0/8"]})]),
    "nor those that end alike": (True, [to("Pass", ANYONE), to("Accept", ANYONE), ALLOW_DB]),
    "nor those behind a decision": (
        True,
        [to("Accept", ANYONE, priority=1), to("Deny", ANYONE), to("Accept", ANYONE)],
    ),
    "AWS: Deny before Accept": (False, [to("Accept", ANYONE, version=AWS), to("Deny", ANYONE, version=AWS)]),
    "AWS: Accept before Pass": (
        True,
        [to("Pass", ANYONE, version=AWS), to("Accept", ANYONE, version=AWS), DENY_EGRESS],
    ),
    # peers and ports of the cluster-scoped kinds
    "networks match pods by address": (False, [to("Deny", {"networks": ["10.0.0.0/24"]})]),
    "a peer of no known kind: Deny all": (False, [to("Pass", {})]),
    "a peer of no known kind: Accept nothing": (False, [to("Accept", {}), DENY_EGRESS]),
    "protocols: a number": (False, [to("Deny", ANYONE, protocols=[{"tcp": {"destinationPort": {"number": 5432}}}])]),
    "protocols: a range": (
        False,
        [to("Deny", ANYONE, protocols=[{"tcp": {"destinationPort": {"range": {"start": 5000, "end": 6000}}}}])],
    ),
    "protocols: another protocol": (True, [to("Deny", ANYONE, protocols=[{"udp": {"destinationPort": {"number": 5432}}}])]),
    "protocols: a name": (False, [to("Deny", ANYONE, protocols=[{"destinationNamedPort": "sql"}])]),
    "ports: TCP by default": (False, [to("Deny", ANYONE, version=AWS, ports=[{"portNumber": {"port": 5432}}])]),
    "ports: a range": (True, [to("Deny", ANYONE, version=AWS, ports=[{"portRange": {"start": 1, "end": 9}}])]),
}  # fmt: skip


@pytest.mark.parametrize(("expected", "policies"), CASES.values(), ids=CASES)
def test_wording(expected, policies):
    """What a web pod may do to a database pod on TCP 5432."""
    assert ask(*policies) is expected


@pytest.mark.parametrize(
    ("expected", "name"),
    [(True, "www.example.com"), (True, "a.b.example.com"), (False, "example.com"), (False, "example.org")],
)
def test_a_wildcard_means_names_below_it(expected, name):
    """A leading "*." stands for one or more labels, so the bare domain is not meant."""
    accept = to("Accept", {"domainNames": ["*.example.com"]}, priority=1)
    assert ask(accept, to("Deny", ALL_NETWORKS, priority=2), dst=name) is expected


def test_where_a_name_leads_is_not_known():
    """A block that holds part of all addresses may or may not hold a name's."""
    assert ask(to("Deny", {"networks": ["10.0.0.0/8"]}), dst="example.com") is None
    assert ask(network_policy(egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]), dst="example.com") is None
    assert ask(network_policy(ingress=[{"from": [{"ipBlock": {"cidr": "::/0"}}]}]), src="example.com") is None
    assert ask(network_policy(), src="example.com") is False


def test_a_pod_without_an_address_may_lie_in_any_network():
    """Networks decide nothing on a pod whose address is not known, unless they are all there are."""
    waiting = pod("db")
    assert ask(to("Deny", {"networks": ["10.0.0.0/8"]}), dst=waiting) is None
    assert ask(to("Deny", ALL_NETWORKS), dst=waiting) is False
    halves = [to("Deny", {"networks": [each]}) for each in ("0.0.0.0/1", "128.0.0.0/1", "::/0")]
    assert ask(*halves, dst=waiting) is False


def test_a_pod_of_two_families_is_reached_by_either():
    """Denied over one family, a pod is still reached over the other."""
    both = pod("db", "10.0.0.2", "fd00::2")
    assert ask(to("Deny", {"networks": ["0.0.0.0/0"]}), dst=both) is True
    assert ask(to("Deny", {"networks": ["0.0.0.0/0"]}), to("Deny", {"networks": ["fd00::/8"]}), dst=both) is False
    assert ask(to("Accept", {"networks": ["fd00::/8"]}), DENY_EGRESS, dst=both) is True


def test_the_order_of_rules_counts_upstream_and_not_at_aws():
    """The first rule that matches decides, where rules have an order."""
    rules = [{"action": "Accept", "to": [ANYONE]}, {"action": "Deny", "to": [ANYONE]}]
    spec = {"tier": "Admin", "priority": 1, "subject": ANYONE, "egress": rules}
    assert ask(policy("ClusterNetworkPolicy", spec)) is True
    assert ask(policy("ClusterNetworkPolicy", spec, AWS)) is False


def test_a_named_port_has_the_protocol_of_the_container_port_but_at_aws_tcp():
    """Upstream a name finds a UDP port; the AWS controller looks names up as TCP."""
    udp = {"dst": DB, "protocol": "UDP", "port": 53}
    assert ask(to("Deny", ANYONE, protocols=[{"destinationNamedPort": "dns"}]), **udp) is False
    assert ask(to("Deny", ANYONE, version=AWS, ports=[{"namedPort": "dns"}]), **udp) is True


def test_admin_and_baseline_policies_of_the_first_version():
    """AdminNetworkPolicy is the Admin tier and BaselineAdminNetworkPolicy the Baseline tier; they say Allow."""
    deny = {"subject": ANYONE, "egress": [{"action": "Deny", "to": [ANYONE]}]}
    allow = {"subject": ANYONE, "priority": 5, "egress": [{"action": "Allow", "to": [ANYONE]}]}
    baseline = policy("BaselineAdminNetworkPolicy", deny)
    assert ask(baseline) is False
    assert ask(baseline, ALLOW_DB) is True
    assert ask(baseline, policy("AdminNetworkPolicy", allow), DENY_EGRESS) is True


def test_an_fqdn_policy_isolates_egress_and_allows_names():
    """FQDNNetworkPolicy: what a selected pod may reach is the names in it, beside what NetworkPolicies allow."""
    rule = {
        "matches": [{"name": "example.com"}, {"pattern": "*.example.org"}],
        "ports": [{"protocol": "TCP", "port": 443}],
    }
    fqdn = policy("FQDNNetworkPolicy", {"podSelector": {}, "egress": [rule]})
    assert ask(fqdn) is False
    assert ask(fqdn, ALLOW_DB) is True
    assert ask(fqdn, dst="example.com", port=443) is True
    assert ask(fqdn, dst="www.example.org", port=443) is True
    assert ask(fqdn, dst="example.com", port=80) is False
    assert ask(fqdn, dst="1.2.3.4", port=443) is False


def test_an_application_policy_isolates_what_it_has_rules_for():
    """ApplicationNetworkPolicy without types: by the rules there are, and together with NetworkPolicies."""
    egress = policy(
        "ApplicationNetworkPolicy", {"podSelector": {}, "egress": [{"to": [{"domainNames": ["example.com"]}]}]}
    )
    assert ask(egress) is False
    assert ask(egress, ALLOW_DB) is True
    assert ask(egress, dst="example.com") is True
    assert ask(egress, dst="www.example.com") is False


def test_an_application_policys_blocks_hold_pods():
    """Both ways, and as for any address only outside their exceptions."""
    block = {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}
    everyone: Wire = {"podSelector": {}}
    egress = {"policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": block}]}]}
    ingress = {"policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": block}]}]}
    out, into = (policy("ApplicationNetworkPolicy", everyone | each) for each in (egress, ingress))
    assert ask(out, into) is True
    assert ask(out, dst=pod("db", "10.1.0.1")) is False
    assert ask(into, src=pod("web", "10.1.0.1")) is False
    assert ask(into, src=pod("web")) is None
    assert ask(into, src=pod("web", "10.1.0.1", "10.2.0.1")) is True


def test_pods_on_the_host_network_are_no_pods_to_any_policy():
    """They are neither isolated nor selected, though their address lies in networks like any other."""
    host = pod("db", "10.0.0.2", host=True)
    assert ask(network_policy(), dst=host, src="1.2.3.4") is True
    assert ask(to("Deny", ANYONE), dst=host) is True
    assert ask(ALLOW_DB, dst=host) is False
    assert ask(to("Deny", {"networks": ["10.0.0.0/8"]}), dst=host) is False
    assert ask(to("Deny", ALL_NETWORKS), src=host, dst=WEB) is True


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_has_no_network(phase):
    """Nobody reaches it and it reaches nobody."""
    done = pod("db", "10.0.0.2", phase=phase)
    assert ask(dst=done) is False
    assert ask(src=done, dst="1.2.3.4") is False
