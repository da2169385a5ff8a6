"""What a data plane makes of declared policy: nothing, the same, or something that cannot be told."""

from __future__ import annotations

import pytest

from scanner.dataplane.model import Answer, Coverage, Enforcing
from scanner.model import ApiObject, ContainerPort, Service, ServicePort
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.model import Direction
from tests.factories import namespace, pod, policy, raw, snapshot
from tests.scanner.reach.planes import capabilities, fact, plane

V4, V6 = "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
DENIED = policy(name="deny")
PODS = (pod("web-1", node="n1"), pod("db-1", node="n2"))
WEB, DB = "shop/web[Deployment]", "shop/db[Deployment]"


def reach_of(cluster, dataplane=None, **options):
    """The reach of a cluster."""
    return build(cluster, resolve(cluster), dataplane, **options)


def pairs(connections):
    """Source and destination of every line."""
    return {(each.src, each.dst) for each in connections}


def allow(word, *peers, name="allow", ports=None, app=None):
    """A policy that adds one rule for some pods; `word` is from or to."""
    direction = "ingress" if word == "from" else "egress"
    rule = {word: list(peers)} | ({"ports": ports} if ports else {})
    return policy(
        {
            "podSelector": {"matchLabels": {"app": app}} if app else {},
            "policyTypes": [direction.capitalize()],
            direction: [rule],
        },
        name=name,
    )


def test_an_enforcing_plane_does_what_is_declared():
    """With everything honoured and covered, effective equals declared and nothing is unknown."""
    cluster = snapshot(
        pods=PODS, policies=[DENIED, allow("from", {"podSelector": {}}), allow("to", {"podSelector": {}}, name="out")]
    )
    declared, effective = reach_of(cluster), reach_of(cluster, plane())
    assert list(effective.connections()) == list(declared.connections())
    assert pairs(effective.connections()) == {(WEB, DB), (DB, WEB)}
    assert list(effective.unknown()) == []
    assert (declared.level, effective.level) == ("declared", "effective")


@pytest.mark.parametrize(
    "dataplane",
    [
        plane(enforcing=Enforcing.NO, reason="off", capabilities=None),
        plane(mode="audit"),
        plane(mode="never"),
        plane(default=Coverage(Answer.NO, "fargate")),
    ],
    ids=["off", "audit", "never", "not-covered"],
)
def test_a_plane_that_stops_nothing_leaves_everything_open(dataplane):
    """Policies without an enforcer isolate nobody: all pairs open, nothing unknown, and a reason on each class."""
    cluster = snapshot(pods=PODS, policies=[DENIED])
    assert pairs(reach_of(cluster).connections()) == set()
    reach = reach_of(cluster, dataplane)
    peers = [WEB, DB, V4, V6]
    expected = {(src, dst) for src in peers for dst in peers if src != dst and {src, dst} & {WEB, DB}}
    assert pairs(reach.connections()) == expected
    assert list(reach.unknown()) == []
    isolation = reach.isolation(reach.classes[0], Direction.INGRESS)
    assert (isolation.answer, isolation.policies) == (Answer.NO, ())
    assert reach.classes[0].covered is Answer.NO


def test_a_plane_that_reads_only_its_own_kinds_leaves_network_policy_without_effect():
    """In crd-only mode a NetworkPolicy isolates nobody, and a notice says so."""
    reach = reach_of(snapshot(pods=PODS, policies=[DENIED]), plane(mode="crd-only"))
    assert {(WEB, DB), (DB, WEB), (V4, WEB)} <= pairs(reach.connections())
    assert list(reach.unknown()) == []
    assert reach.isolation(reach.classes[0], Direction.INGRESS).answer is Answer.NO
    assert any("crd-only" in notice.message for notice in reach.notices)


def test_a_plane_whose_pods_start_open_says_so():
    """No question about a connection shows it, so it stands among the warnings; where pods start closed nothing is said."""
    cluster = snapshot(namespaces=[namespace("shop")], pods=PODS, policies=[DENIED])
    for answer, expected in (("no", ["data plane test"]), ("yes", [])):
        reach = reach_of(cluster, plane(capabilities=capabilities(closed_at_start=fact(answer))))
        assert [each.object for each in reach.notices if "open until" in each.message] == expected


