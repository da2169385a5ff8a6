"""Network sets and host endpoints: whom selectors match besides pods."""

from __future__ import annotations

import ipaddress

import pytest

from scanner.model import ApiObject, Collected, KindStatus, Source
from scanner.policy.calico.labels import endpoint_selector, namespaced_selector
from scanner.policy.calico.sets import AddressSets, unread
from scanner.policy.decode import Context
from scanner.policy.model import BlockPeer, Matching
from tests.factories import namespace, raw, snapshot

SERVED, STORED = "projectcalico.org/v3", "crd.projectcalico.org/v1"
GROUPS = ("projectcalico.org", "crd.projectcalico.org")
READ = {
    resource: KindStatus(status=Collected.COMPLETE)
    for resource in (
        "namespaces",
        *(f"{plural}.{group}" for plural in ("networksets", "globalnetworksets", "hostendpoints") for group in GROUPS),
    )
}


def network_set(name, nets, ns="shop", api=SERVED, spec=None, **labels):
    return ApiObject(
        api_version=api,
        kind="NetworkSet" if ns else "GlobalNetworkSet",
        namespace=ns,
        name=name,
        spec=raw({"nets": nets} if spec is None else spec),
        labels=labels,
    )


def host_endpoint(name, spec, **labels):
    return ApiObject(api_version=SERVED, kind="HostEndpoint", name=name, spec=raw(spec), labels=labels)


def sets(*items, collection=READ, **fields):
    return AddressSets(Context(snapshot(settings=items, collection=collection, **fields)))


def matched(found, text):
    answer = found.matched(endpoint_selector(text, "f")[0])
    assert answer.doubt == ""
    return [str(each.block) for each in answer.blocks]


def test_a_set_is_matched_by_its_own_labels():
    """The nets of every set with the labels, of both scopes, sorted and once each; they match pods too."""
    found = sets(
        network_set("a", ["10.2.0.0/16", "10.1.0.0/16"], role="db"),
        network_set("b", ["10.1.0.0/16", "2001:db8::/32", "192.0.2.7", "10.3.0.1/16"], ns="", role="db"),
        network_set("c", ["10.9.0.0/16"], role="web"),
        network_set("d", None, role="db"),
    )
    assert matched(found, "role == 'db'") == [
        "10.1.0.0/16",
        "10.2.0.0/16",
        "10.3.0.0/16",
        "192.0.2.7/32",
        "2001:db8::/32",
    ]
    assert matched(found, "role == 'other'") == []
    assert found.matched(endpoint_selector("role == 'web'", "f")[0]).blocks == (
        BlockPeer(ipaddress.ip_network("10.9.0.0/16"), (), Matching.PODS),
    )


def test_a_network_set_stands_in_its_namespace():
    """It carries its namespace's name and labels; its own labels win. A global one carries neither."""
    found = sets(
        network_set("a", ["10.1.0.0/16"]),
        network_set("b", ["10.2.0.0/16"], ns="bank", **{"pcns.team": "blue"}),
        network_set("c", ["10.3.0.0/16"], ns="new"),
        network_set("d", ["10.4.0.0/16"], ns=""),
        namespaces=[namespace("shop", team="red"), namespace("bank", team="red")],
    )
    for text, expected in (
        ("projectcalico.org/namespace == 'shop'", ["10.1.0.0/16"]),
        ("pcns.team == 'red'", ["10.1.0.0/16"]),
        ("pcns.team == 'blue'", ["10.2.0.0/16"]),
        ("pcns.projectcalico.org/name == 'new'", ["10.3.0.0/16"]),
        ("pcns.kubernetes.io/metadata.name == 'new'", ["10.3.0.0/16"]),
        ("!has(projectcalico.org/namespace)", ["10.4.0.0/16"]),
        ("projectcalico.org/orchestrator == 'k8s'", []),
    ):
        assert matched(found, text) == expected, text
    for text, expected in (
        ("global()", ["10.4.0.0/16"]),
        ("all()", ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]),
        ("team != 'red'", ["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"]),
    ):
        blocks = found.matched(namespaced_selector(text, "f")).blocks
        assert [str(each.block) for each in blocks] == expected, text


