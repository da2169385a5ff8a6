"""LP: least privilege: what rules grant beyond what is needed."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.privilege.internet import egress_is_limited, only_edges_admit_the_internet
from scanner.controls.privilege.metadata import metadata_is_out_of_reach
from scanner.findings import Evidence, Severity

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-LP-01",
        title="Only edge workloads accept traffic from the internet ranges",
        severity=Severity.HIGH,
        scope="policy / workload",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Admit the ingress controller by selector, or the balancer's source ranges, instead of the internet.",
        check=only_edges_admit_the_internet,
    ),
    Control(
        id="NB-LP-02",
        title="No workload has unrestricted internet egress",
        severity=Severity.HIGH,
        scope="policy / workload",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Send internet egress through a proxy, a gateway or FQDN policy, or limit it to the partners' own ranges.",
        check=egress_is_limited,
    ),
    Control(
        id="NB-LP-05",
        title="Workloads cannot reach the instance metadata service",
        severity=Severity.HIGH,
        scope="pod / node",
        least=Evidence.E2,
        remediation="Deny the metadata address by policy, or block it on the node (hop limit, metadata server, restriction).",
        check=metadata_is_out_of_reach,
    ),
)
