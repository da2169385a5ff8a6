"""Why an answer is what it is: isolation, doubt, and what a person should be told about the input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from scanner.dataplane.model import Answer
from scanner.findings import Level
from scanner.model import Notice, Pod
from scanner.policy.model import Action, BlockPeer, Entity, EntityPeer, PodPeer, Policy, Rule
from scanner.policy.selectors import bit_set, matches, members
from scanner.reach.bounds import Standing
from scanner.reach.coverage import Undecided
from scanner.reach.flows import Bounds
from scanner.reach.grants import Grant
from scanner.reach.listing import CONTROLLER, PeerTable
from scanner.reach.model import Direction, Isolation, PodClass
from scanner.reach.population import Population
from scanner.reach.reading import Reading

_HOST = (
    "a host-network pod shows its node's address: which rules match that, and which pods are that node's, is not known"
)
_BLOCK = "whether an ipBlock matches these pods' addresses is not known"
_EXCEPT = "whether an excepted range stays closed where another rule allows it is not known for this data plane"
_PORTS = "the rule uses a port feature that this data plane does not honour"
_NAMES = "one port name stands for several numbers or concerns no pod in particular, which this data plane may read otherwise"
_ADDRESSES = "a rule by address names some of a pod's addresses and not the others, or none of it is known"
_LABELS = "the labels of some namespaces could not be read"


class Reasons:
    """Words for one level's doubts, by class and by peer."""

    def __init__(
        self,
        *,
        population: Population,
        standing: Standing,
        grants: Sequence[Grant],
        blocks: Sequence[BlockPeer],
        unjudged: Undecided,
        reading: Reading,
    ) -> None:
        self._classes = population.classes
        self._standing = standing
        self._doubtful = [grant for grant in grants if grant.doubt]
        self._closing_in_doubt = [
            (policy, bounds.maybe) for policy, bounds in standing.selected_by if policy.doubt and policy.directions
        ]
        self._ties = _ties(grants)
        self._unjudged = unjudged
        self._reading = reading
        self._named = any(population.named)
        self._blocks = blocks
        self._unlisted = any(not span.listed for span in population.spans)
        self._isolated = {direction: standing.isolated(direction) for direction in Direction}
        self._denied = _denied_altogether(grants)

    def isolation(self, pod: PodClass, direction: Direction) -> Isolation:
        """Whether policy isolates a class: unknown where only a policy that cannot be judged may, or coverage is unknown.

        A rule that denies every peer on every port (a baseline tier's) isolates as well.
        """
        standing, bit = self._standing, pod.index
        policies = tuple(self._isolating[direction].get(bit, ()))
        if standing.unpoliced >> bit & 1:
            return Isolation(Answer.NO, ())
        closed = self._isolated[direction] | self._denied[direction]
        sure = closed.sure >> bit & 1
        if standing.undecided >> bit & 1:
            return Isolation(Answer.YES if sure and pod.covered is Answer.YES else Answer.UNKNOWN, policies)
        if not closed.maybe >> bit & 1:
            return Isolation(Answer.NO, policies)
        return Isolation(Answer.YES if sure and not standing.doubtful >> bit & 1 else Answer.UNKNOWN, policies)

    @cached_property
    def _isolating(self) -> dict[Direction, dict[int, list[str]]]:
        """The policies that have a say on each class, by direction: gathered once, for every class is asked about."""
        found: dict[Direction, dict[int, list[str]]] = {direction: {} for direction in Direction}
        for policy, subject in self._standing.selected_by:
            concerned = policy.directions | {rule.direction for rule in policy.rules}
            for number in members(subject.maybe):
                for direction in concerned:
                    found[direction].setdefault(number, []).append(policy.id)
        return {
            direction: {number: list(dict.fromkeys(names)) for number, names in by_class.items()}
            for direction, by_class in found.items()
        }

    def half(self, number: int, direction: Direction) -> str:
        """Why nothing certain can be said of one class in one direction; empty where something can."""
        standing = self._standing
        if standing.undecided >> number & 1:
            return self._unjudged.reason(self._classes[number].namespace)
        if standing.doubtful & self._closing[direction] & ~standing.unpoliced & 1 << number:
            item = self._classes[number]
            who = f"{item.namespace}/{item.pods[0]}" if item.pods else f"a pod of {item.namespace}"
            return f"whether policy applies to {who} is not known: {item.coverage_reason}"
        return ""

    @cached_property
    def _closing(self) -> dict[Direction, int]:
        """The classes that some policy may close something to, by direction."""
        found = {direction: self._isolated[direction].maybe for direction in Direction}
        for direction, by_class in self._isolating.items():
            found[direction] |= bit_set(by_class)
        return found

    def classes(self, source: int, destination: int) -> str:
        """Why a connection between two classes (or external ranges, which are beyond the last class) is in doubt."""
        return self._joined([source], [destination])

    def peers(self, table: PeerTable, source: int, destination: int) -> str:
        """The same for two peers of a listing."""
        return self._joined(self._members(table, source), self._members(table, destination))

    def _members(self, table: PeerTable, position: int) -> list[int]:
        name = table.ids[position]
        return [len(self._classes) - 1] if name == CONTROLLER else table.classes_of[name]

    def _joined(self, sources: list[int], destinations: list[int]) -> str:
        count = len(self._classes)
        found = [self.half(number, Direction.EGRESS) for number in sources if number < count]
        found += [self.half(number, Direction.INGRESS) for number in destinations if number < count]
        if any(number < count and self._classes[number].host_network for number in (*sources, *destinations)):
            found.append(_HOST)
        found += self._doubts(sources, destinations)
        if not any(found):
            found = list(self._rule_doubts(external=sources[0] >= count or destinations[0] >= count))
        if not any(found):
            found = [_ADDRESSES]
        return "; ".join(dict.fromkeys(reason for reason in found if reason))

    def _doubts(self, sources: list[int], destinations: list[int]) -> Iterator[str]:
        """What rules that concern two peers are in doubt about, and policies whose order is not defined."""
        if not (self._doubtful or self._closing_in_doubt or self._ties):
            return
        ends = {
            Direction.EGRESS: (bit_set(sources), bit_set(destinations)),
            Direction.INGRESS: (bit_set(destinations), bit_set(sources)),
        }
        for grant in self._doubtful:
            subject, peer = ends[grant.rule.direction]
            if grant.subject.maybe & subject and grant.peers.all.maybe & peer:
                yield f"{grant.policy.id} {grant.rule.name}: {grant.doubt}"
        for policy, subject in self._closing_in_doubt:
            if subject & (ends[Direction.EGRESS][0] | ends[Direction.INGRESS][0]):
                yield f"{policy.id}: {policy.doubt}"
        for direction, tied in self._ties:
            names = _met(tied, ends[direction][0])
            if names:
                shown = " and ".join(names[:3]) + (" and more" if len(names) > 3 else "")
                yield f"{shown} have one priority, and which comes first is not defined"

    def _rule_doubts(self, *, external: bool) -> Iterator[str]:
        """What may be in doubt about the rules themselves."""
        reading = self._reading
        if not external and self._unlisted:
            yield _LABELS
        if not external and self._blocks and reading.blocks_match_pods is not Answer.NO:
            yield _BLOCK
        if reading.excepts is not Answer.YES and any(block.excepts for block in self._blocks):
            yield _EXCEPT
        if reading.unsupported:
            yield _PORTS
        if reading.names_in_doubt and self._named:
            yield _NAMES


