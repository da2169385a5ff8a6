"""Paths from the internet to sensitive workloads: how far, how sure, through what."""

from __future__ import annotations

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.model import ApiObject, ContainerPort, Service, ServicePort
from tests.factories import pod, policy, raw
from tests.scanner.controls.clusters import cilium, item, judged
from tests.scanner.controls.listed import whole

SENSITIVE = Match(workload="db")
DB = "shop/db[StatefulSet]"


def tier(name: str, address: str, **fields):
    """A workload of one pod that serves port 8080."""
    return pod(
        f"{name}-0",
        labels={"app": name},
        owner=("StatefulSet", name),
        ports=[ContainerPort(port=8080)],
        node="n1",
        ips=(address,),
        **fields,
    )


def balancer(app: str, **fields) -> Service:
    """A public balancer in front of one workload; policy sees the client's address."""
    ports = (ServicePort(port=80, target=8080),)
    shape = {"type": "LoadBalancer", "balancer_addresses": ("192.0.2.7",), "external_traffic_policy": "Local"}
    return Service(namespace="shop", name=f"{app}-lb", selector={"app": app}, ports=ports, **(shape | fields))


def only_from(app: str, source: str):
    """A policy that lets one workload in at another, and nobody else."""
    rule = {"from": [{"podSelector": {"matchLabels": {"app": source}}}]}
    spec = {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Ingress"], "ingress": [rule]}
    return policy(spec, name=f"{app}-from-{source}")


def cluster(*pods, **fields):
    """A Cilium cluster of which nothing is missing."""
    return whole(cilium(*pods, **fields))


CHAIN = cluster(
    tier("web", "10.0.0.1"),
    tier("api", "10.0.0.2"),
    tier("db", "10.0.0.3"),
    services=[balancer("web")],
    policies=[only_from("api", "web"), only_from("db", "api")],
)


@pytest.mark.parametrize(("hops", "status"), [(1, "pass"), (2, "pass"), (3, "fail"), (4, "fail")])
def test_a_path_counts_up_to_its_length(hops, status):
    """The way from the internet over web and api to db has three hops."""
    config = BaselineConfig(sensitive=(SENSITIVE,), sensitive_hops=hops)
    assert str(judged("NB-EXP-06", CHAIN, config).status) == status


def test_a_path_of_one_hop_more_is_reported_and_each_hop_names_its_rule():
    """With two hops the path of three is told, with the rules that permit it."""
    config = BaselineConfig(sensitive=(SENSITIVE,), sensitive_hops=2)
    (line,) = [text for text in item(judged("NB-EXP-06", CHAIN, config), DB).evidence if "farther" in text]
    assert "internet -> LoadBalancer shop/web-lb TCP 80 -> shop/web[StatefulSet]" in line
    assert "shop/web[StatefulSet] -> shop/api[StatefulSet] TCP" in line
    assert "NetworkPolicy shop/db-from-api ingress[0]" in line


def test_more_hops_never_turn_a_failure_into_a_pass():
    """A longer look finds the short paths too."""
    direct = cluster(tier("db", "10.0.0.3"), services=[balancer("db")])
    for hops in range(1, 6):
        config = BaselineConfig(sensitive=(SENSITIVE,), sensitive_hops=hops)
        assert str(judged("NB-EXP-06", direct, config).status) == "fail"


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        pytest.param(balancer("db"), "fail", id="public"),
        pytest.param(balancer("db", balancer_addresses=("10.0.0.9",)), "pass", id="internal"),
        pytest.param(balancer("db", source_ranges=("198.51.100.0/28",)), "pass", id="for-a-partner"),
        pytest.param(balancer("db", source_ranges=("0.0.0.0/1", "128.0.0.0/1")), "fail", id="for-everybody-in-halves"),
        pytest.param(balancer("db", type="ClusterIP"), "pass", id="inside"),
    ],
)
def test_straight_ways(service, expected):
    """Only what the internet at large can use is a way of the internet."""
    config = BaselineConfig(sensitive=(SENSITIVE,))
    assert str(judged("NB-EXP-06", cluster(tier("db", "10.0.0.3"), services=[service]), config).status) == expected


