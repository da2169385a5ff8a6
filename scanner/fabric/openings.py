"""What a cluster's policies let through to and from addresses outside it, by workload: what one result tells the fleet.

Work grows with distinct columns of the reach and with external classes; never with pairs of pods.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scanner.dataplane.model import Answer
from scanner.fabric.member import Opening, Ports
from scanner.policy.selectors import members
from scanner.reach.columns import Column, less
from scanner.reach.engine import ClusterReach
from scanner.reach.model import PodClass, PortSet
from scanner.topology.spans import union

MOST = 2_000  # openings of one cluster and direction; more are not told apart
SHOWN = 5  # workloads of one opening
_UNDECIDED = "whether the data plane enforces this cannot be told"


class _Key(NamedTuple):
    """What openings have in common that differ in their addresses alone."""

    certain: bool
    mask: int
    classes: int
    via: str
    reason: str


def openings_in(reach: ClusterReach) -> tuple[Opening, ...] | None:
    """Who outside may open connections to which workloads; None where there are more openings than a result may hold."""
    space, services = reach.parts.space, reach.parts.services
    found: dict[tuple[bool, int, int], int] = defaultdict(int)  # (certain, ports, external classes) -> pod classes
    for pod in _real(reach):
        certain, possible = (matrix.column(pod.index) for matrix in (reach.parts.certain, reach.parts.possible))
        for sure, column in ((True, certain), (False, _rest(possible, certain))):
            for mask, sources in column:
                if outside := sources >> space.pods:
                    found[sure, mask, outside] |= 1 << pod.index
    groups: dict[_Key, int] = defaultdict(int)
    for (sure, mask, outside), classes in found.items():
        groups[_Key(sure, mask, classes, "", "" if sure else _UNDECIDED)] |= outside
    for bypass in services.bypasses:
        for backend in bypass.backends:
            mask = bypass.mask(space.atoms, backend.pod_class)
            sure = bypass.answer is Answer.YES
            key = _Key(sure, mask, 1 << backend.pod_class, bypass.service, bypass.reason)
            groups[key] |= space.external >> space.pods
    return _openings(reach, groups)


def openings_out(reach: ClusterReach) -> tuple[Opening, ...] | None:
    """Which workloads may open connections to whom outside; None where there are too many to hold."""
    space = reach.parts.space
    real = sum(1 << pod.index for pod in _real(reach))
    groups: dict[_Key, int] = defaultdict(int)
    for number in range(len(reach.parts.addresses)):
        certain, possible = (
            matrix.column(space.pods + number) for matrix in (reach.parts.certain, reach.parts.possible)
        )
        for sure, column in ((True, certain), (False, _rest(possible, certain))):
            for mask, sources in column:
                if classes := sources & real:
                    groups[_Key(sure, mask, classes, "", "" if sure else _UNDECIDED)] |= 1 << number
    return _openings(reach, groups)


def _rest(possible: Column, certain: Column) -> Column:
    return () if possible is certain else less(possible, certain)


def _real(reach: ClusterReach) -> Iterator[PodClass]:
    """Pods with a network of their own: what shares its node's is the node, to every other cluster."""
    return (pod for pod in reach.classes if not pod.hypothetical and not pod.host_network)


def _openings(reach: ClusterReach, groups: Mapping[_Key, int]) -> tuple[Opening, ...] | None:
    if len(groups) > MOST:
        return None
    made = []
    told: dict[int, tuple[str, ...]] = {}  # few sets of addresses stand in many openings
    for key, outside in groups.items():
        if outside not in told:
            told[outside] = _ranges(reach, members(outside))
        ranges = told[outside]
        names = sorted({name for at in members(key.classes) for name in reach.classes[at].workloads})
        ports = ports_of(reach.parts.space.atoms.port_set(key.mask))
        if ranges and names and ports:
            made.append(
                Opening(
                    ranges=ranges,
                    ports=ports,
                    workloads=tuple(names[:SHOWN]),
                    count=len(names),
                    certain=key.certain,
                    reason=key.reason,
                    via=key.via,
                )
            )
    return tuple(sorted(made, key=lambda each: (each.workloads, each.count, each.via, each.ranges, str(each.ports))))


def ports_of(ports: PortSet) -> Ports:
    """A port set as results hold it."""
    return {protocol: tuple(ports[protocol]) for protocol in sorted(ports) if ports[protocol]}


def _ranges(reach: ClusterReach, numbers: Iterable[int]) -> tuple[str, ...]:
    """External classes as "first-last" runs; those that are names have no addresses."""
    spans = reach.parts.addresses.spans
    return tuple(words(span) for span in union(span for number in numbers for span in spans(number)))


def span_of_run(text: str) -> tuple[int, int, int]:
    """A run "first-last" as numbers."""
    first, _, last = text.partition("-")
    start = ipaddress.ip_address(first)
    return start.version, int(start), int(ipaddress.ip_address(last or first))


def words(span: tuple[int, int, int]) -> str:
    """A run as text, "first-last"."""
    kind = ipaddress.IPv4Address if span[0] == 4 else ipaddress.IPv6Address
    return f"{kind(span[1])}-{kind(span[2])}"


def shared(one: Ports, other: Sequence[Ports]) -> Ports:
    """The ports that are in `one` and in any of `other`."""
    found: Ports = {}
    for protocol, ranges in one.items():
        theirs = [each for ports in other for each in ports.get(protocol, ())]
        both = [
            (max(first, low), min(last, high))
            for first, last in ranges
            for low, high in theirs
            if max(first, low) <= min(last, high)
        ]
        if both:
            found[protocol] = tuple((first, last) for _, first, last in union((0, *each) for each in both))
    return found


def port_words(ports: Ports) -> str:
    """Ports for a reader: "TCP 443 8080-8090, UDP any port"."""
    return ", ".join(
        f"{protocol} {'any port' if ranges == ((1, 65535),) else ' '.join(_range(*each) for each in ranges[:4])}"
        for protocol, ranges in sorted(ports.items())
    )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
