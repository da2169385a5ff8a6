"""NB-ENF-05 and NB-ENF-07: how pods start on each engine, and how many engines decide."""

from __future__ import annotations

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.model import ApiObject, Container, DaemonSet
from tests.factories import policy, raw
from tests.scanner.controls.clusters import DENY, cilium, eks, judged, outcome, web


def closed(given):
    """The cluster with a default deny in namespace shop."""
    return msgspec.structs.replace(given, policies=(policy(DENY, name="deny"),))


def agent(**env: str) -> DaemonSet:
    """The VPC CNI with these variables."""
    return DaemonSet(
        namespace="kube-system",
        name="aws-node",
        desired=1,
        ready=1,
        containers=(
            Container(name="aws-node", image="x/amazon-k8s-cni:v1.21.1", env=env),
            Container(
                name="aws-eks-nodeagent",
                image="x/amazon/aws-network-policy-agent:v1.2.7",
                args=("--enable-network-policy=true",),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("strict", ("pass", "closed-at-start"), id="strict"),
        pytest.param("standard", ("fail", "open-at-start"), id="standard"),
        pytest.param("", ("fail", "open-at-start"), id="the-default"),
        pytest.param("stricter", ("unknown", "not-established"), id="neither"),
    ],
)
def test_the_mode_of_the_vpc_cni_decides(mode, expected):
    """NETWORK_POLICY_ENFORCING_MODE on aws-node; what it does not know decides nothing."""
    given = closed(eks(web(), daemon_sets=[agent(NETWORK_POLICY_ENFORCING_MODE=mode)]))
    assert outcome(judged("NB-ENF-05", given)) == expected


def test_a_guard_counts_for_the_workloads_it_names():
    """Two workloads behind a default deny, one guard: not enough; two: enough."""
    given = closed(eks(web(), web("other-1", owner=("Deployment", "other"))))
    one = BaselineConfig(startup_guards=(Match(workload="other"),))
    both = BaselineConfig(startup_guards=(Match(namespace="shop"),))
    assert judged("NB-ENF-05", given, one).status == "fail"
    assert outcome(judged("NB-ENF-05", given, both)) == ("pass", "guarded")


def test_a_policy_that_cannot_be_judged_may_be_the_default_deny():
    """Then the start matters, and nothing is not applicable."""
    given = cilium(web())
    odd = ApiObject(
        api_version="cilium.io/v2", kind="CiliumNetworkPolicy", name="x", namespace="shop", spec=raw({"a": 1})
    )
    found = judged("NB-ENF-05", msgspec.structs.replace(given, policies=(odd,)))
    assert found.status in {"pass", "unknown", "not_applicable"}


CALICO = DaemonSet(
    namespace="calico-system",
    name="calico-node",
    desired=1,
    ready=1,
    containers=(Container(name="calico-node", image="x/calico/node:v3.30.3"),),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(eks(web(), daemon_sets=[agent()]), ("pass", "one-engine"), id="alone"),
        pytest.param(eks(web(), daemon_sets=[agent(), CALICO]), ("fail", "two-engines"), id="two"),
        pytest.param(
            eks(web(), daemon_sets=[agent(), msgspec.structs.replace(CALICO, ready=0)]),
            ("unknown", "maybe-two-engines"),
            id="one-is-not-ready",
        ),
        pytest.param(
            eks(web(), daemon_sets=[agent(), msgspec.structs.replace(CALICO, desired=0, ready=0)]),
            ("unknown", "two-engines"),
            id="one-has-nowhere-to-run-and-detection-is-in-doubt",
        ),
        pytest.param(eks(web(), on=False), ("not_applicable", "engine-off"), id="off"),
        pytest.param(eks(web(), unlisted=["daemonsets.apps"]), ("unknown", "unread"), id="refused"),
    ],
)
def test_engines_are_counted_by_what_enforces(given, expected):
    """Two that enforce fail; what may enforce leaves it open."""
    assert outcome(judged("NB-ENF-07", given)) == expected
