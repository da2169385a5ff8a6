"""What a control is, what it is asked about, and what it answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from scanner.baselines.config import BaselineConfig, Match
from scanner.baselines.matching import declared, is_platform
from scanner.cloud.facts import CloudFacts
from scanner.dataplane.kinds import may_count
from scanner.dataplane.model import DataPlane, Enforcing
from scanner.dataplane.sighting import sightings
from scanner.evidence import Statement
from scanner.findings import ControlResult, Evidence, Level, Path, Severity, Status, WaiverUse
from scanner.model import NAME_LABEL, Cloud, Collected, Pod, Snapshot, Source
from scanner.policy.model import Policy, PolicySet
from scanner.policy.selectors import matches
from scanner.reach.engine import build
from scanner.reach.model import Direction, Isolation, PodClass, Reach
from scanner.reach.population import workload_id
from scanner.waivers.model import Waiver

POLICIES = "networkpolicies.networking.k8s.io"
CLUSTER = "cluster"  # the subject of an item that is about the whole cluster
INERT_MODES = frozenset({"audit", "never", "crd-only"})
SHOWN = 10  # evidence lines of one item; what is beyond is counted
_GAPS = frozenset({Collected.PARTIAL, Collected.FORBIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one subject did, as the control's own text has it, before dependencies and evidence levels are applied.

    `weight` is what the subject counts in the control's fraction and `covered` how much of that is in order (by default
    all of it for a pass and nothing otherwise). `sensitive` subjects cost a critical control its whole fraction. `level` is
    the evidence that this verdict brings along, where that is more than the snapshot is. `paths` are those that it is about,
    and `more_paths` counts what it leaves out of them.
    """

    subject: str
    status: Status
    reason: str
    evidence: tuple[str, ...] = ()
    remediation: str = ""
    weight: float = 1.0
    covered: float | None = None
    sensitive: bool = False
    level: Evidence | None = None
    paths: tuple[Path, ...] = ()
    more_paths: int = 0


class Case:
    """One cluster before the judge: everything a control may look at, and the questions that several of them ask."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        facts: CloudFacts | None,
        dataplane: DataPlane,
        policies: PolicySet,
        declared: Reach,
        effective: Reach,
        config: BaselineConfig,
        at: str = "",
        statements: Sequence[Statement] = (),
        waivers: Sequence[Waiver] = (),
    ) -> None:
        self.snapshot = snapshot
        self.facts = facts
        self.dataplane = dataplane
        self.policies = policies
        self.declared = declared
        self.effective = effective
        self.config = config
        self.at = at or snapshot.taken  # when this is judged (RFC 3339, UTC): what is old or expired is so then
        self.statements = tuple(statements)
        self.waivers = tuple(waivers)
        self.verdicts: dict[str, tuple[Verdict, ...]] = {}  # as dependencies left them, where there are waivers
        self.uses: tuple[WaiverUse, ...] = ()  # what they did, for controls that are judged behind all others
        self.results: dict[str, ControlResult] = {}  # of the controls judged so far, by id
        self._isolation: dict[tuple[Level, int, Direction], Isolation] = {}

    @property
    def reach(self) -> Reach:
        """The level on which a control that requires NB-ENF-01 judges.

        The effective one where an engine runs. Otherwise the declared one: its passes are then made inert or unknown by
        the dependencies, and its failures stand at either level.
        """
        return self.effective if self._runs else self.declared

    def half(self, direction: Direction) -> Reach:
        """What one direction's policies alone let through, for a control that requires NB-ENF-06 too.

        The allow set of a default deny must not look empty because every peer of today happens to be closed on its own
        side: so the other direction's policies are left out. Effective where the engine is known to enforce.
        """
        policies = tuple(
            dataclasses.replace(
                policy,
                directions=policy.directions & {direction},
                rules=tuple(rule for rule in policy.rules if rule.direction is direction),
            )
            for policy in self.policies.policies
            if direction in policy.directions or any(rule.direction is direction for rule in policy.rules)
        )
        enforced = self._runs and self.dataplane.mode == "enforcing"
        one_way = dataclasses.replace(self.policies, policies=policies)
        return build(self.snapshot, one_way, self.dataplane if enforced else None)

    @property
    def _runs(self) -> bool:
        return self.dataplane.enforcing in {Enforcing.YES, Enforcing.PARTLY}

    @cached_property
    def cloud(self) -> Cloud:
        """The cloud the cluster runs in, from its record where its address does not say."""
        named = self.snapshot.cluster.cloud
        return self.facts.provider if named is Cloud.OTHER and self.facts else named

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The pods that have a network: not those that finished."""
        return tuple(pod for pod in self.snapshot.pods if not pod.finished)

    @cached_property
    def _engine_namespaces(self) -> frozenset[str]:
        """Where the detected engine runs; a look-alike in a tenant's namespace does not make that a platform one."""
        if not self._runs:
            return frozenset()
        return frozenset(item.daemon_set.namespace for item in sightings(self.snapshot) if item.trusted)

    def is_platform(self, namespace: str) -> bool:
        """Whether a namespace belongs to the platform and is not judged as a workload namespace."""
        return is_platform(self.config, namespace, self._engine_namespaces)

    @cached_property
    def namespaces(self) -> tuple[str, ...]:
        """The workload namespaces, sorted."""
        return tuple(sorted(item.name for item in self.snapshot.namespaces if not self.is_platform(item.name)))

    @cached_property
    def workload_pods(self) -> tuple[Pod, ...]:
        """The running pods of workload namespaces."""
        return tuple(pod for pod in self.pods if not self.is_platform(pod.namespace))

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """The labels of every namespace that was read."""
        return {item.name: item.labels for item in self.snapshot.namespaces}

    def selects(self, policy: Policy, pod: Pod) -> bool:
        """Whether a policy selects a pod, by the specification (no host-network pod)."""
        if pod.host_network or not matches(policy.subject, pod.labels):
            return False
        if policy.namespaces is None:
            return pod.namespace == policy.namespace
        return matches(policy.namespaces, {**self.labels.get(pod.namespace, {}), NAME_LABEL: pod.namespace})

    def isolation(self, reach: Reach, pod: PodClass, direction: Direction) -> Isolation:
        """Whether policy isolates a class at a level; asked once per class, however many pods it has."""
        key = (reach.level, pod.index, direction)
        if key not in self._isolation:
            self._isolation[key] = reach.isolation(pod, direction)
        return self._isolation[key]

    def declared_as(self, entries: Iterable[Match], namespace: str, name: str, labels: Mapping[str, str]) -> bool:
        """Whether the operator's configuration names this workload or Service."""
        return declared(entries, self.snapshot.cluster.name, namespace, name, labels)

    @property
    def unmodelled(self) -> tuple[str, ...]:
        """The policies that could not be judged and that the cluster's data plane may honour."""
        return may_count(self.dataplane, self.policies.unmodelled)

    def missing(self, *resources: str) -> tuple[str, ...]:
        """Why these resources were not read whole, a sentence each with the permission that is missing; empty if all were.

        With NetworkPolicies every other kind of network policy that could not be listed counts too: an unseen policy may
        isolate, or open, what the seen ones do not.
        """
        if self.snapshot.unread:
            return (f"the Kubernetes API could not be read: {self.snapshot.unread}",)
        wanted = dict.fromkeys(resources)
        if POLICIES in wanted:
            wanted |= dict.fromkeys(kind for kind in sorted(self.snapshot.collection) if _is_unread_policy(self, kind))
        return tuple(_gap(self.snapshot, kind) for kind in wanted if not self.snapshot.collected(kind))


