"""Rewrite the published JSON Schemas under `schemas/`: `python -m functions.schemas` (`make schemas`)."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import msgspec

from infra import snapshots
from reports import (
    baseline,
    comparison,
    dataplanes,
    diff,
    discovery,
    doctor,
    document,
    history,
    lint,
    mistakes,
    network,
    runs_diff,
    summary,
)
from reports.bundle import manifest as bundle
from reports.reach import schema as reach
from scanner.facts import build as facts
from scanner.topology import document as topology

FOLDER = Path(__file__).parent.parent / "schemas"


def published() -> dict[str, bytes]:
    """Every published schema by file name, as stored: sorted keys, two spaces, a newline at the end."""
    schemas: dict[str, dict[str, Any]] = {
        "snapshot-v1.json": snapshots.schema(),
        "result-v1.json": document.result_schema(),
        "report-v1.json": document.report_schema(),
        "baseline-v1.json": baseline.schema(),
        "diff-v1.json": diff.schema(),
        "lint-v1.json": lint.schema(),
        "dataplanes-v1.json": dataplanes.schema(),
        "comparison-v1.json": comparison.schema(),
        "discovery-v1.json": discovery.schema(),
        "doctor-v1.json": doctor.schema(),
        "config-check-v1.json": mistakes.schema(),
        "topology-v1.json": topology.schema(),
        "facts-v1.json": facts.schema(),
        "network-v1.json": network.schema(),
        "bundle-v1.json": bundle.schema(),
        "summary-v1.json": summary.schema(),
        "history-v1.json": history.schema(),
        "runs-diff-v1.json": runs_diff.schema(),
    } | {f"{version.replace('/', '-')}.json": schema for version, schema in reach.schemas().items()}
    return {
        name: msgspec.json.format(msgspec.json.encode(_folded(schema), order="sorted"), indent=2) + b"\n"
        for name, schema in schemas.items()
    }


def _folded(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same schema with descriptions free of the source's indentation, which Python strips from 3.13 on."""
    if isinstance(value, dict):
        return {
            key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else _folded(item)
            for key, item in value.items()
        }
    return [_folded(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for name, data in published().items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
