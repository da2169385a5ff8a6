"""One example of a vendor's page, as a question with its answer."""

from __future__ import annotations

from typing import Any, NamedTuple

Wire = dict[str, Any]


class Asked(NamedTuple):
    """A question about a cluster, where its answer is written, and the answer: None where the pages leave it open."""

    source: str
    cluster: Wire
    src: str
    dst: str
    protocol: str
    port: int
    expected: bool | None
