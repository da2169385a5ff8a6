"""Random small networks: the engine against a plain evaluator, address by address, and what must always hold."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.topology.build import topology_of
from scanner.topology.document import decode, encode
from scanner.topology.model import (
    Action,
    Domain,
    DomainKind,
    Link,
    LinkState,
    Placement,
    Route,
    Subnet,
    Table,
    Topology,
)
from scanner.topology.reach import Routes, reach_between
from scanner.topology.routes import Kind, Pair, Verdict
from scanner.topology.spans import WHOLE, LongestMatch, meet, prefixes, span_of, union, within, without
from scanner.topology.walk import Walker
from tests.scanner.topology.networks import peered
from tests.scanner.topology.plain_topology import nodes_reach

# Sixteen addresses, so that every pair of them can be asked about.
BASE = int(ipaddress.ip_address("10.0.0.0"))
PREFIXES = [f"{ipaddress.ip_address(BASE + at)}/{28 + bits}" for bits in range(5) for at in range(0, 16, 16 >> bits)]
NAMES = ("d0", "d1", "d2", "d3")
TABLES = (*NAMES, "s0", "absent")
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)  # explaining a large network takes minutes
settings.register_profile(
    "topology", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150, phases=PHASES
)
QUICK = settings.get_profile("topology")

some_prefix = st.sampled_from(PREFIXES)
some_routes = st.builds(
    Route,
    prefix=some_prefix,
    action=st.sampled_from([*Action, *[Action.FORWARD] * 9, *[Action.LOCAL] * 3]),
    to=st.sampled_from([*NAMES, "absent"]),
    tables=st.lists(st.sampled_from(TABLES), max_size=2, unique=True).map(tuple),
    link=st.sampled_from(["", "", "", "up", "down", "unseen", "absent"]),
    accepts=st.one_of(st.just(()), st.just(()), some_prefix.map(lambda each: (each,))),
    sources=st.one_of(st.just(()), st.just(()), some_prefix.map(lambda each: (each,))),
    priority=st.integers(0, 1),
)
LINKS = tuple(
    Link(id=name, kind="link", state=state)
    for name, state in (("up", LinkState.ACTIVE), ("down", LinkState.INACTIVE), ("unseen", LinkState.UNKNOWN))
)


OWN = {name: f"10.0.0.{4 * at}/30" for at, name in enumerate(NAMES)}


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Four domains with a quarter of the addresses each, most of them joined, and some routes that make trouble.

    Every domain has a table and a cluster; d0 has a subnet with a table of its own. Some way leads through d3's table.
    """
    domains, tables, placements = [], [], []
    for name in NAMES:
        ranges = (OWN[name], *draw(st.lists(some_prefix, max_size=1 if draw(st.booleans()) else 0)))
        unread = "denied" if draw(st.integers(0, 14)) == 0 else ""
        domains.append(
            Domain(id=name, kind=DomainKind.AWS_VPC, ranges=() if unread else ranges, table=name, unread=unread)
        )
        nodes = OWN[name] if draw(st.integers(0, 3)) else draw(some_prefix)
        placements.append(Placement(cluster=f"c-{name}", domain=name, nodes=(nodes,)))
        tables.append(Table(id=name, domain=name, routes=(*_usual(draw, name, ranges), *_odd(draw))))
    if draw(st.integers(0, 9)) == 0:
        tables.pop()
    tables.append(Table(id="s0", domain="d0", routes=(*_usual(draw, "d0", (OWN["d0"],)), *_odd(draw))))
    subnet = Subnet(id="s0", domain="d0", ranges=("10.0.0.2/31",), table="s0")
    part = Topology(
        domains=tuple(domains), tables=tuple(tables), subnets=(subnet,), links=LINKS, placements=tuple(placements)
    )
    return topology_of([part])


def _usual(draw: st.DrawFn, name: str, ranges: tuple[str, ...]) -> list[Route]:
    routes = [Route(prefix=each, action=Action.LOCAL) for each in ranges]
    for other, prefix in OWN.items():
        if other != name and draw(st.integers(0, 4)):
            through_d3 = other != "d3" and name != "d3" and draw(st.integers(0, 2)) == 0
            to, via = ("d3", ("d3",)) if through_d3 else (other, ())
            routes.append(Route(prefix=prefix, action=Action.FORWARD, to=to, tables=via, link="up", priority=1))
    return routes


def _odd(draw: st.DrawFn) -> list[Route]:
    return draw(st.lists(some_routes, max_size=2))


def answers(pairs: list[Pair]) -> dict[tuple[str, ...], str]:
    """The verdict for each pair of node addresses."""
    found: dict[tuple[str, ...], str] = {}
    for pair in pairs:
        for part in pair.parts:
            assert part.source is Kind.NODE
            for source in addresses(part.sources):
                for to in addresses(part.destinations):
                    key = (pair.source, pair.destination, source, to)
                    assert key not in found, "two answers for one pair of addresses"
                    found[key] = part.verdict
    return found


def addresses(ranges: tuple[str, ...]) -> list[str]:
    """All addresses of some ranges."""
    return [str(each) for text in ranges for each in ipaddress.ip_network(text)]


