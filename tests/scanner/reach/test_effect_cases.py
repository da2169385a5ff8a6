"""Folders that show what data planes make of policies: `tests/cases/dataplane/<engine>-<what>/`, read as people's files are.

A folder holds `cluster.yaml` (manifests), `case.yaml` (what is expected, and of which fact) and, where the cloud's word
counts, `cloud.json`. With `detected: true` the manifests are all that a live cluster has, and the data plane is found in
them; otherwise `dataplane` names it. `wrong` says why the product does not yet answer what the fact says: such a case is
expected to fail, and breaks the suite once it does not, so that the word goes with the mistake.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from functions.questions import Question, dataplane_of, one_snapshot
from infra.kinds import KINDS
from infra.settings import SourceOptions
from scanner.dataplane.catalogue import CATALOGUE, named
from scanner.dataplane.catalogue.engine import Engine
from scanner.dataplane.model import Answer, Capabilities, Confidence, Coverage, DataPlane, Enforcing, Fact, Value
from scanner.model import Collected, KindStatus, Snapshot, Source
from scanner.policy.model import PolicySet
from scanner.policy.resolve import resolve
from scanner.reach.changes import closed_changes
from scanner.reach.diff import State, all_aligned
from scanner.reach.effects.compare import Compared, Effect
from scanner.reach.effects.rules import rules_of
from scanner.reach.engine import ClusterReach

FOLDER = Path(__file__).parents[2] / "cases" / "dataplane"
CAPABILITIES = {each.name.replace("_", "-"): each.name for each in dataclasses.fields(Capabilities)}


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """One connection: `src` and `dst` are peers as `reach` prints them, or "ip:ADDRESS"; without `rule` nothing differs."""

    src: str
    dst: str
    port: str
    declared: str
    effective: str
    via: str = ""
    rule: str = ""


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """What stands in `case.yaml`."""

    fact: str
    about: str
    expect: list[Expected]
    dataplane: str = ""
    detected: bool = False
    wrong: str = ""


@dataclasses.dataclass(frozen=True)
class Put:
    """A folder that was read."""

    case: Case
    snapshot: Snapshot
    policies: PolicySet
    plane: DataPlane

    @property
    def differing(self) -> list[Expected]:
        """The connections on which the data plane differs."""
        return [each for each in self.case.expect if each.rule]


def names() -> list[str]:
    """Every folder; none at all is a mistake."""
    found = sorted(each.name for each in FOLDER.iterdir() if each.is_dir())
    assert found, f"no case in {FOLDER}"
    return found


@cache
def case_of(name: str) -> Case:
    """What a folder expects."""
    return msgspec.convert(yaml.safe_load((FOLDER / name / "case.yaml").read_text("utf-8")), Case)


def marked() -> list[Any]:
    """Every folder as a parameter; those that the product gets wrong fail until it does not."""
    return [
        pytest.param(each, marks=[pytest.mark.xfail(reason=case_of(each).wrong)] if case_of(each).wrong else [])
        for each in names()
    ]


@cache
def put(name: str) -> Put:
    """A folder, read by the product's own reader."""
    folder, case = FOLDER / name, case_of(name)
    records = (str(folder / "cloud.json"),) if (folder / "cloud.json").exists() else ()
    source = SourceOptions(manifests=str(folder / "cluster.yaml"), cloud_records=records)
    snapshot = one_snapshot(Question(source=source))
    assert not snapshot.notices, snapshot.notices
    if case.detected:
        whole = {kind: KindStatus(status=Collected.COMPLETE) for kind in KINDS}
        snapshot = msgspec.structs.replace(snapshot, source=Source.CLUSTER, collection=whole)
    return Put(case, snapshot, resolve(snapshot), dataplane_of(case.dataplane, snapshot))


@cache
def compared(name: str) -> Compared:
    """A folder's cluster on its data plane, beside what is declared."""
    found = put(name)
    return Compared(found.snapshot, found.policies, [found.plane])


def peer(reach: ClusterReach, end: str) -> str:
    """The listed peer that is meant: of an address the range that holds it."""
    if not end.startswith("ip:"):
        assert end in {listed for listed, _ in reach.peers}, end
        return end
    wanted = ipaddress.ip_address(end.removeprefix("ip:"))
    for listed, kind in reach.peers:
        if kind == "ip":
            first, last = (ipaddress.ip_address(part) for part in listed.split("-"))
            if first.version == wanted.version and int(first) <= int(wanted) <= int(last):
                return listed
    raise AssertionError(f"no range holds {end}")


def answer(reach: ClusterReach, wanted: Expected) -> str:
    """What a reach says of a connection: allowed, denied or unknown.

    Without `via` any path counts. One through a named Service is judged as the pods' own address unless it stands by itself,
    open or kept closed.
    """
    src, dst = peer(reach, wanted.src), peer(reach, wanted.dst)
    protocol, _, number = wanted.port.partition(" ")
    found: dict[str, str] = {}
    for lines, word in ((reach.connections(), "allowed"), (reach.unknown(), "unknown")):
        for line in lines:
            ports = line.ports.get(protocol, ())
            if (line.src, line.dst) == (src, dst) and any(first <= int(number) <= last for first, last in ports):
                found.setdefault(line.via, word)
    for change in closed_changes(reach.view):
        if (change.src, change.dst, change.via) == (src, dst, wanted.via) and protocol in change.before:
            assert all(first <= int(number) <= last for first, last in change.before[protocol])
            return "denied"
    if not wanted.via:
        return next((word for word in ("allowed", "unknown") if word in found.values()), "denied")
    return found.get(wanted.via, found.get("", "denied"))


