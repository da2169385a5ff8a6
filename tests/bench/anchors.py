"""What everything is measured against: CPU seconds of plain parsing over the same bytes, without start-up, collector off.

J is the standard library's `json.loads`, Y is PyYAML over libyaml (`CSafeLoader`), document after document, P0 an interpreter
that does nothing. Ratios to these say the same on any machine.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.bench.spent import best, python, run


def seconds(path: Path) -> float:
    """J of a JSON file, Y of a YAML file, once, in a process of its own."""
    return float(run(python("-m", "tests.bench.anchors", str(path)), keep=True).out)


def start_seconds() -> float:
    """P0."""
    return best(python("-c", "pass"), 10).cpu


def _parse_yaml(data: bytes) -> None:
    for _ in yaml.load_all(data, yaml.CSafeLoader):
        pass


_PARSERS: dict[str, Callable[[bytes], object]] = {".json": json.loads, ".yaml": _parse_yaml}


def _main(path: Path) -> None:
    data = path.read_bytes()
    gc.disable()
    before = time.process_time()
    _PARSERS[path.suffix](data)
    print(time.process_time() - before)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
