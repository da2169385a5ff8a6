"""What the peer fields of a Cilium rule come to, in a namespace and clusterwide."""

from __future__ import annotations

import ipaddress

import pytest

from scanner.model import ApiObject, Collected, Endpoint, EndpointSlice, KindStatus, Service
from scanner.policy.cilium.found import NO_PODS
from scanner.policy.cilium.resolve import resolve_cilium_clusterwide_network_policy, resolve_cilium_network_policy
from scanner.policy.decode import Context, FieldError, UnreadableError
from scanner.policy.model import (
    Action,
    BlockPeer,
    Entity,
    EntityPeer,
    Matching,
    NamePeer,
    Operator,
    PodPeer,
    Requirement,
    Selector,
)
from tests.factories import raw, snapshot

NAME = "kubernetes.io/metadata.name"
NAMESPACE = "io.kubernetes.pod.namespace"
TEAM = "io.cilium.k8s.namespace.labels.team"
SLICES = "endpointslices.discovery.k8s.io"
GROUPS = "ciliumcidrgroups.cilium.io"
EVERYTHING = Selector()
EVERYONE = EntityPeer(Entity.ALL)
ADDRESSES = (EntityPeer(Entity.WORLD), EntityPeer(Entity.NODES))


def cluster(*, settings=(), services=(), slices=(), whole=(SLICES, GROUPS), unlisted=()):
    """A snapshot with Services and CIDR groups; the lists named in `whole` were read whole."""
    taken = snapshot(services=services, settings=tuple(settings), endpoint_slices=tuple(slices), unlisted=unlisted)
    taken.collection.update({resource: KindStatus(status=Collected.COMPLETE) for resource in whole})
    return taken


def resolved(section, rule, *, taken=None, clusterwide=False):
    """The one policy of a spec with one rule, and its remarks."""
    kind, ns = ("CiliumClusterwideNetworkPolicy", "") if clusterwide else ("CiliumNetworkPolicy", "shop")
    spec = raw({"endpointSelector": {}, section: [rule]})
    source = ApiObject(api_version="cilium.io/v2", kind=kind, name="p", namespace=ns, spec=spec)
    resolve = resolve_cilium_clusterwide_network_policy if clusterwide else resolve_cilium_network_policy
    (policy,), remarks = resolve(source, Context(taken or cluster()))
    return policy, remarks


def peers(section, rule, **where):
    """The peers of a rule about which there is no doubt, nor anything to remark."""
    policy, remarks = resolved(section, rule, **where)
    (found,) = policy.rules
    assert (found.doubt, policy.doubt, remarks) == ("", "", [])
    return found.peers


def doubted(section, rule, **where):
    """Peers and doubt of every part of a rule."""
    policy, _ = resolved(section, rule, **where)
    assert {(each.index, each.section) for each in policy.rules} == {(0, section)}
    return [(each.peers, each.doubt) for each in policy.rules]


def labels(**values):
    """A selector of equalities, with `_` for what Python's names cannot hold."""
    return Selector(tuple(Requirement(key, Operator.IN, (value,)) for key, value in sorted(values.items())))


def block(text, *excepts):
    """Addresses outside."""
    return BlockPeer(ipaddress.ip_network(text), tuple(map(ipaddress.ip_network, excepts)), Matching.OUTSIDE)


def in_namespace(*names, operator=Operator.IN):
    """A selector over namespaces by name."""
    return Selector((Requirement(NAME, operator, names),))


