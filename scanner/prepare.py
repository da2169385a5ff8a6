"""From a snapshot to what controls look at: its policies resolved, its data plane detected, its reach at both levels."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.baselines.config import DEFAULT_CONFIG, BaselineConfig
from scanner.cloud.read import read_facts
from scanner.controls.base import Case
from scanner.dataplane.detect import detect
from scanner.evidence import Statement
from scanner.model import Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.waivers.model import Waiver


def case_of(
    snapshot: Snapshot,
    config: BaselineConfig = DEFAULT_CONFIG,
    *,
    at: str = "",
    statements: Sequence[Statement] = (),
    waivers: Sequence[Waiver] = (),
) -> Case:
    """One cluster before the judge; `at`, `statements` and `waivers` as `scanner.judge.judge` takes them."""
    facts = read_facts(snapshot.cloud_record) if snapshot.cloud_record else None
    policies = resolve(snapshot)
    plane = detect(snapshot, facts)
    return Case(
        snapshot=snapshot,
        facts=facts,
        dataplane=plane,
        policies=policies,
        declared=build(snapshot, policies),
        effective=build(snapshot, policies, plane),
        config=config,
        at=at,
        statements=statements,
        waivers=waivers,
    )
