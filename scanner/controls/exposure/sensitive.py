"""NB-EXP-06: can the internet get to a sensitive workload, straight or by way of other pods?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, names, unread
from scanner.controls.exposure.entries import ENTRY_KINDS, Entries
from scanner.controls.exposure.hops import InternetWay, drawn, internet_ways, mending, rules_of, spelled
from scanner.controls.paths import FROM_INTERNET, path_of
from scanner.findings import Hop, Path, Ranges, Status
from scanner.model import Pod
from scanner.reach.model import Connection, Reach
from scanner.reach.population import workload_id
from scanner.reach.selection import Selection

_SHOWN = 3  # paths of one workload
_MESH = frozenset({"AuthorizationPolicy", "Server"})


@dataclass(frozen=True, slots=True)
class Step:
    """A hop from a pod to a pod, on one of its ports; `sure` is whether policy surely allows it."""

    src: str
    dst: str
    protocol: str
    port: int
    sure: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A way in and the hops behind it. The way in is the first hop, so its length is one more than its steps."""

    way: InternetWay
    steps: tuple[Step, ...]

    @property
    def hops(self) -> int:
        """How many pods it leads to, one after the other."""
        return 1 + len(self.steps)

    @property
    def sure(self) -> bool:
        """Whether nothing on it is in doubt."""
        return self.way.sure and all(step.sure for step in self.steps)


