"""OBS: what is logged, kept and alerted on."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.observability.denials import denials_are_logged
from scanner.findings import Evidence, Severity

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-OBS-01",
        title="Policy denials are logged and leave the node",
        severity=Severity.HIGH,
        scope="cluster",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Switch the engine's denial log on, and ship it to a central store.",
        check=denials_are_logged,
    ),
)