def test_one_uncovered_node_opens_only_its_own_pods():
    """A pod on an uncovered node is open both ways; the covered one still refuses what its policies refuse."""
    cluster = snapshot(pods=PODS, policies=[DENIED])
    reach = reach_of(cluster, plane(nodes={"n1": Coverage(Answer.NO, "windows")}))
    assert pairs(reach.connections()) == {(V4, WEB), (V6, WEB), (WEB, V4), (WEB, V6)}
    assert {item.coverage_reason for item in reach.classes if not item.hypothetical} == {"windows", "covered"}


def test_unknown_coverage_makes_denials_unknown_and_keeps_what_is_allowed_anyway():
    """Doubt is between what policy allows and everything: allowed stays allowed, denied becomes unknown with its reason."""
    cluster = snapshot(
        pods=PODS,
        policies=[allow("from", {"podSelector": {"matchLabels": {"app": "web"}}}, ports=[{"port": 80}], app="db")],
    )
    reach = reach_of(cluster, plane(nodes={"n2": Coverage(Answer.UNKNOWN, "undetermined")}))
    sure = {(each.src, each.dst): each.ports for each in reach.connections()}
    assert sure[WEB, DB] == {"TCP": ((80, 80),)}
    unsure = {(each.src, each.dst): each for each in reach.unknown()}
    assert unsure[WEB, DB].ports == {"TCP": ((1, 79), (81, 65535)), "UDP": ((1, 65535),), "SCTP": ((1, 65535),)}
    assert "undetermined" in unsure[WEB, DB].reason
    assert set(unsure) == {(WEB, DB), (V4, DB), (V6, DB)}
    found = next(item for item in reach.classes if item.workloads == (DB,))
    assert reach.isolation(found, Direction.INGRESS).answer is Answer.UNKNOWN
    assert reach.isolation(found, Direction.EGRESS).answer is Answer.NO
    assert reach.admits(found, Direction.INGRESS, "8.8.8.8", "TCP", 443) is Answer.UNKNOWN


def test_an_unknown_engine_leaves_unisolated_pods_open():
    """Where no policy selects a pod it is open whether or not something enforces."""
    cluster = snapshot(pods=PODS)
    reach = reach_of(cluster, plane(enforcing=Enforcing.UNKNOWN, reason="unread", capabilities=None))
    assert (WEB, DB) in pairs(reach.connections())
    assert list(reach.unknown()) == []


ANY_BLOCK = allow("to", {"ipBlock": {"cidr": "10.0.0.0/8"}}, name="out", app="web")
ADDRESSED = (pod("web-1"), pod("db-1", ips=("10.1.1.1",)), pod("far-1", ips=("172.16.0.1",)))


@pytest.mark.parametrize(
    ("answer", "confidence", "sure", "unsure"),
    [
        ("no", "S", set(), set()),
        ("yes", "S", {DB}, set()),
        ("unknown", "S", set(), {DB}),
        ("no", "I", set(), {DB}),
        ("yes", "M", set(), {DB}),
    ],
)
def test_whether_an_ipblock_matches_pods_is_the_planes_answer(answer, confidence, sure, unsure):
    """Yes by a firm fact opens pods in the block; a remembered or inferred fact decides nothing."""
    cluster = snapshot(pods=ADDRESSED, policies=[ANY_BLOCK])
    reach = reach_of(cluster, plane(capabilities=capabilities(ipblock_matches_pods=fact(answer, confidence))))
    workloads = {DB, "shop/far[Deployment]"}
    assert {dst for src, dst in pairs(reach.connections()) if src == WEB} & workloads == sure
    assert {dst for src, dst in pairs(reach.unknown()) if src == WEB} & workloads == unsure


def test_a_pod_without_an_address_may_be_in_any_block():
    """An ipBlock that matches pods leaves a pod of unknown address unknown, as declared when asked for and in effect."""
    cluster = snapshot(pods=PODS, policies=[ANY_BLOCK])
    for reach in (
        reach_of(cluster, ipblock_matches_pods=True),
        reach_of(cluster, plane(capabilities=capabilities(ipblock_matches_pods=fact("yes")))),
    ):
        assert (WEB, DB) not in pairs(reach.connections())
        assert (WEB, DB) in pairs(reach.unknown())