def _ties(grants: Sequence[Grant]) -> list[tuple[Direction, list[Grant]]]:
    """The rules of policies of one rank, whose order is not defined where they meet."""
    groups: dict[tuple[Direction, int, int], list[Grant]] = {}
    for grant in grants:
        groups.setdefault((grant.rule.direction, grant.place.tier, grant.place.group), []).append(grant)
    return [
        (direction, tied)
        for (direction, _, _), tied in groups.items()
        if len({grant.place.sequence for grant in tied}) > 1
    ]


def _met(tied: Sequence[Grant], asked: int) -> list[str]:
    """The tied policies that select a class among those asked about which another of them selects as well, by name."""
    once = twice = 0
    by_place: dict[int, int] = {}
    for grant in tied:
        by_place[grant.place.sequence] = by_place.get(grant.place.sequence, 0) | grant.subject.maybe & asked
    for bits in by_place.values():
        twice |= once & bits
        once |= bits
    return sorted({grant.policy.id for grant in tied if grant.subject.maybe & twice})


def _denied_altogether(grants: Sequence[Grant]) -> dict[Direction, Bounds]:
    """The classes to which a rule denies every peer on every port."""
    found = dict.fromkeys(Direction, Bounds(0, 0))
    for grant in grants:
        rule = grant.rule
        if rule.action is Action.DENY and rule.ports is None and covers_everyone(rule):
            found[rule.direction] |= grant.subject
    return found