def test_a_mesh_may_close_the_last_hop():
    """Policy lets it in and the mesh's authorisation may refuse it: the path is possible, not sure."""
    guard = ApiObject(
        api_version="security.istio.io/v1", kind="AuthorizationPolicy", namespace="shop", name="deny", spec=raw({})
    )
    meshed = msgspec.structs.replace(tier("db", "10.0.0.3"), proxies=("istio-proxy",))
    given = cluster(meshed, services=[balancer("db")], settings=[guard])
    found = judged("NB-EXP-06", given, BaselineConfig(sensitive=(SENSITIVE,)))
    assert (str(found.status), found.reason) == ("unknown", "possible-path")
    assert "AuthorizationPolicy shop/deny" in " ".join(found.items[0].evidence)


def test_pods_that_policy_cannot_tell_apart_still_reach_each_other():
    """Without any policy web and db are one class, and the way through web is found all the same."""
    given = cluster(tier("web", "10.0.0.1"), tier("db", "10.0.0.3"), services=[balancer("web")])
    config = BaselineConfig(sensitive=(SENSITIVE,), sensitive_hops=2)
    found = judged("NB-EXP-06", given, config)
    assert found.reason == "path-from-internet"
    assert "no policy isolating it" in " ".join(found.items[0].evidence)


def test_what_closes_a_path_is_a_manifest_for_this_namespace():
    """Names are quoted, so a crafted one stays a value."""
    config = BaselineConfig(sensitive=(Match(namespace="shop", workload="db"),))
    given = cluster(tier("db", "10.0.0.3"), services=[balancer("db")])
    fix = judged("NB-EXP-06", given, config).items[0].remediation
    assert 'namespace: "shop"' in fix
    assert '"app": "db"' in fix


def test_a_path_for_pictures_has_a_hop_for_everything_on_the_way():
    """The balancer, then each workload with the ports of its hop and the rule that lets it in."""
    config = BaselineConfig(sensitive=(SENSITIVE,), sensitive_hops=3)
    found = judged("NB-EXP-06", CHAIN, config)
    (path,) = found.paths
    assert (path.kind, path.subject, path.source, path.destination) == ("from-internet", DB, "internet", DB)
    assert (path.certain, path.doubts, found.more_paths) == (True, (), 0)
    assert [(hop.kind, hop.name) for hop in path.hops] == [
        ("LoadBalancer", "shop/web-lb"),
        ("workload", "shop/web[StatefulSet]"),
        ("workload", "shop/api[StatefulSet]"),
        ("workload", DB),
    ]
    assert (path.hops[0].ports, path.hops[1].ports) == ({"TCP": ((80, 80),)}, {"TCP": ((8080, 8080),)})
    assert "NetworkPolicy shop/db-from-api ingress[0]" in path.hops[-1].by


def test_a_path_that_may_be_closed_says_where():
    """What a mesh may refuse is a doubt of the last hop; what has no path has none to draw."""
    guard = ApiObject(
        api_version="security.istio.io/v1", kind="AuthorizationPolicy", namespace="shop", name="deny", spec=raw({})
    )
    meshed = msgspec.structs.replace(tier("db", "10.0.0.3"), proxies=("istio-proxy",))
    given = cluster(meshed, services=[balancer("db")], settings=[guard])
    (path,) = judged("NB-EXP-06", given, BaselineConfig(sensitive=(SENSITIVE,))).paths
    assert not path.certain
    assert "AuthorizationPolicy shop/deny" in path.hops[-1].doubt
    assert judged("NB-EXP-06", CHAIN, BaselineConfig(sensitive=(SENSITIVE,))).paths == ()
