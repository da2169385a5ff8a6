"""The targets of reachability, measured on the real command: `ringfence reach FILE --format json --collapse`.

CPU seconds are those of the whole process, user and system; J, Y and P0 are explained in `anchors`. A size is generated once
and read many times. Nothing is asserted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import anchors, peers, whatif
from tests.bench.generate import Profile
from tests.bench.spent import Spent, python, ringfence, run
from tests.bench.table import Limit, Row

_TIMES = {"S": 5, "H": 5, "M": 5, "L": 5, "XL": 3, "XXL": 1}
_MB = 1e6
_STRANGE = {
    Profile.STRICT: "every namespace denies both ways",
    Profile.CLASSES: "every pod its own class",
    Profile.GIANT: "one giant namespace",
    Profile.BLOCKS: "2,000 address blocks",
}


@dataclass(slots=True)
class Bench:
    """Generated files in a folder and what was measured with them so far."""

    folder: Path
    start: float = field(default_factory=anchors.start_seconds)
    _spent: dict[Path, Spent] = field(default_factory=dict)
    _anchors: dict[Path, list[float]] = field(default_factory=dict)

    def file(self, size: str, kind: str = "json", profile: Profile = Profile.MIXED) -> Path:
        """A generated cluster on disk."""
        path = self.folder / f"{size}-{profile}{'' if kind == 'folder' else f'.{kind}'}"
        if not path.exists():
            run(python("-m", "tests.bench.files", size, profile, kind, str(path)))
        return path

    def spent(self, path: Path, times: int) -> Spent:
        """What the command costs on one file, to the class-level document. Its anchor is run in turns with it.

        What else the machine does slows both, and comes and goes: of each the cheapest run counts.
        """
        if path not in self._spent:
            command = ringfence("reach", str(path), "--format", "json", "--collapse")
            found = []
            for _ in range(times):
                found.append(run(command))
                if path.is_file():
                    self._anchors.setdefault(path, []).append(anchors.seconds(path))
            self._spent[path] = min(found, key=lambda spent: spent.cpu)
        return self._spent[path]

    def anchor(self, path: Path) -> float:
        """J of a JSON file, Y of a YAML file, once `spent` has been asked for."""
        return min(self._anchors[path])

    def json_spent(self, size: str) -> Spent:
        """The usual case."""
        return self.spent(self.file(size), _TIMES[size])


def rows(bench: Bench, wanted: Collection[str]) -> Iterator[Row]:
    """The table row by row. `wanted` may hold `xxl` (needs a few GB) and `peers` (other analyzers take minutes)."""
    yield from (_json(bench, size) for size in ("S", "M", "L", "XL"))
    yield from (_yaml(bench, size) for size in ("M", "L"))
    yield from _growth(bench)
    yield from (_pairs(bench, size) for size in ("L", "XL"))
    yield _memory(bench, "XL", must=10, aim=5)
    yield _whatif(bench)
    yield from _peers(bench, ("S", "H", "M") if "peers" in wanted else ("S",))
    for profile, words in _STRANGE.items():
        yield _json(bench, "L", profile, f" ({words})")
    if "xxl" in wanted:
        yield _json(bench, "XXL")
        yield _memory(bench, "XXL", must=12, aim=6)


def _json(bench: Bench, size: str, profile: Profile = Profile.MIXED, note: str = "") -> Row:
    """JSON in, classes out. The targets are for L and XL of the everyday mix; elsewhere the figures stand alone."""
    path = bench.file(size, profile=profile)
    spent = bench.spent(path, _TIMES[size])
    anchor = bench.anchor(path)
    bound = size in {"L", "XL"} and not note
    return Row(
        what=f"JSON in, classes out, {size}{note}",
        shown=f"{spent.cpu:.2f} s = {spent.cpu / anchor:.1f} J, {spent.peak / _MB:.0f} MB",
        value=spent.cpu,
        must=_limit("J", 5, anchor, 3, bench.start) if bound else None,
        aim=_limit("J", 2.5, anchor, 2, bench.start) if bound else None,
    )


def _yaml(bench: Bench, size: str) -> Row:
    path = bench.file(size, "yaml")
    spent = bench.spent(path, 3)
    anchor = bench.anchor(path)
    return Row(
        what=f"YAML in, classes out, {size}",
        shown=f"{spent.cpu:.2f} s = {spent.cpu / anchor:.2f} Y, {spent.peak / _MB:.0f} MB",
        value=spent.cpu,
        must=_limit("Y", 1.3, anchor, 2, bench.start),
        aim=_limit("Y", 0.6, anchor, 0, bench.start),
    )


def _growth(bench: Bench) -> Iterator[Row]:
    medium, large, huge = (bench.json_spent(size).cpu for size in ("M", "L", "XL"))
    yield _ratio("growth XL / L (4 times the cluster)", huge / large, must=7, aim=5.5)
    yield _ratio(
        "growth L / M (5 times), less P0", (large - bench.start) / (medium - bench.start), must=8, aim=6
    )  # fmt: skip


def _pairs(bench: Bench, size: str) -> Row:
    """Text to nowhere, a line for each pair with both names in it, from columns that are there."""
    found = json.loads(run(python("-m", "tests.bench.reach", str(bench.file(size))), keep=True).out)
    rate = found["lines"] / found["list s"] / _MB
    return Row(
        what=f"pairs printed to a null sink, {size}",
        shown=f"{rate:.1f} M lines / s ({found['lines']:,} in {found['list s']:.2f} s)",
        value=rate,
        must=Limit(">= 3 M lines / CPU s", 3),
        aim=Limit(">= 10 M", 10),
        more=True,
    )


def _memory(bench: Bench, size: str, *, must: float, aim: float) -> Row:
    path, peak = bench.file(size), bench.json_spent(size).peak
    times = peak / path.stat().st_size
    return Row(
        what=f"peak memory, {size}",
        shown=f"{times:.1f} x input ({peak / _MB:.0f} MB)",
        value=times,
        must=Limit(f"<= {must:g} x input bytes", must),
        aim=Limit(f"<= {aim:g} x", aim),
    )


def _whatif(bench: Bench) -> Row:
    found = whatif.ask(bench.file("XL"))
    part = found.more / found.first
    return Row(
        what="one more policy on a loaded XL",
        shown=f"{found.more:.3f} s of {found.first:.2f} s = 1/{1 / part:.1f}",
        value=part,
        must=Limit("<= 1/20 of the whole", 1 / 20),
        aim=Limit("<= 1/100", 1 / 100),
    )


def _peers(bench: Bench, sizes: Collection[str]) -> Iterator[Row]:
    """Another analyzer on the same folder. Targets are for S and M."""
    peer = peers.python_peer()
    limits = {"S": (5, 10, 20), "M": (100, 130, 600)}  # must, aim, aim from JSON
    if peer is None:
        yield Row(what="vs Python peer (nca)", shown="absent: pip install network-config-analyzer")
        return
    for size in sizes:
        folder = bench.file(size, "folder")
        theirs = peers.measure(peer, folder).cpu
        must, aim, from_json = limits.get(size, (None, None, None))
        for kind, ours, wish in (
            ("YAML folder", bench.spent(folder, 3), aim),
            ("JSON", bench.json_spent(size), from_json),
        ):
            times = theirs / ours.cpu
            yield Row(
                what=f"vs Python peer (nca), {size}, ours from {kind}",
                shown=f"{times:.0f} times less CPU ({ours.cpu:.2f} s to {theirs:.1f} s)",
                value=times,
                must=Limit(f">= {must} times", must) if must else None,
                aim=Limit(f">= {wish}", wish) if wish else None,
                more=True,
            )


def _ratio(what: str, value: float, *, must: float, aim: float) -> Row:
    return Row(
        what=what, shown=f"{value:.1f}", value=value, must=Limit(f"<= {must:g}", must), aim=Limit(f"<= {aim:g}", aim)
    )


def _limit(name: str, times: float, anchor: float, starts: int, start: float) -> Limit:
    """Some anchors and some starts of the interpreter, as in "<= 5 J + 3 P0"."""
    value = times * anchor + starts * start
    words = f"<= {times:g} {name}" + (f" + {starts} P0" if starts else "")
    return Limit(f"{words} = {value:.2f} s", value)
