"""The matrix of namespaces: it counts what the listing lists, pair by pair, and stays small whatever the cluster is."""

from __future__ import annotations

import itertools
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings

from scanner.controls import addresses
from scanner.dataplane.model import Enforcing
from scanner.findings import Crossings, NamespaceMatrix
from scanner.judge import judge
from scanner.model import Snapshot
from scanner.namespaces import MOST_AREAS, namespace_matrix
from scanner.policy.resolve import resolve
from scanner.reach.engine import ClusterReach, build
from tests.factories import namespace, pod, policy, snapshot
from tests.scanner.reach.planes import plane
from tests.scanner.reach.test_oracle import OUTSIDE, PROBED, PROTOCOLS, clusters, may

INTERNET = "(internet)"


def reaches(given: Snapshot, **overrides: object) -> tuple[ClusterReach, ClusterReach]:
    """Both levels; by default the data plane honours everything."""
    return build(given, resolve(given)), build(given, resolve(given), plane(**overrides))


def matrix_of(given: Snapshot, **overrides: object) -> NamespaceMatrix:
    """The matrix over these."""
    return namespace_matrix(*reaches(given, **overrides))


def counted(matrix: NamespaceMatrix, table: tuple[tuple[int, ...], ...]) -> dict[tuple[str, str], int]:
    """The cells that are not zero, by the names of their areas."""
    names = [each.name or f"({each.kind})" for each in matrix.areas]
    return {
        (names[src], names[dst]): count
        for src, row in enumerate(table)
        for dst, count in enumerate(row)
        if count
    }  # fmt: skip


def listed(reach: ClusterReach, lines: str) -> dict[tuple[str, str], int]:
    """The same counted over the lines of the listing, one by one; what is outside counts once, if any of it is public."""
    kinds = dict(reach.peers)

    def end(name: str) -> str:
        if kinds[name] == "ip" and any(addresses.public(addresses.of_texts([name])).values()):
            return INTERNET
        return name if kinds[name] == "workload" else ""

    sure = {(end(each.src), end(each.dst)) for each in reach.connections() if not each.via}
    found = sure if lines == "sure" else {(end(e.src), end(e.dst)) for e in reach.unknown() if not e.via} - sure
    ends = [pair for pair in found if all(pair)]
    return dict(Counter(tuple(each.partition("/")[0] for each in pair) for pair in ends))


def rule(*namespaces: str) -> dict[str, object]:
    """From all pods of some namespaces."""
    values = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)}
    return {"from": [{"namespaceSelector": {"matchExpressions": [values]}}], "ports": [{"port": 443}]}


def shop() -> Snapshot:
    """Two workloads in `shop`, of which `db` admits `pay` alone; one in `pay`, which may not talk with the outside."""
    named = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "ingress": [rule("pay")]}
    inside = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"namespaceSelector": {}}]}]}
    return snapshot(
        pods=[pod("web-1"), pod("db-1"), pod("api-1", ns="pay")],
        namespaces=[namespace("shop"), namespace("pay"), namespace("empty")],
        policies=[policy(named, name="db"), policy(inside, name="inside", ns="pay")],
    )


def test_a_small_cluster_by_hand():
    """Web and db, api: db lets only api in; nobody outside reaches db, and api reaches nobody outside."""
    matrix = matrix_of(shop())
    assert [(each.kind, each.name, each.workloads) for each in matrix.areas] == [
        ("namespace", "pay", 1), ("namespace", "shop", 2), ("internet", "", 1),
    ]  # fmt: skip
    expected = {
        ("pay", "shop"): 2,  # api to web and to db
        ("shop", "pay"): 2,  # web and db to api
        ("shop", "shop"): 1,  # db to web; db admits nobody of its own namespace
        ("shop", INTERNET): 2,
        (INTERNET, "shop"): 1,
        (INTERNET, "pay"): 1,
    }
    assert [counted(matrix, level.open) for level in matrix.levels] == [expected, expected]
    assert [level.unknown for level in matrix.levels] == [(), ()]
    assert [matrix.pairs(*ends) for ends in ((1, 1), (0, 1), (0, 0), (1, 2), (2, 2))] == [2, 2, 0, 2, 0]


def test_a_plane_that_enforces_nothing_opens_every_pair():
    """The declared half keeps what the text says, the effective half has all pairs."""
    matrix = matrix_of(shop(), enforcing=Enforcing.NO, reason="off")
    declared, effective = matrix.levels
    assert counted(matrix, declared.open)["shop", "shop"] == 1
    size = len(matrix.areas)
    assert effective.open == tuple(tuple(matrix.pairs(a, b) for b in range(size)) for a in range(size))


def test_what_cannot_be_told_is_neither_open_nor_closed():
    """Whether the engine is on is not known: pairs that the policies close are undecided, the others open."""
    given = shop()
    matrix = matrix_of(given, enforcing=Enforcing.UNKNOWN, reason="unread")
    effective = matrix.levels[1]
    assert counted(matrix, effective.unknown) == {("shop", "shop"): 1, ("pay", INTERNET): 1, (INTERNET, "shop"): 1}
    assert counted(matrix, effective.open) == counted(matrix, matrix.levels[0].open)
    assert counted(matrix, effective.unknown) == listed(reaches(given, enforcing=Enforcing.UNKNOWN)[1], "unsure")


