"""Findings in the store as Parquet by cloud and day, requirements by day: SQL reads them where they lie (docs/findings.md)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reports import keys
from reports.document import Report

if TYPE_CHECKING:
    from infra.store import Store


def can_write() -> bool:
    """Whether the extra `parquet` is there."""
    return find_spec("pyarrow") is not None


def write_findings(report: Report, store: Store) -> tuple[str, ...]:
    """Store the tables of a run, over those of the same run alone; returns their keys.

    The files hold no column that their folder says already: BigQuery and Athena refuse such. One for what is judged across
    clusters is always written, without rows where there is nothing, so a store with a run always has a table to query.

    Raises:
        InputError: the run has no id or time.
        StoreError: the store refused; what was stored until then is whole.
    """
    stored = []
    for key, pieces in _files(report):
        store.put(key, b"".join(pieces))
        stored.append(key)
    return tuple(stored)


def _files(report: Report) -> Iterator[tuple[str, Iterator[bytes]]]:
    from reports.tables.arrow import parquet
    from reports.tables.rows import blocks, clouds, moment
    from reports.tables.schema import FINDINGS, REQUIREMENTS

    day = moment(report).date()
    for cloud in clouds(report):
        rows = blocks(FINDINGS, report, cloud)
        yield keys.findings_key(report.run.id, cloud, day), parquet(FINDINGS, report, rows, without=("cloud", "day"))
    rows = blocks(REQUIREMENTS, report)
    yield keys.requirements_key(report.run.id, day), parquet(REQUIREMENTS, report, rows, without=("day",))
