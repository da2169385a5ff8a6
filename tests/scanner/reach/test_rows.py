"""Rows: every line that its parts stand for, in order, each once, and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.policy.selectors import bit_set, members
from scanner.reach.listing import Line
from scanner.reach.rows import Part, Rows

PEERS = 600  # more than two of the blocks that sources are looked at in
PORTS = {mask: {"TCP": ((mask, mask),)} for mask in range(1, 8)}
NUMBERS = st.integers(0, PEERS - 1)


@st.composite
def parts(draw):
    """Parts of columns: no source has two masks at one destination, as columns are."""
    found = []
    for destination in draw(st.lists(NUMBERS, max_size=4, unique=True)):
        left = set(draw(st.lists(NUMBERS, max_size=30)))
        for mask in draw(st.lists(st.integers(1, 7), max_size=3, unique=True)):
            taken = set(draw(st.lists(st.sampled_from(sorted(left)), max_size=10))) if left else set()
            left -= taken
            filtered = draw(st.sampled_from(["", "L7"]))
            found.append(Part((destination,), mask, bit_set(sorted(taken)), filtered))
    return found


@st.composite
def extra(draw):
    """Lines through Services, by source and in their order."""
    found = {}
    for source in draw(st.lists(NUMBERS, max_size=3, unique=True)):
        lines = draw(st.lists(st.tuples(NUMBERS, st.integers(1, 7), st.sampled_from(["a/b", "c/d"])), max_size=3))
        found[source] = sorted(Line(source, dst, mask, via, "because") for dst, mask, via in lines if dst != source)
    return found


def expected(found, woven):
    """The same lines, one by one."""
    lines = [
        (source, destination, "", part.mask, part.filter)
        for part in found
        for source in members(part.sources)
        for destination in part.destinations
        if source != destination
    ]
    lines += [(line.src, line.dst, line.via, line.mask, "") for lines in woven.values() for line in lines]
    return sorted(lines)


def listed(rows):
    """What the rows say."""
    found = []
    for source, run in rows:
        for number in run.of(source):
            cell = rows.cell(number)
            ((mask, _),) = cell.ports["TCP"]
            found.append((source, cell.dst, cell.via, mask, cell.filter))
    return found


@settings(max_examples=60, deadline=None)
@given(parts(), extra())
def test_rows_are_all_lines_in_order(found, woven):
    """By source, destination, Service, ports and filter; counted without being listed, and the same when asked again."""
    rows = Rows(PEERS, found, woven, PORTS.__getitem__)
    lines = expected(found, woven)
    assert listed(rows) == lines
    assert rows.count == len(lines)
    assert {line[0] for line in lines} <= set(members(rows.sources))
    assert {line[1] for line in lines} <= set(members(rows.destinations))
    assert listed(rows) == lines


def test_sources_that_may_do_the_same_share_one_run():
    """What is held grows with distinct rows, not with sources."""
    rows = Rows(PEERS, [Part((1, 2, 3), 1, (1 << PEERS) - 1)], {}, PORTS.__getitem__)
    assert len({run for _, run in rows}) == 1
    assert rows.count == 3 * PEERS - 3


def test_an_extra_line_keeps_its_reason():
    """A line through a Service says itself why it is undecided."""
    rows = Rows(3, [], {0: [Line(0, 2, 1, "a/b", "because")]}, PORTS.__getitem__)
    ((_, run),) = rows
    assert rows.cell(run.cells[0]).reason == "because"
