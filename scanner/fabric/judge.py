"""The judge of the fleet: every control that no cluster decides alone, from members and the networks around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from scanner.baselines.config import BaselineConfig
from scanner.controls.base import Control, Verdict
from scanner.controls.crossing import CONTROLS
from scanner.controls.evaluation import settled
from scanner.evidence import Statement
from scanner.fabric.encryption import clouds_are_joined_safely
from scanner.fabric.fleet import Fleet
from scanner.fabric.identity import rules_name_what_arrives
from scanner.fabric.inventory import links_are_declared
from scanner.fabric.member import Crossing, Member
from scanner.fabric.parity import intents_hold
from scanner.fabric.paths import no_undeclared_paths
from scanner.fabric.plans import address_plans_hold
from scanner.findings import ClusterResult, ControlResult, Status
from scanner.topology.declared import Declared
from scanner.topology.model import Topology

_CHECKS: Mapping[str, Callable[[Fleet], Iterator[Verdict]]] = {
    "NB-XC-01": links_are_declared,
    "NB-XC-02": no_undeclared_paths,
    "NB-XC-03": address_plans_hold,
    "NB-XC-04": rules_name_what_arrives,
    "NB-XC-05": intents_hold,
    "NB-XC-06": clouds_are_joined_safely,
}
_ENGINE = "NB-ENF-01"
_NOTHING_SAID = "its result says nothing of its side of links: it was judged by an earlier version, so audit it again"


def judge_fabric(
    members: Sequence[Member],
    topology: Topology | None,
    config: BaselineConfig,
    declared: Declared = Declared(),  # noqa: B008 - frozen
    *,
    statements: Sequence[Statement] = (),
    at: str = "",
) -> tuple[ControlResult, ...]:
    """The results of NB-XC-01 to 06, in this order, whatever the profile.

    Args:
        members: what each cluster contributes (`member_of`).
        topology: the networks around them, with what is declared (`with_declared`); None where none were read.
        config: what the operator declares about the estate.
        declared: the links and zones of the settings, their ends as the topology takes them.
        statements: what somebody vouches for, of which those on these controls count.
        at: when this is judged, RFC 3339 in UTC.
    """
    fleet = Fleet(members, topology, config, declared, statements=statements, at=at)
    results: dict[str, ControlResult] = {}
    for control in CONTROLS:
        # Items whose clusters were not read live, or whose engine is not known, say so themselves: what one cluster lacks
        # must not decide about pairs that it is no part of.
        inside = dataclasses.replace(control, requires=tuple(each for each in control.requires if each in results))
        verdicts = tuple(_relying(each, inside, results) for each in _CHECKS[control.id](fleet))
        results[control.id] = settled(inside, verdicts, results, control.least)
    return tuple(results.values())


def _relying(verdict: Verdict, control: Control, results: Mapping[str, ControlResult]) -> Verdict:
    """What rests on an inventory of links that does not hold is inert, in words that fit a link."""
    failed = next((each for each in control.requires if results[each].status is Status.FAIL), "")
    if not failed or verdict.status in {Status.FAIL, Status.NOT_APPLICABLE}:
        return verdict
    return dataclasses.replace(
        verdict,
        status=Status.FAIL,
        reason="inert",
        evidence=(
            f"{failed} fails: the links are not those that are declared, so this rests on nothing",
            *verdict.evidence,
        ),
        remediation=f"Mend {failed} first: declare or remove the links that it names.",
    )


def member_of(result: ClusterResult) -> Member:
    """What a judged cluster contributes."""
    engine = next((str(each.status) for each in result.controls if each.id == _ENGINE), str(Status.UNKNOWN))
    crossing = result.crossing or Crossing(gaps=(result.unread or _NOTHING_SAID,))
    return Member(ref=result.cluster, tier=result.tier, engine=engine, crossing=crossing)