@settings(max_examples=60, deadline=None)
@given(given=clusters())
def test_the_matrix_counts_what_the_specification_says_pair_by_pair(given):
    """On any cluster: each cell is the number of its pairs with at least one port, asked of the slow oracle one by one."""
    matrix = matrix_of(given)
    ends = [*given.pods, *OUTSIDE]
    pairs = {
        tuple(INTERNET if isinstance(end, str) else f"{end.namespace}/{end.name}" for end in pair)
        for pair in itertools.permutations(ends, 2)
        if not any(isinstance(end, str) and not _public(end) for end in pair)
        and any(may(given, *pair, protocol, port) for protocol in PROTOCOLS for port in PROBED)
    }
    ours = Counter(tuple(name.partition("/")[0] for name in pair) for pair in pairs)
    del ours[INTERNET, INTERNET]
    declared, effective = (counted(matrix, level.open) for level in matrix.levels)
    inside = {pair: count for pair, count in declared.items() if INTERNET not in pair}
    assert inside == {pair: count for pair, count in ours.items() if INTERNET not in pair}
    assert declared == listed(reaches(given)[0], "sure")
    assert all(declared[pair] >= count for pair, count in ours.items())  # the oracle asks about some public addresses
    assert effective == declared


def _public(address: str) -> bool:
    return any(addresses.public(addresses.of_texts([address])).values())


@settings(max_examples=40, deadline=None)
@given(given=clusters())
def test_the_cells_add_up_to_the_exposure(given):
    """The picture and the numbers of the card are one count."""
    for reach in reaches(given, enforcing=Enforcing.UNKNOWN):
        level = _level(namespace_matrix(reach, reach))
        assert sum(map(sum, (row[:-1] for row in level.open[:-1]))) == reach.exposure().open
        assert sum(map(sum, (row[:-1] for row in level.unknown[:-1]))) == reach.exposure().unknown


def _level(matrix: NamespaceMatrix) -> Crossings:
    return matrix.levels[0]


@pytest.mark.parametrize(
    ("egress", "wanted"),
    [
        pytest.param({"toFQDNs": [{"matchName": "example.com"}]}, {("a", INTERNET): 1}, id="name"),
        pytest.param({"toFQDNs": [{"matchPattern": "*.example.com"}]}, {("a", INTERNET): 1}, id="pattern"),
        pytest.param({"toEntities": ["kube-apiserver"]}, {}, id="api-server"),
        pytest.param({"toCIDR": ["10.0.0.0/8"]}, {}, id="private"),
    ],
)
def test_names_outside_are_the_internet_and_the_api_server_is_not(egress, wanted):
    """Where a DNS name leads nobody here knows, and nothing says that it stays inside."""
    spec = {"endpointSelector": {}, "egress": [egress], "ingress": [{}]}
    rule = msgspec.structs.replace(policy(spec, ns="a"), kind="CiliumNetworkPolicy", api_version="cilium.io/v2")
    given = snapshot(namespaces=(namespace("a"),), pods=(pod("web", ns="a"),), policies=(rule,))
    matrix = matrix_of(given)
    tables = (matrix.levels[0].open, matrix.levels[0].unknown)  # as declared
    found = [counted(matrix, table) for table in tables]
    outward = {pair: count for cells in found for pair, count in cells.items() if pair[1] == INTERNET}
    assert outward == wanted


def test_small_namespaces_of_a_large_cluster_are_one_area():
    """The namespaces with most workloads stand alone; nothing of the others is lost."""
    spaces = [f"n{at:02}" for at in range(MOST_AREAS + 5)]
    pods = [
        pod(f"{name}-{at}", ns=name, owner=("Pod", f"{name}-{at}"))
        for name in spaces
        for at in range(1 + (name < "n40"))
    ]
    matrix = matrix_of(snapshot(pods=pods, namespaces=[namespace(name) for name in spaces]))
    assert matrix.namespaces == MOST_AREAS + 5
    assert [(each.kind, each.workloads) for each in matrix.areas[-3:]] == [
        ("namespace", 2),
        ("others", 5),
        ("internet", 1),
    ]
    assert len(matrix.areas) == MOST_AREAS + 2
    total = sum(each.workloads for each in matrix.areas[:-1])
    assert sum(map(sum, (row[:-1] for row in matrix.levels[0].open[:-1]))) == total * (total - 1)
    assert matrix.levels[0].open[-2][-2] == matrix.pairs(MOST_AREAS, MOST_AREAS) == 20


def test_a_cluster_without_pods_has_the_internet_alone_and_an_unread_one_nothing():
    """Nothing is said of what was not read."""
    assert matrix_of(snapshot()).areas[0].kind == "internet"
    assert judge(snapshot(unread="no route", collection={})).namespaces is None
    assert judge(shop()).namespaces is not None


def test_namespaces_that_no_cluster_would_have_are_counted_all_the_same():
    """A crafted snapshot: a slash in a namespace's name does not move its workloads to another one."""
    given = snapshot(pods=[pod("a-1", ns="a/b"), pod("c-1", ns="a")], namespaces=[namespace("a/b"), namespace("a")])
    assert [each.name for each in matrix_of(given).areas[:-1]] == ["a", "a/b"]
