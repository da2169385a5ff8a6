"""OBS: what is logged, kept and alerted on."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.observability.alerts import losses_raise_alerts
from scanner.controls.observability.denials import denials_are_logged
from scanner.controls.observability.freshness import scans_are_fresh
from scanner.controls.observability.logs import audit_is_kept, evidence_is_retained, flow_logs_cover
from scanner.findings import Evidence, Severity, Status

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
    Control(
        id="NB-OBS-02",
        title="Flow logs cover every cluster subnet",
        severity=Severity.MEDIUM,
        scope="subnet",
        least=Evidence.E1,
        remediation="Log the flows of the whole VPC or VNet; on GKE switch on intranode visibility too where it is not implied.",
        check=flow_logs_cover,
    ),
    Control(
        id="NB-OBS-03",
        title="Control-plane audit logs record policy changes",
        severity=Severity.HIGH,
        scope="cluster",
        least=Evidence.E1,
        never=(Status.NOT_APPLICABLE,),
        remediation="Turn the audit log on, and alert on delete and patch of policy kinds outside the GitOps identity.",
        check=audit_is_kept,
    ),
    Control(
        id="NB-OBS-04",
        title="Network evidence is retained and tamper-resistant",
        severity=Severity.MEDIUM,
        scope="log store",
        least=Evidence.E1,
        remediation="Lock the stores (S3 Object Lock, a GCS retention policy, immutable Azure storage) and keep a year.",
        check=evidence_is_retained,
    ),
    Control(
        id="NB-OBS-05",
        title="Loss of enforcement and unusual denials raise alerts",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E1,
        requires=("NB-OBS-01",),
        never=(Status.NOT_APPLICABLE,),
        remediation="Alert on the engine and on denials, and send changes of the scan to the same channel.",
        check=losses_raise_alerts,
    ),
    Control(
        id="NB-OBS-06",
        title="Scan evidence is fresh and complete",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E2,
        never=(Status.UNKNOWN,),
        remediation="Mend the credentials or the network path of the scheduled scan; its coverage reasons say where.",
        last=True,
        check=scans_are_fresh,
    ),
)
