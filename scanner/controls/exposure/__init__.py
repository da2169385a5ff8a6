"""EXP: what the outside can reach: the API server, nodes, entry points."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.exposure.egress import egress_is_controlled
from scanner.controls.exposure.external_ips import external_ips_are_refused
from scanner.controls.exposure.node_ports import node_ports_are_closed
from scanner.controls.exposure.nodes import nodes_are_private
from scanner.controls.exposure.outside import api_server_is_closed, balancers_are_limited
from scanner.controls.exposure.sensitive import sensitive_are_unreachable
from scanner.controls.exposure.tls import entry_points_use_tls
from scanner.findings import Evidence, Severity, Status

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-EXP-01",
        title="API server endpoint is private or limited to known ranges",
        severity=Severity.CRITICAL,
        scope="cluster",
        least=Evidence.E1,
        never=(Status.NOT_APPLICABLE,),
        remediation="Make the API server's endpoint private, or limit it to the organisation's ranges.",
        check=api_server_is_closed,
    ),
    Control(
        id="NB-EXP-02",
        title="Nodes have no public addresses",
        severity=Severity.HIGH,
        scope="node pool",
        least=Evidence.E1,
        remediation="Recreate the pools in private subnets behind NAT, or with private nodes.",
        check=nodes_are_private,
    ),
    Control(
        id="NB-EXP-03",
        title="NodePorts, hostPorts and node firewalls are not open to the world",
        severity=Severity.HIGH,
        scope="service / firewall",
        least=Evidence.E1,
        remediation="Use internal load balancers, delete the rule that admits the world, and set allowed source ranges.",
        check=node_ports_are_closed,
    ),
    Control(
        id="NB-EXP-04",
        title="Public load balancers are declared and source-limited",
        severity=Severity.HIGH,
        scope="service",
        least=Evidence.E1,
        remediation="Make balancers internal, or declare them as edges and limit their source ranges.",
        check=balancers_are_limited,
    ),
    Control(
        id="NB-EXP-05",
        title="External entry points use TLS",
        severity=Severity.HIGH,
        scope="ingress / listener",
        least=Evidence.E1,
        remediation="Attach certificates, send port 80 on to HTTPS, and set a TLS policy of 1.2 or newer.",
        check=entry_points_use_tls,
    ),
    Control(
        id="NB-EXP-06",
        title="Sensitive workloads are unreachable from any entry point they do not need",
        severity=Severity.CRITICAL,
        scope="workload",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Close the last hop of the path that is named in the finding.",
        check=sensitive_are_unreachable,
    ),
    Control(
        id="NB-EXP-07",
        title="Service externalIPs are refused or empty",
        severity=Severity.MEDIUM,
        scope="service",
        least=Evidence.E2,
        fractional=True,
        never=(Status.NOT_APPLICABLE,),
        remediation="Refuse externalIPs by a ValidatingAdmissionPolicy, Kyverno or Gatekeeper, and remove those that are set.",
        check=external_ips_are_refused,
    ),
    Control(
        id="NB-EXP-08",
        title="VPC/VNet egress is controlled outside the cluster too",
        severity=Severity.MEDIUM,
        scope="cluster subnet",
        least=Evidence.E1,
        remediation="Route the node subnets through a managed firewall with a list of names; on AKS by userDefinedRouting.",
        check=egress_is_controlled,
    ),
)