def test_the_declared_level_matches_pods_by_ipblock_only_when_asked():
    """By the specification that is the implementation's choice: off by default, on with the option."""
    cluster = snapshot(pods=ADDRESSED, policies=[ANY_BLOCK])
    assert (WEB, DB) not in pairs(reach_of(cluster).connections())
    asked = reach_of(cluster, ipblock_matches_pods=True)
    assert (WEB, DB) in pairs(asked.connections())
    assert (WEB, "shop/far[Deployment]") not in pairs(asked.connections()) | pairs(asked.unknown())


def test_asking_for_pods_by_all_of_ipv4_matches_pods_of_unknown_address():
    """0.0.0.0/0 holds whatever IPv4 address a template's pods will get."""
    cluster = snapshot(pods=PODS, policies=[allow("to", {"ipBlock": {"cidr": "0.0.0.0/0"}}, app="web")])
    assert (WEB, DB) in pairs(reach_of(cluster, ipblock_matches_pods=True).connections())


EXCEPTING = allow("to", {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, name="internet", app="web")
INSIDE = allow("to", {"ipBlock": {"cidr": "10.1.0.0/16"}}, name="inside", ports=[{"port": 443}], app="web")


def test_an_except_that_may_leak_makes_another_rules_addresses_unknown():
    """Where it is not known how except combines, a range that one rule excepts and another allows is unknown."""
    cluster = snapshot(pods=(pod("web-1"),), policies=[EXCEPTING, INSIDE])
    declared = reach_of(cluster)
    assert (WEB, "10.1.0.0-10.1.255.255") in pairs(declared.connections())
    reach = reach_of(cluster, plane(capabilities=capabilities(except_honoured=fact("unknown"))))
    assert (WEB, "10.1.0.0-10.1.255.255") not in pairs(reach.connections())
    (unsure,) = [each for each in reach.unknown() if each.src == WEB]
    assert (unsure.dst, unsure.ports) == ("10.1.0.0-10.1.255.255", {"TCP": ((443, 443),)})
    assert "except" in unsure.reason
    (why,) = reach.explain("shop/web", "10.1.2.3", "TCP", 443)
    assert why.allowed is Answer.UNKNOWN
    assert [rule.object for rule in why.halves[0].by] == ["NetworkPolicy shop/inside"]


def test_an_except_that_no_other_rule_allows_stays_closed():
    """Doubt about how except combines does not open what nothing else allows."""
    cluster = snapshot(pods=(pod("web-1"),), policies=[EXCEPTING])
    reach = reach_of(cluster, plane(capabilities=capabilities(except_honoured=fact("unknown"))))
    web = reach.classes[0]
    assert reach.admits(web, Direction.EGRESS, "10.1.2.3", "TCP", 443) is Answer.NO
    assert reach.admits(web, Direction.EGRESS, "8.8.8.8", "TCP", 443) is Answer.YES
    assert list(reach.unknown()) == []


def test_a_plane_that_ignores_except_opens_the_excepted_range():
    """A firm no means that the block is read without its excepts."""
    cluster = snapshot(pods=(pod("web-1"),), policies=[EXCEPTING])
    reach = reach_of(cluster, plane(capabilities=capabilities(except_honoured=fact("no"))))
    assert reach.admits(reach.classes[0], Direction.EGRESS, "10.1.2.3", "TCP", 443) is Answer.YES
    remembered = reach_of(cluster, plane(capabilities=capabilities(except_honoured=fact("no", "M"))))
    assert remembered.admits(remembered.classes[0], Direction.EGRESS, "10.1.2.3", "TCP", 443) is Answer.UNKNOWN


def test_a_port_feature_that_is_not_honoured_makes_the_rule_unknown():
    """A range on a plane known to ignore endPort opens nothing for certain."""
    cluster = snapshot(
        pods=PODS,
        policies=[allow("from", {"podSelector": {}}, ports=[{"port": 80, "endPort": 90}, {"port": 443}], app="db")],
    )
    reach = reach_of(cluster, plane(capabilities=capabilities(end_port=fact("no"))))
    assert {each.dst: each.ports for each in reach.connections() if each.src == WEB}[DB] == {"TCP": ((443, 443),)}
    (unsure,) = reach.unknown()
    assert (unsure.src, unsure.dst, unsure.ports) == (WEB, DB, {"TCP": ((80, 90),)})


HOST = pod("agent-1", host_network=True, ips=("192.168.0.4",), node="n1")


def test_host_network_pods_are_outside_the_declared_contract():
    """No policy isolates them and no selector matches them; rules for everyone do; a warning says so once."""
    cluster = snapshot(
        pods=(*PODS, HOST),
        policies=[DENIED, allow("from", {"podSelector": {}}, app="db"), allow("to", {"podSelector": {}}, name="o")],
    )
    reach = reach_of(cluster)
    agent = "shop/agent[Deployment]"
    assert {
        (src, dst) for src, dst in pairs(reach.connections()) if agent in {src, dst} and not {src, dst} & {V4, V6}
    } == set()
    assert (V4, agent) in pairs(reach.connections())
    assert (agent, V4) in pairs(reach.connections())
    assert [notice.object for notice in reach.notices] == ["cluster"]
    open_to_all = snapshot(pods=(*PODS, HOST), policies=[policy({"ingress": [{}]})])
    assert (agent, DB) in pairs(reach_of(open_to_all).connections())


def test_what_rules_say_of_host_network_peers_is_unknown_in_effect():
    """A rule that selects a host-network pod opens its node's address on some planes and nothing on others."""
    cluster = snapshot(
        pods=(*PODS, HOST), policies=[allow("from", {"podSelector": {"matchLabels": {"app": "agent"}}}, app="db")]
    )
    reach = reach_of(cluster, plane())
    agent = "shop/agent[Deployment]"
    assert (agent, DB) in pairs(reach.unknown())
    assert (agent, DB) not in pairs(reach.connections())
    assert (agent, WEB) in pairs(reach.connections())
    assert (WEB, agent) in pairs(reach.connections())


ANTREA = ApiObject(api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({}))
CLUSTERWIDE = ApiObject(api_version="crd.antrea.io/v1beta1", kind="ClusterNetworkPolicy", name="x", spec=raw({}))


READS_ANTREA = {"name": "antrea"}


@pytest.mark.parametrize("dataplane", [None, plane(**READS_ANTREA)], ids=["declared", "effective"])
def test_an_unmodelled_policy_makes_its_namespace_unknown(dataplane):
    """Policies that cannot be judged leave every pod they may select undecided, and other namespaces as they are."""
    cluster = snapshot(pods=(*PODS, pod("a-1", ns="other"), pod("b-1", ns="other")), policies=[ANTREA])
    reach = reach_of(cluster, dataplane)
    a, b = "other/a[Deployment]", "other/b[Deployment]"
    assert {(a, b), (b, a)} <= pairs(reach.connections())
    assert not {pair for pair in pairs(reach.connections()) if {WEB, DB} & set(pair)}
    assert {(WEB, DB), (a, DB), (DB, a), (V4, WEB)} <= pairs(reach.unknown())
    assert all("NetworkPolicy.crd.antrea.io shop/x" in each.reason for each in reach.unknown())
    web = next(item for item in reach.classes if item.namespace == "shop")
    assert reach.isolation(web, Direction.INGRESS).answer is Answer.UNKNOWN


def test_a_cluster_scoped_unmodelled_policy_touches_everything_that_is_policed():
    """Cluster-wide kinds leave nothing certain, unless nothing enforces anything or the engine does not read them."""
    cluster = snapshot(pods=PODS, policies=[CLUSTERWIDE])
    assert list(reach_of(cluster, plane(**READS_ANTREA)).connections()) == []
    assert (WEB, DB) in pairs(reach_of(cluster, plane(name="calico")).connections())
    off = reach_of(cluster, plane(enforcing=Enforcing.NO, reason="off", capabilities=None))
    assert (WEB, DB) in pairs(off.connections())
    assert list(off.unknown()) == []
    assert list(reach_of(cluster, plane(mode="crd-only", **READS_ANTREA)).connections()) == []


def test_policies_that_could_not_be_listed_leave_nothing_certain():
    """A forbidden list of policies is no empty list."""
    cluster = snapshot(pods=PODS, unlisted=["networkpolicies.networking.k8s.io"])
    reach = reach_of(cluster)
    assert list(reach.connections()) == []
    assert (WEB, DB) in pairs(reach.unknown())
    assert all("networkpolicies.networking.k8s.io" in each.reason for each in reach.unknown())


def test_an_unlisted_namespace_may_have_any_label_but_its_name():
    """Selecting it by name is certain, by another label unknown."""
    peers = (
        {"namespaceSelector": {"matchLabels": {"env": "x"}}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "far"}}},
    )
    for peer, answer in zip(peers, ["unknown", "yes"], strict=True):
        cluster = snapshot(
            pods=(*PODS, pod("a-1", ns="far")),
            policies=[allow("from", peer, app="db")],
            namespaces=[namespace("shop")],
            unlisted=["namespaces"],
        )
        reach = reach_of(cluster)
        a = "far/a[Deployment]"
        assert ((a, DB) in pairs(reach.connections()), (a, DB) in pairs(reach.unknown())) == (
            answer == "yes",
            answer == "unknown",
        )