ENDPOINTS = [
    pytest.param({}, EVERYTHING, None, EVERYTHING, id="empty"),
    pytest.param({"matchLabels": {"k8s:app": "a"}}, labels(app="a"), None, EVERYTHING, id="label"),
    pytest.param(
        {"matchLabels": {NAMESPACE: "dns", "app": "a"}}, labels(app="a"), in_namespace("dns"), in_namespace("dns"), id="namespace"
    ),
    pytest.param(
        {"matchExpressions": [{"key": f"k8s:{NAMESPACE}", "operator": "In", "values": ["b", "a"]}]},
        EVERYTHING,
        in_namespace("a", "b"),
        in_namespace("a", "b"),
        id="namespaces",
    ),
    pytest.param(
        {"matchExpressions": [{"key": NAMESPACE, "operator": "Exists"}]}, EVERYTHING, EVERYTHING, EVERYTHING, id="any-namespace"
    ),
    pytest.param(
        {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": NAMESPACE, "operator": "NotIn", "values": ["x"]}]},
        labels(app="a"),
        in_namespace("x", operator=Operator.NOT_IN),
        in_namespace("x", operator=Operator.NOT_IN),
        id="but-a-namespace",
    ),
    pytest.param(
        {"matchLabels": {NAMESPACE: "dns", TEAM: "red"}},
        EVERYTHING,
        labels(**{NAME: "dns", "team": "red"}),
        labels(**{NAME: "dns", "team": "red"}),
        id="namespace-and-its-label",
    ),
    pytest.param(
        {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
        Selector((Requirement("app", Operator.DOES_NOT_EXIST),)),
        None,
        EVERYTHING,
        id="without-a-label",
    ),
    pytest.param(
        {"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "leia"}},
        labels(**{"io.cilium.k8s.policy.serviceaccount": "leia"}),
        None,
        EVERYTHING,
        id="service-account",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "pods", "own", "wide"), ENDPOINTS)
def test_endpoints(selector, pods, own, wide):
    """Without a word on namespaces: the policy's own, and clusterwide all of them."""
    assert peers("ingress", {"fromEndpoints": [selector]}) == (PodPeer(pods, own),)
    assert peers("egress", {"toEndpoints": [selector]}, clusterwide=True) == (PodPeer(pods, wide),)


def test_namespace_labels_reach_every_namespace_of_a_clusterwide_policy():
    """They are what selects namespaces there, surely."""
    assert peers("ingress", {"fromEndpoints": [{"matchLabels": {TEAM: "red"}}]}, clusterwide=True) == (
        PodPeer(EVERYTHING, labels(team="red")),
    )


def test_namespace_labels_in_a_namespaced_policy_depend_on_the_version():
    """The wide reading leaves the policy's namespace, in doubt."""
    ((found, doubt),) = doubted("ingress", {"fromEndpoints": [{"matchLabels": {TEAM: "red"}}]})
    assert found == (PodPeer(EVERYTHING, labels(team="red")),)
    assert "older versions" in doubt


@pytest.mark.parametrize(
    ("key", "clusterwide", "namespaces"),
    [
        pytest.param(NAMESPACE, False, in_namespace("x", operator=Operator.NOT_IN), id="name"),
        pytest.param(NAMESPACE, True, in_namespace("x", operator=Operator.NOT_IN), id="name-clusterwide"),
        pytest.param(TEAM, False, Selector((Requirement("team", Operator.NOT_IN, ("x",)),)), id="label"),
    ],
)
def test_a_selector_of_negations_may_match_what_is_no_pod(key, clusterwide, namespaces):
    """NotIn holds for addresses too, which have no such label: pods for sure, all that is no pod in doubt."""
    selector = {"matchExpressions": [{"key": key, "operator": "NotIn", "values": ["x"]}]}
    parts = doubted("ingress", {"fromEndpoints": [selector]}, clusterwide=clusterwide)
    assert parts[0][0] == (PodPeer(EVERYTHING, namespaces),)
    assert parts[1][0] == NO_PODS
    assert "no pods" in parts[1][1]


def test_negated_namespace_labels_of_a_clusterwide_policy_are_pods_only():
    """There a namespace is asked for as well."""
    selector = {"matchExpressions": [{"key": TEAM, "operator": "DoesNotExist"}]}
    assert peers("ingress", {"fromEndpoints": [selector]}, clusterwide=True) == (
        PodPeer(EVERYTHING, Selector((Requirement("team", Operator.DOES_NOT_EXIST),))),
    )


def test_peers_without_a_namespace_are_no_pods():
    """What has no namespace is no pod, and may be anything else."""
    selector = {"matchExpressions": [{"key": NAMESPACE, "operator": "DoesNotExist"}]}
    ((found, doubt),) = doubted("ingress", {"fromEndpoints": [selector]})
    assert found == NO_PODS
    assert doubt


@pytest.mark.parametrize(
    ("selector", "pods"),
    [
        pytest.param({"io.cilium.k8s.policy.cluster": "default", "app": "a"}, labels(app="a"), id="cluster"),
        pytest.param({"container:x": "y", "app": "a"}, labels(app="a"), id="source"),
        pytest.param({"controller-revision-hash": "1"}, labels(**{"controller-revision-hash": "1"}), id="left-out"),
    ],
)
def test_endpoints_in_doubt_are_read_wide(selector, pods):
    """The condition that cannot be told is dropped, or kept where it only adds."""
    ((found, doubt),) = doubted("ingress", {"fromEndpoints": [{"matchLabels": selector}]})
    assert found == (PodPeer(pods, None),)
    assert doubt


def test_sure_and_doubtful_endpoints_are_two_rules():
    """The doubt about one peer does not reach the others of its rule."""
    selectors = [{"matchLabels": {"app": "a"}}, {"matchLabels": {"io.cilium.k8s.policy.cluster": "x"}}]
    parts = doubted("ingress", {"fromEndpoints": selectors})
    assert [(found, bool(doubt)) for found, doubt in parts] == [
        ((PodPeer(labels(app="a"), None),), False),
        ((PodPeer(EVERYTHING, None),), True),
    ]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"matchLabels": {"reserved:host": ""}}, (EntityPeer(Entity.HOST),)),
        ({"matchLabels": {"reserved:kube-apiserver": ""}}, (EntityPeer(Entity.KUBE_APISERVER),)),
        ({"matchLabels": {"reserved:health": ""}}, ()),
        ({"matchLabels": {"reserved:host": "x"}}, ()),
        ({"matchExpressions": [{"key": "reserved.remote-node", "operator": "Exists"}]}, (EntityPeer(Entity.REMOTE_NODE),)),
        ({"matchExpressions": [{"key": "$ingress", "operator": "In", "values": ["", "x"]}]}, (EntityPeer(Entity.INGRESS),)),
    ],
    ids=str,
)  # fmt: skip
def test_reserved_labels_are_entities(selector, found):
    """A selector for one reserved label is that entity, whatever the namespace."""
    assert peers("ingress", {"fromEndpoints": [selector]}) == found


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"matchLabels": {"reserved:world": ""}}, EntityPeer(Entity.WORLD)),
        ({"matchLabels": {"reserved:unmanaged": ""}}, PodPeer(EVERYTHING, EVERYTHING)),
        ({"matchLabels": {"reserved:cluster": ""}}, EVERYONE),
        ({"matchLabels": {"reserved:mars": ""}}, EVERYONE),
        ({"matchLabels": {"reserved:host": "", "app": "a"}}, EVERYONE),
        ({"matchExpressions": [{"key": "reserved:host", "operator": "DoesNotExist"}]}, EVERYONE),
    ],
    ids=str,
)
def test_other_reserved_selectors_are_in_doubt(selector, found):
    """Combined, negated or unknown reserved labels are read wide."""
    assert [(each, bool(doubt)) for each, doubt in doubted("ingress", {"fromEndpoints": [selector]})] == [
        ((found,), True)
    ]


