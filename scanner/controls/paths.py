"""Paths as results carry them: bounded, whatever a cluster calls its objects and however many ports a policy tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from scanner.controls.base import Verdict
from scanner.findings import Hop, Path, Ranges

MOST_PATHS = 20  # of one control on one cluster, or on the fleet; the others are counted
MOST_HOPS = 24
MOST_RANGES = 16  # of one protocol
MOST_DOUBTS = 8
LONGEST = 240  # characters of one text

BETWEEN_CLUSTERS = "between-clusters"
FROM_INTERNET = "from-internet"


def path_of(
    kind: str,
    subject: str,
    ends: tuple[str, str],
    *,
    ports: Mapping[str, Sequence[tuple[int, int]]],
    hops: Iterable[Hop],
    doubts: Iterable[str],
) -> Path:
    """A path from one end to the other; without doubts it is certain.

    Of too many hops the middle is left out, and said to be: both ends are what a reader knows.
    """
    source, destination = ends
    first, more = _ranges(ports)
    told = [_cut(text) for text in dict.fromkeys(doubts)]
    return Path(
        kind=kind,
        subject=subject,
        source=_cut(source),
        destination=_cut(destination),
        ports=first,
        more_ports=more,
        hops=_hops(list(hops)),
        certain=not told,
        doubts=(*told[:MOST_DOUBTS], *([f"and {len(told) - MOST_DOUBTS} more"] if len(told) > MOST_DOUBTS else [])),
    )


def kept(verdicts: Sequence[Verdict]) -> tuple[tuple[Path, ...], int]:
    """The paths of a control that its result carries, certain ones first, and how many more were found."""
    found = sorted((path for each in verdicts for path in each.paths), key=lambda path: not path.certain)
    more = sum(each.more_paths for each in verdicts)
    return tuple(found[:MOST_PATHS]), more + max(0, len(found) - MOST_PATHS)


def _ranges(ports: Mapping[str, Sequence[tuple[int, int]]]) -> tuple[Ranges, int]:
    first: Ranges = {protocol: tuple(ranges[:MOST_RANGES]) for protocol, ranges in sorted(ports.items())}
    return first, sum(max(0, len(ranges) - MOST_RANGES) for ranges in ports.values())


def _hops(hops: list[Hop]) -> tuple[Hop, ...]:
    if len(hops) > MOST_HOPS:
        half = MOST_HOPS // 2
        left = hops[half:-half]
        doubts = dict.fromkeys(each.doubt for each in left if each.doubt)
        hops = [*hops[:half], Hop(kind="hops", name=f"{len(left)} more", doubt="; ".join(doubts)), *hops[-half:]]
    return tuple(
        msgspec.structs.replace(
            each, name=_cut(each.name), by=_cut(each.by), doubt=_cut(each.doubt), ports=_ranges(each.ports)[0]
        )
        for each in hops
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
