"""XC: what joins clusters and clouds; judged once for the fleet, by `scanner/fabric`."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.findings import Evidence, Severity

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-XC-01",
        title="Every network link between clusters, VPCs and clouds is inventoried and declared",
        severity=Severity.HIGH,
        scope="link",
        least=Evidence.E1,
        remediation="Add the link to `links` in ringfence.yaml with its owner and purpose, or remove it.",
        check=None,
    ),
    Control(
        id="NB-XC-02",
        title="No undeclared reachable path between clusters in different clouds or environments",
        severity=Severity.CRITICAL,
        scope="cluster pair",
        least=Evidence.E2,
        requires=("NB-XC-01",),
        remediation="Remove the route propagation, or deny the arriving addresses at the receiving cluster. Declare the path "
        "when it is meant.",
        check=None,
    ),
    Control(
        id="NB-XC-03",
        title="Address plans do not overlap and ipBlock rules match current peers",
        severity=Severity.MEDIUM,
        scope="cidr / rule",
        least=Evidence.E1,
        remediation="Renumber one of the networks, or narrow the rule to its one peer. Generate ipBlocks from the "
        "inventory, not by hand.",
        check=None,
    ),
    Control(
        id="NB-XC-04",
        title="Cross-cluster policy does not rely on an identity that SNAT destroys",
        severity=Severity.HIGH,
        scope="rule / cluster pair",
        least=Evidence.E2,
        requires=("NB-XC-01",),
        remediation="End the traffic at an east-west gateway with mTLS principals, or switch SNAT off and route the pod ranges. "
        "Then narrow the rule.",
        check=None,
    ),
    Control(
        id="NB-XC-05",
        title="The same policy intent holds in every cloud",
        severity=Severity.HIGH,
        scope="policy set",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Sync the policies from version control again, and replace what only one engine honours.",
        check=None,
    ),
    Control(
        id="NB-XC-06",
        title="Traffic between clouds is encrypted and authenticated",
        severity=Severity.HIGH,
        scope="link / flow",
        least=Evidence.E1,
        requires=("NB-XC-01",),
        remediation="Use an IPsec VPN over the interconnect, or require mTLS at both gateways.",
        check=None,
    ),
)