def service(**overrides):
    """A NodePort Service for the db pods."""
    fields = {
        "type": "NodePort",
        "selector": {"app": "db"},
        "ports": (ServicePort(port=5432, target="sql"),),
    } | overrides
    return Service(namespace="shop", name="db", **fields)


SQL = pod("db-1", ports=[ContainerPort(port=15432, name="sql")])


@pytest.mark.parametrize(
    ("exposed", "answer"),
    [
        (service(), "yes"),
        (service(type="LoadBalancer", external_traffic_policy="Cluster"), "yes"),
        (service(type="LoadBalancer", source_ranges=("192.0.2.0/24",)), "unknown"),
        (service(external_traffic_policy="Local"), "no"),
        (service(type="ClusterIP"), "no"),
        (service(selector=None), "no"),
    ],
    ids=["node-port", "balancer", "source-ranges", "local", "cluster-ip", "no-selector"],
)
def test_a_bypassing_plane_lets_outside_traffic_in_through_services(exposed, answer):
    """NodePort and LoadBalancer traffic with policy Cluster reaches the target ports whatever ingress says."""
    cluster = snapshot(pods=(pod("web-1"), SQL), policies=[DENIED], services=[exposed])
    reach = reach_of(cluster, plane(capabilities=capabilities(balancer_policed=fact("no"))))
    lines = {"yes": list(reach.connections()), "unknown": list(reach.unknown()), "no": []}[answer]
    expected = {(V4, DB), (V6, DB)} if answer != "no" else set()
    assert pairs(lines) == expected
    assert {each.via for each in lines} <= {"shop/db"}
    assert all(each.ports == {"TCP": ((15432, 15432),)} for each in lines)
    db = next(item for item in reach.classes if DB in item.workloads)
    found = {each.answer for each in reach.sources(db)}
    assert found == ({Answer(answer)} if expected else set())
    assert reach.admits(db, Direction.INGRESS, "8.8.8.8", "TCP", 15432) is Answer.NO


