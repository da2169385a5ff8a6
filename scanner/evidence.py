"""What somebody vouches for: evidence from outside a scan, for controls that no scan of a cluster can decide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from scanner.model import ClusterRef
from scanner.stored import Stored

_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a control asks of a statement: how many days it holds, and what it must show."""

    days: int
    shows: str


# The controls that somebody can vouch for, for want of a feature or of an API that says so.
TAKEN_BY: Mapping[str, Taken] = {
    "NB-ENF-08": Taken(180, "that a firewall guards the ports of nodes on which host-network pods listen"),
    "NB-ISO-05": Taken(180, "that whatever makes namespaces gives each of them the baseline"),
    "NB-ENF-09": Taken(
        180, "that further interfaces of pods, and what pod security groups let through, are guarded elsewhere"
    ),
    "NB-LP-09": Taken(30, "that flows of at least 14 days were compared with the allow rules of sensitive workloads"),
    "NB-EXP-03": Taken(90, "that no firewall rule lets the world reach node ports, host ports or health checks"),
    "NB-EXP-05": Taken(30, "that entry points redirect to HTTPS, from TLS 1.2 on, with certificates valid for weeks"),
    "NB-EXP-08": Taken(90, "that the nodes' default route leads to an inspected egress, or nowhere"),
    "NB-XC-01": Taken(
        180, "that PrivateLink and its like, which no reader lists, are inventoried (`subject` is the cloud)"
    ),
    "NB-MSH-04": Taken(30, "that administrative entry points ask for an identity before the backend"),
    "NB-OBS-01": Taken(90, "that denials are logged and arrive in a central store"),
    "NB-OBS-02": Taken(90, "that flow logs cover the subnets of nodes and pods"),
    "NB-OBS-03": Taken(90, "that the control plane's audit log records changes of policies"),
    "NB-OBS-04": Taken(90, "that network logs are kept for 365 days and cannot be rewritten"),
    "NB-OBS-05": Taken(90, "that an engine that stops enforcing, and a rise in denials, reach somebody"),
    "NB-VER-01": Taken(7, "that a probe was answered, blocked under a deny and answered again, on every node pool"),
    "NB-VER-02": Taken(180, "that attack paths were simulated for the policy in force, with no unexpected success"),
    "NB-GOV-01": Taken(30, "that live policies were compared with the repository and equal it"),
    "NB-GOV-02": Taken(
        30, "that the last policy change passed lint, capability check, connectivity diff and assertions"
    ),
    "NB-GOV-03": Taken(180, "that a known-good revision exists, can be rendered, and a rollback was drilled"),
    "NB-GOV-05": Taken(
        30, "that admission refuses deletion of the baseline, allow-all rules and undeclared public Services"
    ),
}


class Statement(Stored, frozen=True, kw_only=True):
    """One piece of evidence: who says when that a control holds, or does not, for which clusters.

    `cluster` and `account` are shell patterns; `outcome` is `pass` or `fail`; `date` is an RFC 3339 date or time in UTC;
    `link` leads to the record itself and `sha256` is its digest, so that an auditor can fetch and check it.
    """

    control: str
    outcome: Literal["pass", "fail"]
    date: str
    signer: Annotated[str, msgspec.Meta(min_length=1)]
    summary: Annotated[str, msgspec.Meta(min_length=1)]
    cluster: str = "*"
    account: str = "*"
    subject: str = "cluster"
    link: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse what no control could use.

        Raises:
            ValueError: the control takes no statement, the date is none, or the digest is no SHA-256 (msgspec reports it).
        """
        if self.control not in TAKEN_BY:
            raise ValueError(f"control {self.control!r}: takes no statement: write one of {', '.join(TAKEN_BY)}")
        if moment(self.date) is None:
            raise ValueError(f"date {self.date!r}: no date: write it in quotes as 2026-01-31, or with a time in UTC")
        if self.sha256 and not _DIGEST.match(self.sha256):
            raise ValueError("sha256: no digest: write the 64 hexadecimal digits that sha256sum prints")

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
