"""What stands around a cluster's nodes in its VPC: subnets, security groups, flow logs. Read-only, three calls a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra.clouds.eks.calls import Calls
from infra.clouds.eks.failures import CallError, Failure

_BATCH = 150  # values of one filter; EC2 takes 200
Fail = Callable[[str, Failure], None]


def read_surroundings(calls: Calls, vpc: str, fail: Fail) -> dict[str, list[Mapping[str, Any]]]:
    """The lists as EC2 gives them, by their name in a record's `vpc`; one that could not be read whole is left out.

    `fail` is told which part it was, and why. Descriptions and tags are dropped when the record is made.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = _all(calls, "subnets", "DescribeSubnets", "Subnets", fail, Filters=within)
    if subnets is not None:
        found["subnets"] = subnets
    groups = _all(calls, "securityGroups", "DescribeSecurityGroups", "SecurityGroups", fail, Filters=within)
    if groups is not None:
        found["securityGroups"] = groups
    names = [vpc, *(name for each in subnets or () if isinstance(name := each.get("SubnetId"), str))]
    logs: list[Mapping[str, Any]] = []
    for start in range(0, len(names), _BATCH):
        of = [{"Name": "resource-id", "Values": names[start : start + _BATCH]}]
        some = _all(calls, "flowLogs", "DescribeFlowLogs", "FlowLogs", fail, Filter=of)
        if some is None:
            return found
        logs += some
    if subnets is not None:  # without its subnets, logs of single ones would be missed
        found["flowLogs"] = logs
    return found


def _all(
    calls: Calls,
    part: str,
    operation: str,
    key: str,
    fail: Fail,
    **arguments: Any,  # noqa: ANN401 - EC2's own parameters
) -> list[Mapping[str, Any]] | None:
    try:
        pages = calls.pages("ec2", operation, key, **arguments)
        return [each for page in pages for each in page if isinstance(each, dict)]
    except CallError as error:
        fail(f"vpc.{part}", error.failure)
        return None
