"""GOV: who may change what, and how."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.governance.admission import admission_protects
from scanner.controls.governance.rights import few_can_change_policy
from scanner.findings import Evidence, Severity, Status

CONTROLS: tuple[Control, ...] = (
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
)
