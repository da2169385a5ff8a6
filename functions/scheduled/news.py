"""What a step says: one JSON object a line on stdout, in the fields that each cloud's logs understand.

`severity` is Google's name (Cloud Logging, "Structured logging"), `level` that of Lambda's JSON logs; Azure takes the line as it
is. `_aws` is CloudWatch's embedded metric format, which every other log takes for text. Nothing here is read from a cluster
unless it went through `printable`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from infra.text import printable
from scanner.errors import RingfenceError

_NAMESPACE = "ringfence"
_MOST = 500  # characters of one text


def say(message: str, *, severity: str = "INFO", **fields: str | float) -> None:
    """One line."""
    shown = {name: printable(value, _MOST) if isinstance(value, str) else value for name, value in fields.items()}
    _write({"severity": severity, "level": severity, "message": printable(message, _MOST), **shown})


@contextmanager
def told() -> Iterator[None]:
    """Say in the logs what goes wrong, before the platform makes a failure of it."""
    try:
        yield
    except RingfenceError as error:
        say(str(error), severity="ERROR")
        raise


def measure(values: Mapping[str, float], **fields: str) -> None:
    """One line with numbers that CloudWatch makes metrics of, and that a log-based metric elsewhere reads by name.

    CloudWatch, "Specification: Embedded metric format": a timestamp in milliseconds, a namespace, dimensions, names with units.
    """
    metrics = [{"Name": name, "Unit": "Seconds" if name.endswith("Seconds") else "Count"} for name in values]
    directive = {"Namespace": _NAMESPACE, "Dimensions": [[]], "Metrics": metrics}
    _write(
        {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            "severity": "INFO",
            "level": "INFO",
            "message": "metrics",
            **{name: printable(value, _MOST) for name, value in fields.items()},
            **values,
        }
    )


def _write(line: Mapping[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode("utf-8", "replace") + "\n")
    sys.stdout.flush()
