"""The engine against a second, slow reading of the specification that asks pair by pair, and properties of any cluster."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.reach import render_reach
from scanner.model import ContainerPort, Namespace, Pod, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import ClusterReach, build
from tests.factories import namespace, pod, policy, snapshot

PROBED = (1, 79, 80, 81, 8079, 8080, 8082, 8083, 9090, 65535)
OUTSIDE = ("8.8.8.8", "10.0.0.1", "10.0.1.1", "10.0.1.130", "192.168.7.7", "2001:db8::1", "2001:db8:1::1")
PROTOCOLS = ("TCP", "UDP", "SCTP")


def selects(selector: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    """The oracle's own reading of a wire label selector."""
    selector = selector or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions") or []:
        has, value = expression["key"] in labels, labels.get(expression["key"])
        verdict = {
            "In": has and value in (expression.get("values") or []),
            "NotIn": not has or value not in (expression.get("values") or []),
            "Exists": has,
            "DoesNotExist": not has,
        }[expression["operator"]]
        if not verdict:
            return False
    return True


def admits_peer(
    rule: dict[str, Any], word: str, home: str, other: Pod | str, labels: dict[str, dict[str, str]]
) -> bool:
    """Whether one wire rule's peers hold a pod or an address."""
    peers = rule.get(word)
    if not peers:
        return True
    for peer in peers:
        if "ipBlock" in peer:
            if isinstance(other, str):
                address = ipaddress.ip_address(other)
                inside = address in ipaddress.ip_network(peer["ipBlock"]["cidr"])
                if inside and not any(
                    address in ipaddress.ip_network(each) for each in peer["ipBlock"].get("except") or []
                ):
                    return True
            continue
        if isinstance(other, str):
            continue
        where = peer.get("namespaceSelector")
        same = other.namespace == home if where is None else selects(where, labels[other.namespace])
        if same and selects(peer.get("podSelector"), other.labels):
            return True
    return False


def admits_port(rule: dict[str, Any], protocol: str, number: int, destination: Pod | str) -> bool:
    """Whether one wire rule's ports hold a port of the destination."""
    ports = rule.get("ports")
    if not ports:
        return True
    for port in ports:
        if (port.get("protocol") or "TCP") != protocol:
            continue
        wanted = port.get("port")
        if wanted is None:
            return True
        if isinstance(wanted, str):
            declared = () if isinstance(destination, str) else destination.ports
            if any((each.name, each.protocol, each.port) == (wanted, protocol, number) for each in declared):
                return True
        elif wanted <= number <= (port.get("endPort") or wanted):
            return True
    return False


def half(cluster: Snapshot, word: str, subject: Pod | str, other: Pod | str, protocol_port: tuple[str, int]) -> bool:
    """One direction of one connection by the specification."""
    if isinstance(subject, str):
        return True
    protocol, number = protocol_port
    labels = {each.name: each.labels for each in cluster.namespaces}
    isolated = False
    for each in cluster.policies:
        spec = msgspec.json.decode(each.spec)
        types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
        if each.namespace != subject.namespace or not selects(spec.get("podSelector"), subject.labels):
            continue
        if ("Ingress" if word == "from" else "Egress") not in types:
            continue
        isolated = True
        destination = subject if word == "from" else other
        for rule in spec.get("ingress" if word == "from" else "egress") or []:
            if admits_peer(rule, word, each.namespace, other, labels) and admits_port(
                rule, protocol, number, destination
            ):
                return True
    return not isolated


def may(cluster: Snapshot, src: Pod | str, dst: Pod | str, protocol: str, number: int) -> bool:
    """Whether the specification lets one connection through."""
    return half(cluster, "to", src, dst, (protocol, number)) and half(cluster, "from", dst, src, (protocol, number))


LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["a", "b", "c"]), max_size=2)
EXPRESSIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["app", "tier"]),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"key": st.sampled_from(["app", "tier"]), "operator": st.sampled_from(["Exists", "DoesNotExist"])}
    ),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=2)}
)
NAMESPACE_SELECTORS = st.one_of(
    st.just({}),
    st.sampled_from(["one", "two"]).map(lambda name: {"matchLabels": {"kubernetes.io/metadata.name": name}}),
    st.sampled_from(["x", "y"]).map(lambda value: {"matchLabels": {"env": value}}),
    st.just({"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["x"]}]}),
)
BLOCKS = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]},
        {"cidr": "10.0.0.0/8", "except": ["10.0.1.0/24", "10.0.1.128/25"]},
        {"cidr": "10.0.1.0/24"},
        {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]},
        {"cidr": "::/0"},
    ]
)
PEERS = st.one_of(
    st.fixed_dictionaries({"podSelector": SELECTORS}),
    st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTORS}, optional={"podSelector": SELECTORS}),
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
)
PORTS = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"port": st.sampled_from(["http", "dns", "admin"])}, optional={"protocol": st.sampled_from(PROTOCOLS)}
    ),
    st.fixed_dictionaries(
        {"port": st.sampled_from([80, 8080, 9090])}, optional={"protocol": st.sampled_from(PROTOCOLS)}
    ),
    st.fixed_dictionaries({"port": st.just(80), "endPort": st.sampled_from([80, 8082, 65535])}),
    st.fixed_dictionaries({"protocol": st.sampled_from(PROTOCOLS)}),
)


