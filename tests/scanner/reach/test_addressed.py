"""Egress that is judged at Services' own addresses, against the plainest reading of what the VPC CNI's controller does."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from scanner.dataplane.model import Answer
from scanner.model import ContainerPort, Service, ServicePort, Source
from scanner.policy.resolve import resolve
from scanner.reach.changes import closed_changes
from scanner.reach.engine import build
from tests.factories import namespace, pod, policy, snapshot
from tests.scanner.reach.planes import capabilities, fact, plane

BEFORE = plane(
    name="eks-vpc-cni", capabilities=capabilities(service_egress=fact("no"), ipblock_matches_pods=fact("yes"))
)
PORTS = (80, 81)
LABELS = st.fixed_dictionaries({"app": st.sampled_from("ab")}, optional={"role": st.sampled_from("xy")})
SELECTORS = st.one_of(
    LABELS.map(lambda labels: {"matchLabels": labels}),
    st.sampled_from("xy").map(
        lambda value: {"matchExpressions": [{"key": "role", "operator": "NotIn", "values": [value]}]}
    ),
    st.just({"matchExpressions": [{"key": "role", "operator": "DoesNotExist"}]}),
    st.just({}),
)
RULES = st.fixed_dictionaries(
    {"to": st.lists(SELECTORS.map(lambda selector: {"podSelector": selector}), min_size=1, max_size=2)},
    optional={"ports": st.sampled_from(PORTS).map(lambda number: [{"port": number}])},
)


def matches(selector, labels):
    """A label selector, as the API describes it."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        each["key"] not in labels or (each["operator"] == "NotIn" and labels[each["key"]] not in each["values"])
        for each in selector.get("matchExpressions", ())
    )


def released(policies, source, target, port):
    """Whether egress policy lets pods with the labels `source` go to what has the labels `target`."""
    chosen = [spec for spec in policies if matches(spec["podSelector"], source)]
    return not chosen or any(
        any(matches(peer["podSelector"], target) for peer in rule["to"])
        and (not rule.get("ports") or port in {each["port"] for each in rule["ports"]})
        for spec in chosen
        for rule in spec["egress"]
    )


def service(name, selector, port=80, **fields):
    """A Service with an address."""
    fields = {"cluster_ips": ("172.20.0.9",)} | fields
    return Service(namespace="shop", name=name, selector=selector, ports=(ServicePort(port=port),), **fields)


def cluster_of(pods, services, policies):
    """One namespace; every pod is a workload of its own and listens on both ports."""
    return snapshot(
        namespaces=[namespace("shop")],
        pods=[
            pod(f"p{at}", labels=labels, owner=("Pod", f"p{at}"), ips=(f"10.0.0.{at + 1}",),
                ports=[ContainerPort(port=number) for number in PORTS])
            for at, labels in enumerate(pods)
        ],
        services=services,
        policies=[policy(spec, name=f"n{at}") for at, spec in enumerate(policies)],
    )  # fmt: skip


@given(
    pods=st.lists(LABELS, min_size=2, max_size=4),
    selectors=st.lists(LABELS, min_size=1, max_size=2),
    port=st.sampled_from(PORTS),
    specs=st.lists(
        st.fixed_dictionaries(
            {"podSelector": SELECTORS, "policyTypes": st.just(["Egress"]), "egress": st.lists(RULES, max_size=2)}
        ),
        max_size=3,
    ),
)
def test_paths_through_services_are_what_the_controller_writes(pods, selectors, port, specs):
    """For every pod, Service and pod behind it: open at the Service's address or not, beside the pod's own."""
    services = [service(f"s{at}", selector, port) for at, selector in enumerate(selectors)]
    cluster = cluster_of(pods, services, specs)
    reach = build(cluster, resolve(cluster), BEFORE)
    closed = {(each.src, each.dst, each.via) for each in closed_changes(reach.view)}
    opened = {(each.src, each.dst, each.via) for each in reach.connections() if each.via}
    expected_closed, expected_opened = set(), set()
    for source, labels in enumerate(pods):
        for number, selector in enumerate(selectors):
            for target, behind in enumerate(pods):
                if source == target or not matches({"matchLabels": selector}, behind):
                    continue
                own, through = released(specs, labels, behind, port), released(specs, labels, selector, port)
                line = (f"shop/p{source}[Pod]", f"shop/p{target}[Pod]", f"shop/s{number}")
                if own and not through:
                    expected_closed.add(line)
                if through and not own:
                    expected_opened.add(line)
    assert (closed, opened) == (expected_closed, expected_opened)
    assert not any(each.via for each in reach.unknown())


CLOSED = {
    "podSelector": {"matchLabels": {"app": "a"}},
    "policyTypes": ["Egress"],
    "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "b", "role": "x"}}}]}],
}
PODS = ({"app": "a"}, {"app": "b", "role": "x"})


def test_a_service_that_lets_fewer_in_is_named_and_explained():
    """A warning names the Service and whom it concerns; `explain` says what is answered at its address."""
    cluster = cluster_of(PODS, [service("db", {"app": "b"})], [CLOSED])
    reach = build(cluster, resolve(cluster), BEFORE)
    (notice,) = [each for each in reach.notices if each.object == "Service shop/db"]
    assert "may be reached by shop/p0[Pod], its address may not" in notice.message
    (explained,) = reach.explain("shop/p0", "shop/p1", "TCP", 80)
    assert (explained.allowed, explained.through) == (Answer.YES, (("shop/db", Answer.NO),))
    (other_port,) = reach.explain("shop/p0", "shop/p1", "TCP", 81)
    assert other_port.through == ()


def test_headless_services_and_those_without_an_address_or_a_selector_lead_nowhere_else():
    """A headless Service resolves to pods; nobody has an address to be judged at."""
    headless = service("db", {"app": "b"}, cluster_ips=())
    for front in (headless, service("db", None), service("db", {"app": "b"}, type="ExternalName")):
        cluster = cluster_of(PODS, [front], [CLOSED])
        assert not build(cluster, resolve(cluster), BEFORE).view.closed


def test_in_a_folder_a_service_will_have_an_address_unless_it_is_headless():
    """Manifests hold no addresses."""
    found = []
    for headless in (False, True):
        front = service("db", {"app": "b"}, cluster_ips=(), headless=headless)
        cluster = cluster_of(PODS, [front], [CLOSED])
        cluster = msgspec.structs.replace(cluster, source=Source.MANIFESTS)
        found.append(bool(build(cluster, resolve(cluster), BEFORE).view.closed))
    assert found == [True, False]


def test_where_it_is_only_inferred_what_differs_is_unknown():
    """Neither opened nor closed for sure."""
    weak = plane(capabilities=capabilities(service_egress=fact("no", "I")))
    cluster = cluster_of(PODS, [service("db", {"app": "b"})], [CLOSED])
    reach = build(cluster, resolve(cluster), weak)
    assert not reach.view.closed
    assert [(each.src, each.dst, each.via) for each in reach.unknown()] == [("shop/p0[Pod]", "shop/p1[Pod]", "shop/db")]
