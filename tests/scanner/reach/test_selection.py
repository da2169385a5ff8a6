"""A selection of a listing holds exactly the lines asked for, whatever form they are asked in."""

from __future__ import annotations

import dataclasses

import pytest

from scanner.dataplane.model import Enforcing
from scanner.errors import InputError
from scanner.model import ApiObject, ContainerPort, EntryPoint, Service, ServicePort
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.selection import WHOLE, Selection
from scanner.reach.summary import OUTSIDE, by_namespace
from tests.factories import namespace, pod, policy, raw, snapshot
from tests.scanner.reach.planes import capabilities, fact, plane

V4, V6 = "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
WEB, DB, API, JOB = "shop/web[Deployment]", "shop/db[Deployment]", "pay/api[Deployment]", "pay/job[CronJob]"


def rule(app, *ports):
    """From the pods of an app in any namespace, on some TCP ports."""
    peer = {"podSelector": {"matchLabels": {"app": app}}, "namespaceSelector": {}}
    return {"from": [peer], "ports": [{"port": port} for port in ports]}


PODS = (
    pod("web-1"), pod("db-1", ports=[ContainerPort(port=5432, name="sql")]),
    pod("api-1", ns="pay", ports=[ContainerPort(port=8443)]), pod("job-1", ns="pay", owner=("CronJob", "job")),
)  # fmt: skip
POLICIES = (
    policy(
        {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [rule("web", 5432, 80), rule("api", 5432)]},
        name="db",
    ),
    policy(
        {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule("job", 443), {"ports": [{"port": 8443}]}]},
        ns="pay",
        name="pay",
    ),
    ApiObject(
        api_version="cilium.io/v2",
        kind="CiliumNetworkPolicy",
        name="l7",
        namespace="shop",
        spec=raw(
            {
                "endpointSelector": {"matchLabels": {"app": "web"}},
                "ingress": [
                    {
                        "fromEndpoints": [{"matchLabels": {"app": "db"}}],
                        "toPorts": [
                            {"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{"method": "GET"}]}}
                        ],
                    }
                ],
            }
        ),
    ),
)
INGRESS = EntryPoint(kind="Ingress", namespace="pay", name="front", services=("pay/api",))
SERVICES = (
    Service(
        namespace="shop",
        name="db",
        type="NodePort",
        selector={"app": "db"},
        ports=(ServicePort(port=5432, target="sql"),),
    ),
    Service(namespace="pay", name="api", selector={"app": "api"}, ports=(ServicePort(port=443, target=8443),)),
)


def cluster():
    """Two namespaces of two workloads, a third without any, a rule above the ports, and a Service that leads in."""
    return snapshot(
        pods=PODS, policies=POLICIES, services=SERVICES, entry_points=(INGRESS,),
        namespaces=[namespace("shop"), namespace("pay"), namespace("empty")],
    )  # fmt: skip


def reach_of(kind):
    """The cluster declared, on a plane that lets Services past policy, or on one of which little is known."""
    planes = {
        "declared": None,
        "bypassed": plane(name="cilium", capabilities=capabilities(balancer_policed=fact("no"))),
        "doubtful": plane(
            name="cilium",
            enforcing=Enforcing.UNKNOWN,
            capabilities=capabilities(balancer_policed=fact("no", "M")),
        ),
    }
    found = cluster()
    return build(found, resolve(found), planes[kind])


def touched(lines, *wanted):
    """The lines with an end in each of these sets."""
    return [line for line in lines if all({line.src, line.dst} & names for names in wanted)]


