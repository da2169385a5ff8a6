"""The two bounds of the truth at one level: what is certainly allowed, and what is possibly allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.dataplane.model import Answer
from scanner.policy.model import Policy
from scanner.policy.selectors import bit_set
from scanner.reach.coverage import Undecided
from scanner.reach.matrix import Flow, Matrix, Space
from scanner.reach.model import Direction, PodClass
from scanner.reach.population import Population
from scanner.reach.rules import Grant, Reading, RuleReader


@dataclass(frozen=True, slots=True)
class Standing:
    """How each class stands, as bit sets over the pod classes.

    `isolated` goes by direction. `unpoliced` are classes the data plane leaves alone, `doubtful` those of which that is
    not known, `undecided` those that a policy of a kind that cannot be judged may touch. The last three are disjoint.
    `near` are host-network classes on a plane where a node may reach its own pods whatever policy says.
    """

    selected_by: tuple[tuple[Policy, int], ...]
    isolated: dict[Direction, int]
    unpoliced: int
    doubtful: int
    undecided: int
    near: int

    def open(self, direction: Direction, pods: int) -> int:
        """The classes that certainly nothing restricts in one direction."""
        return (pods & ~self.isolated[direction] | self.unpoliced) & ~self.undecided

    def maybe_open(self, direction: Direction, pods: int) -> int:
        """The classes that possibly nothing restricts."""
        return self.open(direction, pods) | self.doubtful | self.undecided


def stand(
    population: Population, policies: Sequence[Policy], reader: RuleReader, reading: Reading, unjudged: Undecided
) -> Standing:
    """Which policies select which classes, and what the data plane makes of it."""
    selected_by = tuple((policy, reader.subject(policy)) for policy in policies)
    isolated = dict.fromkeys(Direction, 0)
    for policy, subject in selected_by:
        for direction in policy.directions:
            isolated[direction] |= subject
    touched = bit_set(
        item.index
        for item in population.classes[:-1]
        if unjudged.reason(item.namespace) and not (reading.declared and item.host_network) and _may_touch(item)
    )
    unpoliced = bit_set(item.index for item in population.classes if item.covered is Answer.NO)
    doubtful = bit_set(item.index for item in population.classes if item.covered is Answer.UNKNOWN)
    near = reader.host if reading.nodes_reach_pods else 0
    return Standing(selected_by, isolated, unpoliced & ~touched, doubtful & ~touched, touched, near)


def _may_touch(item: PodClass) -> bool:
    """Policies of other kinds have no effect either where nothing polices a pod, save on a plane with kinds of its own."""
    return item.covered is not Answer.NO or item.coverage_reason == "mode-crd-only"


def bounds(space: Space, standing: Standing, grants: Sequence[Grant], reading: Reading) -> tuple[Matrix, Matrix]:
    """The certain and the possible matrix; one object where nothing is in doubt."""
    pods = (1 << space.pods) - 1
    certain_flows = list(_certain_flows(grants, standing, reading))
    possible_flows = list(_possible_flows(grants, standing))
    opened = {direction: standing.open(direction, pods) for direction in Direction}
    maybe_opened = {direction: standing.maybe_open(direction, pods) for direction in Direction}
    certain = Matrix(space, certain_flows, open_ingress=opened[Direction.INGRESS], open_egress=opened[Direction.EGRESS])
    if certain_flows == possible_flows and opened == maybe_opened:
        return certain, certain
    possible = Matrix(
        space,
        possible_flows,
        open_ingress=maybe_opened[Direction.INGRESS],
        open_egress=maybe_opened[Direction.EGRESS],
    )
    return certain, possible


def _possible_flows(grants: Sequence[Grant], standing: Standing) -> Iterator[Flow]:
    hidden = standing.unpoliced | standing.doubtful | standing.undecided
    for grant in grants:
        subject = grant.subject & ~hidden
        peers = grant.peers.selected | grant.peers.addressed
        if subject and peers:
            yield Flow(grant.rule.direction, subject, peers, grant.possible_ports)
    isolated = standing.isolated[Direction.INGRESS] & ~hidden
    if isolated and standing.near:
        yield Flow(Direction.INGRESS, isolated, standing.near, None)


def _certain_flows(grants: Sequence[Grant], standing: Standing, reading: Reading) -> Iterator[Flow]:
    """What rules certainly let through.

    Where an `except` may also stop what other rules of the same pod let through (the VPC CNI agent merges all rules of a
    pod into one table of prefixes), the excepted addresses are certain for none of its rules.
    """
    hidden = standing.unpoliced | standing.undecided
    leaks = reading.excepts is Answer.UNKNOWN
    excepting: dict[tuple[Direction, str], list[Grant]] = {}
    for grant in grants if leaks else ():
        if grant.peers.excepted:
            excepting.setdefault((grant.rule.direction, grant.policy.namespace), []).append(grant)
    for grant in grants:
        if grant.certain_ports == ():
            continue
        for excepted, subject in split(grant, excepting.get((grant.rule.direction, grant.policy.namespace), ())):
            peers = grant.peers.sure_selected | grant.peers.sure_addressed & ~excepted
            if subject & ~hidden and peers:
                yield Flow(grant.rule.direction, subject & ~hidden, peers, grant.certain_ports)


def split(grant: Grant, excepting: Sequence[Grant]) -> list[tuple[int, int]]:
    """A grant's subject by what its classes' rules except: (excepted peers, classes)."""
    parts = {0: grant.subject}
    for other in excepting:
        for excepted, classes in list(parts.items()):
            both = classes & other.subject
            joined = excepted | other.peers.excepted
            if both and joined != excepted:
                parts[excepted] ^= both
                parts[joined] = parts.get(joined, 0) | both
    return [(excepted, classes) for excepted, classes in parts.items() if classes]
