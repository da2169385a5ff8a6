"""How a region ends: refused, disabled, throttled, out of credentials, out of time, or answered by something odd."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.clouds.eks import Limits, discover
from infra.clouds.model import Found, Outcome
from infra.clouds.options import AwsOptions
from tests.servers.aws import HOME, OWN

DENY = "explicit deny in a service control policy"
FEW = Limits(workers=2)


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("AccessDenied", 403, Outcome.DENIED),
        ("AccessDeniedException", 403, Outcome.DENIED),
        ("RegionDisabledException", 403, Outcome.DISABLED),
        ("OptInRequired", 403, Outcome.DISABLED),
        ("AuthFailure", 401, Outcome.DISABLED),
        ("UnrecognizedClientException", 403, Outcome.DISABLED),
        ("InvalidClientTokenId", 403, Outcome.DISABLED),
        ("ThrottlingException", 429, Outcome.ERROR),
        ("RequestLimitExceeded", 503, Outcome.ERROR),
        ("ServerException", 500, Outcome.ERROR),
        ("ResourceNotFoundException", 404, Outcome.ERROR),
        ("", 403, Outcome.ERROR),
    ],
)
def test_a_refusal_is_told_by_its_code(cloud, look, code: str, status: int, outcome: Outcome):
    """The region ends as section 5 of the reference says; the other region is read."""
    cloud.add_cluster("a", region="eu-west-1")
    cloud.fault(
        "eks",
        "ListClusters",
        code,
        status=status,
        region=HOME,
        message="with an explicit deny in a service control policy",
    )
    seen = look(regions=(HOME, "eu-west-1"))
    assert seen.scope().outcome is outcome
    assert seen.scope().missing == (("eks:ListClusters",) if outcome is Outcome.DENIED else ())
    assert (DENY in seen.scope().reason) == (outcome is Outcome.DENIED)
    assert seen.scope("eu-west-1").outcome is Outcome.OK
    assert len(seen.clusters) == 1


def test_credentials_that_are_revoked_on_the_way_are_no_disabled_region(cloud, look):
    """A region that refuses the credentials is disabled only if they are taken elsewhere: else clusters can be there."""
    cloud.fault("sts", "GetCallerIdentity", "InvalidClientTokenId", status=403, skip=1)
    cloud.fault("eks", "ListClusters", "UnrecognizedClientException", status=403)
    assert look().scope().outcome is Outcome.ERROR


def test_an_enabled_region_that_refuses_the_credentials_is_denied(cloud, look):
    """AWS says that the region is enabled, so it can hold clusters."""
    cloud.enable_only(HOME)
    cloud.fault("eks", "ListClusters", "UnrecognizedClientException", status=403)
    scope = look(regions=()).scope()
    assert scope.outcome is Outcome.DENIED
    assert "though the region is enabled" in scope.reason


def test_a_throttled_page_leaves_a_partial_region(cloud, look):
    """The clusters of the first page are read, and the scope says that there may be more."""
    cloud.add_cluster("a", status="CREATING")  # one call more: after throttling the SDK is slow on purpose
    cloud.fault("eks", "ListClusters", body=b'{"clusters": ["a"], "nextToken": "b"}', status=200, times=1)
    cloud.fault("eks", "ListClusters", "ThrottlingException", status=429)
    seen = look()
    assert len(seen.clusters) == 1
    assert seen.scope().outcome is Outcome.PARTIAL
    assert "ListClusters: throttled" in seen.scope().reason


def test_a_throttled_call_is_asked_again(cloud, look, monkeypatch: pytest.MonkeyPatch):
    """As often as the operator's AWS_MAX_ATTEMPTS says."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    fault = cloud.fault("eks", "ListClusters", "ThrottlingException", status=429, times=1)
    assert look().scope().outcome is Outcome.OK
    assert fault.given == 1