KINDS = [pytest.param(kind, id=kind) for kind in ("declared", "bypassed", "doubtful")]
CASES = [
    pytest.param(Selection(namespaces=("shop",)), [{WEB, DB}], id="namespace"),
    pytest.param(Selection(namespaces=("empty",)), [set()], id="nobody-there"),
    pytest.param(Selection(namespaces=("shop", "pay")), [{WEB, DB, API, JOB}], id="either"),
    pytest.param(Selection(workloads=("shop/web",)), [{WEB}], id="workload"),
    pytest.param(Selection(workloads=("pay/job[CronJob]",)), [{JOB}], id="with-kind"),
    pytest.param(Selection(workloads=("s*/?eb", "pay/j*]")), [{WEB, JOB}], id="any-of"),
    pytest.param(Selection(workloads=("*/*b*",)), [{WEB, DB, JOB}], id="glob"),
    pytest.param(Selection(workloads=("pay/a*",), namespaces=("shop",)), [{API}, {WEB, DB}], id="both"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("selection", "wanted"), CASES)
def test_a_selection_holds_the_lines_that_touch(kind, selection, wanted):
    """Neither a line more nor one less, allowed and undecided, in the order of the whole."""
    reach = reach_of(kind)
    listing = reach.listing(selection)
    assert list(listing.connections()) == touched(reach.connections(), *wanted)
    assert list(listing.undecided()) == touched(reach.unknown(), *wanted)
    assert listing.allowed.count == len(list(listing.connections()))
    assert listing.unknown.count == len(list(listing.undecided()))
    ends = {end for line in (*listing.connections(), *listing.undecided()) for end in (line.src, line.dst)}
    assert {name for name, _ in listing.peers} == ends | set().union(*wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("port", [80, 443, 5432, 5433], ids=str)
def test_a_port_reduces_lines_to_itself(kind, port):
    """Lines without it go, the others say it alone, also where policies do not tell it from its neighbours."""
    reach = reach_of(kind)
    listing = reach.listing(Selection(port=("TCP", port)))

    def reduced(lines):
        return [
            dataclasses.replace(line, ports={"TCP": ((port, port),)})
            for line in lines
            if any(first <= port <= last for first, last in line.ports.get("TCP", ()))
        ]

    def order(line):
        return line.src, line.dst, line.via, line.filter

    assert sorted(listing.connections(), key=order) == sorted(reduced(reach.connections()), key=order)
    assert sorted(listing.undecided(), key=order) == sorted(reduced(reach.unknown()), key=order)


@pytest.mark.parametrize(
    ("selection", "named"),
    [
        pytest.param(Selection(namespaces=("shop", "shpo")), "--namespace 'shpo'", id="namespace"),
        pytest.param(Selection(workloads=("shop/wbe",)), "--workload 'shop/wbe'", id="workload"),
        pytest.param(Selection(workloads=("web",)), "--workload 'web'", id="other-namespace"),
        pytest.param(Selection(workloads=("shop/[wd]*",)), "--workload", id="brackets-are-literal"),
        pytest.param(Selection(workloads=("*/.*",)), "--workload", id="no-expression"),
    ],
)
def test_what_nothing_answers_to_is_an_error(selection, named):
    """A slip of the pen must not look like an answer."""
    reach = reach_of("declared")
    for ask in (reach.listing, reach.collapsed):
        with pytest.raises(InputError, match=named):
            ask(selection)


def by_pair(collapsed):
    """The collapsed document written out: ports by answer, Service, source and destination id, filter last."""
    found = {}
    for column in collapsed.columns:
        sides = {"allowed": column.allowed, "unknown": column.unknown, "filtered": column.filtered}
        for side, parts in sides.items():
            for mask, sources in parts:
                for destination in column.destinations:
                    for source in range(sources.bit_length()):
                        if sources >> source & 1:
                            key = (side, column.via, source, destination)
                            assert key not in found
                            found[key] = collapsed.port_set(mask)
    return found


def by_class(reach, collapsed):
    """The same, asked class by class."""
    ids = {each.name or each.ranges: each.id for each in collapsed.outside}
    found = {}
    for item in reach.classes:
        if item.hypothetical:
            continue
        for each in reach.sources(item):
            ranges = getattr(each.peer, "ranges", None) or getattr(each.peer, "name", None)
            source = ids[ranges] if ranges else each.peer.index
            via = "shop/db" if each.reason.startswith("through Service") else ""
            key = ("allowed" if each.answer == "yes" else "unknown", via, source, item.index)
            found[key] = each.ports
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_collapsed_reach_says_what_the_classes_do(kind):
    """Pair by pair of classes, allowed and undecided, directly and through a Service."""
    reach = reach_of(kind)
    collapsed = reach.collapsed()
    assert [item.index for item in collapsed.classes] == list(range(len(collapsed.classes)))
    assert [each.id for each in collapsed.outside] == [
        len(collapsed.classes) + at for at in range(len(collapsed.outside))
    ]
    entry = collapsed.outside[-1]
    assert entry.name == "{ingress-controller}"
    pairs = {
        key: ports for key, ports in by_pair(collapsed).items() if key[0] != "filtered" and entry.id not in key[2:]
    }
    inside = {key: ports for key, ports in pairs.items() if key[3] < len(collapsed.classes) and key[2] != key[3]}
    assert inside == by_class(reach, collapsed)


def test_the_collapsed_reach_tells_what_is_filtered_and_what_ingress_reaches():
    """What is also filtered above the ports is a part of what is allowed; the controller has its Service's port alone."""
    reach = reach_of("declared")
    collapsed = reach.collapsed()
    number = {item.workloads[0]: item.index for item in collapsed.classes}
    pairs = by_pair(collapsed)
    assert pairs["filtered", "", number[DB], number[WEB]] == {"TCP": ((80, 80),)}
    assert pairs["allowed", "", number[DB], number[WEB]] == {"TCP": ((80, 80),)}
    assert [key for key in pairs if key[0] == "filtered"] == [("filtered", "", number[DB], number[WEB])]
    controller = [line for line in reach.connections() if line.src == "{ingress-controller}"]
    assert [line.dst for line in controller] == [API]
    entry = {key: ports for key, ports in pairs.items() if key[2] == collapsed.outside[-1].id}
    assert entry == {("allowed", "", collapsed.outside[-1].id, number[line.dst]): line.ports for line in controller}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "selection",
    [
        pytest.param(Selection(namespaces=("shop",)), id="namespace"),
        pytest.param(Selection(workloads=("pay/a*",), namespaces=("shop",)), id="both"),
        pytest.param(Selection(port=("TCP", 5433)), id="port"),
    ],
)
def test_a_selection_of_the_collapsed_reach_is_one_of_its_lines(kind, selection):
    """Here every class is one workload, so what is left is what the listing's selection leaves."""
    reach = reach_of(kind)
    collapsed = reach.collapsed(selection)
    names = {item.index: item.workloads[0] for item in collapsed.classes}
    names |= {each.id: each.name or each.ranges[0] for each in collapsed.outside}
    found = {
        (key[0], key[1], names[key[2]], names[key[3]]): ports
        for key, ports in by_pair(collapsed).items()
        if key[0] != "filtered" and key[2] != key[3]
    }
    listing = reach.listing(selection)
    lines = {}
    for side, connections in (("allowed", listing.connections()), ("unknown", listing.undecided())):
        for line in connections:
            key = (side, line.via, line.src, line.dst)
            assert key not in lines
            lines[key] = line.ports
    assert found == lines


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "selection", [WHOLE, Selection(namespaces=("pay",)), Selection(port=("TCP", 443))], ids=["whole", "pay", "port"]
)
def test_namespaces_are_counted_as_their_lines_are(kind, selection):
    """Pairs that may talk, pairs that may or may not; what is outside counts once."""
    listing = reach_of(kind).listing(selection)
    kinds = dict(zip(listing.ids, listing.kinds, strict=True))

    def area(name):
        if kinds[name] == "workload":
            return name.partition("/")[0]
        return name if kinds[name] == "ingress-controller" else OUTSIDE

    def end(name):
        return OUTSIDE if area(name) == OUTSIDE else name

    allowed = {(end(line.src), end(line.dst)): (area(line.src), area(line.dst)) for line in listing.connections()}
    unknown = {(end(line.src), end(line.dst)): (area(line.src), area(line.dst)) for line in listing.undecided()}
    found = {(each.src, each.dst): (each.allowed, each.unknown) for each in by_namespace(listing)}
    areas = set(allowed.values()) | {pair for ends, pair in unknown.items() if ends not in allowed}
    assert found == {
        pair: (
            list(allowed.values()).count(pair),
            [other for ends, other in unknown.items() if ends not in allowed].count(pair),
        )
        for pair in areas
    }


def test_pairs_of_namespaces_say_of_how_many():
    """Ordered pairs of different workloads; ports are those open between any two."""
    found = {(each.src, each.dst): each for each in by_namespace(reach_of("declared").listing())}
    assert (found["pay", "shop"].allowed, found["pay", "shop"].pairs) == (1, 4)
    assert found["pay", "shop"].ports == {"TCP": ((5432, 5432),)}
    assert (found["shop", "shop"].allowed, found["shop", "shop"].pairs) == (2, 2)
    assert (found["shop", OUTSIDE].allowed, found["shop", OUTSIDE].pairs) == (2, 2)
