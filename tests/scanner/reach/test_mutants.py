"""Rules that a small slip in the engine would break unseen, each with the smallest case that shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from ipaddress import ip_network

import pytest

from scanner.dataplane.catalogue.engine import Engine
from scanner.dataplane.model import Answer, Confidence, DataPlane, Enforcing, Fact, Value
from scanner.model import ApiObject, Pod, Service, ServicePort
from scanner.policy.combine import combine
from scanner.policy.model import EVERYTHING, Action, BlockPeer, Policy, PolicySet, Rule
from scanner.policy.resolve import resolve
from scanner.policy.selectors import equalities
from scanner.reach import whatif
from scanner.reach.coverage import cluster_coverage, pod_coverage, undecided
from scanner.reach.diff import State, aligned, difference
from scanner.reach.engine import ClusterReach, build
from scanner.reach.model import Direction
from scanner.reach.reading import effective_reading
from tests.factories import namespace, pod, policy, raw, snapshot
from tests.scanner.reach.planes import capabilities, fact, plane

IN = Direction.INGRESS
WEB, DB, AGENT = "shop/web[Deployment]", "shop/db[Deployment]", "shop/agent[Deployment]"
PODS = (pod("web-1"), pod("db-1"))
HOST = pod("agent-1", host_network=True)
DENIED = policy(name="deny")


def reach_of(
    *policies: Policy | ApiObject, pods: Iterable[Pod] = PODS, dataplane: DataPlane | None = None
) -> ClusterReach:
    """The reach of a cluster under objects, and under policies that are resolved already."""
    cluster = snapshot(pods=pods, policies=[each for each in policies if isinstance(each, ApiObject)])
    found = resolve(cluster)
    made = tuple(each for each in policies if isinstance(each, Policy))
    return build(cluster, PolicySet((*found.policies, *made), found.notices, found.unmodelled), dataplane)


def answer(reach: ClusterReach, src: str, dst: str) -> tuple[Answer, str]:
    """Whether one connection to TCP 80 is allowed, and why it is not known."""
    for each in reach.unknown():
        if (each.src, each.dst) == (src, dst):
            return Answer.UNKNOWN, each.reason
    return (Answer.YES if any((each.src, each.dst) == (src, dst) for each in reach.connections()) else Answer.NO), ""


def made(*rules: Rule, directions: tuple[Direction, ...] = (IN,), **fields: str) -> Policy:
    """A policy for every pod of a namespace."""
    return Policy("NetworkPolicy", "shop", "made", EVERYTHING, frozenset(directions), rules, **fields)


def admin(name: str, action: str, priority: int = 5) -> ApiObject:
    """An AdminNetworkPolicy that does one thing to all pods with all pods."""
    rules = [{"action": action, "from": [{"namespaces": {}}]}]
    spec = raw({"priority": priority, "subject": {"namespaces": {}}, "ingress": rules})
    return ApiObject(api_version="policy.networking.k8s.io/v1alpha1", kind="AdminNetworkPolicy", name=name, spec=spec)


def test_policies_of_one_rank_that_disagree_leave_the_answer_open():
    """Nothing is in doubt about either policy but which is asked first, so the two bounds are not one."""
    assert answer(reach_of(admin("a", "Allow"), admin("b", "Deny")), WEB, DB)[0] is Answer.UNKNOWN
    assert answer(reach_of(admin("a", "Deny"), admin("b", "Deny")), WEB, DB)[0] is Answer.NO
    assert answer(reach_of(admin("a", "Pass"), admin("b", "Pass"), admin("c", "Deny", 6)), WEB, DB)[0] is Answer.YES


def test_a_policy_in_doubt_that_has_no_rules_may_close():
    """Where only the end of a tier is in doubt, the certain bound is still another than the possible one."""
    found, reason = answer(reach_of(made(doubt="it may be off")), WEB, DB)
    assert found is Answer.UNKNOWN
    assert "it may be off" in reason


@pytest.mark.parametrize("where", ["policy", "rule"])
def test_what_is_in_doubt_may_still_let_through(where):
    """A rule that may not count is no rule that does not, and the reason is its doubt, whichever of the two has it."""
    rule = Rule(IN, 0, None, None, doubt="who knows" if where == "rule" else "")
    policy_made = made(rule, doubt="who knows" if where == "policy" else "")
    found, reason = answer(reach_of(policy({"podSelector": {}}), policy_made), WEB, DB)
    assert found is Answer.UNKNOWN
    assert "who knows" in reason


def test_no_policy_touches_a_host_network_pod_as_declared():
    """Neither one that cannot be judged makes it unknown, nor does its node reach pods past their policies."""
    antrea = ApiObject(
        api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({})
    )
    pods = (HOST, pod("a-1", ns="far"))
    assert answer(reach_of(antrea, pods=pods), AGENT, "far/a[Deployment]") == (Answer.YES, "")
    assert answer(reach_of(DENIED, pods=(*PODS, HOST)), AGENT, WEB) == (Answer.NO, "")


def test_an_except_that_may_leak_takes_nothing_from_a_deny():
    """What another policy excepts is no longer surely allowed by the rules beside it; it is as surely denied as before."""
    block = BlockPeer(ip_network("10.0.0.0/8"))
    closing = made(Rule(IN, 0, (block,), None, action=Action.DENY), Rule(IN, 1, None, None))
    excepting = policy(
        {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]}
    )
    unsure = plane(capabilities=capabilities(except_honoured=fact("unknown")))
    reach = reach_of(excepting, closing, dataplane=unsure)
    (web,) = (each for each in reach.classes if WEB in each.workloads)
    assert reach.admits(web, IN, "10.1.2.3", "TCP", 80) is Answer.NO


@pytest.mark.parametrize(
    ("dataplane", "known"),
    [
        pytest.param(plane(capabilities=None), Answer.UNKNOWN, id="nothing-known"),
        pytest.param(plane(), Answer.NO, id="no"),
        pytest.param(plane(capabilities=capabilities(ipblock_matches_pods=fact("yes"))), Answer.YES, id="yes"),
    ],
)
def test_a_persons_word_on_ipblocks_and_pods_stands_above_the_planes(dataplane, known):
    """Asked for either way it is so; without a word it is the plane's answer, and unknown where nothing is known of it."""
    assert effective_reading(dataplane, None).blocks_match_pods is known
    assert effective_reading(dataplane, True).blocks_match_pods is Answer.YES
    assert effective_reading(dataplane, False).blocks_match_pods is Answer.NO


