"""Declared reachability beyond single pairs: workloads, ranges, hypothetical pods, ingress controllers, explanations."""

from __future__ import annotations

import msgspec
import pytest

from scanner.dataplane.model import Answer
from scanner.errors import InputError
from scanner.model import ContainerPort, EntryPoint, Notice, Origin, Service, ServicePort
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.model import AddressRange, Direction
from tests.factories import namespace, pod, policy, snapshot

V4, V6 = "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
WEB, DB = "shop/web[Deployment]", "shop/db[Deployment]"
ALL = {"TCP": ((1, 65535),), "UDP": ((1, 65535),), "SCTP": ((1, 65535),)}


def reach_of(cluster, **options):
    """The declared reach of a cluster."""
    return build(cluster, resolve(cluster), **options)


def listing(reach):
    """Ports by source and destination."""
    return {(each.src, each.dst): each.ports for each in reach.connections()}


def ingress(spec_rules, *, app=None, name="in", ns="shop"):
    """A policy with ingress rules for some pods."""
    selector = {"matchLabels": {"app": app}} if app else {}
    return policy({"podSelector": selector, "policyTypes": ["Ingress"], "ingress": spec_rules}, name=name, ns=ns)


def test_without_policies_everything_is_open_and_two_ranges_are_listed():
    """Nothing distinguishes an address: one range for each family; self and outside-to-outside are left out."""
    reach = reach_of(snapshot(pods=[pod("web-1"), pod("db-1")]))
    assert reach.peers == ((V4, "ip"), (V6, "ip"), (DB, "workload"), (WEB, "workload"))
    assert set(listing(reach)) == {
        (src, dst) for src in (V4, V6, WEB, DB) for dst in (V4, V6, WEB, DB) if src != dst and {src, dst} & {WEB, DB}
    }
    assert all(ports == ALL for ports in listing(reach).values())
    assert [(each.src, each.dst) for each in reach.connections()] == sorted(listing(reach))


def test_a_workload_may_do_what_any_of_its_pods_may():
    """Two classes of one workload judge differently: the pair's ports are the union."""
    pods = [
        pod("db-1", labels={"app": "db", "role": "primary"}),
        pod("db-2", labels={"app": "db", "role": "replica"}),
        pod("web-1"),
    ]
    policies = [
        policy(
            {
                "podSelector": {"matchLabels": {"role": role}},
                "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": port}]}],
            },
            name=role,
        )
        for role, port in (("primary", 5432), ("replica", 5433))
    ]
    reach = reach_of(snapshot(pods=pods, policies=policies))
    assert listing(reach)[WEB, DB] == {"TCP": ((5432, 5433),)}
    assert (DB, DB) not in listing(reach)
    found = reach.explain("shop/web", "shop/db[Deployment]", "TCP", 5432)
    assert [each.allowed for each in found] == [Answer.YES, Answer.NO]
    assert ["db-1" in found[0].dst, "db-2" in found[1].dst] == [True, True]


def test_pods_that_no_policy_tells_apart_are_one_class():
    """A hash on every pod does not multiply the work, a label that a policy looks at does."""
    pods = [pod(f"w{at}-1", labels={"app": f"w{at}", "hash": str(at)}) for at in range(20)]
    assert sum(not item.hypothetical for item in reach_of(snapshot(pods=pods)).classes) == 1
    by_app = snapshot(pods=pods, policies=[ingress([], app="w3")])
    assert sum(not item.hypothetical for item in reach_of(by_app).classes) == 20


def test_finished_pods_are_left_out():
    """A pod that succeeded or failed has no network any more."""
    pods = [pod("web-1"), pod("job-1", phase="Succeeded"), pod("job-2", phase="Failed")]
    assert [workload.id for workload in reach_of(snapshot(pods=pods)).workloads] == [WEB]


def test_hypothetical_pods_stand_for_tomorrow_and_are_never_listed():
    """Every namespace has one, also one without pods; it is judged, and nobody's peers list it."""
    cluster = snapshot(
        pods=[pod("web-1")], namespaces=[namespace("shop"), namespace("empty")],
        policies=[ingress([{"from": [{"podSelector": {}}]}]), ingress([], ns="empty")],
    )  # fmt: skip
    reach = reach_of(cluster)
    shop, empty = reach.hypothetical("shop"), reach.hypothetical("empty")
    assert (shop.hypothetical, shop.labels, shop.pods, shop.workloads) == (True, {}, (), ())
    assert reach.isolation(empty, Direction.INGRESS).policies == ("NetworkPolicy empty/in",)
    assert list(reach.sources(empty)) == []
    assert [each.peer.workloads for each in reach.sources(shop)] == [(WEB,)]
    web = reach.classes[0]
    assert list(reach.sources(web)) == []
    with pytest.raises(InputError, match="nowhere"):
        reach.hypothetical("nowhere")


