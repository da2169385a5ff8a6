"""What a waiver is (baseline, section 4.2): who accepts which failure, where, why, until when, and what guards it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import msgspec

from scanner.evidence import moment
from scanner.findings import Severity
from scanner.scoring import FABRIC

LONGEST = {Severity.CRITICAL: 30, Severity.HIGH: 90, Severity.MEDIUM: 180, Severity.LOW: 180}  # days
# What only two people may accept on a production cluster.
TWO_APPROVERS = frozenset({"NB-ENF-01", "NB-ENF-06", "NB-VER-01", "NB-XC-02"})
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the operator's file: a misspelt key is refused."""


class WaiverScope(_Written, frozen=True, kw_only=True):
    """What is waived, by shell pattern (`*`, `?`); absent keys match all.

    `account` is an AWS account, Google project or Azure subscription. `object` is an item's subject as the report shows it
    ("shop/web[Deployment]", "NetworkPolicy shop/open"), or what stands behind its namespace.
    """

    cloud: str = "*"
    account: str = "*"
    cluster: str = "*"
    namespace: str = "*"
    object: str = "*"

    @property
    def is_broad(self) -> bool:
        """Whether it takes in a whole cluster, or more, however that is spelled."""
        return _is_all(self.namespace) and _is_all(self.object)


def _is_all(pattern: str) -> bool:
    return "*" in pattern and not pattern.strip("*?")


class Waiver(_Written, frozen=True, kw_only=True):
    """One waiver. `created` and `expires` are RFC 3339 dates or times in UTC; it holds before `expires`.

    `broad` says that taking in a whole cluster is meant.
    """

    id: _Text
    control: _Text
    scope: WaiverScope
    reason: _Text
    compensating_control: _Text
    owner: _Text
    approvers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    ticket: _Text
    created: _Text
    expires: _Text
    broad: bool = False

    def problems(self, severity: Severity) -> Iterator[tuple[str, str]]:
        """What is wrong with it by itself, for a control of that severity: the key, what is wrong and the mend."""
        created, expires = moment(self.created), moment(self.expires)
        for key, found in (("created", created), ("expires", expires)):
            if found is None:
                yield key, "is no date: write it in quotes as 2026-01-31, or with a time in UTC"
        if created is not None and expires is not None:
            longest = LONGEST[severity]
            if expires <= created:
                yield "expires", "is not after `created`: write a later date"
            elif expires - created > timedelta(days=longest):
                yield (
                    "expires",
                    f"is more than {longest} days after `created`, the most for a {severity} control: renew it then",
                )
        if _person(self.owner) in map(_person, self.approvers):
            yield "approvers", f"{self.owner!r} owns it and cannot approve it: name somebody else"
        if self.people < len(self.approvers):
            yield "approvers", "name somebody twice: name each once"
        if self.control in TWO_APPROVERS & FABRIC and self.people < 2:
            yield "approvers", f"{self.control} is judged for the whole fleet and needs two approvers: name another"

    @property
    def people(self) -> int:
        """How many different people approve it."""
        return len({_person(name) for name in self.approvers})


def _person(name: str) -> str:
    """A name as people tell it apart: neither case nor spaces make somebody else."""
    return " ".join(name.casefold().split())