def test_addresses_tell_host_network_pods_apart_where_blocks_may_match_nodes():
    """A host-network pod has its node's address; other pods' addresses count where a block may match those."""
    reading = effective_reading(plane(capabilities=capabilities(ipblock_matches_nodes=fact("unknown"))), None)
    assert (reading.addressed(HOST), reading.addressed(PODS[0])) == (True, False)
    assert not effective_reading(plane(), None).addressed(HOST)


def test_kinds_of_two_vendors_are_in_doubt_as_declared_and_an_older_doubt_stays():
    """No engine serves both: each of their policies is in doubt for that, or for what it was in doubt for, and no other is."""
    cilium, calico = made(group="cilium.io"), made(group="projectcalico.org", doubt="older")
    found = [each.doubt for each in combine(PolicySet((made(), cilium, calico), ()), None).policies]
    assert found == ["", "kinds of Calico and Cilium stand side by side, and no engine honours both", "older"]


def test_a_kind_that_may_not_be_honoured_is_in_doubt_for_that_unless_it_was_before():
    """On a plane of which nothing is known a vendor's policy may count; what was in doubt keeps its own reason."""
    policies = PolicySet((made(), made(group="cilium.io"), made(group="cilium.io", doubt="older")), ())
    found = combine(policies, plane(capabilities=None))
    assert [each.doubt.partition(" (")[0] for each in found.policies] == [
        "",
        "whether test honours this kind is not known",
        "older",
    ]


@pytest.mark.parametrize("known", ["yes", "unknown"])
def test_a_host_network_pod_is_not_judged_unless_it_is_known_to_be_left_alone(known):
    """Even a plane that does something to such pods does not do what policies say of pods."""
    dataplane = plane(capabilities=capabilities(host_network_isolated=fact(known)))
    assert pod_coverage(dataplane, HOST) == (Answer.UNKNOWN, "host-network")
    assert pod_coverage(plane(capabilities=None), HOST) == (Answer.UNKNOWN, "host-network")
    assert pod_coverage(plane(), HOST) == (Answer.NO, "host-network")


def test_a_mode_that_could_not_be_read_leaves_coverage_unknown():
    """An engine that is on may still only be watching."""
    assert cluster_coverage(plane(mode="unknown")) == (Answer.UNKNOWN, "mode-unknown")