def covers_everyone(rule: Rule) -> bool:
    """Whether a rule names every pod of every namespace: by selector, as an entity, or by having no peers."""
    return rule.peers is None or any(
        peer == EntityPeer(Entity.ALL)
        or (
            isinstance(peer, PodPeer)
            and peer.pods.everything
            and peer.namespaces is not None
            and peer.namespaces.everything
        )
        for peer in rule.peers
    )


def engine_notices(
    population: Population, standing: Standing, grants: Sequence[Grant], level: Level
) -> Iterator[Notice]:
    """What only shows when policies meet pods: policies without pods, names without ports, pods outside the contract."""
    anywhere = {each[:2] for named in population.named for each in named}
    real = (1 << sum(not item.hypothetical for item in population.classes)) - 1
    for policy, subject in standing.selected_by:
        if not subject.maybe & real and not policy.subject.everything and not _selects(policy, population.finished):
            yield Notice(object=policy.id, field=_subject_field(policy), message="selects no pod; check its labels")
    for grant in grants:
        names = {(port.protocol, port.name) for port in grant.rule.ports or () if port.name}
        if not names:
            continue
        declared, concerned = anywhere, grant.subject.maybe & real
        if grant.rule.direction is Direction.INGRESS and concerned:
            declared = {each[:2] for number in members(concerned) for each in population.named[number]}
        for protocol, name in sorted(names - declared):
            message = f"no container that it may reach declares {protocol} port {name!r}, so this matches nothing"
            yield Notice(object=grant.policy.id, field=f"spec.{grant.rule.name}.ports", message=message)
    hosting = [item for item in population.classes if item.host_network]
    hosts = sorted({f"{item.namespace}/{name}" for item in hosting for name in item.pods})
    if hosts and level is Level.DECLARED:
        shown = ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")
        message = f"host-network pods are outside the NetworkPolicy contract: none isolates or selects {shown}"
        yield Notice(object="cluster", field="pods", message=message)


def _subject_field(policy: Policy) -> str:
    fields = {"NetworkPolicy": "spec.podSelector", "CiliumNetworkPolicy": "spec.endpointSelector"}
    return fields.get(policy.kind, "spec.subject" if policy.namespaces is not None else "spec.selector")


def sorted_notices(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Each notice once, in a fixed order."""
    distinct = {(notice.object, notice.field, notice.message): notice for notice in notices}
    return tuple(distinct[key] for key in sorted(distinct))


def _selects(policy: Policy, pods: Iterable[Pod]) -> bool:
    """Whether a policy selects one of these pods: a CronJob's between two runs, say, so that it is not misspelt."""
    return any(
        (policy.namespaces is not None or pod.namespace == policy.namespace) and matches(policy.subject, pod.labels)
        for pod in pods
    )
