"""How long discovery may take and how much it may be told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of discovery. A scope that is not done in `scope_s` ends with what it has, named as incomplete."""

    threads: int = 16
    connect_s: float = 5.0
    read_s: float = 30.0  # between two pieces of an answer
    scope_s: float = 180.0  # one project, one listing of an organization or folder
    attempts: int = 6  # of one call
    wait_s: float = 30.0  # before the next attempt at most, also where `Retry-After` says more
    body_bytes: int = 256 << 20  # of one answer, unpacked
    pages: int = 5_000  # of one listing
