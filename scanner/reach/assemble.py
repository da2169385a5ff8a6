"""The parts of one cluster's reach, put together in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.dataplane.model import Answer, DataPlane
from scanner.findings import Level
from scanner.model import Notice, Snapshot
from scanner.policy.combine import combine
from scanner.policy.model import Matching, PolicySet
from scanner.reach.addressed import Judged, ServiceAddresses
from scanner.reach.addresses import AddressSpace, address_sets
from scanner.reach.bounds import Standing, bounds, grants_of, stand, unfiltered
from scanner.reach.coverage import Undecided, start_notices, undecided
from scanner.reach.crowded import crowded
from scanner.reach.cuts import Cuts
from scanner.reach.families import unpoliced_family
from scanner.reach.flows import Space
from scanner.reach.grants import Grant
from scanner.reach.listing import CONTROLLER
from scanner.reach.matrix import Matrix
from scanner.reach.names import names_of
from scanner.reach.populate import populate
from scanner.reach.population import Population, blocks, ordered_blocks
from scanner.reach.ports import PortAtoms
from scanner.reach.reading import Reading, declared_reading, effective_reading
from scanner.reach.reasons import Reasons, engine_notices, sorted_notices
from scanner.reach.rules import RuleReader
from scanner.reach.services import ServicePaths, exposed_services


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that answers questions about one cluster at one level."""

    level: Level
    reading: Reading
    addresses: AddressSpace
    population: Population
    reader: RuleReader
    unjudged: Undecided
    standing: Standing
    grants: tuple[Grant, ...]
    services: ServicePaths
    addressed: Judged | None  # where egress is judged at Services' own addresses
    space: Space
    certain: Matrix
    possible: Matrix
    plain: Matrix | None  # what is certain without a filter above the ports
    reasons: Reasons
    notices: tuple[Notice, ...]
    cuts: Cuts


def assemble(
    snapshot: Snapshot,
    policies: PolicySet,
    dataplane: DataPlane | None,
    ipblock_matches_pods: bool | None,
    cuts: Cuts,
) -> Parts:
    """Put the parts together; see engine.build for what the arguments mean."""
    level = Level.DECLARED if dataplane is None else Level.EFFECTIVE
    asked = ipblock_matches_pods
    reading = declared_reading(asked) if dataplane is None else effective_reading(dataplane, asked)
    combined = combine(policies, dataplane)
    chosen = combined.policies
    own = blocks(chosen)
    known = ordered_blocks({*own, *cuts.blocks})
    excepts = cuts.excepts or (reading.excepts is not Answer.YES and any(block.excepts for block in own))
    by_address = any(block.matching is Matching.PODS for block in own)
    addresses = AddressSpace(
        address_sets(known, excepts_matter=excepts),
        sorted({*names_of(chosen), *cuts.names}),
    )
    population = populate(
        snapshot,
        chosen,
        dataplane,
        addresses,
        addressed=(lambda _: True) if by_address else reading.addressed,
        exposed=exposed_services(snapshot, dataplane),
    )
    reader = RuleReader(population, known, addresses, reading)
    unjudged = undecided(snapshot, policies, dataplane)
    standing = stand(population, chosen, reader, reading, unjudged)
    grants = crowded(grants_of(standing, reader), reading.port_entries)
    grants += tuple(unpoliced_family(dataplane, population, addresses, standing))
    services = ServicePaths(snapshot, population, dataplane)
    fronts = ServiceAddresses(snapshot, population, policies=chosen, blocks=known, addresses=addresses, reading=reading)
    spans = {*cuts.ports, *_spans(grants, population), *services.spans, *fronts.spans}
    space = Space(
        pods=len(population.classes),
        size=len(population.classes) + len(addresses),
        named=population.named,
        atoms=PortAtoms(spans),
    )
    certain, possible = bounds(space, standing, grants, reading)
    started = start_notices(dataplane, chosen)
    notices = (*started, *snapshot.notices, *policies.notices, *combined.notices, *services.notices)
    workloads = {workload.id for workload in population.workloads}
    return Parts(
        level=level,
        reading=reading,
        addresses=addresses,
        population=population,
        reader=reader,
        unjudged=unjudged,
        standing=standing,
        grants=grants,
        services=services,
        addressed=fronts.judged(space, standing, grants, reading) if fronts.services else None,
        space=space,
        certain=certain,
        possible=possible,
        plain=unfiltered(space, standing, grants, reading),
        reasons=Reasons(
            population=population, standing=standing, grants=grants, blocks=own, unjudged=unjudged, reading=reading
        ),
        notices=sorted_notices([*notices, *engine_notices(population, standing, grants, level)]),
        cuts=Cuts(
            frozenset(known),
            frozenset(addresses.names),
            frozenset(spans),
            cuts.peers | workloads | ({CONTROLLER} if services.entry_points else set()),
            excepts,
        ),
    )


def _spans(grants: Iterable[Grant], population: Population) -> Iterable[tuple[str, int, int]]:
    """The ports that rules tell apart: by number, and by what names stand for."""
    for grant in grants:
        for port in grant.rule.ports or ():
            if not port.name:
                yield port.protocol, port.first, port.last
    for named in population.named:
        for protocol, _, number in named:
            yield protocol, number, number