def test_a_plane_that_may_bypass_makes_it_unknown():
    """A remembered yes lists the way through the Service as unknown, with its reason."""
    cluster = snapshot(pods=(SQL,), policies=[DENIED], services=[service()])
    reach = reach_of(cluster, plane(capabilities=capabilities(balancer_policed=fact("no", "M"))))
    assert list(reach.connections()) == []
    assert {(each.src, each.via) for each in reach.unknown()} == {(V4, "shop/db"), (V6, "shop/db")}


def test_a_way_that_is_open_anyway_is_not_listed_twice():
    """`via` marks a path that is judged differently from the pod's own."""
    cluster = snapshot(pods=(SQL,), services=[service()])
    reach = reach_of(cluster, plane(capabilities=capabilities(balancer_policed=fact("no"))))
    assert {each.via for each in reach.connections()} == {""}


HTTP = [{"port": "http"}]
NAMED = (
    pod("web-1", ports=[ContainerPort(port=8080, name="http")]),
    pod("api-1", ports=[ContainerPort(port=9090, name="http")]),
    pod("one-1", labels={"app": "one"}, ports=[ContainerPort(port=7070, name="http")]),
    pod("ops-1"),
)


@pytest.mark.parametrize(
    ("answer", "sure", "unsure"),
    [
        pytest.param("yes", {"TCP": ((8080, 8080),)}, None, id="by-the-pod"),
        pytest.param("unknown", None, {"TCP": ((7070, 7070), (8080, 8080), (9090, 9090))}, id="may-be-merged"),
    ],
)
def test_a_port_name_with_several_numbers_is_unknown_where_an_engine_may_merge_them(answer, sure, unsure):
    """An engine that resolves a name once for all selected pods opens every pod's number on each of them."""
    cluster = snapshot(pods=NAMED, policies=[allow("from", {"podSelector": {}}, ports=HTTP)])
    reach = reach_of(cluster, plane(capabilities=capabilities(named_ports=fact(answer))))
    key = ("shop/ops[Deployment]", WEB)
    assert {(each.src, each.dst): each.ports for each in reach.connections()}.get(key) == sure
    doubts = {(each.src, each.dst): each for each in reach.unknown()}
    assert (doubts[key].ports if key in doubts else None) == unsure
    if unsure:
        assert doubts[key].reason.startswith("one port name")
    for port in (8080, 9090):
        (found,) = reach.explain(*key, "TCP", port)
        expected = "unknown" if unsure else "yes" if port == 8080 else "no"
        assert found.allowed == expected