def test_a_policy_by_label_does_not_select_the_hypothetical_pod():
    """Only selectors that an unlabelled pod satisfies isolate it."""
    spec = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}
    cluster = snapshot(pods=[pod("web-1")], policies=[ingress([], app="web", name="named"), policy(spec, name="bare")])
    reach = reach_of(cluster)
    assert reach.isolation(reach.hypothetical("shop"), Direction.INGRESS).policies == ("NetworkPolicy shop/bare",)
    assert reach.isolation(reach.hypothetical("shop"), Direction.EGRESS).answer is Answer.NO
    assert reach.isolation(reach.classes[0], Direction.INGRESS).policies == ("NetworkPolicy shop/named",)


def test_ranges_are_maximal_and_split_where_policies_distinguish():
    """Excepts split ranges, families stay apart, and addresses outside every block are one class of several ranges."""
    blocks = [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}, {"ipBlock": {"cidr": "2001:db8::/32"}}]
    reach = reach_of(snapshot(pods=[pod("web-1")], policies=[ingress([{"from": blocks, "ports": [{"port": 443}]}])]))
    assert [name for name, kind in reach.peers if kind == "ip"] == sorted(
        [
            "0.0.0.0-9.255.255.255", "10.0.0.0-10.0.255.255", "10.1.0.0-10.1.255.255", "10.2.0.0-10.255.255.255",
            "11.0.0.0-255.255.255.255", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db9::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        ]
    )  # fmt: skip
    inside = {src for src, dst in listing(reach) if dst == WEB}
    assert inside == {
        "10.0.0.0-10.0.255.255", "10.2.0.0-10.255.255.255", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    }  # fmt: skip
    web = reach.classes[0]
    answers = [
        reach.admits(web, Direction.INGRESS, address, "TCP", 443) for address in ("10.0.0.1", "10.1.0.1", "2001:db8::1")
    ]
    assert answers == [Answer.YES, Answer.NO, Answer.YES]
    assert reach.admits(web, Direction.EGRESS, "10.1.0.1", "UDP", 7) is Answer.YES
    for wrong in [("10.0.0.1", "ICMP", 1), ("10.0.0.1", "TCP", 0), ("localhost", "TCP", 1)]:
        with pytest.raises(InputError):
            reach.admits(web, Direction.INGRESS, *wrong)


def test_sources_and_targets_agree_with_the_listing():
    """Asking class by class gives what the listing says."""
    cluster = snapshot(
        pods=[pod("web-1"), pod("db-1"), pod("ops-1", ns="ops")],
        policies=[
            ingress([{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]}], app="db")
        ],
    )
    reach = reach_of(cluster)
    by_name = {item.workloads[0]: item for item in reach.classes if item.workloads}

    def name(peer):
        return peer.ranges[0] if isinstance(peer, AddressRange) else peer.workloads[0]

    for workload, item in by_name.items():
        assert {name(each.peer): each.ports for each in reach.sources(item)} == {
            src: ports for (src, dst), ports in listing(reach).items() if dst == workload
        }
        assert {name(each.peer): each.ports for each in reach.targets(item)} == {
            dst: ports for (src, dst), ports in listing(reach).items() if src == workload
        }


def test_exposure_counts_ordered_pairs_of_workloads():
    """Open pairs are counted over workloads, without addresses and without the workload itself."""
    cluster = snapshot(pods=[pod("web-1"), pod("web-2"), pod("db-1"), pod("ops-1")], policies=[ingress([], app="db")])
    found = reach_of(cluster).exposure()
    assert (found.workloads, found.pairs, found.open, found.unknown) == (3, 6, 4, 0)
    assert (found.isolated_ingress, found.isolated_egress) == (1, 0)
    assert reach_of(snapshot()).exposure().pairs == 0


def test_named_ports_and_empty_selectors_that_reach_nothing_are_noticed():
    """A policy that selects no pod and a port name that no container declares are warnings, never errors."""
    pods = [pod("web-1", ports=[ContainerPort(port=8080, name="http")]), pod("db-1")]
    policies = [
        ingress([{"ports": [{"port": "http"}]}], app="web", name="fine"),
        ingress([{"ports": [{"port": "htpp"}]}], app="web", name="typo"),
        ingress([], app="gone", name="gone"),
    ]
    cluster = snapshot(pods=pods, policies=policies, notices=(Notice(object="x.yaml", field="", message="broken"),))
    reach = reach_of(cluster)
    assert [(notice.object, notice.field) for notice in reach.notices] == [
        ("NetworkPolicy shop/gone", "spec.podSelector"),
        ("NetworkPolicy shop/typo", "spec.ingress[0].ports"),
        ("x.yaml", ""),
    ]
    assert listing(reach)[DB, WEB] == {"TCP": ((8080, 8080),)}