def sensitive_are_unreachable(case: Case) -> Iterator[Verdict]:
    """NB-EXP-06: one verdict per workload declared under `baseline.sensitive`.

    Paths of at most `baseline.sensitive_hops` hops fail, those of one more are reported. A way in that leads to the workload
    itself is needed where the workload is declared an edge. A path with a doubtful hop is possible, and so unknown.
    """
    targets = _targets(case)
    if not case.config.sensitive:
        why = ("baseline.sensitive in ringfence.yaml names no workload: it switches this control on",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="none-declared", evidence=why)
        return
    if gaps := case.missing("pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    if not targets:
        why = ("no pod here matches baseline.sensitive",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="none-here", evidence=why)
        return
    reach = case.reach
    ways = internet_ways(
        reach, Entries(case), {f"{e.kind} {e.namespace}/{e.name}": e for e in case.snapshot.entry_points}
    )
    search = _Search(reach, ways)
    gaps = case.missing(*ENTRY_KINDS, "nodes")
    for workload, pods in targets.items():
        yield _judged(case, workload, pods, search, gaps)


def _targets(case: Case) -> dict[str, list[Pod]]:
    found: dict[str, list[Pod]] = {}
    for pod in case.pods:
        if case.declared_as(case.config.sensitive, pod.namespace, pod.workload.name, pod.labels):
            found.setdefault(workload_id(pod), []).append(pod)
    return {name: found[name] for name in sorted(found)}


class _Search:
    """Looks from a workload back to the ways in, hop by hop; each workload is asked once for who may come."""

    def __init__(self, reach: Reach, ways: Mapping[str, Sequence[InternetWay]]) -> None:
        self._reach, self._ways = reach, ways
        self._classes = Counter(name for each in reach.classes if not each.hypothetical for name in each.workloads)
        self._steps: dict[str, list[Step]] = {}

    def paths(self, workload: str, most: int, *, direct: bool) -> list[Chain]:
        """The shortest paths to a workload through each way in, sure ones first; `direct` counts its own ways in too."""
        found = [Chain(way, ()) for way in self._ways.get(workload, ())] if direct else []
        seen = {workload}
        frontier: list[tuple[str, tuple[Step, ...]]] = [(workload, ())]
        for _ in range(most - 1):
            following: list[tuple[str, tuple[Step, ...]]] = []
            for here, steps in frontier:
                following += [(step.src, (step, *steps)) for step in self._steps_to(here) if step.src not in seen]
            following.sort(key=lambda each: not all(step.sure for step in each[1]))
            frontier = [*{name: (name, chain) for name, chain in reversed(following)}.values()]
            seen |= {name for name, _ in frontier}
            found += [Chain(way, chain) for name, chain in frontier for way in self._ways.get(name, ())]
        return sorted(found, key=lambda path: (path.hops, not path.sure, path.way.name, path.way.way.port))

    def _steps_to(self, workload: str) -> list[Step]:
        """Who may open a connection to a workload. One whose pods are not alike may be let in at some of them only."""
        if workload not in self._steps:
            listing = self._reach.listing(Selection(workloads=(workload,)))
            lines = [(line, not line.filter) for line in listing.connections()]
            lines += [(line, False) for line in listing.undecided()]
            self._steps[workload] = [
                _step(line, sure=sure and self._classes[line.src] == 1)
                for line, sure in lines
                if line.dst == workload and line.src in self._classes and line.src != workload
            ]
        return self._steps[workload]


def _step(line: Connection, *, sure: bool) -> Step:
    protocol, ranges = next(iter(line.ports.items()))
    reason = line.reason or ("a rule filters above the ports" if line.filter else "not all of its pods are alike")
    return Step(line.src, line.dst, protocol, ranges[0][0], sure, "" if sure else reason)


def _judged(case: Case, workload: str, pods: Sequence[Pod], search: _Search, gaps: tuple[str, ...]) -> Verdict:
    first = pods[0]
    edge = all(case.declared_as(case.config.edge, pod.namespace, pod.workload.name, pod.labels) for pod in pods)
    most = case.config.sensitive_hops
    paths = search.paths(workload, most + 1, direct=not edge)
    near = [path for path in paths if path.hops <= most]
    mesh = _mesh(case, pods)
    sure = [] if mesh else [path for path in near if path.sure]
    shown = sure or near
    told = [_told(case, path) for path in shown[:_SHOWN]]
    lines = [line for path in told for line in path.lines]
    if len(shown) > _SHOWN:
        lines.append(f"and {len(shown) - _SHOWN} more paths")
    if near:
        lines += [mesh] if mesh else []
        return Verdict(
            subject=workload,
            status=Status.FAIL if sure else Status.UNKNOWN,
            reason="path-from-internet" if sure else "possible-path",
            evidence=bounded(lines, 30),
            remediation=mending(sure[0].way, sure[0].steps[-1] if sure[0].steps else None, first) if sure else "",
            sensitive=bool(sure),
            paths=tuple(_path(workload, each, mesh) for each in told),
            more_paths=len(shown) - len(told),
        )
    if gaps:
        return unread(workload, gaps)
    lines = [
        f"no path of at most {most} {'hop' if most == 1 else 'hops'} leads from the internet to it ({_level(case)})"
    ]
    lines += ["its own ways in are left out: it is declared under baseline.edge"] if edge else []
    farther = [path for path in paths if path.hops > most]
    for path in farther[:_SHOWN]:
        lines += ["reported, farther away: " + "; ".join(_told(case, path).lines)]
    return Verdict(subject=workload, status=Status.PASS, reason="unreachable", evidence=bounded(lines))


def _level(case: Case) -> str:
    """The level at which paths were looked for."""
    return f"{case.reach.level} level"


def _mesh(case: Case, pods: Sequence[Pod]) -> str:
    """A mesh's authorisation that may close the last hop: policy here does not see it."""
    if not all(pod.proxies or pod.annotations.get("ambient.istio.io/redirection") for pod in pods):
        return ""
    spaces = {pod.namespace for pod in pods} | {"istio-system"}
    found = [f"{each.kind} {each.namespace}/{each.name}" for each in case.snapshot.settings if each.kind in _MESH]
    mine = [name for name in found if name.partition(" ")[2].partition("/")[0] in spaces]
    return f"the mesh may refuse it: {names(mine)} (NB-MSH-02)" if mine else ""


@dataclass(frozen=True, slots=True)
class _Told:
    """A path, hop by hop, each with what permits it: as sentences and for pictures."""

    lines: tuple[str, ...]
    hops: tuple[Hop, ...]


def _told(case: Case, path: Chain) -> _Told:
    lines, hops = [spelled(path.way)], [*drawn(path.way)]
    for step in path.steps:
        permits = rules_of(case.reach, step.src, step.dst, step.protocol, step.port)
        doubt = "" if step.sure else f" (possible: {step.reason})"
        lines.append(f"{step.src} -> {step.dst} {step.protocol} {step.port}: {permits}{doubt}")
        ports: Ranges = {step.protocol: ((step.port, step.port),)}
        hops.append(
            Hop(kind="workload", name=step.dst, by=permits, ports=ports, doubt="" if step.sure else step.reason)
        )
    return _Told(tuple(lines), tuple(hops))


def _path(workload: str, told: _Told, mesh: str) -> Path:
    """The path as results carry it, on the ports of its last hop; what a mesh may refuse is a doubt of that."""
    *hops, last = told.hops
    if mesh:
        last = msgspec.structs.replace(last, doubt="; ".join(filter(None, (last.doubt, mesh))))
    doubts = [each.doubt for each in (*hops, last) if each.doubt]
    return path_of(FROM_INTERNET, workload, ("internet", workload), ports=last.ports, hops=(*hops, last), doubts=doubts)