def test_policies_unread_count_where_the_plane_would_honour_them():
    """What could not be listed or judged is a reason for doubt, unless nothing enforces it anyway."""
    cluster, strange = (
        snapshot(unlisted=["networkpolicies.networking.k8s.io"]),
        PolicySet((), (), ("Other.example.com shop/x",)),
    )
    unread = "networkpolicies.networking.k8s.io could not be read (forbidden)"
    reading = plane(engine=Engine(name="test", title="", other_kinds=Fact(Value.HONOURED, Confidence.SOURCE, "test")))
    assert undecided(cluster, strange, reading).reason("shop") == f"{unread}; not modelled: Other.example.com shop/x"
    assert (
        undecided(cluster, strange, reading).reason("far")
        == undecided(cluster, strange, plane()).reason("shop")
        == unread
    )
    assert undecided(cluster, strange, plane(enforcing=Enforcing.NO)).reason("shop") == ""


def test_a_namespace_that_a_whole_list_leaves_out_has_no_labels_but_its_name():
    """Only a list that was cut short or refused leaves room for labels that nobody saw."""
    peer = {"namespaceSelector": {"matchLabels": {"env": "x"}}}
    rule = policy({"podSelector": {}, "ingress": [{"from": [peer]}]})
    pods, listed = (*PODS, pod("a-1", ns="far")), [namespace("shop")]
    whole = snapshot(pods=pods, policies=[rule], namespaces=listed)
    refused = snapshot(pods=pods, policies=[rule], namespaces=listed, unlisted=["namespaces"])
    assert answer(build(whole, resolve(whole)), "far/a[Deployment]", WEB) == (Answer.NO, "")
    assert answer(build(refused, resolve(refused)), "far/a[Deployment]", WEB)[0] is Answer.UNKNOWN


@pytest.mark.parametrize(
    "differs", [{"host_network": True}, {"ns": "shop-b"}, {"service_account": "x"}, {"labels": {"app": "b"}}], ids=str
)
def test_pods_that_follow_each_other_and_share_their_parts_are_told_apart_by_the_rest(differs):
    """Replicas share labels and ports as objects; what else policies see of a pod is looked at for each of them."""
    labels = {"app": "a"}
    one = pod("a-1", labels=labels, service_account="s")
    other = pod("a-2", **({"labels": labels, "service_account": "s"} | differs))
    looking = dataclasses.replace(made(), subject=equalities({"projectcalico.org/serviceaccount": "x"}))
    reach = reach_of(looking, policy({"podSelector": {"matchLabels": {"app": "a"}}}), pods=[one, other])
    assert sum(not item.hypothetical for item in reach.classes) == 2


def blocks(cidr: str, *excepts: str, name: str = "in") -> ApiObject:
    """A policy that lets one block in to all pods."""
    block = {"cidr": cidr, "except": list(excepts)}
    return policy({"podSelector": {}, "ingress": [{"from": [{"ipBlock": block}]}]}, name=name)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        pytest.param(("10.0.0.1", "fd00::1"), Answer.YES, id="all-have-both-families"),
        pytest.param(("10.0.0.1",), Answer.UNKNOWN, id="one-lacks-a-family"),
    ],
)
def test_a_block_of_one_family_surely_lets_in_pods_of_two_where_all_pods_have_both(addresses, expected):
    """Which of its addresses a pod shows depends on what the other end has; with the same families it may always use the one."""
    pods = (pod("db-1", ips=addresses), pod("web-1", ips=("10.0.0.2", "fd00::2")))
    cluster = snapshot(pods=pods, policies=[blocks("10.0.0.0/24")])
    assert answer(build(cluster, resolve(cluster), ipblock_matches_pods=True), WEB, DB)[0] is expected


def test_a_pod_of_unknown_address_may_be_what_another_policy_excepts():
    """Where an except may leak, not even all of IPv4 surely lets such a pod in."""
    everywhere, unsure = blocks("0.0.0.0/0"), plane(capabilities=capabilities(except_honoured=fact("unknown")))
    for others, expected in (((), Answer.YES), ((blocks("10.0.0.0/8", "10.1.0.0/16", name="less"),), Answer.UNKNOWN)):
        cluster = snapshot(pods=PODS, policies=[everywhere, *others])
        assert answer(build(cluster, resolve(cluster), unsure, ipblock_matches_pods=True), WEB, DB)[0] is expected


def test_a_block_with_excepts_does_not_hold_every_address():
    """A pod of unknown address is surely in all of IPv4 and only perhaps in what an except leaves of it."""
    for block, expected in ((blocks("0.0.0.0/0"), Answer.YES), (blocks("0.0.0.0/0", "10.0.0.0/8"), Answer.UNKNOWN)):
        cluster = snapshot(pods=PODS, policies=[block])
        assert answer(build(cluster, resolve(cluster), ipblock_matches_pods=True), WEB, DB)[0] is expected


