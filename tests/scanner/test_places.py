"""Which manifest a finding points at: by its subject, in a folder; nowhere in a live cluster."""

from __future__ import annotations

import msgspec
import pytest

from scanner.findings import Place
from scanner.judge import judge
from scanner.model import Gateway, Listener, Origin, Service, Source
from scanner.places import MOST_PLACES, Places
from scanner.policy.resolve import resolve
from tests.factories import namespace, pod, policy, raw, snapshot


def at(file: str, line: int = 1) -> Origin:
    """A place in a folder."""
    return Origin(file=file, line=line)


def placed(found, file: str, line: int = 1):
    """An object with its place."""
    return msgspec.structs.replace(found, origin=at(file, line))


SHOP = snapshot(
    source=Source.MANIFESTS,
    folder="deploy/k8s",
    namespaces=[placed(namespace("shop"), "z-ns.yaml", 9), namespace("bare"), namespace("empty"), namespace("web")],
    pods=[
        placed(pod("web-2"), "web.yaml", 30),
        placed(pod("web-1"), "web.yaml", 4),
        placed(pod("db-1", ns="bare", owner=("StatefulSet", "db")), "db.yaml", 7),
    ],
    policies=[
        placed(policy(name="deny"), "net/deny.yaml", 2),
        placed(policy({"podSelector": {}, "ingress": [{}]}, name="open", ns="bare"), "net/open.yaml", 3),
    ],
    services=[Service(namespace="shop", name="web", type="LoadBalancer", origin=at("svc.yaml", 5))],
    gateways=(
        Gateway(
            namespace="shop",
            name="in",
            listeners=(Listener(name="https", port=443, protocol="TLS"),),
            origin=at("gw.yaml", 8),
        ),
    ),
    settings=(
        msgspec.structs.replace(
            policy(name="strict"), kind="PeerAuthentication", spec=raw({}), origin=at("mesh.yaml", 6)
        ),
    ),
)


@pytest.mark.parametrize(
    ("subject", "scope", "expected"),
    [
        ("NetworkPolicy shop/deny", "policy", ["net/deny.yaml:2"]),
        ("NetworkPolicy shop/deny (shadowed)", "policy", ["net/deny.yaml:2"]),
        ("NetworkPolicy.networking.k8s.io shop/deny", "policy", ["net/deny.yaml:2"]),
        ("NetworkPolicy bare/open, NetworkPolicy shop/deny", "policy", ["net/deny.yaml:2", "net/open.yaml:3"]),
        ("shop/web[Deployment]", "pod", ["web.yaml:4"]),
        ("shop/web", "service", ["svc.yaml:5"]),
        ("Service shop/web", "ingress / listener", ["svc.yaml:5"]),
        ("Gateway shop/in listener https", "ingress / listener", ["gw.yaml:8"]),
        ("PeerAuthentication shop/strict", "namespace / workload", ["mesh.yaml:6"]),
        ("shop", "namespace", ["z-ns.yaml:9"]),
        ("bare", "namespace", ["db.yaml:7"]),
        ("bare", "policy", ["db.yaml:7"]),
        ("empty", "namespace", []),
        ("shop", "node pool", []),
        ("cluster", "cluster / policy", []),
        ("shop/gone[Deployment]", "pod", []),
        ("shop -> bare", "zone pair", []),
    ],
)
def test_a_subject_leads_to_its_manifest(subject, scope, expected):
    """Objects to themselves, a namespace to its manifest or else the first in it; a pool that is called like one to nothing."""
    places = Places(SHOP, resolve(SHOP).policies).of(subject, scope)
    assert [f"{place.file}:{place.line}" for place in places] == [f"deploy/k8s/{each}" for each in expected]


def test_a_namespace_called_cluster_is_not_the_cluster():
    """The whole cluster has no manifest, whatever a namespace is called."""
    given = snapshot(source=Source.MANIFESTS, namespaces=[placed(namespace("cluster"), "a.yaml")])
    assert Places(given, ()).of("cluster", "namespace") == ()


def test_places_of_one_item_are_bounded():
    """A subject that names many objects points at the first few."""
    many = [placed(policy(name=f"p{number:02}"), f"{number:02}.yaml") for number in range(MOST_PLACES + 5)]
    given = snapshot(source=Source.MANIFESTS, policies=many)
    subject = ", ".join(f"NetworkPolicy shop/{each.name}" for each in many)
    found = Places(given, ()).of(subject, "policy")
    assert found == tuple(Place(file=f"{number:02}.yaml", line=1) for number in range(MOST_PLACES))


def test_a_judged_folder_says_where_and_changes_nothing_else():
    """Every item of a policy, workload or namespace has its place; statuses, scores and evidence are those without."""
    found = judge(SHOP)
    placed_items = {item.subject: item.origins for control in found.controls for item in control.items if item.origins}
    assert placed_items["NetworkPolicy bare/open"] == (Place(file="deploy/k8s/net/open.yaml", line=3),)
    assert placed_items["bare/db[StatefulSet]"] == (Place(file="deploy/k8s/db.yaml", line=7),)
    assert placed_items["bare"] == (Place(file="deploy/k8s/db.yaml", line=7),)
    assert "cluster" not in placed_items
    bare = msgspec.structs.replace(
        SHOP,
        **{
            part: tuple(msgspec.structs.replace(each, origin=None) for each in getattr(SHOP, part))
            for part in ("namespaces", "pods", "policies", "services", "gateways", "settings")
        },
    )
    plain = judge(bare)
    assert not any(item.origins for control in plain.controls for item in control.items)
    assert plain.score == found.score
    assert [(c.id, c.status, c.reason, len(c.items)) for c in plain.controls] == [
        (c.id, c.status, c.reason, len(c.items)) for c in found.controls
    ]
