"""EXP: what the outside can reach: the API server, nodes, entry points."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.exposure.outside import api_server_is_closed, balancers_are_limited
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
        id="NB-EXP-04",
        title="Public load balancers are declared and source-limited",
        severity=Severity.HIGH,
        scope="service",
        least=Evidence.E1,
        remediation="Make balancers internal, or declare them as edges and limit their source ranges.",
        check=balancers_are_limited,
    ),
)
