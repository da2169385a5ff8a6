"""Peers outside that policies know by name only: DNS names and patterns, and the API server; and which name covers which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from scanner.dataplane.model import Answer
from scanner.policy.model import Entity, EntityPeer, NamePeer, Policy

API_SERVER = "{kube-apiserver}"
_LABEL = r"[a-z0-9_-]"


def names_of(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Every name that some rule speaks of, sorted."""
    found: set[str] = set()
    for policy in policies:
        for rule in policy.rules:
            for peer in rule.peers or ():
                if isinstance(peer, NamePeer):
                    found.add(peer.name)
                elif isinstance(peer, EntityPeer) and peer.entity is Entity.KUBE_APISERVER:
                    found.add(API_SERVER)
    return tuple(sorted(found))


def covers(pattern: str, name: str) -> Answer:
    """Whether a rule for `pattern` also concerns the peer `name`, which stands for what no other peer names better.

    Two patterns of which neither holds the other may share names; that is not known.
    """
    if pattern == name:
        return Answer.YES
    if "*" not in pattern or API_SERVER in {pattern, name}:
        return Answer.NO
    if all(_expression(pattern).fullmatch(sample) for sample in _samples(name)):
        return Answer.YES
    if "*" not in name or all(_expression(name).fullmatch(sample) for sample in _samples(pattern)):
        return Answer.NO
    ends = pattern.rpartition("*")[2], name.rpartition("*")[2]
    return Answer.UNKNOWN if ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]) else Answer.NO


def _samples(name: str) -> tuple[str, ...]:
    """Names that a pattern stands for, different enough to tell whether another pattern holds all of them."""
    if "*" not in name:
        return (name,)
    deep = name.replace("**.", "d.e.f.").replace("*", "xy0")
    return name.replace("**.", "a.").replace("*", "b"), deep


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern as model.NamePeer defines it: `*` any characters but the dot, a leading `**.` one or more labels."""
    lead = ""
    if pattern.startswith("**."):
        lead, pattern = rf"(?:{_LABEL}+\.)+", pattern[3:]
    return re.compile(lead + f"{_LABEL}*".join(re.escape(part) for part in re.split(r"\*+", pattern)))
