"""GOV: who may change what, and how."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.governance.admission import admission_protects
from scanner.controls.governance.exceptions import exceptions_are_boxed
from scanner.controls.governance.repository import changes_are_gated, live_is_declared, rollback_is_known
from scanner.controls.governance.rights import few_can_change_policy
from scanner.findings import Evidence, Severity, Status

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-GOV-01",
        title="Live policy equals the version-controlled policy",
        severity=Severity.HIGH,
        scope="policy",
        least=Evidence.E2,
        remediation="Enable GitOps prune and self-heal; import stray policies; add owner/purpose annotations.",
        check=live_is_declared,
    ),
    Control(
        id="NB-GOV-02",
        title="Policy changes pass an automated gate before release",
        severity=Severity.HIGH,
        scope="repository",
        least=Evidence.E1,
        remediation="Add the supplied CI step; require it in branch protection.",
        check=changes_are_gated,
    ),
    Control(
        id="NB-GOV-03",
        title="Rollback of policy is fast, known and tested",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E1,
        remediation="Keep the last N snapshots in object storage; run `rollback --dry-run` quarterly.",
        check=rollback_is_known,
    ),
    Control(
        id="NB-GOV-04",
        title="Few identities can change policy, labels that select policy, or the engine",
        severity=Severity.HIGH,
        scope="subject",
        least=Evidence.E2,
        fractional=True,
        never=(Status.NOT_APPLICABLE,),
        remediation="Split roles; drop wildcards; use admission to protect labels and baseline objects.",
        check=few_can_change_policy,
    ),
    Control(
        id="NB-GOV-05",
        title="Admission control protects the baseline",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E2,
        remediation="Install the supplied admission rules in audit, then enforce.",
        check=admission_protects,
    ),
    Control(
        id="NB-GOV-06",
        title="Exceptions are time-boxed, owned and used",
        severity=Severity.MEDIUM,
        scope="waiver",
        least=Evidence.E1,
        never=(Status.UNKNOWN,),
        last=True,
        remediation="Renew with a new review, or remove.",
        check=exceptions_are_boxed,
    ),
)
