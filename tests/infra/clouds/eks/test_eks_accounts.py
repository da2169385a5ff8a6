"""Accounts and regions: whole organizations, units, named accounts, and what is said where one cannot be looked at."""

from __future__ import annotations

import re

import pytest

from infra.clouds.eks import discover
from infra.clouds.model import Outcome
from infra.clouds.options import AwsOptions
from scanner.errors import InputError
from tests.servers.aws import HOME, OWN

SCP = "User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: sts:AssumeRole with an explicit deny in a {}"


def names(seen) -> set[tuple[str, str, str]]:
    """Account, region and name of every cluster."""
    return {(each.ref.account, each.ref.location, each.ref.name) for each in seen.clusters.values()}


def test_an_organization_is_read_account_by_account_and_region_by_region(cloud, look):
    """Every enabled region of every account has its scope, and nothing else is asked; the own account needs no role."""
    cloud.add_organization()
    other = cloud.add_account("other")
    cloud.add_account("empty")
    cloud.enable_only(HOME, "eu-west-1")
    cloud.add_cluster("a")
    cloud.add_cluster("b", account=other, region="eu-west-1")
    cloud.clear()
    seen = look(organization=True, role="path/audit", external_id="x-17", regions=())
    assert names(seen) == {(OWN, HOME, "a"), (other, "eu-west-1", "b")}
    assert {scope.outcome for scope in seen.scopes.values()} == {Outcome.OK}
    assert len(seen.scopes) == 1 + 3 * 2
    assert len([call for call in cloud.calls if call.operation == "AssumeRole"]) == 2
    assert {call.account for call in cloud.calls if call.operation == "ListClusters"} == {
        account for account, _ in seen.scopes
    }


def test_units_are_read_with_the_units_in_them(cloud, look):
    """The accounts of a unit and of those below it, and no others."""
    root = cloud.add_organization()
    unit = cloud.add_unit(root, "prod")
    inner = cloud.add_unit(unit, "inner")
    one = cloud.add_account("one", root=root, unit=unit)
    two = cloud.add_account("two", root=root, unit=inner)
    cloud.add_account("three")
    seen = look(organization=True, organizational_units=(unit,), role="audit")
    assert {account for account, place in seen.scopes if place == HOME} == {one, two}


def test_named_accounts_are_read_alone(cloud, look):
    """Without an organization no list is asked for, and the own account is only read where it is named."""
    cloud.add_cluster("a", account="210987654321")
    seen = look(accounts=("210987654321",), role="audit")
    assert names(seen) == {("210987654321", HOME, "a")}
    assert set(seen.scopes) == {("210987654321", HOME)}


@pytest.mark.parametrize("policy", ["service control policy", "resource control policy"])
def test_an_account_that_cannot_be_entered_is_one_scope(cloud, look, policy: str):
    """It names the role, why, and the permission; the others are read."""
    cloud.add_cluster("a")
    cloud.fault("sts", "AssumeRole", "AccessDenied", message=SCP.format(policy), status=403)
    seen = look(accounts=(OWN, "210987654321"), role="audit", regions=(HOME, "eu-west-1"))
    scope = seen.scope("", "210987654321")
    assert (scope.outcome, scope.missing) == (Outcome.DENIED, ("sts:AssumeRole",))
    assert "arn:aws:iam::210987654321:role/audit" in scope.reason
    assert f"explicit deny in a {policy}" in scope.reason
    assert set(seen.scopes) == {("210987654321", ""), (OWN, HOME), (OWN, "eu-west-1")}
    assert len(seen.clusters) == 1


def test_an_organization_that_may_not_be_listed_is_said_and_the_rest_read(cloud, look):
    """Falling back to the accounts we know is never silent."""
    cloud.add_organization()
    cloud.add_cluster("a")
    cloud.fault("organizations", "ListAccounts", "AccessDeniedException", message="no")
    seen = look(organization=True, accounts=("210987654321",), role="audit")
    scope = seen.scope("organization")
    assert (scope.outcome, scope.missing) == (Outcome.DENIED, ("organizations:ListAccounts",))
    assert "the own account alone" in scope.reason
    assert {(account, place) for account, place in seen.scopes if place == HOME} == {
        (OWN, HOME),
        ("210987654321", HOME),
    }
    assert len(seen.clusters) == 1


def test_an_organization_that_stops_half_way_is_partial(cloud, look):
    """What was listed before is read."""
    root = cloud.add_organization()
    unit = cloud.add_unit(root, "prod")
    one = cloud.add_account("one", root=root, unit=unit)
    cloud.fault("organizations", "ListOrganizationalUnitsForParent", "TooManyRequestsException")
    seen = look(organization=True, organizational_units=(unit,), role="audit")
    assert seen.scope("organization").outcome is Outcome.PARTIAL
    assert "throttled" in seen.scope("organization").reason
    assert seen.scope(HOME, one).outcome is Outcome.OK


