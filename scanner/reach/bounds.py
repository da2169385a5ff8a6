"""The two bounds of the truth at one level: what is certainly allowed, and what is possibly allowed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.dataplane.model import Answer
from scanner.policy.model import Action, Policy, Tier
from scanner.policy.selectors import bit_set
from scanner.reach.coverage import Undecided
from scanner.reach.flows import Bound, Bounds, Flow, Side, Space
from scanner.reach.grants import NOBODY, Grant
from scanner.reach.matrix import Matrix
from scanner.reach.model import Direction
from scanner.reach.order import places, tiers_of
from scanner.reach.population import Population
from scanner.reach.reading import Reading
from scanner.reach.rules import RuleReader
from scanner.reach.walk import Place


@dataclass(frozen=True, slots=True)
class Standing:
    """How each class stands, as bit sets over the pod classes.

    `endings` say by direction, then by tier, which classes a tier denies what none of its rules matched. `unpoliced` are
    classes the data plane leaves alone, `doubtful` those of which that is not known, `undecided` those that a policy of a
    kind that cannot be judged may touch. The last three are disjoint. `near` are host-network classes on a plane where a node
    may reach its own pods whatever policy says.
    """

    selected_by: tuple[tuple[Policy, Bounds], ...]
    tiers: tuple[Tier, ...]
    places: Mapping[tuple[int, int], Place]  # (position in selected_by, position of the rule) -> its place
    endings: Mapping[Direction, tuple[Bounds, ...]]
    unpoliced: int
    doubtful: int
    undecided: int
    near: int

    def isolated(self, direction: Direction) -> Bounds:
        """The classes that some tier closes by default."""
        found = NOBODY
        for ending in self.endings[direction]:
            found |= ending
        return found


def stand(
    population: Population, policies: Sequence[Policy], reader: RuleReader, reading: Reading, unjudged: Undecided
) -> Standing:
    """Which policies select which classes, and what the data plane makes of it."""
    selected_by = tuple((policy, reader.subject(policy)) for policy in policies)
    tiers = tiers_of(policies)
    touched = bit_set(
        item.index
        for item in population.classes[:-1]
        if unjudged.reason(item.namespace)
        and not (reading.declared and item.host_network)
        and item.covered is not Answer.NO  # where nothing polices a pod, no kind of policy has an effect
    )
    unpoliced = bit_set(item.index for item in population.classes if item.covered is Answer.NO)
    doubtful = bit_set(item.index for item in population.classes if item.covered is Answer.UNKNOWN)
    return Standing(
        selected_by=selected_by,
        tiers=tiers,
        places=places(policies, tiers),
        endings=endings_of(selected_by, tiers),
        unpoliced=unpoliced & ~touched,
        doubtful=doubtful & ~touched,
        undecided=touched,
        near=reader.host if reading.nodes_reach_pods else 0,
    )


def endings_of(
    selected_by: Iterable[tuple[Policy, Bounds]], tiers: Sequence[Tier]
) -> dict[Direction, tuple[Bounds, ...]]:
    """By direction, then by tier: the classes to which a tier denies what none of its rules matched."""
    number = {tier: at for at, tier in enumerate(tiers)}
    endings = {direction: [NOBODY] * len(tiers) for direction in Direction}
    for policy, subject in selected_by:
        for direction in policy.directions:
            endings[direction][number[policy.tier]] |= subject
    return {direction: tuple(found) for direction, found in endings.items()}


def grants_of(standing: Standing, reader: RuleReader) -> tuple[Grant, ...]:
    """Every rule over the classes, with its place."""
    return tuple(
        reader.grant(policy, rule, subject, standing.places[at, rule_at])
        for at, (policy, subject) in enumerate(standing.selected_by)
        for rule_at, rule in enumerate(policy.rules)
    )


def bounds(space: Space, standing: Standing, grants: Sequence[Grant], reading: Reading) -> tuple[Matrix, Matrix]:
    """The certain and the possible matrix; one object where nothing is in doubt."""
    flows = list(_flows(grants, reading))
    possible = _sides(space, standing, Bound.POSSIBLE)
    certain = _sides(space, standing, Bound.CERTAIN)
    upper = Matrix(space, flows, possible, Bound.POSSIBLE)
    endings = [ending for found in standing.endings.values() for ending in found]
    if possible == certain and all(flow.certain for flow in flows) and all(each.sure == each.maybe for each in endings):
        return (upper, upper) if not _tied(flows) else (Matrix(space, flows, certain, Bound.CERTAIN), upper)
    return Matrix(space, flows, certain, Bound.CERTAIN), upper


def unfiltered(space: Space, standing: Standing, grants: Sequence[Grant], reading: Reading) -> Matrix | None:
    """What is certainly allowed without a filter above the ports; None where no rule has such a filter."""
    if not any(grant.rule.l7 for grant in grants):
        return None
    plain = [
        dataclasses.replace(grant, subject=Bounds(0, grant.subject.maybe)) if grant.rule.l7 else grant
        for grant in grants
    ]
    return Matrix(space, list(_flows(plain, reading)), _sides(space, standing, Bound.CERTAIN), Bound.CERTAIN)


def _tied(flows: Sequence[Flow]) -> bool:
    """Whether policies of undefined order stand beside each other, so that two certain readings may still differ."""
    return any(flow.place.sequence for flow in flows)


def _sides(space: Space, standing: Standing, bound: Bound) -> dict[Direction, Side]:
    pods = (1 << space.pods) - 1
    possible = bound is Bound.POSSIBLE
    opened = standing.unpoliced | (standing.doubtful | standing.undecided if possible else 0)
    return {
        direction: Side(
            opened=opened & pods,
            closed=0 if possible else standing.undecided,
            endings=standing.endings[direction],
            always=standing.near if possible and direction is Direction.INGRESS else 0,
        )
        for direction in Direction
    }


def _flows(grants: Sequence[Grant], reading: Reading) -> Iterator[Flow]:
    """Every rule as rectangles.

    Where an `except` may also stop what other rules of the same pod let through (the VPC CNI agent merges all rules of a
    pod into one table of prefixes), the excepted addresses are certain for none of its rules.
    """
    leaks = reading.excepts is Answer.UNKNOWN
    excepting: dict[tuple[Direction, str], list[Grant]] = {}
    for grant in grants if leaks else ():
        if grant.peers.excepted:
            excepting.setdefault((grant.rule.direction, grant.policy.namespace), []).append(grant)
    for grant in grants:
        others = excepting.get((grant.rule.direction, grant.policy.namespace), ())
        if not grant.peers.all.maybe or not grant.subject.maybe or grant.maybe_ports == ():
            continue
        for excepted, subject in split(grant, others) if grant.rule.action is Action.ALLOW else ((0, grant.subject),):
            peers = grant.peers.all
            if excepted:
                sure = grant.peers.selected.sure | grant.peers.addressed.sure & ~excepted
                peers = Bounds(sure, grant.peers.all.maybe)
            yield Flow(
                direction=grant.rule.direction,
                place=grant.place,
                action=grant.rule.action,
                subject=subject,
                peers=peers,
                sure_ports=grant.sure_ports,
                maybe_ports=grant.maybe_ports,
            )


def split(grant: Grant, excepting: Sequence[Grant]) -> list[tuple[int, Bounds]]:
    """A grant's subject by what its classes' rules except: (excepted peers, classes)."""
    if not excepting:
        return [(0, grant.subject)]
    parts = {0: grant.subject.maybe}
    for other in excepting:
        for excepted, classes in list(parts.items()):
            both = classes & other.subject.maybe
            joined = excepted | other.peers.excepted
            if both and joined != excepted:
                parts[excepted] ^= both
                parts[joined] = parts.get(joined, 0) | both
    return [(excepted, Bounds(grant.subject.sure & classes, classes)) for excepted, classes in parts.items() if classes]
