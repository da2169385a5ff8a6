"""Bounds of looking for EKS clusters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds. `AWS_MAX_ATTEMPTS`, or `max_attempts` in the AWS configuration, wins over `attempts`."""

    workers: int = 16  # account-regions and clusters asked at the same time, over the whole estate
    scope_s: float = 900.0  # for one account's entry, and for one region of it
    connect_s: float = 5.0
    read_s: float = 30.0
    attempts: int = 8  # of one call, on throttling and server errors
    pages: int = 1_000  # of one list: 100,000 clusters
    token_s: float = 600.0  # a token for a cluster is renewed after that; the cluster takes it for 15 minutes