def test_a_port_name_with_one_number_among_the_selected_pods_is_certain():
    """Merging changes nothing where a name means the same on all pods that the policy selects."""
    cluster = snapshot(pods=NAMED, policies=[allow("from", {"podSelector": {}}, ports=HTTP, app="one")])
    reach = reach_of(cluster, plane(capabilities=capabilities(named_ports=fact("unknown"))))
    assert [each.ports for each in reach.connections() if each.dst == "shop/one[Deployment]"] == [
        {"TCP": ((7070, 7070),)}
    ] * 3
    assert list(reach.unknown()) == []


def test_a_port_name_to_anywhere_is_unknown_where_an_engine_may_drop_it():
    """A rule without peers concerns no pod in particular, so some engines leave its port names out."""
    cluster = snapshot(pods=NAMED, policies=[policy({"policyTypes": ["Egress"], "egress": [{"ports": HTTP}]})])
    reach = reach_of(cluster, plane(capabilities=capabilities(named_ports=fact("unknown"))))
    assert not {(src, dst) for src, dst in pairs(reach.connections()) if src == "shop/ops[Deployment]"}
    assert ("shop/ops[Deployment]", WEB) in pairs(reach.unknown())


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        pytest.param(fact("no"), Answer.UNKNOWN, id="always"),
        pytest.param(fact("yes"), Answer.NO, id="never"),
        pytest.param(fact("yes", "M"), Answer.UNKNOWN, id="remembered"),
    ],
)
def test_a_node_may_reach_its_own_pods_past_their_policies(known, answer):
    """Where a pod's own node is always let through, a host-network pod is not shut out by a deny-all."""
    cluster = snapshot(pods=(*PODS, HOST), policies=[DENIED])
    reach = reach_of(cluster, plane(capabilities=capabilities(own_node_policed=known)))
    agent = "shop/agent[Deployment]"
    assert (agent, WEB) not in pairs(reach.connections())
    assert ((agent, WEB) in pairs(reach.unknown())) == (answer is Answer.UNKNOWN)
    assert (DB, WEB) not in pairs(reach.unknown())
    (found,) = reach.explain(agent, WEB, "TCP", 80)
    assert (found.allowed, found.halves[1].allowed) == (answer, answer)
    assert ("host-network" in found.halves[1].reason) == (answer is Answer.UNKNOWN)


def test_a_doubt_names_no_field_that_no_policy_has():
    """Without an ipBlock in any policy, no reason speaks of ipBlocks or what they except."""
    facts = capabilities(
        ipblock_matches_pods=fact("unknown"), except_honoured=fact("unknown"), named_ports=fact("unknown")
    )
    cluster = snapshot(pods=NAMED, policies=[allow("from", {"podSelector": {}}, ports=HTTP)])
    reasons = {each.reason for each in reach_of(cluster, plane(capabilities=facts)).unknown()}
    assert len(reasons) == 1
    assert not any(word in reason for reason in reasons for word in ("ipBlock", "excepted"))
