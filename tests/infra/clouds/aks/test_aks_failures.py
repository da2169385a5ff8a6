"""What Azure's refusals and broken answers mean: nothing that was not looked at is ever taken for empty."""

from __future__ import annotations

import pytest

from infra.clouds.aks import discover
from infra.clouds.aks.pages import Listing
from infra.clouds.aks.permissions import LIST_CLUSTERS
from infra.clouds.aks.pipeline import Errand
from infra.clouds.aks.session import Session
from infra.clouds.model import Outcome, Scope
from infra.clouds.options import AzureOptions
from tests.infra.clouds.aks.estate import CLUSTERS, ONE, TWO, fill, look, names, options
from tests.servers.azure import AzureServer, Fault
from tests.servers.azure_answers import managed_cluster
from tests.servers.tls import Handler, TlsServer

READ = "Microsoft.ContainerService/managedClusters/read"
HERE = f"{ONE}/providers/Microsoft.ContainerService{CLUSTERS}"


@pytest.mark.parametrize(
    ("status", "code", "outcome", "missing"),
    [
        (403, "AuthorizationFailed", "denied", (READ,)),
        (403, "RequestDisallowedByPolicy", "denied", (READ,)),
        (404, "SubscriptionNotFound", "disabled", ()),
        (409, "ReadOnlyDisabledSubscription", "disabled", ()),
        (409, "DisallowedOperation", "disabled", ()),
        (409, "MissingSubscriptionRegistration", "disabled", ()),
        (401, "InvalidAuthenticationTokenTenant", "denied", ()),
        (401, "ExpiredAuthenticationToken", "denied", ()),
        (401, "InvalidAuthenticationToken", "denied", ()),
        (404, "InvalidResourceType", "error", ()),
        (418, "Teapot", "error", ()),
    ],
)
def test_a_refused_subscription_ends_as_its_refusal_says(azure: AzureServer, status, code, outcome, missing):
    """The reason names the code and the mend; the other subscription is read all the same."""
    fill(azure, ONE, 1)
    fill(azure, TWO, 1)
    azure.always[HERE] = Fault.arm(status, code)
    found, scopes = look(azure)
    assert ([one.ref.account for one in found], scopes[TWO].outcome) == ([TWO], Outcome.OK)
    assert (scopes[ONE].outcome, scopes[ONE].missing) == (outcome, missing)
    assert f"HTTP {status} {code}" in scopes[ONE].reason


def test_no_provider_is_ever_registered(azure: AzureServer):
    """The SDK's own pipeline would: a write, in somebody's subscription."""
    fill(azure, ONE, 1)
    azure.always[HERE] = Fault.arm(409, "MissingSubscriptionRegistration")
    azure.always[HERE].body["error"]["message"] = "not registered to use namespace 'Microsoft.ContainerService'"
    look(azure)
    assert azure.calls() == {
        "GET /subscriptions",
        f"GET /subscriptions/*/providers/Microsoft.ContainerService{CLUSTERS}",
    }


def test_what_is_throttled_for_a_while_is_read_in_the_end(azure: AzureServer):
    """`Retry-After` is honoured, also in milliseconds, and with a date or a word in it."""
    fill(azure, ONE, 3)
    azure.fail(HERE, Fault.arm(429, "Throttled", retry_after_ms="5"), Fault.arm(503, "Busy", Retry_After="0.01"))
    azure.fail(HERE, Fault.arm(429, "Throttled", Retry_After="soon"))
    found, scopes = look(azure)
    assert (len(found), scopes[ONE].outcome) == (3, Outcome.OK)


def test_a_page_that_stays_throttled_leaves_a_partial_answer(azure: AzureServer):
    """What its first page held is kept; a wait beyond the deadline is not begun."""
    fill(azure, ONE, 3)
    first = Fault(200, {"value": [managed_cluster(ONE, "c0")], "nextLink": f"{azure.url}/subscriptions/{HERE}?page=2"})
    azure.fail(HERE, first)
    azure.always[HERE] = Fault.arm(429, "Throttled", Retry_After="3600")
    found, scopes = look(azure)
    assert (names(found), scopes[ONE].outcome) == (["c0"], Outcome.PARTIAL)
    assert "throttled" in scopes[ONE].reason
    assert len(azure.asked(HERE)) == 2


def test_endless_throttling_ends(azure: AzureServer):
    """After the retries nothing was read, which is an error and no empty subscription."""
    fill(azure, ONE, 3)
    azure.always[HERE] = Fault.arm(429, "Throttled", retry_after_ms="1")
    found, scopes = look(azure)
    assert (found, scopes[ONE].outcome) == ([], Outcome.ERROR)
    assert len(azure.asked(HERE)) == 7


