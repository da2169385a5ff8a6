"""What somebody vouches for: evidence from outside a scan, for controls that no scan of a cluster can decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from scanner.model import ClusterRef
from scanner.stored import Stored


class Statement(Stored, frozen=True, kw_only=True):
    """One piece of evidence: who says when that a control holds, or does not, for which clusters.

    `cluster` and `account` are shell patterns; `outcome` is `pass` or `fail`; `date` is an RFC 3339 date or time in UTC;
    `link` leads to the record itself and `sha256` is its digest, so that an auditor can fetch and check it.
    """

    control: str
    outcome: str
    date: str
    signer: str
    summary: str
    cluster: str = "*"
    account: str = "*"
    subject: str = "cluster"
    link: str = ""
    sha256: str = ""

    @property
    def sentence(self) -> str:
        """The statement as evidence of an item."""
        digest = f", sha256 {self.sha256}" if self.sha256 else ""
        where = f" ({self.link}{digest})" if self.link else ""
        return f"{self.signer} states on {self.date}: {self.summary}{where}"


def moment(text: str) -> datetime | None:
    """An RFC 3339 date or time; None where it is none. A time without an offset is meant as UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def statements_on(statements: Sequence[Statement], control: str, cluster: ClusterRef) -> tuple[Statement, ...]:
    """What is stated of a control for a cluster, the newest first."""
    found = [
        each
        for each in statements
        if each.control == control
        and fnmatchcase(cluster.name, each.cluster)
        and fnmatchcase(cluster.account, each.account)
    ]
    return tuple(sorted(found, key=lambda each: each.date, reverse=True))


def is_fresh(statement: Statement, at: str, days: int) -> bool:
    """Whether a statement was made within `days` before `at`, and not after it."""
    made, now = moment(statement.date), moment(at)
    return made is not None and now is not None and timedelta(0) <= now - made <= timedelta(days=days)
