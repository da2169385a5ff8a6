"""What one call to a cloud needs, and what is lost without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One call and what it needs. `call` is "METHOD PATH" with `*` for each name; `role` is the least built-in role with it."""

    call: str
    permission: str
    role: str
    required: bool
    without: str