def test_a_token_that_expired_is_replaced_once(azure: AzureServer):
    """The subscription whose token was refused is asked again with a new one."""
    fill(azure, ONE, 1)
    azure.fail(HERE, Fault.arm(401, "ExpiredAuthenticationToken", WWW_Authenticate='Bearer error="invalid_token"'))
    found, scopes = look(azure)
    assert (len(found), scopes[ONE].outcome) == (1, Outcome.OK)
    assert len({one.token for one in azure.asked(HERE)}) == len(azure.asked(HERE)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>proxy</html>",
        b'{"value": [',
        b"\xff\xfe",
        b"[" * 100_000,
        {},
        [],
        None,
        {"value": None},
        {"value": {}},
        {"value": ["text"]},
        {"value": [], "nextLink": 7},
        {"value": [], "nextLink": "https://["},
        {"error": {"code": "Odd"}},
    ],
    ids=lambda body: repr(body)[:30],
)
def test_an_answer_that_is_no_list_is_an_error(azure: AzureServer, body):
    """Whatever a proxy or a broken service says with a 200, it is not an empty subscription."""
    fill(azure, ONE, 1)
    azure.always[HERE] = Fault(200, body)
    found, scopes = look(azure)
    assert found == []
    assert scopes[ONE].outcome in {Outcome.ERROR, Outcome.PARTIAL}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        {},
        [],
        {"error": "text"},
        {"error": {"code": 7, "message": []}},
        {"error": {"additionalInfo": [{}]}},
    ],
    ids=repr,
)
def test_a_refusal_without_a_code_is_still_a_refusal(azure: AzureServer, body):
    """Its status says enough."""
    fill(azure, ONE, 1)
    azure.always[HERE] = Fault(403, body)
    _, scopes = look(azure)
    assert (scopes[ONE].outcome, scopes[ONE].missing) == (Outcome.DENIED, (READ,))


@pytest.mark.parametrize(
    ("key", "value"),
    [("properties", 7), ("properties", None), ("tags", []), ("tags", {"a": 1}), ("location", {}), ("sku", "x")],
)
def test_a_cluster_with_fields_of_wrong_types_is_still_found(azure: AzureServer, key, value):
    """It is there, whatever else is to be said of it."""
    azure.add_subscription(ONE)
    azure.add_cluster(ONE, managed_cluster(ONE, "odd") | {key: value})
    found, scopes = look(azure)
    assert (names(found), scopes[ONE].outcome) == (["odd"], Outcome.OK)


def test_pages_that_lead_in_a_circle_end(azure: AzureServer):
    """The same page again is no new one."""
    fill(azure, ONE, 1)
    link = f"{azure.url}/subscriptions/{HERE}?again=1"
    azure.always[HERE] = Fault(200, {"value": [managed_cluster(ONE, "c0")], "nextLink": link})
    found, scopes = look(azure)
    assert (names(found), scopes[ONE].outcome) == (["c0"], Outcome.PARTIAL)


@pytest.mark.parametrize("how", ["nextLink", "redirect"])
def test_no_token_follows_a_link_to_another_host(azure: AzureServer, how):
    """What an answer leads to elsewhere is not asked, with or without the token, however good its certificate."""
    fill(azure, ONE, 1)
    elsewhere = f"https://localhost:{azure.port}/subscriptions/{HERE}"  # another name, for which the certificate holds
    azure.always[HERE] = (
        Fault(200, {"value": [managed_cluster(ONE, "c0")], "nextLink": f"{elsewhere}?page=2"})
        if how == "nextLink"
        else Fault(307, b"", {"Location": f"{elsewhere}?page=2"})
    )
    _, scopes = look(azure)
    assert len(azure.asked(HERE)) == 1
    assert scopes[ONE].outcome == (Outcome.PARTIAL if how == "nextLink" else Outcome.ERROR)


def test_a_server_that_cannot_be_trusted_is_told(azure: AzureServer, tmp_path):
    """Resource Manager's certificate is verified, and the mend named."""
    with TlsServer(Handler, tmp_path) as other:
        (scope,) = discover(AzureOptions(resource_manager=other.url, authority=azure.url))
    assert isinstance(scope, Scope)
    assert (scope.account, scope.outcome) == ("subscriptions", Outcome.ERROR)
    assert "REQUESTS_CA_BUNDLE" in scope.reason


def test_a_server_that_is_not_there_is_told(azure: AzureServer, tmp_path):
    """No connection is an error of the list of subscriptions, not the absence of them."""
    with TlsServer(Handler, tmp_path) as other:
        url = other.url
    (scope,) = discover(AzureOptions(resource_manager=url, authority=azure.url))
    assert isinstance(scope, Scope)
    assert (scope.account, scope.outcome) == ("subscriptions", Outcome.ERROR)
    assert "cannot be reached" in scope.reason


def test_a_subscription_that_takes_too_long_is_told(azure: AzureServer):
    """After its deadline nothing more is asked, and that is an error."""
    fill(azure, ONE, 1)
    session, errand = Session(options(azure)), Errand(0)
    with session.containers(ONE, errand) as client:
        listing = Listing(client.managed_clusters.list(), LIST_CLUSTERS, errand)
        assert list(listing.members()) == []
    assert listing.failed is not None
    assert (listing.failed.outcome, listing.failed.reason) == (Outcome.ERROR, "not done within 0 s: try again later")
    assert azure.asked(HERE) == []
