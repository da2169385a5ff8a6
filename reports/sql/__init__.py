"""SQL over the findings in a store: definitions of tables for four engines, and queries that all of them run.

The definitions name where the store lies; the queries are in the SQL that DuckDB, Trino (Athena), BigQuery and T-SQL (Synapse)
share: no LIMIT, no QUALIFY, no dates subtracted. docs/findings.md tells how to use both, and what differs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from scanner.errors import InputError


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an engine wants otherwise: what a store's URL begins with, and how a view is made, in which schema, and ended."""

    scheme: str = ""
    create: str = "CREATE OR REPLACE VIEW {schema}{name} AS"
    schema: str = ""
    end: str = ""


DIALECTS: Mapping[str, Dialect] = {
    "duckdb": Dialect(),
    "athena": Dialect("s3://", schema="ringfence."),
    "bigquery": Dialect("gs://", schema="ringfence."),
    # reads Azure's storage by its https address; a view must be alone in its batch
    "synapse": Dialect("https://", "DROP VIEW IF EXISTS {name};\nGO\nCREATE VIEW {name} AS", end="GO\n"),
}
VIEWS = ("findings_by_day", "findings_now", "requirements_now")
QUERIES = (
    "open_criticals_by_account",
    "worse_since_the_day_before",
    "controls_failing_most",
    "clusters_not_read",
    "age_of_findings",
    "requirement_status",
    "status_by_day",
)
_HARMLESS = re.compile(r"[^\"'`\\;\x00-\x1f\x7f]+")  # goes into a text between quotes


def definitions(dialect: str, root: str) -> str:
    """The statements that define the tables over the store at `root` (its URL, or a folder's path for DuckDB).

    Raises:
        InputError: no such dialect, or `root` is nothing it can read.
    """
    if dialect not in DIALECTS:
        raise InputError(f"SQL dialect {dialect[:40]!r}: write one of {', '.join(DIALECTS)}")
    engine = DIALECTS[dialect]
    if not _HARMLESS.fullmatch(root) or not root.startswith(engine.scheme) or root == engine.scheme:
        wanted = engine.scheme or "./out, s3://, gs:// or az://"
        raise InputError(f"{dialect}: store {root[:200]!a}: write it {wanted}…, without quotes")
    tables = _read(f"{dialect}.sql").replace("{root}", root.rstrip("/") or "/")
    return "\n".join((tables, *(_view(engine, name) for name in VIEWS)))


def _view(engine: Dialect, name: str) -> str:
    create = engine.create.format(schema=engine.schema, name=name)
    return _read(f"views/{name}.sql").format(create=create, schema=engine.schema) + engine.end


def query(name: str) -> str:
    """One of `QUERIES`.

    Raises:
        InputError: there is none of that name.
    """
    if name not in QUERIES:
        raise InputError(f"query {name[:40]!r}: write one of {', '.join(QUERIES)}")
    return _read(f"queries/{name}.sql")


def _read(path: str) -> str:
    return files("reports.sql").joinpath(*path.split("/")).read_text("utf-8")