@pytest.mark.parametrize("account", [OWN, "210987654321"])
def test_credentials_that_run_out_are_renewed_once(cloud, look, account: str):
    """For the own account and for an assumed role; a second refusal ends the region."""
    cloud.add_cluster("a", account=account)
    fault = cloud.fault("eks", "DescribeCluster", "ExpiredTokenException", status=403, times=1)
    options = {"accounts": (account,), "role": "audit"}
    cloud.calls.clear()
    assert look(**options).scope(HOME, account).outcome is Outcome.OK
    assert len([call for call in cloud.calls if call.operation == "AssumeRole"]) == (0 if account == OWN else 2)
    fault.times = None
    scope = look(**options).scope(HOME, account)
    assert (scope.outcome, "have run out" in scope.reason) == (Outcome.PARTIAL, True)


def test_a_region_that_takes_too_long_is_cut_off_with_its_clusters_named(cloud, look):
    """What was not read in time is unread, not absent."""
    for name in ("a", "b", "c"):
        cloud.add_cluster(name)
    late = threading.Event()
    cloud.fault("eks", "DescribeCluster", "AccessDeniedException", status=403, wait=late)
    timer = threading.Timer(2.1, late.set)
    timer.start()
    seen = look(Limits(workers=1, scope_s=2.0))
    timer.join()
    assert len(seen.clusters) == 3
    assert seen.scope().outcome is Outcome.PARTIAL
    assert "not done within 2 s" in seen.scope().reason


def test_closing_the_iterator_stops_the_work(cloud):
    """After the first cluster nothing more is asked than what was under way."""
    for index in range(40):
        cloud.add_cluster(f"c-{index}")
    found = discover(AwsOptions(regions=(HOME,)), FEW)
    assert isinstance(next(found), Found)
    found.close()
    for thread in threading.enumerate():
        if thread.name == "eks":
            thread.join(10)
    assert len([call for call in cloud.calls if call.operation == "DescribeCluster"]) < 25


def test_a_place_nobody_answers_at_is_an_error(cloud, look, monkeypatch: pytest.MonkeyPatch):
    """Nobody listens, for one service alone: the region says so."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EKS", "http://127.0.0.1:1")
    scope = look().scope()
    assert (scope.outcome, "no answer: check the network path" in scope.reason) == (Outcome.ERROR, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b"[]",
        b"null",
        b"{}",
        b'{"clusters": null}',
        b'{"clusters": [null, 5, {}, "../x", "", "a b"]}',
        b'{"clusters": [], "nextToken": "same"}',
        b"{" * 5000,
    ],
)
def test_an_odd_list_is_never_an_empty_region(cloud, look, body: bytes):
    """What no EKS answers is an error or partial, never a traceback, never "no clusters"."""
    cloud.fault("eks", "ListClusters", body=body, status=200)
    assert look(FEW).scope().outcome in {Outcome.ERROR, Outcome.PARTIAL}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
OPERATIONS = {
    "DescribeCluster": (
        "cluster",
        "name arn status tags resourcesVpcConfig createdAt certificateAuthority connectorConfig",
    ),
    "ListAddons": ("addons", ""),
    "DescribeAddon": ("addon", "addonName configurationValues addonVersion"),
    "ListNodegroups": ("nodegroups", ""),
    "DescribeNodegroup": ("nodegroup", "nodegroupName launchTemplate labels taints"),
    "ListFargateProfiles": ("fargateProfileNames", ""),
    "DescribeFargateProfile": ("fargateProfile", "fargateProfileName selectors"),
}


@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_ends_in_a_traceback(cloud, look, data: st.DataObject):
    """Whatever EKS answers, the cluster is there and the region has its scope."""
    if not cloud.client("eks").list_clusters()["clusters"]:
        cloud.add_cluster("a")
    cloud.clear()
    for operation, (key, fields) in OPERATIONS.items():
        if data.draw(st.booleans()):
            inner = JSON | st.fixed_dictionaries(dict.fromkeys(fields.split(), JSON)) if fields else JSON
            body = json.dumps({key: data.draw(inner)}).encode()
            cloud.fault("eks", operation, body=body, status=200)
    seen = look(FEW)
    assert [each.ref.name for each in seen.clusters.values()] == ["a"]
    assert seen.scope().outcome in {Outcome.OK, Outcome.PARTIAL}