@settings(QUICK)
@given(topologies())
def test_the_engine_agrees_with_the_plain_evaluator_on_every_pair_of_addresses(topology: Topology):
    """Ranges, caching, splitting and the shortcut change nothing."""
    pairs = list(reach_between(topology))
    found = answers(pairs)
    placed = {each.cluster: each for each in topology.placements}
    for pair in pairs:
        one, other = placed[pair.source], placed[pair.destination]
        expected = set()
        for source in addresses(one.nodes):
            for to in addresses(other.nodes):
                key = (pair.source, pair.destination, source, to)
                verdict = nodes_reach(topology, one, source, other, to)
                expected.add(verdict)
                if pair.parts:
                    assert found[key] == verdict
        best = next(each for each in ("routable", "unknown", "not_routable") if each in expected)
        assert pair.verdict == best


@settings(QUICK)
@given(topologies())
def test_one_pair_at_a_time_is_the_whole_question(topology: Topology):
    """Whoever asks for single pairs gets what the listing of all says, and nothing for those that no route joins."""
    routes = Routes(topology)
    listed = list(reach_between(topology))
    assert {(each.source, each.destination) for each in reach_between(topology, every=False)} == {
        (each.source, each.destination) for each in listed if each.verdict is not Verdict.NOT_ROUTABLE
    }
    for pair in reversed(listed):
        wanted = None if pair.verdict is Verdict.NOT_ROUTABLE else pair
        assert routes.between(pair.source, pair.destination) == wanted
    assert routes.between("nowhere", listed[0].source if listed else "") is None


@settings(QUICK)
@given(topologies())
def test_nothing_is_routable_through_what_was_not_read(topology: Topology):
    """Every hop of a way that is called routable was read, over a link that is up."""
    read = {each.id for each in topology.tables if not each.unread}
    for pair in reach_between(topology):
        for part in pair.parts:
            if part.verdict is Verdict.ROUTABLE:
                for step in (*part.path, *part.back):
                    assert step.partition(": ")[0] in read
                    assert "not read" not in step
                    assert "(unknown)" not in step


@settings(QUICK)
@given(topologies(), st.data())
def test_a_new_route_never_removes_reach_unless_it_is_at_least_as_specific_as_one_that_is_there(
    topology: Topology, data: st.DataObject
):
    """A wider route only answers for what had no route before."""
    table = data.draw(st.sampled_from(topology.tables))
    wide = data.draw(some_routes)
    covered = [span_of(each.prefix) for each in table.routes]
    if any(meet(span, span_of(wide.prefix)) and not _narrower(span, span_of(wide.prefix)) for span in covered):
        return
    more = replace(table, routes=(*table.routes, wide))
    changed = replace(topology, tables=tuple(more if each is table else each for each in topology.tables))
    before, after = answers(list(reach_between(topology))), answers(list(reach_between(changed)))
    for key, verdict in before.items():
        if verdict == Verdict.ROUTABLE:
            assert after[key] == Verdict.ROUTABLE


def _narrower(span: tuple[int, int, int], wide: tuple[int, int, int]) -> bool:
    return span != wide and span[1] >= wide[1] and span[2] <= wide[2]


@settings(QUICK)
@given(st.lists(st.tuples(st.sampled_from(PREFIXES), st.integers(0, 3)), max_size=12), some_prefix)
def test_the_longest_match_is_the_longest_match(entries: list[tuple[str, int]], asked: str):
    """Pieces are ascending, cover what was asked for, and hold the entries of the longest prefix around each address."""
    pieces = list(LongestMatch((span_of(prefix), number) for prefix, number in entries).pieces(span_of(asked)))
    assert union(span for span, _ in pieces) == [span_of(asked)]
    assert all(one[0][2] < other[0][1] for one, other in pairwise(pieces))
    for (_, first, last), numbers in pieces:
        for address in (first, last):
            holding = [
                (span_of(prefix)[2] - span_of(prefix)[1], number)
                for prefix, number in entries
                if span_of(prefix)[1] <= address <= span_of(prefix)[2]
            ]
            shortest = min((size for size, _ in holding), default=0)
            assert sorted(numbers) == sorted(number for size, number in holding if size == shortest)


@settings(QUICK)
@given(some_prefix, st.lists(some_prefix, max_size=5))
def test_a_range_is_the_part_within_others_and_the_part_without(one: str, others: list[str]):
    """Set operations lose no address and count none twice."""
    runs = union(span_of(each) for each in others)
    parts = within(span_of(one), runs) + without(span_of(one), runs)
    assert sum(last - first + 1 for _, first, last in parts) == span_of(one)[2] - span_of(one)[1] + 1
    assert prefixes(parts) == prefixes([span_of(one)])


@settings(QUICK)
@given(topologies())
def test_outcomes_cover_the_whole_address_space_once(topology: Topology):
    """No address is without an answer, and none has two."""
    walker = Walker(topology)
    for table in topology.tables:
        pieces = walker.outcomes(table.id)
        assert union(span for span, _ in pieces) == list(WHOLE)
        assert all(one[0] < other[0] and not meet(one[0], other[0]) for one, other in pairwise(pieces))


@settings(QUICK)
@given(topologies())
def test_a_topology_is_stored_and_read_again(topology: Topology):
    """The JSON form keeps everything, and equal topologies have equal bytes."""
    assert decode(encode(topology), "here") == topology
    assert encode(decode(encode(topology), "here")) == encode(topology)


def test_symmetric_peering_is_reachable_both_ways():
    """With routes on both sides it does not matter who asks."""
    verdicts = {(each.source, each.destination): each.verdict for each in reach_between(topology_of(peered()))}
    assert verdicts == {("a", "b"): Verdict.ROUTABLE, ("b", "a"): Verdict.ROUTABLE}
