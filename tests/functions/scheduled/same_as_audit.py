"""What a scheduled run left in its store, held against an audit by the program of the same estate at the run's time."""

from __future__ import annotations

import json
from typing import Any

import zstandard

from tests.functions.operator_of import Operator


def report_of(seen: dict[str, bytes]) -> tuple[str, dict[str, Any]]:
    """The id and the report of the only run there."""
    (key,) = (key for key in seen if key.endswith("/report.json"))
    return key.split("/")[2], json.loads(seen[key])


def assert_same_as_audit(seen: dict[str, bytes], operator: Operator, *arguments: str) -> dict[str, Any]:
    """The run's snapshots are those that an audit reads, and the report is the same byte for byte; returns it."""
    run, report = report_of(seen)
    ran = operator.run("audit", *arguments, "--time", report["run"]["time"], "-o", f"audit-{run}", "--format", "json")
    assert ran.returncode in {0, 3}, ran.stderr
    folder = operator.folder / f"audit-{run}"
    audited = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(_snapshots(audited)) == len(report["clusters"])
    assert _snapshots(seen) == _snapshots(audited)
    same = json.loads(audited[f"v1/runs/{run}/report.json"])
    assert {name for name in report.keys() | same.keys() if report.get(name) != same.get(name)} == set()
    assert seen[f"v1/runs/{run}/report.json"] == audited[f"v1/runs/{run}/report.json"]
    assert json.loads(seen["v1/latest.json"])["run"] == run
    return report


def _snapshots(seen: dict[str, bytes]) -> dict[str, bytes]:
    packed = {key: data for key, data in seen.items() if key.endswith("/snapshot.json.zst")}
    return {key: zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 26) for key, data in packed.items()}