def test_a_host_endpoint_stands_for_its_expected_addresses():
    """A selector that matches one matches its addresses; without any it contributes nothing."""
    found = sets(
        host_endpoint("eth0", {"node": "n1", "expectedIPs": ["192.0.2.1", "2001:db8::1"], "ports": []}, role="node"),
        host_endpoint(
            "all", {"node": "n2", "interfaceName": "*", "profiles": ["projectcalico-default-allow"]}, role="node"
        ),
        host_endpoint("none", None, role="node"),
    )
    assert matched(found, "role == 'node'") == ["192.0.2.1/32", "2001:db8::1/128"]
    everything, nothing = (endpoint_selector(text, "f")[0] for text in ("all()", "!all()"))
    assert found.hosts(everything) == ("HostEndpoint all", "HostEndpoint eth0", "HostEndpoint none")
    assert found.hosts(nothing) == ()


@pytest.mark.parametrize(
    ("item", "word"),
    [
        pytest.param(network_set("a", None, spec="x", role="db"), "NetworkSet shop/a", id="no-object"),
        pytest.param(network_set("a", ["10.0.0.0/33"], role="db"), "'10.0.0.0/33' is no address", id="bad-net"),
        pytest.param(network_set("a", [None], role="db"), "'' is no address", id="null-net"),
        pytest.param(network_set("a", ["x", "fe80::1%eth0"], role="db"), "'x' is no address", id="several"),
        pytest.param(network_set("a", [], ns="", spec={"domains": ["x.io"]}, role="db"), "spec.domains", id="newer"),
        pytest.param(host_endpoint("h", [], role="db"), "HostEndpoint h: its spec cannot be read", id="host-endpoint"),
        pytest.param(host_endpoint("h", {"expectedIPs": ["x"]}, role="db"), "'x' is no address", id="bad-address"),
    ],
)
def test_what_of_a_set_cannot_be_read_is_a_doubt_where_it_is_matched(item, word):
    """A broken set is unknown to those who select it, and to nobody else; the rest of its nets count."""
    found = sets(item, network_set("z", ["10.1.0.0/16"], role="db"))
    answer = found.matched(endpoint_selector("role == 'db'", "f")[0])
    assert word in answer.doubt
    assert [str(each.block) for each in answer.blocks] == ["10.1.0.0/16"]
    assert matched(found, "role == 'other'") == []


def test_labels_from_a_profile_are_a_doubt_for_every_selector():
    """What a host endpoint inherits may make any selector match it."""
    found = sets(host_endpoint("h", {"expectedIPs": ["192.0.2.1"], "profiles": ["mine", None]}))
    assert "profile" in found.matched(endpoint_selector("role == 'db'", "f")[0]).doubt


@pytest.mark.parametrize("resource", [name for name in READ if name != "namespaces"])
@pytest.mark.parametrize("status", [Collected.FORBIDDEN, Collected.PARTIAL, None])
def test_a_list_that_was_not_read_whole_is_a_doubt(resource, status):
    """There may be sets that nobody listed; a list that was not asked for is no better."""
    rest = {name: value for name, value in READ.items() if name != resource}
    collection = rest | ({resource: KindStatus(status=status)} if status else {})
    assert resource in sets(collection=collection).matched(endpoint_selector("a == 'b'", "f")[0]).doubt


def test_a_kind_that_no_group_serves_is_no_gap():
    """Absent is an answer: the list is empty."""
    absent = dict.fromkeys(READ, KindStatus(status=Collected.ABSENT))
    assert matched(sets(collection=absent), "a == 'b'") == []


def test_unread_namespaces_are_a_doubt_only_where_sets_stand_in_them():
    """Without their labels nobody knows what a NetworkSet inherits."""
    collection = READ | {"namespaces": KindStatus(status=Collected.FORBIDDEN)}
    selector = endpoint_selector("a == 'b'", "f")[0]
    assert "namespaces" in sets(network_set("a", []), collection=collection).matched(selector).doubt
    assert not sets(network_set("a", [], ns=""), collection=collection).matched(selector).doubt


def test_a_folder_that_was_read_whole_has_no_gaps():
    """Manifests hold the sets there are, unless a document was lost."""
    for status, gap in ((Collected.COMPLETE, False), (Collected.PARTIAL, True)):
        whole = snapshot(source=Source.MANIFESTS, collection={"pods": KindStatus(status=status)})
        assert bool(unread(whole, "NetworkSet")) is gap


def test_one_set_in_both_groups_is_one():
    """The served form wins, whatever the order; other groups' kinds of the name are none."""
    served, stored = network_set("a", ["10.1.0.0/16"]), network_set("a", ["10.2.0.0/16"], api=STORED)
    other = network_set("b", ["10.3.0.0/16"], api="example.org/v1")
    for items in ((served, stored, other), (other, stored, served)):
        assert matched(sets(*items), "all()") == ["10.1.0.0/16"]
    assert matched(sets(stored), "all()") == ["10.2.0.0/16"]
