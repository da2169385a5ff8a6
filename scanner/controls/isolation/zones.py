"""NB-ISO-07: do declared zones of trust inside one cluster stay apart, but for the ways that are declared too?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from scanner.baselines.zones import port_range
from scanner.controls.base import CLUSTER, POLICIES, Case, Verdict, bounded, classes_of, names, quoted, unread
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.model import Pod
from scanner.reach.model import ALL_PORTS, PROTOCOLS, Explanation, PodClass, PortSet
from scanner.reach.population import workload_id

_MOST_PROBES = 50  # ports tried between pods that no policy tells apart


@dataclass(slots=True)
class _Pair:
    """An ordered pair of zones: the ports that are declared, and the ways found beyond them, each (from, to, ports)."""

    declared: dict[str, list[tuple[int, int]]]
    certain: list[tuple[str, str, PortSet]] = field(default_factory=list)
    possible: list[tuple[str, str, PortSet]] = field(default_factory=list)


def zones_are_apart(case: Case) -> Iterator[Verdict]:
    """One verdict per ordered pair of zones, "from -> to".

    Every class of pods in a zone is asked once who may open a connection to it; a way is one connection, so the shortest
    there is. Pods that no policy tells apart but that are in different zones are asked about port by port.
    """
    zones = case.config.zones
    if len(zones) < 2:
        evidence = ("no two zones are declared: write them under baseline.zones in ringfence.yaml (docs/settings.md)",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-zones", evidence=evidence)
        return
    if gaps := case.missing("namespaces", "pods", POLICIES):
        yield unread(CLUSTER, gaps)
        return
    members = {
        zone: [pod for pod in case.pods if case.declared_as(entries, pod.namespace, pod.workload.name, pod.labels)]
        for zone, entries in sorted(zones.items())
    }
    pairs = {pair: _Pair(_declared(case, *pair)) for pair in permutations(members, 2)}
    _look(case, members, pairs)
    for (source, target), pair in pairs.items():
        yield _verdict(case, source, target, pair, members)


def _declared(case: Case, source: str, target: str) -> dict[str, list[tuple[int, int]]]:
    """The ports that are declared from one zone to another; a path without ports is for all."""
    found: dict[str, list[tuple[int, int]]] = {}
    for path in case.config.zone_paths:
        if (path.from_, path.to) != (source, target):
            continue
        for protocol, first, last in map(port_range, path.ports):
            found.setdefault(protocol, []).append((first, last))
        if not path.ports:
            return {protocol: list(ALL_PORTS) for protocol in PROTOCOLS}
    return found


def _look(case: Case, members: dict[str, list[Pod]], pairs: dict[tuple[str, str], _Pair]) -> None:
    """Fill the pairs with what the engine says."""
    classes = classes_of(case.reach)
    inside: dict[int, dict[str, Pod]] = {}  # a class: one pod of each zone that has pods in it
    known: dict[int, PodClass] = {}
    for zone, pods in members.items():
        for pod in pods:
            if (found := classes.get((pod.namespace, pod.name))) is not None:
                inside.setdefault(found.index, {}).setdefault(zone, pod)
                known[found.index] = found
    for index, targets in inside.items():
        for allowed in case.reach.sources(known[index]):
            if not isinstance(allowed.peer, PodClass) or allowed.peer.index not in inside:
                continue
            for source, start in inside[allowed.peer.index].items():
                for target, end in targets.items():
                    if source != target:
                        _note(pairs[source, target], start, end, allowed.ports, allowed.answer)
        for source, target in permutations(targets, 2):
            ends = targets[source], targets[target]
            for ports, answer in _among(case, *ends):
                _note(pairs[source, target], *ends, ports, answer)


def _note(pair: _Pair, start: Pod, end: Pod, ports: PortSet, answer: Answer) -> None:
    beyond = {
        protocol: left for protocol, ranges in ports.items() if (left := _less(ranges, pair.declared.get(protocol, ())))
    }
    if beyond:
        ways = pair.certain if answer is Answer.YES else pair.possible
        ways.append((workload_id(start), workload_id(end), beyond))


def _less(ranges: Sequence[tuple[int, int]], removed: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    left = list(ranges)
    for low, high in removed:
        left = [
            part
            for first, last in left
            for part in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if part[0] <= part[1]
        ]
    return tuple(dict.fromkeys(left))


def _among(case: Case, start: Pod, end: Pod) -> Iterator[tuple[PortSet, Answer]]:
    """What two pods of one class may do with each other: on the ports that the second declares and that rules name."""
    tried = {("TCP", 65535), *((port.protocol, port.port) for port in end.ports)}
    tried |= {
        (port.protocol, port.first)
        for policy in case.policies.policies
        if case.selects(policy, end)
        for rule in policy.rules
        for port in rule.ports or ()
        if not port.name
    }
    for protocol, number in sorted(tried)[:_MOST_PROBES]:
        if protocol in PROTOCOLS:
            answers = {each.allowed for each in _explained(case, start, end, protocol, number)}
            for answer in answers - {Answer.NO}:
                yield {protocol: ((number, number),)}, answer


def _explained(case: Case, start: Pod, end: Pod, protocol: str, port: int) -> tuple[Explanation, ...]:
    return case.reach.explain(workload_id(start), workload_id(end), protocol, port)


def _verdict(case: Case, source: str, target: str, pair: _Pair, members: dict[str, list[Pod]]) -> Verdict:
    subject = f"{source} -> {target}"
    if empty := [zone for zone in (source, target) if not members[zone]]:
        evidence = (f"zone {names(empty)} has no pod in this cluster",)
        return Verdict(subject=subject, status=Status.NOT_APPLICABLE, reason="empty-zone", evidence=evidence)
    level = f"{case.reach.level} level"
    if pair.certain:
        start, end, ports = pair.certain[0]
        protocol, ranges = next(iter(sorted(ports.items())))
        rules = _rules(case, start, end, protocol, ranges[0][0])
        lines = [
            *(f"{a} may reach {b} on {_words(open_)} ({level})" for a, b, open_ in pair.certain[:5]),
            f"the first is opened by {names(rules) or 'the absence of a policy that isolates either end'}",
        ]
        if len(pair.certain) > 5:
            lines.append(f"and {len(pair.certain) - 5} more ways")
        written = f"{protocol}/{_span(*ranges[0])}"
        fix = (
            f"Tighten {names(rules) or 'both ends by a default deny'}; or, if the way is meant, declare it:\n"
            f"baseline: {{zone_paths: [{{from: {quoted(source)}, to: {quoted(target)}, ports: [{written}]}}]}}"
        )
        return Verdict(
            subject=subject, status=Status.FAIL, reason="undeclared-path", evidence=tuple(lines), remediation=fix
        )
    if pair.possible:
        lines = [f"whether {a} may reach {b} on {_words(ports)} is not established" for a, b, ports in pair.possible]
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="undecided", evidence=bounded(lines))
    how = f"{len(members[source])} pods of {source} reach none of {len(members[target])} pods of {target}"
    evidence = (f"{how}{' beyond the declared ports' if pair.declared else ''} ({level})",)
    return Verdict(subject=subject, status=Status.PASS, reason="apart", evidence=evidence)


def _rules(case: Case, start: str, end: str, protocol: str, port: int) -> tuple[str, ...]:
    """The rules without which the way would be closed."""
    found = [
        f"{rule.object} {rule.rule}".strip()
        for each in case.reach.explain(start, end, protocol, port)
        if each.allowed is Answer.YES
        for half in each.halves
        for rule in half.by
    ]
    return tuple(dict.fromkeys(found))


def _words(ports: PortSet) -> str:
    return ", ".join(
        f"{protocol} {'any port' if ranges == ALL_PORTS else ' '.join(_span(*each) for each in ranges[:4])}"
        for protocol, ranges in sorted(ports.items())
    )


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
