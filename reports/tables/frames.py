"""The tables as pandas frames, made column by column; an empty one has the types of a full one.

Types by kind: `word` is a category (its categories as they first come; those of statuses, severities and levels are fixed, so
that sorting puts the worst first), `id` is str, `texts` are tuples of str in an object column, `number` is float64 (NaN where
missing), `count` int64, `flag` bool, `time` datetime64[ms, UTC], `day` datetime64[ms]. Needs the extra `exports`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from reports.document import Report
from reports.tables.columns import Filled, Repeating, fill
from reports.tables.rows import blocks
from reports.tables.schema import CLUSTERS, CONTROLS, FINDINGS, REQUIREMENTS, SCOPES, WAIVERS, Kind, Table

_DTYPES: Mapping[Kind, str] = {
    Kind.ID: "str",
    Kind.TEXTS: "object",
    Kind.NUMBER: "float64",
    Kind.COUNT: "int64",
    Kind.FLAG: "bool",
}
_UNITS: Mapping[Kind, str] = {Kind.TIME: "datetime64[ms, UTC]", Kind.DAY: "datetime64[ms]"}


def findings(report: Report) -> pd.DataFrame:
    """`findings/v1`: a row for each cluster, control and item; the fabric's with an empty cluster."""
    return frame(FINDINGS, report)


def controls(report: Report) -> pd.DataFrame:
    """A row for each cluster and control; the fabric's with an empty cluster."""
    return frame(CONTROLS, report)


def clusters(report: Report) -> pd.DataFrame:
    """A row for each cluster, unread ones too."""
    return frame(CLUSTERS, report)


def requirements(report: Report) -> pd.DataFrame:
    """A row for each framework that the report is seen through, and requirement."""
    return frame(REQUIREMENTS, report)


def scopes(report: Report) -> pd.DataFrame:
    """A row for each place clusters were looked for in."""
    return frame(SCOPES, report)


def waivers(report: Report) -> pd.DataFrame:
    """A row for each cluster and waiver that did something there; the fabric's with an empty cluster."""
    return frame(WAIVERS, report)


def frame(table: Table, report: Report) -> pd.DataFrame:
    """`table` as a frame.

    Raises:
        InputError: the run's time is none.
    """
    columns = fill(table, blocks(table, report))
    return pd.DataFrame({each.column.name: _series(each) for each in columns})


def _series(filled: Filled) -> pd.Series:
    kind = filled.column.kind
    if not isinstance(filled, Repeating):
        return pd.Series(filled.values, dtype=_DTYPES[kind])
    if kind is Kind.WORD:
        categories = pd.Index(filled.values, dtype="str")
        return pd.Series(pd.Categorical.from_codes(filled.numbers, categories=categories))
    return pd.Series(filled.values, dtype=_UNITS[kind]).take(filled.numbers).reset_index(drop=True)
