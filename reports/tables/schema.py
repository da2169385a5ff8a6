"""The columns of every table, `findings/v1` first: names, kinds and meaning. Later versions add columns and never change these.

`docs/findings.md` shows the same to people; a test holds the two together. No name is a reserved word in DuckDB, Trino,
BigQuery or T-SQL (`read` is one in the last), so queries need no quotes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scanner.findings import WORST_FIRST, Level, Severity

FLEET = "fleet"  # the cloud of what is in none: the fabric, and a cluster whose cloud is not said


class Kind(StrEnum):
    """What a column holds. A `word` is text that repeats from row to row, an `id` text that does not."""

    WORD = "word"
    ID = "id"
    TEXTS = "texts"
    NUMBER = "number"
    COUNT = "count"
    FLAG = "flag"
    TIME = "time"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `known` are the values a word has in this order, where there are no others; `nullable` may be missing."""

    name: str
    kind: Kind
    meaning: str
    known: tuple[str, ...] = ()
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `schema` is its version, as files say it."""

    name: str
    schema: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)


def _words(*columns: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.WORD, meaning) for name, meaning in columns)


_STATUSES = tuple(WORST_FIRST)
_RUN = (
    Column("run_id", Kind.WORD, "The run; ids sort by time"),
    Column("run_time", Kind.TIME, "When it ran, in UTC"),
    Column("day", Kind.DAY, "The day of that time in UTC"),
    Column("tool", Kind.WORD, "The version of ringfence that judged"),
    Column("baseline", Kind.WORD, "The version of the baseline"),
)
_PLACE = _words(
    ("cloud", "`aws`, `gcp`, `azure`, `other`, or `fleet` for what is judged across clusters"),
    ("account", "AWS account, Google Cloud project or Azure subscription"),
    ("location", "Region or zone"),
    ("cluster_id", "The cloud's own id of the cluster; empty for what is judged across clusters"),
    ("cluster_name", "Its name"),
)
_CLUSTER = (
    *_PLACE,
    *_words(
        ("tier", "`prod`, `staging` or `dev`, or as the settings say"),
        ("data_plane", "The engine that enforces policy"),
        ("data_plane_version", "Its version"),
        ("enforcing", "`yes`, `no`, `partly` or `unknown`"),
        ("read_state", "How much was read of the cluster: `complete`, `partial` or `unread`"),
    ),
)
_CONTROL = (
    Column("control_id", Kind.WORD, "The control; empty where nothing was judged of a cluster"),
    Column("family", Kind.WORD, "The middle of its id (`ISO`); `OWN` for controls of your own"),
    Column("title", Kind.WORD, "What is true when it passes"),
    Column("severity", Kind.WORD, "How bad a failure is", tuple(Severity), nullable=True),
    Column("status", Kind.WORD, "The control's outcome on the cluster: the worst of its items", _STATUSES),
    Column("reason", Kind.WORD, "Why, as a stable word"),
    Column("level", Kind.WORD, "The level of truth that was judged", tuple(Level), nullable=True),
    Column("fraction", Kind.NUMBER, "The share of the items that is covered, 0 to 1", nullable=True),
)
_ACCEPTED = Column("accepted", Kind.NUMBER, "The fraction without waived items; missing where none is", nullable=True)
_COUNTED = tuple(Column(f"items_{status}", Kind.COUNT, f"Items whose status is `{status}`") for status in _STATUSES)

FINDINGS = Table(
    "findings",
    "findings/v1",
    (
        *_RUN,
        *_CLUSTER,
        *_CONTROL,
        Column("finding_id", Kind.ID, "The same for the same cluster, control and subject in every run; once in a run"),
        Column(
            "subject", Kind.WORD, "What was judged (a workload, a namespace, …); empty where the control has no items"
        ),
        Column("item_status", Kind.WORD, "The subject's outcome; the control's where it has no items", _STATUSES),
        Column("item_reason", Kind.WORD, "Why, as a stable word"),
        Column("evidence", Kind.TEXTS, "Sentences that name what was seen; of an unread cluster why it was not read"),
        Column("remediation", Kind.WORD, "What to change; empty where there is nothing to"),
    ),
)
CONTROLS = Table("controls", "controls/v1", (*_RUN, *_CLUSTER, *_CONTROL, _ACCEPTED, *_COUNTED))
CLUSTERS = Table(
    "clusters",
    "clusters/v1",
    (
        *_RUN,
        *_CLUSTER,
        Column("tier_weight", Kind.NUMBER, "What it weighs in the fleet's score"),
        *_words(
            ("unread_reason", "Why nothing could be read; empty where something was"),
            ("taken", "When it was read"),
            ("enforcing_reason", "Why it enforces or not, as a stable word"),
            ("grade", "The grade, with ` (provisional)` below 90 % coverage"),
        ),
        Column("proven", Kind.NUMBER, "The score that is backed by evidence, 0 to 100"),
        Column("ceiling", Kind.NUMBER, "What it would be if every unknown passed"),
        Column("coverage", Kind.NUMBER, "The share of the weight that could be checked, 0 to 1"),
        Column(
            "accepted_proven", Kind.NUMBER, "`proven` without what is waived; missing where nothing is", nullable=True
        ),
        Column("gates", Kind.TEXTS, "What capped the grade"),
        Column("gaps", Kind.TEXTS, "Kinds of objects that were not read whole"),
        *(Column(f"controls_{status}", Kind.COUNT, f"Controls whose status is `{status}`") for status in _STATUSES),
    ),
)
REQUIREMENTS = Table(
    "requirements",
    "requirements/v1",
    (
        *_RUN,
        *_words(
            ("framework", "The framework"),
            ("framework_version", "Its version; empty where it has none"),
            ("publisher", "Who publishes it"),
            ("requirement_id", "The requirement"),
            ("status", "The worst status of the controls that are equal to it, or `not_assessed`"),
        ),
        *(Column(f"clusters_{status}", Kind.COUNT, f"Clusters where it is `{status}`") for status in _STATUSES),
        Column("clusters_not_assessed", Kind.COUNT, "Clusters where it is `not_assessed`"),
        Column("equal_controls", Kind.TEXTS, "Controls that decide it, each as `NB-ISO-01 fail`"),
        Column("supporting_controls", Kind.TEXTS, "Controls that speak to it and decide nothing"),
        Column("gaps", Kind.TEXTS, "What may be missing from the view of this framework"),
        Column("note", Kind.WORD, "What the view is and is not"),
    ),
)
SCOPES = Table(
    "scopes",
    "scopes/v1",
    (
        *_RUN,
        *_words(
            ("cloud", "The cloud; empty where the place is in none"),
            ("account", "AWS account, Google Cloud project or Azure subscription"),
            ("location", "Region or zone"),
            ("outcome", "`ok`, `partial`, `denied`, `disabled` or `error`"),
            ("reason", "Why it was not searched whole"),
        ),
        Column("missing", Kind.TEXTS, "Permissions, roles or switches that would have let us look"),
        Column("is_whole", Kind.FLAG, "Whether nothing can have been missed there"),
    ),
)
WAIVERS = Table(
    "waivers",
    "waivers/v1",
    (
        *_RUN,
        *_PLACE,
        *_words(
            ("waiver_id", "The waiver"),
            ("control_id", "The control whose failures it accepts"),
            ("state", "`used`, `unused`, `expired`, …: docs/waivers.md"),
        ),
        Column("items", Kind.COUNT, "How many items it waived, or would have"),
        *_words(
            ("owner", "Who answers for it"),
            ("ticket", "Where it is tracked"),
            ("expires", "Its last day"),
            ("problem", "Why it had no effect; empty where it had"),
        ),
        Column("approvers", Kind.TEXTS, "Who agreed"),
        Column("named", Kind.FLAG, "Whether its scope names this cluster, and does not merely match it"),
    ),
)
TABLES: Mapping[str, Table] = {
    each.name: each for each in (FINDINGS, CONTROLS, CLUSTERS, REQUIREMENTS, SCOPES, WAIVERS)
}
