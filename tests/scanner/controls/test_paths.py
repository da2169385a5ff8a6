"""Paths as results carry them are small, whatever was found; what is left out is counted."""

from __future__ import annotations

from typing import Any

from scanner.controls.base import Verdict
from scanner.controls.paths import (
    FROM_INTERNET,
    LONGEST,
    MOST_DOUBTS,
    MOST_HOPS,
    MOST_PATHS,
    MOST_RANGES,
    kept,
    path_of,
)
from scanner.findings import Hop, Path, Status


def path(name: str = "db", **overrides: Any) -> Path:
    """A path of two hops."""
    fields = {"ports": {"TCP": ((443, 443),)}, "hops": [Hop(kind="workload", name=name)], "doubts": []}
    return path_of(FROM_INTERNET, name, ("internet", name), **(fields | overrides))


def verdict(*paths: Path, more: int = 0) -> Verdict:
    """A failure on account of these."""
    return Verdict(subject="db", status=Status.FAIL, reason="x", paths=paths, more_paths=more)


def test_texts_ports_and_doubts_are_cut_and_counted():
    """A crafted policy with thousands of ports, or a name without end, does not swell a result."""
    ports = {"TCP": tuple((at, at) for at in range(1, 2001, 2)), "UDP": ((53, 53),)}
    hop = Hop(kind="workload", name="n" * 10_000, by="b" * 10_000, doubt="d" * 10_000, ports=ports)
    found = path("x" * 10_000, ports=ports, hops=[hop], doubts=[f"doubt {at}" for at in range(100)])
    assert (len(found.ports["TCP"]), found.more_ports) == (MOST_RANGES, 1000 - MOST_RANGES)
    assert len(found.hops[0].ports["TCP"]) == MOST_RANGES
    assert {len(text) for text in (found.destination, found.hops[0].name, found.hops[0].by, found.hops[0].doubt)} == {
        LONGEST + 1
    }
    assert found.doubts[-1] == f"and {100 - MOST_DOUBTS} more"
    assert not found.certain


def test_a_long_path_keeps_its_ends_and_what_is_not_known_between():
    """The hops in the middle are one that says how many they are, with their doubts."""
    hops = [Hop(kind="route", name=str(at), doubt="unread" if at == 30 else "") for at in range(60)]
    found = path(hops=hops, doubts=["unread"]).hops
    assert [hop.name for hop in found] == [
        *map(str, range(MOST_HOPS // 2)), f"{60 - MOST_HOPS} more", *map(str, range(60 - MOST_HOPS // 2, 60)),
    ]  # fmt: skip
    assert found[MOST_HOPS // 2].doubt == "unread"


def test_a_control_carries_certain_paths_first_and_counts_the_others():
    """As many as a reader looks at."""
    unsure = [path(f"u{at}", doubts=["unread"]) for at in range(MOST_PATHS)]
    paths, more = kept([verdict(*unsure, more=2), verdict(path("sure"))])
    assert (paths[0].destination, len(paths), more) == ("sure", MOST_PATHS, 3)
    assert kept([Verdict(subject="a", status=Status.PASS, reason="x")]) == ((), 0)
