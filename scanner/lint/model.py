"""What a finding says, and the words it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scanner.policy.model import Policy, Rule
from scanner.reach.model import RuleRef


class Severity(StrEnum):
    """How sure it is that somebody meant something else."""

    ERROR = "error"  # the object does not do what it says, whatever the cluster holds
    WARNING = "warning"  # likely a mistake, or open wider than its author may know
    NOTE = "note"  # could be tidied, or is worth a look


class Kind(StrEnum):
    """The checks' stable words; what each means is said where it is looked for."""

    DEAD_POLICY = "dead-policy"
    DEAD_RULE = "dead-rule"
    DEAD_PART = "dead-part"
    EMPTY_NAMESPACE = "empty-namespace"
    HOST_NETWORK = "host-network"
    DANGLING_PEER = "dangling-peer"
    DANGLING_NAMESPACE = "dangling-namespace"
    DANGLING_PORT = "dangling-port"
    DANGLING_REFERENCE = "dangling-reference"
    SHADOWED_RULE = "shadowed-rule"
    CONTRADICTORY_RULE = "contradictory-rule"
    EQUAL_PRIORITY = "equal-priority"
    REDUNDANT_RULE = "redundant-rule"
    REDUNDANT_POLICY = "redundant-policy"
    OPEN_TO_EVERYTHING = "open-to-everything"
    OPEN_TO_ANYWHERE = "open-to-anywhere"
    SPLIT_PEER = "split-peer"
    DNS_WITHOUT_UDP = "dns-without-udp"
    NO_DNS = "no-dns"
    REFUSED = "refused"
    NO_EFFECT = "no-effect"
    NOT_JUDGED = "not-judged"
    INPUT = "input"
    REMARK = "remark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is odd, in one line with the mend.

    `object` is "NetworkPolicy shop/allow-web", `rule` "ingress[0]" or empty for the whole object, `place` `file:line` or
    `resourceVersion N`, empty where neither is known.
    """

    kind: Kind
    severity: Severity
    object: str
    rule: str = ""
    place: str = ""
    message: str


def of_policy(kind: Kind, severity: Severity, policy: Policy, message: str, rule: Rule | None = None) -> Finding:
    """A finding about a policy, or about one of its rules."""
    name = rule.name if rule is not None else ""
    where = RuleRef(object=policy.id, rule=name, origin=policy.origin, text="", version=policy.version)
    return Finding(kind=kind, severity=severity, object=policy.id, rule=name, place=where.place, message=message)


_SEVEREST_FIRST = tuple(Severity)
_NUMBERS = re.compile(r"(\d+)")


def ordered(findings: set[Finding]) -> tuple[Finding, ...]:
    """Findings the severest first, then by object and rule; rules in the order that they are written in."""
    return tuple(
        sorted(
            findings,
            key=lambda each: (
                _SEVEREST_FIRST.index(each.severity),
                each.object,
                [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(each.rule)],
                each.kind,
                each.message,
                each.place,
            ),
        )
    )
