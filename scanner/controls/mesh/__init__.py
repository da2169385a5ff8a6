"""MSH: meshes and identity: who proves who they are, and to whom."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.mesh.authorisation import authorisation_is_closed
from scanner.controls.mesh.encryption import transit_is_encrypted
from scanner.controls.mesh.entry import administration_asks_for_identity
from scanner.controls.mesh.mutual_tls import mutual_tls_is_strict
from scanner.controls.mesh.trust import trust_is_explicit
from scanner.findings import Evidence, Severity

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-MSH-01",
        title="mTLS is STRICT for meshed namespaces and cannot be bypassed",
        severity=Severity.HIGH,
        scope="namespace / workload",
        least=Evidence.E2,
        remediation="Set STRICT mesh-wide, then delete overrides and exclusions that are not approved, one port at a time.",
        check=mutual_tls_is_strict,
    ),
    Control(
        id="NB-MSH-02",
        title="Service authorisation is deny-by-default",
        severity=Severity.HIGH,
        scope="namespace",
        least=Evidence.E2,
        requires=("NB-MSH-01",),
        remediation="Create an AuthorizationPolicy with an empty spec in each namespace, then allow callers by their names.",
        check=authorisation_is_closed,
    ),
    Control(
        id="NB-MSH-03",
        title="Trust roots and certificates that join clouds are explicit, scoped and current",
        severity=Severity.HIGH,
        scope="trust domain",
        least=Evidence.E2,
        remediation="Give each environment roots of its own, join them by SPIFFE federation, and declare what joins them.",
        check=trust_is_explicit,
    ),
    Control(
        id="NB-MSH-04",
        title="Administrative and cross-cloud entry points sit behind an identity-aware proxy",
        severity=Severity.MEDIUM,
        scope="entry point",
        least=Evidence.E1,
        remediation="Put IAP, AWS Verified Access, Entra application proxy or an external authoriser before them.",
        check=administration_asks_for_identity,
    ),
    Control(
        id="NB-MSH-05",
        title="Pod-to-pod traffic between nodes is encrypted where policy demands it",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E2,
        remediation="Switch WireGuard or the cloud's encryption in transit on, or enrol the namespace in the mesh.",
        check=transit_is_encrypted,
    ),
)
