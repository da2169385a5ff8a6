"""Data planes for tests: a plane that honours everything, from which a test takes away what it is about."""

from __future__ import annotations

from typing import Any

from scanner.dataplane.catalogue import CATALOGUE
from scanner.dataplane.catalogue.engine import Engine
from scanner.dataplane.model import (
    Answer,
    Capabilities,
    Confidence,
    Coverage,
    DataPlane,
    DenyLogging,
    Enforcing,
    Fact,
    Value,
)

_VALUES = {Answer.YES: Value.HONOURED, Answer.NO: Value.IGNORED, Answer.UNKNOWN: Value.PARTIAL}
COVERED = Coverage(Answer.YES, "covered")


_PLAIN = Engine(name="test", title="test", other_kinds=Fact(Value.IGNORED, Confidence.SOURCE, "test"))


def fact(answer: str, confidence: str = "S") -> Fact:
    """A capability and how it is known."""
    return Fact(_VALUES[Answer(answer)], Confidence(confidence), "test")


def capabilities(**overrides: Fact) -> Capabilities:
    """A plane that reads policy as the specification says, and lets ipBlocks match no pod and no node."""
    facts = {
        "ipblock_matches_pods": "no", "ipblock_matches_nodes": "no", "except_honoured": "yes", "named_ports": "yes",
        "end_port": "yes", "sctp": "yes", "ipv6": "yes", "host_network_isolated": "no", "host_network_selected": "unknown",
        "own_node_policed": "no", "negative_selectors": "yes",
        "balancer_policed": "yes", "service_egress": "yes", "deny_log": "yes", "closed_at_start": "yes",
    }  # fmt: skip
    return Capabilities(**({name: fact(answer) for name, answer in facts.items()} | overrides))


def plane(**overrides: Any) -> DataPlane:
    """An enforcing data plane that covers every node."""
    fields: dict[str, Any] = {
        "name": "test", "version": "1", "enforcing": Enforcing.YES, "reason": "on", "mode": "enforcing", "proofs": (),
        "capabilities": capabilities(), "default": COVERED, "logging": DenyLogging(enabled=Answer.NO, exported=Answer.NO),
    }  # fmt: skip
    fields |= overrides
    engine = CATALOGUE.get(fields["name"], _PLAIN) if fields["capabilities"] else None
    return DataPlane(**{"engine": engine, **fields})
