"""NB-GOV-01 to 03: live policy against the repository, the gate of changes, and the way back: what somebody vouches for."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict
from scanner.controls.vouched import stated, without_policies
from scanner.findings import Status


def live_is_declared(case: Case) -> Iterator[Verdict]:
    """NB-GOV-01; without a repository there is nothing to compare with."""
    yield stated(case, "NB-GOV-01") if case.config.repository else _no_repository()


def changes_are_gated(case: Case) -> Iterator[Verdict]:
    """NB-GOV-02, likewise."""
    yield stated(case, "NB-GOV-02") if case.config.repository else _no_repository()


def rollback_is_known(case: Case) -> Iterator[Verdict]:
    """NB-GOV-03; without policies there is nothing to roll back."""
    yield without_policies(case) or stated(case, "NB-GOV-03")


def _no_repository() -> Verdict:
    said = "no repository of policies is declared: name it under baseline.repository to switch this control on"
    return Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-repository", evidence=(said,))