def rules(word: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some rules of one direction."""
    rule = st.fixed_dictionaries({}, optional={word: st.lists(PEERS, max_size=2), "ports": st.lists(PORTS, max_size=2)})
    return st.lists(rule, max_size=2)


SPECS = st.fixed_dictionaries(
    {},
    optional={
        "podSelector": SELECTORS,
        "policyTypes": st.sampled_from([[], ["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
        "ingress": rules("from"),
        "egress": rules("to"),
    },
)
CONTAINER_PORTS = st.lists(
    st.builds(
        ContainerPort,
        port=st.sampled_from([80, 8080, 9090]),
        protocol=st.sampled_from(PROTOCOLS),
        name=st.sampled_from(["", "http", "dns", "admin"]),
    ),
    max_size=2,
)


@st.composite
def clusters(draw: st.DrawFn) -> Snapshot:
    """A small random cluster of bare pods in three namespaces."""
    spaces: list[Namespace] = [namespace("one", env="x"), namespace("two", env="y"), namespace("three")]
    pods = [
        pod(f"p{at}", ns=draw(st.sampled_from(["one", "two", "three"])), labels=draw(LABELS), owner=("Pod", f"p{at}"),
            ports=draw(CONTAINER_PORTS))
        for at in range(draw(st.integers(1, 5)))
    ]  # fmt: skip
    policies = [
        policy(spec, name=f"np{at}", ns=draw(st.sampled_from(["one", "two", "three"])))
        for at, spec in enumerate(draw(st.lists(SPECS, max_size=4)))
    ]
    return snapshot(pods=pods, namespaces=spaces, policies=policies)


def reach_of(cluster: Snapshot) -> ClusterReach:
    """The declared reach of a cluster."""
    return build(cluster, resolve(cluster))


def listed(reach: ClusterReach) -> set[tuple[str, str, str, int]]:
    """The probed ports among the listed connections."""
    return {
        (each.src, each.dst, protocol, number)
        for each in reach.connections()
        for protocol, ranges in each.ports.items()
        for number in PROBED
        if any(first <= number <= last for first, last in ranges)
    }


def peer_of(address: str, reach: ClusterReach) -> str:
    """The listed range that holds an address."""
    wanted = ipaddress.ip_address(address)
    for name, kind in reach.peers:
        if kind == "ip":
            first, last = (ipaddress.ip_address(part) for part in name.split("-"))
            if first.version == wanted.version and int(first) <= int(wanted) <= int(last):
                return name
    raise AssertionError(f"no range holds {address}")


@settings(max_examples=150, deadline=None)
@given(cluster=clusters())
def test_engine_agrees_with_the_oracle_on_every_pair_and_port(cluster):
    """For every pair of pods and addresses, protocol and port, the listing says what the specification says."""
    reach = reach_of(cluster)
    answers = listed(reach)
    names: dict[Pod | str, str] = {address: peer_of(address, reach) for address in OUTSIDE}
    pods = {each.name: each for each in cluster.pods}
    ends = [*pods.values(), *OUTSIDE]
    for src, dst in itertools.product(ends, ends):
        if src is dst or (isinstance(src, str) and isinstance(dst, str)):
            continue
        ids = [names[end] if isinstance(end, str) else f"{end.namespace}/{end.name}[Pod]" for end in (src, dst)]
        for protocol, number in itertools.product(PROTOCOLS, PROBED):
            expected = may(cluster, src, dst, protocol, number)
            assert ((*ids, protocol, number) in answers) == expected, (ids, protocol, number)
    assert list(reach.unknown()) == []


@settings(max_examples=60, deadline=None)
@given(cluster=clusters(), protocol=st.sampled_from(PROTOCOLS), number=st.sampled_from(PROBED))
def test_explanations_agree_with_the_listing(cluster, protocol, number):
    """Explaining a pair gives the listing's answer, and each half agrees with the oracle's half."""
    reach = reach_of(cluster)
    for src, dst in itertools.permutations(cluster.pods, 2):
        found = reach.explain(f"{src.namespace}/{src.name}", f"{dst.namespace}/{dst.name}", protocol, number)
        assert [each.allowed for each in found] == ["yes" if may(cluster, src, dst, protocol, number) else "no"]
        egress, ingress = found[0].halves
        assert (egress.allowed == "yes") == half(cluster, "to", src, dst, (protocol, number))
        assert (ingress.allowed == "yes") == half(cluster, "from", dst, src, (protocol, number))


@settings(max_examples=60, deadline=None)
@given(cluster=clusters(), spec=SPECS, where=st.sampled_from(["one", "two", "three"]))
def test_an_added_allow_rule_removes_no_connection(cluster, spec, where):
    """Rules only add: a rule more in an existing policy never closes anything."""
    if not cluster.policies:
        return
    first, *others = cluster.policies
    before = msgspec.json.decode(first.spec)
    after = dict(before)
    for word in ("ingress", "egress"):
        after[word] = [*(before.get(word) or []), *(spec.get(word) or [])]
    types = before.get("policyTypes") or (["Ingress", "Egress"] if before.get("egress") else ["Ingress"])
    after["policyTypes"] = types  # a first egress rule would otherwise begin to isolate
    grown = msgspec.structs.replace(cluster, policies=(policy(after, name=first.name, ns=first.namespace), *others))
    assert addressed(reach_of(cluster)) <= addressed(reach_of(grown))


def addressed(reach: ClusterReach) -> set[tuple[str, str, str, int]]:
    """Listed connections with ranges replaced by the probed addresses they hold, so that two cuts compare."""
    inside: dict[str, list[str]] = {name: [] for name, kind in reach.peers if kind == "ip"}
    for address in OUTSIDE:
        inside[peer_of(address, reach)].append(address)
    return {
        (one, other, protocol, number)
        for src, dst, protocol, number in listed(reach)
        for one in inside.get(src, [src])
        for other in inside.get(dst, [dst])
    }


@settings(max_examples=40, deadline=None)
@given(cluster=clusters(), random=st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(cluster, random):
    """Pods, namespaces and policies in any order give the same document, byte for byte."""
    shuffled = {}
    for name in ("pods", "namespaces", "policies"):
        items = list(getattr(cluster, name))
        random.shuffle(items)
        shuffled[name] = tuple(items)
    other = msgspec.structs.replace(cluster, **shuffled)
    assert render_reach(reach_of(cluster)) == render_reach(reach_of(other))


@settings(max_examples=40, deadline=None)
@given(cluster=clusters(), spec=SPECS)
def test_a_policy_that_selects_no_pod_changes_nothing(cluster, spec):
    """A policy over pods that do not exist closes and opens nothing."""
    nobody = spec | {"podSelector": {"matchLabels": {"app": "nobody-has-this"}}}
    grown = msgspec.structs.replace(cluster, policies=(*cluster.policies, policy(nobody, name="idle", ns="one")))
    assert addressed(reach_of(grown)) == addressed(reach_of(cluster))
