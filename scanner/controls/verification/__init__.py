"""VER: what was observed, simulated and asserted."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.verification.assertions import assertions_hold
from scanner.controls.verification.observed import attacks_are_simulated, canary_proves
from scanner.findings import Evidence, Severity

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-VER-01",
        title="A live canary proves enforcement in each cluster and node pool",
        severity=Severity.CRITICAL,
        scope="cluster / node pool",
        least=Evidence.E3,
        requires=("NB-ENF-01",),
        remediation="Fix ENF-01/02; rerun `verify`.",
        check=canary_proves,
    ),
    Control(
        id="NB-VER-02",
        title="Attack-path simulation runs on every release and at least every six months",
        severity=Severity.HIGH,
        scope="cluster / fleet",
        least=Evidence.E2,
        remediation="Add the `simulate` step to the pipeline and fail on unexpected reachability.",
        check=attacks_are_simulated,
    ),
    Control(
        id="NB-VER-03",
        title="Required and forbidden flows are asserted as code and pass",
        severity=Severity.HIGH,
        scope="assertion",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Fix policy or assertion; keep the file beside the manifests.",
        check=assertions_hold,
    ),
)