SERVICES = (
    Service(
        namespace="shop",
        name="web",
        selector={"app": "web"},
        ports=(
            ServicePort(port=80, target="http", name="plain"),
            ServicePort(port=443, target=8443),
            ServicePort(port=53, protocol="UDP"),
        ),
    ),
)
INGRESS = EntryPoint(kind="Ingress", namespace="shop", name="front", services=("shop/web",))
PORTS = [ContainerPort(port=8080, name="http"), ContainerPort(port=9000)]


def controller_ports(reach):
    """What ingress controllers may open, by workload."""
    return {each.dst: each.ports for each in reach.connections() if each.src == "{ingress-controller}"}


@pytest.mark.parametrize(
    ("wanted", "policies", "allowed", "unknown"),
    [
        pytest.param((), (), ((8080, 8080),), {"TCP": ((8443, 8443),)}, id="all-ports"),
        pytest.param((80,), (), ((8080, 8080),), None, id="by-number"),
        pytest.param(("plain",), (), ((8080, 8080),), None, id="by-name"),
        pytest.param((81,), (), None, None, id="no-such-port"),
        pytest.param((80,), (ingress([]),), None, None, id="denied"),
        pytest.param((80,), (ingress([{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),), None, None, id="no-block-matches-it"),
        pytest.param((80,), (ingress([{"from": [{"namespaceSelector": {}}]}]),), ((8080, 8080),), None, id="any-namespace"),
        pytest.param((80,), (ingress([{"from": [{"podSelector": {}}]}]),), None, None, id="own-namespace-only"),
        pytest.param((80,), (ingress([{"ports": [{"port": 9000}]}]),), None, None, id="another-port"),
    ],
)  # fmt: skip
def test_ingress_controllers_reach_what_services_lead_to(wanted, policies, allowed, unknown):
    """Target ports that containers declare, met with the policies; a port that none declares cannot be decided."""
    entry = msgspec.structs.replace(INGRESS, ports={"shop/web": wanted})
    cluster = snapshot(
        pods=[pod("web-1", ports=PORTS), pod("db-1")], services=SERVICES, entry_points=(entry,), policies=policies
    )
    reach = reach_of(cluster)
    assert ("{ingress-controller}", "ingress-controller") in reach.peers
    assert controller_ports(reach) == ({WEB: {"TCP": allowed}} if allowed else {})
    assert [each.ports for each in reach.unknown()] == ([unknown] if unknown else [])


def test_a_named_service_target_resolves_for_each_pod():
    """Two pods behind one Service may give the same name to different ports."""
    pods = [
        pod("web-1", ports=[ContainerPort(port=8080, name="http")]),
        pod("api-1", labels={"app": "web"}, ports=[ContainerPort(port=9090, name="http")]),
        pod("udp-1", labels={"app": "web"}, ports=[ContainerPort(port=7070, protocol="UDP", name="http")]),
    ]
    entry = msgspec.structs.replace(INGRESS, ports={"shop/web": (80,)})
    reach = reach_of(snapshot(pods=pods, services=SERVICES, entry_points=(entry,)))
    assert controller_ports(reach) == {
        WEB: {"TCP": ((8080, 8080),)},
        "shop/api[Deployment]": {"TCP": ((9090, 9090),)},
    }


def test_an_entry_point_to_a_missing_service_is_noticed():
    """Nothing is reached through a Service that does not exist."""
    reach = reach_of(snapshot(pods=[pod("web-1")], entry_points=(INGRESS,)))
    assert controller_ports(reach) == {}
    assert [notice.object for notice in reach.notices] == ["Ingress shop/front"]


def test_an_explanation_names_rule_object_and_line():
    """An allowed pair names the allowing rules; a denied one the policies that isolate."""
    origin = Origin(file="db.yaml", line=3, lines={"ingress[1]": 14})
    rules = [
        {"from": [{"podSelector": {"matchLabels": {"app": "ops"}}}]},
        {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 5432}]},
    ]
    cluster = snapshot(
        pods=[pod("web-1"), pod("db-1"), pod("api-1")],
        policies=[msgspec.structs.replace(ingress(rules, app="db", name="db"), origin=origin)],
    )
    reach = reach_of(cluster)
    (yes,) = reach.explain("shop/web", "shop/db", "TCP", 5432)
    egress, inward = yes.halves
    assert (yes.allowed, egress.isolated, inward.isolated) == (Answer.YES, Answer.NO, Answer.YES)
    assert egress.by == ()
    (rule,) = inward.by
    assert (rule.object, rule.rule, rule.place) == ("NetworkPolicy shop/db", "ingress[1]", "db.yaml:14")
    (no,) = reach.explain("shop/api-1", "shop/db", "TCP", 5432)
    assert no.allowed is Answer.NO
    assert [(rule.object, rule.rule, rule.place) for rule in no.halves[1].by] == [
        ("NetworkPolicy shop/db", "", "db.yaml:3")
    ]
    (outside,) = reach.explain("8.8.8.8", "shop/db", "UDP", 53)
    assert [half.direction for half in outside.halves] == [Direction.INGRESS]
    assert outside.allowed is Answer.NO