def effect_on(found: Compared, wanted: Expected) -> Effect:
    """The one effect on a connection."""
    ends = peer(found.declared, wanted.src), peer(found.declared, wanted.dst)
    (effect,) = [
        each
        for each in found.effects(0)
        if (each.change.src, each.change.dst) == ends and wanted.via in {"", each.change.via}
    ]
    return effect


@pytest.mark.parametrize("name", marked())
def test_a_case_answers_as_its_fact_says(name):
    """Declared and effective are what the folder expects, and each difference hangs on the rule that it names."""
    found = compared(name)
    for wanted in case_of(name).expect:
        answers = answer(found.declared, wanted), answer(found.effective[0], wanted)
        assert answers == (wanted.declared, wanted.effective), wanted
        assert bool(wanted.rule) == (wanted.declared != wanted.effective), wanted
        if wanted.rule:
            assert wanted.rule in {rule.name for rule in effect_on(found, wanted).rules}


@pytest.mark.parametrize("name", names())
def test_a_case_shows_a_connection_that_does_not_differ(name):
    """What a data plane leaves as it is belongs to the fact as well; a case is about one engine that is named, or found."""
    case = case_of(name)
    assert any(not wanted.rule for wanted in case.expect)
    assert bool(case.dataplane) != case.detected
    assert case.about.strip()


@pytest.mark.parametrize("name", names())
def test_a_case_hangs_on_its_fact(name):
    """Without the rule that is named the expected answer is gone; where the fact is the specification's, with another one."""
    found = put(name)
    rules = {rule.name: rule for rule in rules_of(found.plane, found.policies)}
    if not found.differing:
        assert not {"kinds", "coverage", found.case.fact} & rules.keys()
        other = reach_on(found, otherwise(found.plane, found.case.fact))
        assert any(answer(other, wanted) != wanted.effective for wanted in found.case.expect)
    for wanted in found.differing:
        without = reach_on(found, rules[wanted.rule].without)
        assert answer(without, wanted) != wanted.effective, wanted


def reach_on(found: Put, plane: DataPlane) -> ClusterReach:
    """The cluster on another data plane, its peers cut as they are on its own."""
    reach, _ = all_aligned([State(found.snapshot, found.policies, each) for each in (plane, found.plane)])
    return reach


def otherwise(plane: DataPlane, fact: str) -> DataPlane:
    """The same data plane, were one fact the opposite."""
    if fact == "coverage":
        return dataclasses.replace(plane, enforcing=Enforcing.NO, default=Coverage(Answer.NO, "engine-off"))
    known = plane.capabilities
    if fact in CAPABILITIES and known is not None:
        value = Value.IGNORED if getattr(known, CAPABILITIES[fact]).value is Value.HONOURED else Value.HONOURED
        opposite = Fact(value, Confidence.SOURCE, "the test")
        return dataclasses.replace(plane, capabilities=dataclasses.replace(known, **{CAPABILITIES[fact]: opposite}))
    deaf = Engine(name=plane.name, title="", other_kinds=Fact(Value.IGNORED, Confidence.SOURCE, "the test"))
    return dataclasses.replace(plane, engine=deaf)


def weak_planes(fact: str) -> list[DataPlane]:
    """Every engine of the catalogue of which a fact is only inferred or remembered, in each version that it tells apart."""
    found = []
    for name, engine in CATALOGUE.items():
        bounds = engine.facts.get(CAPABILITIES[fact], ()) if fact in CAPABILITIES else engine.kinds.get(fact, ())
        for version in sorted({"", *(each.since for each in bounds)}):
            said = (
                getattr(engine.at(version), CAPABILITIES[fact])
                if fact in CAPABILITIES
                else engine.kind_at(fact, version)
            )
            if not said.confidence.may_fail:
                found.append(named(name, version))
    return found


def alone(plane: DataPlane, policies: PolicySet, name: str) -> DataPlane:
    """The data plane with every rule but one switched off."""
    for _ in range(len(CAPABILITIES) + 2):
        others = [rule for rule in rules_of(plane, policies) if rule.name != name]
        if not others:
            return plane
        plane = others[0].without
    raise AssertionError(f"{plane.name}: rules that do not go away")


@pytest.mark.parametrize(
    "name", [each for each in names() if case_of(each).fact != "coverage" and not case_of(each).wrong]
)
def test_what_is_inferred_or_remembered_decides_nothing(name):
    """On every engine of which the case's fact is not sure, all that hangs on the fact is doubt."""
    found = put(name)
    fact = found.case.fact
    rule = fact if fact in CAPABILITIES else "kinds"
    for plane in weak_planes(fact):
        only = alone(plane, found.policies, rule)
        effects = Compared(found.snapshot, found.policies, [only]).effects(0)
        assert {effect.kind for effect in effects} <= {"doubt"}, plane.name
