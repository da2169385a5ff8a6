"""NB-VER-01 and 02: live probes and simulated attacks: what somebody vouches for until `verify` and `simulate` do it here."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict
from scanner.controls.vouched import stated, without_policies
from scanner.findings import Evidence, Status


def canary_proves(case: Case) -> Iterator[Verdict]:
    """NB-VER-01: an observation, so evidence E3; where probing is switched off, the control does not count."""
    if not case.config.active_probing:
        said = "probing is switched off (baseline.active_probing): no pass of this cluster is proven"
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="probing-off", evidence=(said,))
        return
    yield stated(case, "NB-VER-01", level=Evidence.E3)


def attacks_are_simulated(case: Case) -> Iterator[Verdict]:
    """NB-VER-02; without policies there is nothing to get around."""
    yield without_policies(case) or stated(case, "NB-VER-02")
