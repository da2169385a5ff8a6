"""Which data plane a cluster has, and where it polices."""

from __future__ import annotations

import dataclasses

from scanner.cloud.facts import CloudFacts
from scanner.dataplane.catalogue import CATALOGUE, Catalogue, support_proof
from scanner.dataplane.conditions import conditions_of
from scanner.dataplane.controller import auto_mode
from scanner.dataplane.coverage import Covered
from scanner.dataplane.decide import Decision, decide
from scanner.dataplane.denials import deny_logging
from scanner.dataplane.mode import honoured, mode
from scanner.dataplane.model import Answer, Coverage, DataPlane, Enforcing
from scanner.model import Snapshot


def detect(snapshot: Snapshot, facts: CloudFacts | None, catalogue: Catalogue = CATALOGUE) -> DataPlane:
    """Find the engine, its switches, version and reach; never raises.

    What was read inside the cluster decides; the cloud's record supports it, or stands alone where no cluster was asked
    (its evidence is then lower, which the controls take into account). Every doubt is `unknown` with a reason.
    """
    decision = decide(snapshot, facts.engine if facts else None)
    running, why = mode(snapshot, decision)
    engine = catalogue.get(decision.name)
    engine = engine and engine.settled(conditions_of(snapshot, decision))
    known = honoured(snapshot, decision, engine)
    plane = DataPlane(
        name=decision.name,
        version=decision.version,
        enforcing=decision.enforcing,
        reason=decision.reason,
        mode=running,
        proofs=tuple(dict.fromkeys((*decision.proofs, *why))),
        capabilities=known,
        engine=engine,
        default=_everywhere(decision),
        logging=deny_logging(snapshot, decision, known),
        support=support_proof(engine, decision.settings.plugin),
    )
    return _covered(plane, snapshot, decision, facts) if decision.enforcing is Enforcing.YES else plane


def _everywhere(decision: Decision) -> Coverage:
    """The coverage of every pod where the engine does not run, or nobody knows whether it does."""
    if decision.enforcing is Enforcing.NO:
        return Coverage(Answer.NO, "engine-off", decision.reason)
    return Coverage(Answer.UNKNOWN, "undetermined", decision.reason)


def _covered(plane: DataPlane, snapshot: Snapshot, decision: Decision, facts: CloudFacts | None) -> DataPlane:
    """The same data plane with the coverage of its nodes and pods, which may turn "yes" into "partly" or less."""
    auto_on = auto_mode(snapshot)[0] is Enforcing.YES
    covered = Covered(snapshot, decision, facts.fargate if facts else None, auto_on)
    enforcing, reason = covered.enforcing()
    return dataclasses.replace(
        plane,
        enforcing=enforcing,
        reason=reason,
        nodes=covered.nodes,
        pods=covered.pods,
        default=covered.default,
    )