def test_a_host_network_pod_beside_others_puts_no_selector_in_doubt_as_declared():
    """A selector that matches nobody lets nobody in, whether or not there are pods that none matches."""
    rule = policy({"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "none"}}}]}]})
    assert answer(reach_of(rule, pods=(*PODS, HOST)), WEB, DB) == (Answer.NO, "")


def test_only_an_edit_that_leaves_what_cannot_be_judged_as_it_is_is_answered_from_the_state_before():
    """A policy of a kind that cannot be judged puts every answer in doubt, so that both states must be built."""
    antrea = ApiObject(
        api_version="crd.antrea.io/v1beta1", kind="NetworkPolicy", name="x", namespace="shop", spec=raw({})
    )
    bare, closed, strange = (snapshot(pods=PODS, policies=found) for found in ((), (DENIED,), (antrea,)))
    before = build(bare, resolve(bare))
    changes = whatif.answer(before, closed, None)
    assert changes is not None
    assert {(each.src, each.dst) for each in changes} >= {(WEB, DB), (DB, WEB)}
    assert whatif.answer(before, strange, None) is None


def test_an_edit_of_one_end_keeps_what_a_rule_of_the_other_end_may_match():
    """Where a block may match a pod and may not, reopening that pod's egress leaves the connection undecided, not closed."""
    unsure = plane(capabilities=capabilities(ipblock_matches_pods=fact("unknown")))
    pods = (pod("web-1", ips=("10.0.0.1",)), pod("db-1", ips=("10.0.0.2",)))
    peer = {"ipBlock": {"cidr": "10.0.0.1/32"}}
    let_in = policy({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"from": [peer]}]}, name="in")
    shut = policy({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"]}, name="shut")
    known = snapshot(pods=pods, policies=[let_in, shut])
    changes = whatif.answer(build(known, resolve(known), unsure), snapshot(pods=pods, policies=[let_in]), unsure)
    assert changes is not None
    (found,) = (each for each in changes if (each.src, each.dst) == (WEB, DB))
    assert (found.unknown_before, found.after, bool(found.unknown_after)) == ({}, {}, True)


@pytest.mark.parametrize(("confidence", "kind"), [("S", "added"), ("M", "doubt")], ids=["sure", "perhaps"])
def test_a_way_past_policy_is_a_change_of_what_is_allowed_or_of_what_is_undecided(confidence, kind):
    """Closing a pod behind a Service leaves the way through that Service, as sure as the plane is known to leave it."""
    service = Service(
        namespace="shop", name="db", type="NodePort", selector={"app": "db"}, ports=(ServicePort(port=80),)
    )
    past = plane(capabilities=capabilities(balancer_policed=fact("no", confidence)))
    states = (snapshot(pods=PODS, services=[service], policies=found) for found in ((), (DENIED,)))
    found = [each for each in difference(*aligned(*(State(each, resolve(each), past) for each in states))) if each.via]
    assert {(each.via, each.dst, each.kind) for each in found} == {("shop/db", DB, kind)}
    assert {bool(each.after) for each in found} == {kind == "added"}
    assert {bool(each.unknown_after) for each in found} == {kind == "doubt"}


def test_a_port_gained_is_not_laid_to_a_policy_that_only_closes():
    """What opens a port is named for it; a policy that came at the same time and lets nobody in is not."""
    db = {"podSelector": {"matchLabels": {"app": "db"}}}
    first, opens = (policy(db | {"ingress": [{"ports": [{"port": port}]}]}, name=f"p{port}") for port in (80, 90))
    closes = policy(db, name="closes")
    states = (snapshot(pods=PODS, policies=found) for found in ((first,), (first, opens, closes)))
    found = [each for each in difference(*aligned(*(State(each, resolve(each)) for each in states))) if each.src == WEB]
    assert [each.causes for each in found] == [("NetworkPolicy shop/p90 added",)]


def test_a_port_lost_is_not_laid_to_a_policy_that_only_opens():
    """The mirror of the above: a rule that came at the same time and lets more in took nothing away."""
    db = {"podSelector": {"matchLabels": {"app": "db"}}}
    kept, gone = (policy(db | {"ingress": [{"ports": [{"port": port}]}]}, name=f"p{port}") for port in (80, 90))
    again = {"from": [{"podSelector": {}}], "ports": [{"port": 80}]}
    more = policy(db | {"ingress": [{"ports": [{"port": 80}]}, again]}, name="p80")
    states = (snapshot(pods=PODS, policies=found) for found in ((kept, gone), (more,)))
    found = [each for each in difference(*aligned(*(State(each, resolve(each)) for each in states))) if each.src == WEB]
    assert [each.causes for each in found] == [("NetworkPolicy shop/p90 removed",)]