@pytest.mark.parametrize(
    "name", ["all", "cluster", "world", "world-ipv4", "world-ipv6", "host", "remote-node", "kube-apiserver", "ingress"]
)
def test_entities(name):
    """An entity by its name, both ways."""
    assert peers("ingress", {"fromEntities": [name]}) == (EntityPeer(Entity(name)),)
    assert peers("egress", {"toEntities": [name]}) == (EntityPeer(Entity(name)),)


def test_entities_that_are_no_workload_match_nothing():
    """Health endpoints, endpoints without identity and `none` are nobody here; the rest of the list stays."""
    assert peers("ingress", {"fromEntities": ["none", "init", "health"]}) == ()
    assert peers("ingress", {"fromEntities": ["health", "host", "host"]}) == (EntityPeer(Entity.HOST),)


def test_unmanaged_endpoints_are_in_doubt():
    """Which pods Cilium does not manage is not known, so all of them may be meant."""
    ((found, doubt),) = doubted("ingress", {"fromEntities": ["unmanaged"]})
    assert found == (PodPeer(EVERYTHING, EVERYTHING),)
    assert doubt


@pytest.mark.parametrize("name", ["wrold", "nodes", "cluster-mesh", ""])
def test_an_unknown_entity_puts_rule_and_policy_into_doubt(name):
    """It is refused, or of a newer version: the policy may not be there, and the entity may be anybody."""
    policy, remarks = resolved("ingress", {"fromEntities": ["host", name]})
    assert policy.doubt
    assert [(rule.peers, bool(rule.doubt)) for rule in policy.rules] == [
        ((EntityPeer(Entity.HOST),), False),
        ((EVERYONE,), True),
    ]
    assert [place for place, _ in remarks] == ["spec.ingress[0].fromEntities[1]"]


