"""What one cluster contributes: taken from real judgements, stored inside results, and safe against crafted input."""

from __future__ import annotations

import msgspec
import pytest

from infra.estate.read import estate
from infra.snapshots import decode
from reports.document import decode_result, render_result
from scanner.baselines.config import BaselineConfig, Intent
from scanner.controls.crossing import CONTROLS
from scanner.enums import Cloud
from scanner.fabric.judge import judge_fabric, member_of
from scanner.fabric.member import Crossing, Peering
from scanner.fabric.recorded import recorded
from scanner.judge import judge
from scanner.model import ApiObject, CloudRecord
from scanner.topology.document import problems
from scanner.topology.model import LinkState
from tests.scanner.fabric.fleets import member

CONFIG = BaselineConfig(intents=(Intent(name="all", clusters=("*",)),))
SNAPSHOTS = {name: decode(data, name) for name, data in estate()}


@pytest.fixture(scope="module")
def results():
    """The estate that ships inside the package, judged."""
    return {name: judge(snapshot, CONFIG) for name, snapshot in SNAPSHOTS.items()}


def test_a_result_carries_its_side_through_storage(results):
    """Written and read again, it contributes the same."""
    for result in results.values():
        assert member_of(decode_result(render_result(result))) == member_of(result)


def test_a_result_of_an_earlier_version_is_a_gap():
    """Nothing said is nothing known."""
    old = msgspec.structs.replace(judge(SNAPSHOTS["pay-prod-euw1"]), crossing=None)
    assert "audit it again" in member_of(old).crossing.gaps[0]


def test_an_inert_engine_opens_everything_and_an_unread_cluster_says_why(results):
    """Effective openings: the EKS cluster that enforces nothing admits all addresses, whatever its policies say."""
    (into,) = member_of(results["pay-prod-euw1"]).crossing.inbound
    assert "0.0.0.0-255.255.255.255" in into.ranges
    assert into.certain
    unread = member_of(results["custody-prod-eun1"]).crossing
    assert unread.gaps
    assert (unread.inbound, unread.ranges) == ((), ("10.28.0.0/16",))


def test_names_of_other_clusters_are_read_from_cilium_policies():
    """In `spec` and in `specs`, with the field; what is no selector is passed over."""
    rule = {"fromEndpoints": [{"matchLabels": {"k8s:io.cilium.k8s.policy.cluster": "far"}}, 7]}
    spec = {"endpointSelector": {}, "ingress": [rule, {"fromEndpoints": "x"}], "egress": 3}
    policies = tuple(
        ApiObject(
            api_version="cilium.io/v2",
            kind="CiliumNetworkPolicy",
            namespace="shop",
            name=f"p{at}",
            spec=msgspec.Raw(data),
        )
        for at, data in enumerate((msgspec.json.encode(spec), msgspec.json.encode([spec]), b"[", b"7"))
    )
    snapshot = msgspec.structs.replace(SNAPSHOTS["lend-prod-weu"], policies=policies)
    found = judge(snapshot).crossing.remote_names
    assert [(each.object, each.field, each.clusters) for each in found] == [
        ("CiliumNetworkPolicy shop/p0", "ingress[0].fromEndpoints", ("far",)),
        ("CiliumNetworkPolicy shop/p1", "specs[0].ingress[0].fromEndpoints", ("far",)),
    ]


@pytest.mark.parametrize(
    "vpc",
    [
        b'{"id": 7, "cidrs": "10.0.0.0/8", "peerings": {}}',
        b'{"id": "x", "cidrs": ["nonsense", null, 3], "peerings": [1, {"to": "\\u0000", "kind": "vpn"}, {"to": []}]}',
        b'{"id": "x", "cidrs": ["10.0.0.0/8"], "peerings": [{"to": "y", "kind": "vpn", "cidrs": ["bad", "::/0"]}]}',
    ],
)
def test_a_crafted_record_never_breaks_the_fleet(vpc):
    """What cannot be read is left out; the fleet is judged, and the networks made of it are well formed."""
    snapshot = SNAPSHOTS["pay-prod-euw1"]
    record = msgspec.structs.replace(snapshot.cloud_record, vpc=msgspec.Raw(vpc))
    assert isinstance(record, CloudRecord)
    crafted = member_of(judge(msgspec.structs.replace(snapshot, cloud_record=record)))
    topology = recorded([crafted])
    assert topology is None or not list(problems(topology))
    found = judge_fabric([crafted], topology, BaselineConfig())
    assert [each.id for each in found] == [each.id for each in CONTROLS]


def test_what_one_end_alone_records_may_be_there():
    """A link is there where both records have it; one that a single end names is not certain."""
    here = Crossing(
        network="a", ranges=("10.1.0.0/16",), peerings=(Peering(to="b", kind="vpn", cidrs=("10.2.0.0/16",)),)
    )
    back = (Peering(to="a", kind="vpn", cidrs=("10.1.0.0/16",)),)
    for peerings, state in ((back, LinkState.ACTIVE), ((), LinkState.UNKNOWN)):
        pair = [
            member("a", network=here.network, ranges=here.ranges, peerings=here.peerings),
            member("b", Cloud.GCP, network="b", ranges=("10.2.0.0/16",), peerings=peerings),
        ]
        (link,) = recorded(pair).links
        assert (link.id, link.state) == ("a = b", state)


def test_no_record_of_a_network_is_no_network():
    """Then the controls that need one say which setting would read it."""
    assert recorded([member("a"), member("b", Cloud.GCP)]) is None
