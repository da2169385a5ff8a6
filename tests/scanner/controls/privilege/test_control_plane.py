"""NB-LP-07: where the API server and kubelets are, and who gets there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.findings import ControlResult
from scanner.model import ApiObject, Endpoint, EndpointPort, EndpointSlice, Service, ServicePort
from tests.factories import policy, raw
from tests.scanner.controls.clusters import HOST, cilium, egress, eks, item, judged, outcome, to_block, web
from tests.scanner.controls.whole import whole

SERVICE = Service(namespace="default", name="kubernetes", cluster_ips=("10.96.0.1",))
SLICE = EndpointSlice(
    namespace="default",
    name="kubernetes",
    service="kubernetes",
    ports=(EndpointPort(port=443, name="https"),),
    endpoints=(Endpoint(addresses=("10.20.0.5", "no address")), Endpoint(addresses=("10.20.0.6",))),
)
APPROVED = BaselineConfig(api_clients=(Match(workload="web"),))
WEB = "shop/web[Deployment]"


def verdict(
    *rules: dict[str, Any],
    plane: Any = cilium,
    config: BaselineConfig | None = None,
    slices: Any = (SLICE,),
    **parts: Any,
) -> ControlResult:
    """NB-LP-07 of one workload that may leave by these rules alone."""
    given = plane(web(), **{"policies": [policy(egress(*rules))], "services": [SERVICE]} | parts)
    given = msgspec.structs.replace(given, endpoint_slices=slices)
    return judged("NB-LP-07", whole(given), config or BaselineConfig())


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(to_block("10.20.0.6/32", ports=[{"port": 443}]), ("fail", "api-server"), id="one-endpoint"),
        pytest.param(to_block("10.20.0.0/24", "10.20.0.5/32", "10.20.0.6/32"), ("pass", "by-exception"), id="excepted"),
        pytest.param(to_block("10.20.0.0/24", ports=[{"port": 80}]), ("pass", "by-exception"), id="another-port"),
        pytest.param({"to": [{"podSelector": {}}]}, ("pass", "by-exception"), id="pods-alone"),
        pytest.param({}, ("fail", "api-server"), id="everything"),
    ],
)
def test_the_api_server_is_where_its_endpoints_are(rule: dict[str, Any], expected: tuple[str, str]):
    """Every endpoint counts; an entry that is no address does not."""
    assert outcome(verdict(rule)) == expected


def test_approval_is_for_the_api_server_alone():
    """An approved client passes; one without any policy still reaches kubelets."""
    assert outcome(verdict(to_block("10.20.0.0/24"), config=APPROVED)) == ("pass", "by-exception")
    assert outcome(verdict(config=APPROVED, policies=[])) == ("fail", "kubelet")


def test_a_service_address_counts_where_it_is_judged():
    """The VPC CNI looks at a Service's own address before it is translated."""
    rule = to_block("10.96.0.1/32", ports=[{"port": 443}])
    ported = msgspec.structs.replace(SERVICE, ports=(ServicePort(port=443),))
    assert outcome(verdict(rule, plane=eks, services=[ported])) == ("fail", "api-server")
    assert outcome(verdict(rule, services=[ported])) == ("pass", "by-exception")


def test_entities_of_nodes_are_kubelets():
    """Cilium's rule for hosts holds its ports."""
    spec = {"endpointSelector": {}, "egress": [{"toEntities": ["host", "remote-node"]}]}
    hosts = ApiObject(
        api_version="cilium.io/v2", kind="CiliumNetworkPolicy", namespace="shop", name="c", spec=raw(spec)
    )
    found = verdict(policies=[policy(), hosts])
    assert item(found, WEB).reason in {"kubelet", "undecided"}
    assert found.status in {"fail", "unknown"}


def test_ranges_that_hold_a_node_on_the_kubelets_port():
    """On the VPC CNI ranges match nodes; the advice is a manifest of this namespace."""
    found = item(verdict(to_block(f"{HOST}/32", ports=[{"port": 10250}]), plane=eks), WEB)
    assert (found.status, found.reason) == ("fail", "kubelet")
    assert 'namespace: "shop"' in found.remediation


def test_an_unknown_address_is_no_pass():
    """Not even without endpoints: a range may hold whatever the address is."""
    found = verdict(to_block("10.0.0.0/8"), slices=())
    assert outcome(found) == ("unknown", "address-unknown")
    assert "no endpoints" in found.items[0].evidence[0]


def test_a_host_network_workload_is_where_the_kubelet_is():
    """No policy reaches it, and the advice says so."""
    given = whole(eks(web(host_network=True), services=[SERVICE], policies=[policy()]))
    found = item(judged("NB-LP-07", msgspec.structs.replace(given, endpoint_slices=(SLICE,))), WEB)
    assert (found.status, found.reason) == ("fail", "api-server")
    assert "hostNetwork" in found.remediation