def test_addresses():
    """CIDRs, with what a set leaves out; they never match pods."""
    assert peers("ingress", {"fromCIDR": ["10.0.0.0/8", "2001:db8::/32"]}) == (
        block("10.0.0.0/8"),
        block("2001:db8::/32"),
    )
    rule = {"toCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.96.0.0/12", "10.1.0.0/16", "10.1.0.0/16"]}]}
    assert peers("egress", rule) == (block("10.0.0.0/8", "10.1.0.0/16", "10.96.0.0/12"),)
    assert peers("egressDeny", {"toCIDR": ["169.254.169.254/32"]}) == (block("169.254.169.254/32"),)


def test_host_bits_are_cleared_with_a_remark():
    """The agent masks them."""
    policy, remarks = resolved("ingress", {"fromCIDR": ["10.1.2.3/8"]})
    assert policy.rules[0].peers == (block("10.0.0.0/8"),)
    assert [place for place, _ in remarks] == ["spec.ingress[0].fromCIDR[0]"]


def test_a_set_that_leaves_nothing_is_nobody():
    """Excepting the whole block is taken, and surely not meant."""
    rule = {"toCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8", "10.1.0.0/16"]}]}
    policy, remarks = resolved("egress", rule)
    assert policy.rules[0].peers == ()
    assert [place for place, _ in remarks] == ["spec.egress[0].toCIDRSet[0].except"]


def group(name, *cidrs, spec=None, **tags):
    """A CiliumCIDRGroup."""
    return ApiObject(
        api_version="cilium.io/v2",
        kind="CiliumCIDRGroup",
        name=name,
        labels=tags,
        spec=raw({"externalCIDRs": list(cidrs)} if spec is None else spec),
    )


OFFICE = group("office", "192.0.2.0/24", "198.51.100.0/24", zone="eu")
PARTNERS = group("partners", "198.51.100.0/24", "2001:db8::/32", zone="eu", kind="partner")


