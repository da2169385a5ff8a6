"""NB-EXP-08: does something outside the cluster stand between its nodes and the internet?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict
from scanner.controls.vouched import stated
from scanner.findings import Status

CONTROL = "NB-EXP-08"
_WHAT = (
    "where the default route of the node subnets leads (a firewall, a proxy, nowhere), as the route tables and firewall say; "
    "`ringfence network` reads the routes"
)
_DIRECT = frozenset(
    {"loadbalancer", "managednatgateway", "managednatgatewayv2", "userassignednatgateway"}
)  # AKS, "Customize cluster egress with outbound types"
_CLOSED = frozenset({"none", "block"})


def egress_is_controlled(case: Case) -> Iterator[Verdict]:
    """NB-EXP-08: AKS' outbound type says who routes; for the other clouds somebody has to state where the default route leads.

    With `userDefinedRouting` AKS makes no way out of its own: the nodes go where the subnet's route table sends them. With
    the others AKS gives the nodes a balancer or NAT gateway, which filter nothing. A statement of a firewall that filters all
    the same (by network security groups) then counts.
    """
    around = case.facts.around if case.facts else None
    outbound = around.outbound if around else ""
    said = f"{around.outbound_where} is {outbound}" if around else ""
    given = stated(case, CONTROL, otherwise=_WHAT)
    if outbound in _CLOSED:
        evidence = (f"{said}: the nodes have no way to the internet",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="air-gapped", evidence=evidence)
    elif given.status is not Status.UNKNOWN:
        yield given
    elif outbound == "userdefinedrouting":
        evidence = (f"{said}: the subnet's own route table leads to the way out, and AKS adds none",)
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="user-defined-routing", evidence=evidence)
    elif outbound in _DIRECT:
        name = shlex.quote(case.snapshot.cluster.name)
        fix = (
            "Route 0.0.0.0/0 of the node subnets to a firewall with a list of names, then: "
            f"az aks update --name {name} --resource-group <group> --outbound-type userDefinedRouting"
        )
        evidence = (f"{said}: the nodes reach the whole internet, and nothing on the way filters",)
        yield Verdict(subject=CLUSTER, status=Status.FAIL, reason="direct", evidence=evidence, remediation=fix)
    else:
        yield given
