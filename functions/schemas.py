"""Rewrite the published JSON Schemas under `schemas/`: `python -m functions.schemas` (`make schemas`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from infra import snapshots
from reports import document

FOLDER = Path(__file__).parent.parent / "schemas"


def published() -> dict[str, bytes]:
    """Every published schema by file name, as stored: sorted keys, two spaces, a newline at the end."""
    schemas: dict[str, dict[str, Any]] = {
        "snapshot-v1.json": snapshots.schema(),
        "result-v1.json": document.result_schema(),
        "report-v1.json": document.report_schema(),
    }
    return {
        name: msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"
        for name, schema in schemas.items()
    }


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for name, data in published().items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