def test_groups_by_name_and_by_label():
    """The CIDRs of the groups that are meant, without repeats."""
    taken = cluster(settings=[OFFICE, PARTNERS])
    assert peers("ingress", {"fromCIDRSet": [{"cidrGroupRef": "office"}]}, taken=taken) == (
        block("192.0.2.0/24"),
        block("198.51.100.0/24"),
    )
    rule = {"toCIDRSet": [{"cidrGroupSelector": {"matchLabels": {"zone": "eu"}}}]}
    assert peers("egress", rule, taken=taken) == (
        block("192.0.2.0/24"),
        block("198.51.100.0/24"),
        block("2001:db8::/32"),
    )
    rule = {"toCIDRSet": [{"cidrGroupSelector": {"matchExpressions": [{"key": "kind", "operator": "Exists"}]}}]}
    assert peers("egress", rule, taken=taken) == (block("198.51.100.0/24"), block("2001:db8::/32"))


@pytest.mark.parametrize(
    "entry", [{"cidrGroupRef": "none"}, {"cidrGroupSelector": {"matchLabels": {"zone": "us"}}}], ids=str
)
def test_a_missing_group_is_nobody(entry):
    """Where the list of groups is whole, a group that is not in it matches nothing."""
    policy, remarks = resolved("ingress", {"fromCIDRSet": [entry]}, taken=cluster(settings=[OFFICE]))
    assert policy.rules[0].peers == ()
    assert [place for place, _ in remarks] == ["spec.ingress[0].fromCIDRSet[0]"]


@pytest.mark.parametrize(
    ("entry", "groups"),
    [
        pytest.param({"cidrGroupRef": "none"}, [OFFICE], id="a-group-that-was-not-read"),
        pytest.param({"cidrGroupSelector": {"matchLabels": {"zone": "eu"}}}, [OFFICE], id="there-may-be-more"),
        pytest.param({"cidrGroupRef": "odd"}, [group("odd", "10.0.0.0")], id="no-cidr"),
        pytest.param({"cidrGroupRef": "odd"}, [group("odd", spec=[])], id="no-spec"),
        pytest.param({"cidrGroupRef": "odd"}, [group("odd", spec={"externalCIDRs": [None]})], id="empty-item"),
        pytest.param({"cidrGroupRef": "odd"}, [group("odd", spec={"more": 1})], id="unknown-field"),
    ],
)
def test_groups_that_are_not_known_may_be_any_address(entry, groups):
    """Unread groups and groups that cannot be read are addresses in doubt."""
    ((found, doubt),) = doubted("ingress", {"fromCIDRSet": [entry]}, taken=cluster(settings=groups, whole=()))
    assert found == ADDRESSES
    assert doubt


def test_a_group_that_was_read_counts_though_others_were_not():
    """A group by its name is the one, whether or not the list broke off after it."""
    taken = cluster(settings=[OFFICE], whole=())
    assert peers("ingress", {"fromCIDRSet": [{"cidrGroupRef": "office"}]}, taken=taken) == (
        block("192.0.2.0/24"),
        block("198.51.100.0/24"),
    )


def test_exceptions_to_groups_are_in_doubt():
    """The schema says they are not supported yet, the agent reads them."""
    rule = {"fromCIDRSet": [{"cidrGroupRef": "office", "except": ["192.0.2.1/32"]}]}
    ((found, doubt),) = doubted("ingress", rule, taken=cluster(settings=[OFFICE]))
    assert found == (block("192.0.2.0/24"), block("198.51.100.0/24"))
    assert doubt


