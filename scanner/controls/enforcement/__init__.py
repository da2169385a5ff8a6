"""ENF: whether an engine enforces policy, everywhere, and in which mode."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.enforcement.engine import engine_enforces, engine_is_everywhere, engine_is_on, engine_is_supported
from scanner.findings import Evidence, Severity, Status

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-ENF-01",
        title="A network-policy engine is active and switched on",
        severity=Severity.CRITICAL,
        scope="cluster",
        least=Evidence.E2,
        never=(Status.NOT_APPLICABLE,),
        remediation="Switch the managed engine on, or install one; each item names the command for its cloud.",
        check=engine_is_on,
    ),
    Control(
        id="NB-ENF-02",
        title="Enforcement reaches every node and node type",
        severity=Severity.HIGH,
        scope="node / node pool",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        fractional=True,
        remediation="Keep workloads on nodes with a ready agent, or put the others behind security groups and waive them.",
        check=engine_is_everywhere,
    ),
    Control(
        id="NB-ENF-03",
        title="Engine and plugin are supported versions and not near end of support",
        severity=Severity.HIGH,
        scope="cluster",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Upgrade the engine; on AKS leave NPM for Cilium and kubenet for CNI Overlay; pin image versions.",
        check=engine_is_supported,
    ),
    Control(
        id="NB-ENF-06",
        title="Engine is in enforcing mode, not audit, dry-run or permissive",
        severity=Severity.CRITICAL,
        scope="cluster / policy",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Switch audit mode off, and stage policies per namespace rather than for the whole cluster.",
        check=engine_enforces,
    ),
)