def test_an_account_without_an_organization_is_read_alone(cloud, look):
    """It is said, and nothing is missing."""
    cloud.fault("organizations", "ListAccounts", "AWSOrganizationsNotInUseException", message="no")
    seen = look(organization=True, role="audit")
    assert seen.scope("organization").outcome is Outcome.DISABLED
    assert seen.scope().outcome is Outcome.OK


def test_a_suspended_account_is_said_and_left_alone(cloud, look):
    """By `State`, or by `Status` where there is no state; a page may be empty and still not be the last."""
    cloud.fault("organizations", "ListAccounts", body=b'{"Accounts": [], "NextToken": "more"}', status=200, times=1)
    body = b"""{"Accounts": [{"Id": "111111111111", "State": "SUSPENDED", "Status": "ACTIVE"},
        {"Id": "222222222222", "Status": "SUSPENDED"}, {"Id": "333333333333", "State": "ACTIVE", "Status": "SUSPENDED"}]}"""
    cloud.fault("organizations", "ListAccounts", body=body, status=200)
    seen = look(organization=True, role="audit")
    assert {(account, scope.outcome) for (account, place), scope in seen.scopes.items() if place != "organization"} == {
        ("111111111111", Outcome.DISABLED),
        ("222222222222", Outcome.DISABLED),
        ("333333333333", Outcome.OK),
    }


def test_enabled_regions_alone_are_asked_and_an_unknown_one_is_named(cloud, look):
    """A region that is newer than the SDK is unscanned, not absent."""
    cloud.enable_only(HOME, "xx-new-1")
    seen = look(regions=())
    assert seen.scope().outcome is Outcome.OK
    assert seen.scope("xx-new-1").outcome is Outcome.ERROR
    assert "update boto3" in seen.scope("xx-new-1").reason
    assert {call.region for call in cloud.calls if call.operation == "ListClusters"} == {HOME}


def test_regions_that_may_not_be_asked_for_are_all_tried(cloud, look):
    """One scope says that newer regions can be missing, and why."""
    cloud.add_cluster("a", region="eu-west-3")
    cloud.fault("ec2", "DescribeRegions", "UnauthorizedOperation", message="Encoded failure: abc", status=403)
    cloud.fault("eks", "ListClusters", "UnrecognizedClientException", region="me-south-1", status=403)
    seen = look(regions=())
    assert (seen.scope("").outcome, seen.scope("").missing) == (Outcome.PARTIAL, ("ec2:DescribeRegions",))
    assert seen.scope("me-south-1").outcome is Outcome.DISABLED
    assert seen.scope("eu-west-3").outcome is Outcome.OK
    assert len(seen.clusters) == 1


@pytest.mark.parametrize(
    ("options", "line"),
    [
        pytest.param({"accounts": ("12",)}, "aws: accounts: '12' is none", id="account"),
        pytest.param({"regions": ("europe",)}, "aws: regions: 'europe' is none", id="region"),
        pytest.param({"role": "arn:aws:iam::1:role/x"}, "aws: role: 'arn:aws:iam::1:role/x' is none", id="role"),
        pytest.param({"organization": True}, "aws: role: name the role", id="organization-without-role"),
        pytest.param({"accounts": ("210987654321",)}, "aws: role: name the role to assume", id="account-without-role"),
        pytest.param({"organizational_units": ("ou-ab12-11111111",)}, "organization: true", id="units-alone"),
        pytest.param({"external_id": "x"}, "aws: externalId belongs to a role", id="external-id-alone"),
        pytest.param({"profile": "nobody"}, "aws: profile 'nobody' cannot be used", id="profile"),
    ],
)
def test_options_that_cannot_be_used_are_one_line(cloud, options, line: str):
    """The key and the mend, before anybody is asked for clusters."""
    with pytest.raises(InputError, match=re.escape(line)) as caught:
        list(discover(AwsOptions(**options)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch"])
def test_credentials_that_are_refused_are_one_line(cloud, code: str):
    """Nothing can be done without an identity; what AWS repeats of the request is not shown."""
    cloud.fault("sts", "GetCallerIdentity", code, message="x-amz-security-token:planted", status=403)
    with pytest.raises(InputError, match=code) as caught:
        list(discover(AwsOptions()))
    assert "planted" not in str(caught.value)


def test_without_credentials_it_is_one_line(cloud, monkeypatch: pytest.MonkeyPatch):
    """The mend is to log in."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match="no AWS credentials: log in"):
        list(discover(AwsOptions()))


def test_an_identity_nobody_answers_for_is_a_scope(cloud, look):
    """STS out of order is no mistake of the operator's: other clouds go on."""
    cloud.fault("sts", "GetCallerIdentity", "ServiceUnavailable", status=503)
    seen = look()
    assert seen.scope("", "unknown").outcome is Outcome.ERROR