@pytest.mark.parametrize("selector", [{}, {"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}], ids=str)
def test_a_group_selector_that_asks_for_no_label_may_match_anything(selector):
    """Such a selector holds for what is in no group at all."""
    rule = {"fromCIDRSet": [{"cidrGroupSelector": selector}]}
    ((found, doubt),) = doubted("ingress", rule, taken=cluster(settings=[OFFICE]))
    assert found == (EVERYONE,)
    assert doubt


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ({"matchName": "API.Example.com."}, ["api.example.com"]),
        ({"matchName": "_http._tcp.example.com"}, ["_http._tcp.example.com"]),
        ({"matchPattern": "*.example.com"}, ["*.example.com"]),
        ({"matchPattern": "**.example.com"}, ["**.example.com"]),
        ({"matchPattern": "a*-b.example.*"}, ["a*-b.example.*"]),
        ({"matchPattern": "*"}, ["*", "**.*"]),
    ],
    ids=str,
)
def test_names(entry, names):
    """DNS names in lower case; a lone star is every name."""
    assert peers("egress", {"toFQDNs": [entry]}) == tuple(map(NamePeer, names))


def test_an_empty_name_is_nobody():
    """It stands for no name, with a remark."""
    policy, remarks = resolved("egress", {"toFQDNs": [{}]})
    assert policy.rules[0].peers == ()
    assert [place for place, _ in remarks] == ["spec.egress[0].toFQDNs[0]"]


def service(name="db", ns="shop", selector=None):
    """A Service."""
    return Service(namespace=ns, name=name, selector=selector)


def to_service(**entry):
    """A rule for one k8sService."""
    return {"toServices": [{"k8sService": entry}]}


def test_a_service_with_a_selector_is_its_pods():
    """Its labels, in its own namespace, wherever the policy stands."""
    services = [service(ns="data", selector={"app": "db"}), service(ns="shop", selector={"app": "x"})]
    policy, remarks = resolved(
        "egress", to_service(serviceName="db", namespace="data"), taken=cluster(services=services)
    )
    (rule,) = policy.rules
    assert (rule.peers, rule.doubt) == ((PodPeer(labels(app="db"), in_namespace("data")),), "")
    assert ["1.17" in message for _, message in remarks] == [True]


def test_a_service_without_a_namespace_is_every_one_of_the_name():
    """An empty namespace puts no limit, not even the policy's own."""
    services = [service(ns="a", selector={"app": "1"}), service(ns="b", selector={"app": "2"})]
    policy, _ = resolved("egress", to_service(serviceName="db"), taken=cluster(services=services))
    assert policy.rules[0].peers == (
        PodPeer(labels(app="1"), in_namespace("a")),
        PodPeer(labels(app="2"), in_namespace("b")),
    )


def test_a_service_by_a_label_that_identities_leave_out_is_in_doubt():
    """Cilium selects by identity, and some labels are not part of it."""
    services = [service(selector={"statefulset.kubernetes.io/pod-name": "db-0"})]
    ((found, doubt),) = doubted(
        "egress", to_service(serviceName="db", namespace="shop"), taken=cluster(services=services)
    )
    assert found == (PodPeer(labels(**{"statefulset.kubernetes.io/pod-name": "db-0"}), in_namespace("shop")),)
    assert doubt


def test_a_service_without_a_selector_is_its_addresses():
    """What its slices hold; names and other Services' endpoints do not count, unready ones are in doubt."""
    slices = [
        EndpointSlice(
            namespace="shop",
            name="db-1",
            service="db",
            endpoints=(
                Endpoint(addresses=("192.0.2.7",)),
                Endpoint(addresses=("2001:db8::7",), ready=False),
                Endpoint(addresses=("db.example.com",)),
            ),
        ),
        EndpointSlice(namespace="shop", name="x", service="x", endpoints=(Endpoint(addresses=("192.0.2.9",)),)),
    ]
    taken = cluster(services=[service()], slices=slices)
    parts = doubted("egress", to_service(serviceName="db", namespace="shop"), taken=taken)
    assert [(found, bool(doubt)) for found, doubt in parts] == [
        ((block("192.0.2.7/32"),), False),
        ((block("2001:db8::7/128"),), True),
    ]


@pytest.mark.parametrize(
    ("entry", "taken", "first"),
    [
        pytest.param(
            {"k8sService": {"serviceName": "db", "namespace": "shop"}},
            cluster(services=[service()], whole=()),
            ADDRESSES,
            id="unread-slices",
        ),
        pytest.param(
            {"k8sService": {"serviceName": "kubernetes", "namespace": "default"}},
            cluster(services=[service("kubernetes", "default")]),
            (EntityPeer(Entity.KUBE_APISERVER), *ADDRESSES),
            id="the-api-server",
        ),
        pytest.param(
            {"k8sService": {"serviceName": "db", "namespace": "data"}},
            cluster(unlisted=["services"]),
            (PodPeer(EVERYTHING, in_namespace("data")), *ADDRESSES),
            id="unread-services",
        ),
        pytest.param(
            {"k8sService": {"serviceName": "db"}},
            cluster(unlisted=["services"]),
            (PodPeer(EVERYTHING, EVERYTHING), *ADDRESSES),
            id="unread-services-of-any-namespace",
        ),
        pytest.param(
            {"k8sServiceSelector": {"selector": {"matchLabels": {"env": "dev"}}, "namespace": "data"}},
            cluster(),
            (PodPeer(EVERYTHING, in_namespace("data")), *ADDRESSES),
            id="by-label",
        ),
    ],
)
def test_services_in_doubt_are_read_wide(entry, taken, first):
    """Services that are not known may lead to any pod of the namespace, or out."""
    ((found, doubt),) = doubted("egress", {"toServices": [entry]}, taken=taken)
    assert found == first
    assert doubt


@pytest.mark.parametrize("entry", [{"k8sService": {"serviceName": "db", "namespace": "shop"}}, {}], ids=str)
def test_a_missing_service_is_nobody(entry):
    """Where the list of Services is whole, with a remark."""
    policy, remarks = resolved("egress", {"toServices": [entry]})
    assert policy.rules[0].peers == ()
    assert [place for place, _ in remarks] == ["spec.egress[0].toServices[0]"]


def test_ports_beside_a_missing_service_are_in_doubt():
    """An agent that finds no Service may take the ports for everybody's."""
    rule = to_service(serviceName="db", namespace="shop") | {"toPorts": [{"ports": [{"port": "80"}]}]}
    ((found, doubt),) = doubted("egress", rule)
    assert found == (EVERYONE,)
    assert doubt


@pytest.mark.parametrize(("section", "word"), [("ingress", "from"), ("egress", "to")])
def test_groups_of_a_cloud_are_addresses_in_doubt(section, word):
    """What a security group holds is not in the snapshot."""
    rule = {f"{word}Groups": [{"aws": {"securityGroupsIds": ["sg-1"]}}]}
    ((found, doubt),) = doubted(section, rule)
    assert found == ADDRESSES
    assert doubt


@pytest.mark.parametrize(("section", "word"), [("ingress", "from"), ("egressDeny", "to")])
def test_nodes_by_label_are_other_nodes_in_doubt(section, word):
    """Without a flag of the agent the policy is refused, so it is in doubt as well."""
    rule = {f"{word}Nodes": [{"matchLabels": {"node-role.kubernetes.io/control-plane": ""}}]}
    policy, _ = resolved(section, rule)
    assert policy.doubt
    assert policy.rules[0].peers == (EntityPeer(Entity.REMOTE_NODE),)
    assert policy.rules[0].doubt


@pytest.mark.parametrize("name", ["Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes"])
def test_an_empty_list_of_peers_is_nobody(name):
    """Empty is not absent, also beside ports; a remark says so."""
    for section, word in (("ingress", "from"), ("egress", "to")):
        policy, remarks = resolved(section, {f"{word}{name}": [], "toPorts": [{"ports": [{"port": "80"}]}]})
        assert policy.rules[0].peers == ()
        assert [place for place, _ in remarks] == [f"spec.{section}[0].{word}{name}"]


@pytest.mark.parametrize(
    "empty", [{"toFQDNs": []}, {"toServices": []}, {"toGroups": []}, {"toEndpoints": None}], ids=str
)
def test_other_empty_lists_are_absent(empty):
    """They put no limit beside ports, and make an empty rule without."""
    assert peers("egress", empty | {"toPorts": [{"ports": [{"port": "80"}]}]}) is None
    assert peers("egress", empty) == ()


def test_an_empty_list_beside_peers_is_nobody():
    """One empty list of peers silences the other."""
    policy, _ = resolved("ingress", {"fromEndpoints": [{}], "fromCIDR": []})
    assert policy.rules[0].peers == ()


def test_ports_alone_are_for_everybody():
    """A rule without peers lets everyone to its ports."""
    assert peers("ingress", {"toPorts": [{"ports": [{"port": "80"}]}]}) is None


def test_deny_rules_read_peers_alike():
    """Only the action differs."""
    policy, _ = resolved("ingressDeny", {"fromEntities": ["world"]})
    (rule,) = policy.rules
    assert (rule.action, rule.peers, rule.name) == (Action.DENY, (EntityPeer(Entity.WORLD),), "ingressDeny[0]")


REFUSED = [
    ("ingress", {"fromEndpoints": [{}], "fromEntities": ["host"]}, ""),
    ("egress", {"toCIDR": ["10.0.0.0/8"], "toCIDRSet": [{"cidr": "10.0.0.0/8"}]}, ""),
    ("egress", {"toFQDNs": [{"matchName": "a.b"}], "toEntities": ["host"]}, ""),
    ("ingress", {"fromEndpoints": [None]}, ".fromEndpoints[0]"),
    ("ingress", {"fromEndpoints": [{"matchLabels": {"a": "-"}}]}, ".fromEndpoints[0].matchLabels"),
    ("egress", {"toNodes": [{"matchExpressions": [{"key": "a"}]}]}, ".toNodes[0].matchExpressions[0].operator"),
    ("ingress", {"fromCIDR": ["10.0.0.1"]}, ".fromCIDR[0]"),
    ("ingress", {"fromCIDR": ["010.0.0.0/8"]}, ".fromCIDR[0]"),
    ("ingress", {"fromCIDR": ["10.0.0.0/33"]}, ".fromCIDR[0]"),
    ("ingress", {"fromCIDR": ["fe80::1%eth0/64"]}, ".fromCIDR[0]"),
    ("ingress", {"fromCIDR": [""]}, ".fromCIDR[0]"),
    ("ingress", {"fromCIDRSet": [{}]}, ".fromCIDRSet[0]"),
    ("ingress", {"fromCIDRSet": [{"cidr": "10.0.0.0/8", "cidrGroupRef": "a"}]}, ".fromCIDRSet[0]"),
    ("ingress", {"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}]}, ".fromCIDRSet[0].except[0]"),
    ("ingress", {"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/7"]}]}, ".fromCIDRSet[0].except[0]"),
    ("ingress", {"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["::/64"]}]}, ".fromCIDRSet[0].except[0]"),
    ("egress", {"toFQDNs": [{"matchName": "a.b", "matchPattern": "*"}]}, ".toFQDNs[0]"),
    ("egress", {"toFQDNs": [{"matchName": "*.b"}]}, ".toFQDNs[0].matchName"),
    ("egress", {"toFQDNs": [{"matchName": "a..b"}]}, ".toFQDNs[0].matchName"),
    ("egress", {"toFQDNs": [{"matchPattern": "a/b"}]}, ".toFQDNs[0].matchPattern"),
    ("egress", {"toFQDNs": [{"matchPattern": "a" * 256}]}, ".toFQDNs[0]"),
    ("egress", {"toServices": [None]}, ".toServices[0]"),
]


@pytest.mark.parametrize(("section", "rule", "field"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_is_refused(section, rule, field):
    """The agent or the schema refuses the policy for it."""
    with pytest.raises(FieldError) as error:
        resolved(section, rule)
    assert error.value.field == f"spec.{section}[0]{field}"
    assert not isinstance(error.value, UnreadableError)