@pytest.mark.parametrize(
    ("src", "dst", "protocol", "port"),
    [
        ("shop/nobody", "shop/db", "TCP", 1),
        ("8.8.8.8", "10.0.0.1", "TCP", 1),
        ("shop/web", "shop/db", "ICMP", 1),
        ("shop/web", "shop/db", "TCP", 70000),
    ],
)
def test_questions_that_cannot_be_asked_are_one_clear_error(src, dst, protocol, port):
    """An unknown peer, two addresses, or no such port."""
    reach = reach_of(snapshot(pods=[pod("web-1"), pod("db-1")]))
    with pytest.raises(InputError):
        reach.explain(src, dst, protocol, port)


def test_crafted_pods_break_nothing():
    """Ports out of range, unknown protocols and broken addresses are read as if they were not there."""
    odd = pod(
        "odd-1",
        ips=("not-an-address",),
        ports=[
            ContainerPort(port=0, name="http"),
            ContainerPort(port=99999, name="http"),
            ContainerPort(port=80, protocol="XXX", name="http"),
        ],
    )
    strange = Service(
        namespace="shop",
        name="odd",
        selector={"app": "odd"},
        ports=(ServicePort(port=80, protocol="XXX"), ServicePort(port=0, target=-4)),
    )
    entry = EntryPoint(kind="Ingress", namespace="shop", name="e", services=("shop/odd",))
    rules = [{"ports": [{"port": "http"}], "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"podSelector": {}}]}]
    cluster = snapshot(pods=[odd, pod("web-1")], policies=[ingress(rules)], services=[strange], entry_points=(entry,))
    reach = reach_of(cluster, ipblock_matches_pods=True)
    assert [each for each in reach.connections() if each.dst.startswith("shop/odd")] == []


def test_an_explained_range_is_answered_for_each_part_that_policy_tells_apart():
    """One answer for a range that a rule admits only in part would be wrong for the rest of it."""
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    reach = reach_of(snapshot(pods=[pod("web-1")], policies=[ingress([{"from": [block]}])]))
    found = reach.explain("10.0.0.0-10.255.255.255", "shop/web", "TCP", 443)
    assert [(each.allowed, each.src) for each in found] == [
        (Answer.YES, "10.0.0.0-10.255.255.255 (its 10.0.0.0-10.0.255.255, 10.2.0.0-10.255.255.255)"),
        (Answer.NO, "10.0.0.0-10.255.255.255 (its 10.1.0.0-10.1.255.255)"),
    ]
    (whole,) = reach.explain("10.0.0.0-10.0.255.255", "shop/web", "TCP", 443)
    assert (whole.allowed, whole.src) == (Answer.YES, "10.0.0.0-10.0.255.255")


@pytest.mark.parametrize("text", ["10.0.0.9-10.0.0.1", "10.0.0.0-::1"])
def test_a_range_that_is_none_is_refused(text):
    """Ends in the wrong order or of two families are a mistake, not a question about the first of them."""
    reach = reach_of(snapshot(pods=[pod("web-1")]))
    with pytest.raises(InputError, match="no range"):
        reach.explain(text, "shop/web", "TCP", 443)


def test_ipv4_mapped_ranges_read_the_same_on_every_python():
    """Pythons write these addresses differently; the listing and the explanation must not."""
    block = {"ipBlock": {"cidr": "::ffff:10.0.0.0/104"}}
    reach = reach_of(snapshot(pods=[pod("web-1")], policies=[ingress([{"from": [block]}])]))
    assert ("::ffff:10.0.0.0-::ffff:10.255.255.255", "ip") in reach.peers
    (found,) = reach.explain("::ffff:10.0.0.1", "shop/web", "TCP", 443)
    assert found.halves[0].by[0].text == "from addresses ::ffff:10.0.0.0/104, on every port"
