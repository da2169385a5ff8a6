"""LP: least privilege: what rules grant beyond what is needed."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.privilege.control_plane import control_plane_is_by_exception
from scanner.controls.privilege.dns import dns_is_whole_and_local
from scanner.controls.privilege.internet import egress_is_limited, only_edges_admit_the_internet
from scanner.controls.privilege.metadata import metadata_is_out_of_reach
from scanner.controls.privilege.ports import rules_name_ports
from scanner.controls.privilege.selection import peers_are_trusted
from scanner.controls.privilege.upkeep import policies_are_sound, unused_grants_are_reviewed
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
        id="NB-LP-03",
        title="Allow rules name protocols and ports",
        severity=Severity.MEDIUM,
        scope="policy",
        least=Evidence.E1,
        fractional=True,
        remediation="Add the ports that the peers serve, from Services, container ports or observed flows.",
        check=rules_name_ports,
    ),
    Control(
        id="NB-LP-04",
        title="Peers are selected narrowly and with trusted labels",
        severity=Severity.MEDIUM,
        scope="policy",
        least=Evidence.E2,
        remediation="Select namespaces by kubernetes.io/metadata.name beside a podSelector, or protect the labels by admission.",
        check=peers_are_trusted,
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
    Control(
        id="NB-LP-06",
        title="DNS egress is allowed whole, and only to the cluster resolver",
        severity=Severity.LOW,
        scope="policy",
        least=Evidence.E2,
        remediation="Allow the resolver's pods in kube-system on 53/UDP and 53/TCP, and the node-local cache if there is one.",
        check=dns_is_whole_and_local,
    ),
    Control(
        id="NB-LP-07",
        title="Workload access to the API server and kubelets is by exception",
        severity=Severity.MEDIUM,
        scope="pod",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Deny egress by default and allow the API server by label to those who need it; name them in the settings.",
        check=control_plane_is_by_exception,
    ),
    Control(
        id="NB-LP-08",
        title="No dead, dangling, shadowed or malformed policies",
        severity=Severity.LOW,
        scope="policy",
        least=Evidence.E2,
        remediation="Mend or delete what is named, and lint policies before they are released.",
        check=policies_are_sound,
    ),
    Control(
        id="NB-LP-09",
        title="Grants that flows never use are reviewed",
        severity=Severity.LOW,
        scope="rule",
        least=Evidence.E3,
        remediation="Remove what no flow uses, or annotate it with a date of review.",
        check=unused_grants_are_reviewed,
    ),
)
