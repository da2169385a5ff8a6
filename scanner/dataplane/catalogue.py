"""Every engine ringfence knows, by name, and the data plane of a cluster in which one of them works everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scanner.dataplane.engine import Engine
from scanner.dataplane.managed import KUBENET, MANAGED
from scanner.dataplane.model import (
    Answer,
    Capabilities,
    Coverage,
    DataPlane,
    DenyLogging,
    Enforcing,
    Proof,
)
from scanner.dataplane.selfmanaged import SELF_MANAGED
from scanner.dataplane.versions import parse
from scanner.errors import InputError

__all__ = ["CATALOGUE", "KUBENET", "capabilities", "named", "support_proof"]

CATALOGUE: Mapping[str, Engine] = MappingProxyType({engine.name: engine for engine in (*MANAGED, *SELF_MANAGED)})


def capabilities(name: str, version: str = "") -> Capabilities | None:
    """What an engine honours in a version; None for a name outside the catalogue (`none`, `unknown`)."""
    engine = CATALOGUE.get(name)
    return None if engine is None else engine.at(version)


def support_proof(name: str, plugin: str = "") -> Proof | None:
    """What the catalogue says of an engine's (and the network plugin's) end of support."""
    engine = CATALOGUE.get(name)
    ends = list(engine.support) if engine else []
    if plugin == "kubenet":
        ends.append(KUBENET)
    if not ends:
        return None
    return Proof("; ".join(f"support of {end.subject} ends {end.ends}" for end in ends), ends[0].fact.source)


def named(name: str, version: str = "") -> DataPlane:
    """The data plane of an imagined cluster: one engine, switched on, on every node. `none` is a cluster without one.

    Raises:
        InputError: the name is not in the catalogue, or the version has no numbers.
    """
    if name != "none" and name not in CATALOGUE:
        known = ", ".join(sorted([*CATALOGUE, "none"]))
        raise InputError(f"unknown data plane {name!r}: name one of {known}")
    if version and parse(version) is None:
        raise InputError(f"{version!r} is not a version of {name}: write numbers such as 1.17.2")
    on = name != "none"
    known_logs = capabilities(name, version)
    no_log = known_logs is not None and known_logs.deny_log.answer is Answer.NO
    logged = Answer.UNKNOWN if on and not no_log else Answer.NO
    return DataPlane(
        name=name,
        version=version if on else "",
        enforcing=Enforcing.YES if on else Enforcing.NO,
        reason="on" if on else "no-engine",
        mode="enforcing",
        proofs=(Proof("the data plane was named by the caller", "--dataplane"),),
        capabilities=known_logs,
        default=Coverage(Answer.YES, "covered") if on else Coverage(Answer.NO, "engine-off"),
        logging=DenyLogging(enabled=logged, exported=logged),
        support=support_proof(name),
    )