def _is_unread_policy(case: Case, kind: str) -> bool:
    plural = kind.partition(".")[0]
    policy = plural.endswith("networkpolicies") and not plural.startswith("staged")
    return policy and case.snapshot.collection[kind].status in _GAPS


def _gap(snapshot: Snapshot, kind: str) -> str:
    status = snapshot.collection.get(kind)
    if snapshot.source is Source.MANIFESTS:
        return f"{kind}: {status.reason}" if status else f"{kind}: a folder of manifests does not show what else runs"
    how = f"{status.status} {status.reason}".strip() if status else "not asked for"
    plural, _, group = kind.partition(".")
    return f'{kind} were not read whole ({how}): grant list on {plural} in API group "{group}"'


Check = Callable[[Case], Iterator[Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control of the baseline. `title` is a sentence that is true exactly when the check passes.

    `requires` are the ids of controls that must hold for a pass to mean anything; `least` is the evidence a pass needs;
    `fractional` failures earn the covered share of the weight. `never` are outcomes that the control's text excludes. The
    check yields one verdict per subject; without one the control is judged for the fleet, over all clusters. A `last` one
    is judged behind all others and sees what came of them in `Case.results`.
    """

    id: str  # never reused, never renumbered: auditors cite it
    title: str
    severity: Severity
    scope: str
    least: Evidence
    requires: tuple[str, ...] = ()
    fractional: bool = False
    never: tuple[Status, ...] = ()
    last: bool = False
    remediation: str
    check: Check | None


def bounded(lines: Iterable[str], shown: int = SHOWN) -> tuple[str, ...]:
    """The first lines, and how many more there are."""
    listed = tuple(dict.fromkeys(lines))
    if len(listed) <= shown:
        return listed
    return (*listed[:shown], f"and {len(listed) - shown} more")


def names(items: Iterable[str], shown: int = 5) -> str:
    """Names in one line, the first few spelled out."""
    return ", ".join(bounded(items, shown))


def unread(subject: str, gaps: tuple[str, ...]) -> Verdict:
    """The verdict on a subject for which the needed objects could not be read."""
    return Verdict(subject=subject, status=Status.UNKNOWN, reason="unread", evidence=bounded(gaps))


def quoted(text: str) -> str:
    """Text as a JSON string, which YAML reads too: a crafted name cannot end the line it is pasted into."""
    return msgspec.json.encode(text).decode()


def beyond_policy(reason: str) -> str:
    """What mends pods that policy does not reach, by the reason of their coverage: no rule would."""
    if reason == "host-network":
        return (
            "Remove hostNetwork: true, or restrict the node's ports and its egress by a firewall and record a waiver."
        )
    if reason.startswith("mode-"):
        return "Mend NB-ENF-06 first: the engine runs and drops nothing, so no policy has an effect here."
    return (
        "No policy reaches these pods: run them on a node that NB-ENF-02 finds covered, or put them behind security groups "
        "and record a waiver that names them."
    )


def pods_of(case: Case) -> dict[str, list[Pod]]:
    """The running pods of workload namespaces by workload, sorted."""
    found: dict[str, list[Pod]] = {}
    for pod in case.workload_pods:
        found.setdefault(workload_id(pod), []).append(pod)
    return {name: found[name] for name in sorted(found)}


def classes_of(reach: Reach) -> dict[tuple[str, str], PodClass]:
    """The class of each pod, by (namespace, pod name)."""
    return {(item.namespace, pod): item for item in reach.classes if not item.hypothetical for pod in item.pods}
