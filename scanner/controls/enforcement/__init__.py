"""ENF: whether an engine enforces policy, everywhere, and in which mode."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.enforcement.authority import one_engine_decides
from scanner.controls.enforcement.bypass import nothing_goes_around
from scanner.controls.enforcement.engine import engine_is_everywhere, engine_is_on, engine_is_supported
from scanner.controls.enforcement.features import features_are_honoured
from scanner.controls.enforcement.host_network import node_listeners_are_restricted
from scanner.controls.enforcement.mode import engine_enforces
from scanner.controls.enforcement.startup import closed_from_the_start
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
        id="NB-ENF-04",
        title="No policy depends on a feature the engine does not honour",
        severity=Severity.CRITICAL,
        scope="policy",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Rewrite such policies with what the engine honours, or switch the feature on.",
        check=features_are_honoured,
    ),
    Control(
        id="NB-ENF-05",
        title="Policies are enforced from the first packet of a new pod",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Let the engine start pods closed, once system pods have their rules, or let workloads wait for policy.",
        check=closed_from_the_start,
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
    Control(
        id="NB-ENF-07",
        title="One authoritative engine per data path",
        severity=Severity.HIGH,
        scope="cluster",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Remove the engine that is not meant to decide, its CRDs too, and recycle the nodes.",
        check=one_engine_decides,
    ),
    Control(
        id="NB-ENF-08",
        title="Host-network pods and node listeners are restricted by other means",
        severity=Severity.HIGH,
        scope="pod",
        least=Evidence.E2,
        remediation="Remove hostNetwork and host ports, or approve the workload and guard its nodes by host policy.",
        check=node_listeners_are_restricted,
    ),
    Control(
        id="NB-ENF-09",
        title="Traffic cannot bypass the policed interface",
        severity=Severity.MEDIUM,
        scope="pod / cluster",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Remove further interfaces or restrict them by policy of their own, and choose which layer applies.",
        check=nothing_goes_around,
    ),
)
