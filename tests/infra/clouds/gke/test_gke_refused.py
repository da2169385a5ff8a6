"""How each place ends that could not be looked in: named once, with the reason, and never as a place without clusters."""

from __future__ import annotations

import pytest

from infra.clouds.gke import Limits
from infra.clouds.model import Outcome
from tests.servers.gcp import GcpServer
from tests.servers.gcp_answers import Reply, answer, denied, disabled, gke_cluster, refused, throttled

LIST = "/v1/projects/shop/locations/-/clusters"
SEARCH = "/v3/projects:search"


@pytest.fixture
def shop(google: GcpServer) -> GcpServer:
    """Two projects with a cluster each."""
    google.add_project("shop", number="1001", clusters=[gke_cluster("prod")])
    google.add_project("well", number="1002", clusters=[gke_cluster("fine")])
    return google


def _forbidden(reason: str) -> Reply:
    return refused(403, "PERMISSION_DENIED", reason)


# id -> the answer, the outcome, what was missing, what the reason says
# fmt: off
REFUSALS = {
    "iam": (denied("container.clusters.list"), Outcome.DENIED, "container.clusters.list", "roles/container.clusterViewer"),
    "no-error-info": (_forbidden(""), Outcome.DENIED, "container.clusters.list", "PERMISSION_DENIED"),
    "api-off-by-number": (disabled("1001"), Outcome.DISABLED, "", "holds no cluster"),
    "api-off-by-id": (disabled("shop"), Outcome.DISABLED, "", "holds no cluster"),
    "api-off-in-the-quota-project":
        (disabled("777"), Outcome.DENIED, "container.googleapis.com in projects/777", "says nothing of this place"),
    "another-api-off":
        (disabled("1001", "iam.googleapis.com"), Outcome.DENIED, "iam.googleapis.com in projects/1001", "iam.googleapis.com"),
    "vpc-sc": (_forbidden("SECURITY_POLICY_VIOLATED"), Outcome.DENIED,
               "an ingress rule of the VPC Service Controls perimeter", "VPC Service Controls"),
    "billing": (_forbidden("BILLING_DISABLED"), Outcome.DENIED, "billing", "billing"),
    "consumer": (_forbidden("CONSUMER_INVALID"), Outcome.DENIED, "an active project", "CONSUMER_INVALID"),
    "quota-project": (_forbidden("USER_PROJECT_DENIED"), Outcome.DENIED, "serviceusage.services.use", "quota project"),
    "invalid": (refused(400, "INVALID_ARGUMENT"), Outcome.ERROR, "", "refused with 400"),
    "unavailable-for-ever": (refused(503, "UNAVAILABLE"), Outcome.ERROR, "", "after waiting"),
    "throttled-for-ever": (throttled("0"), Outcome.ERROR, "", "throttled"),
    "redirect": (Reply(302, b"", {"Location": "https://127.0.0.1:1/"}), Outcome.ERROR, "", "refused with 302"),
    "unknown-caller": (refused(401, "UNAUTHENTICATED"), Outcome.DENIED, "", "log in"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_a_refused_project_is_named_with_its_reason(shop: GcpServer, look, case: tuple[Reply, Outcome, str, str]):
    """The reason decides the outcome and what was missing; the other project is read all the same."""
    reply, outcome, missing, says = case
    shop.fault(LIST, reply, always=True)
    found, scopes = look(shop.options())
    assert list(found) == ["fine"]
    assert (scopes["shop"].outcome, scopes["shop"].missing) == (outcome, (missing,) if missing else ())
    assert says in scopes["shop"].reason
    assert "\n" not in scopes["shop"].reason
    assert scopes["well"].outcome is Outcome.OK


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>not Google</html>",
        b'{"clusters": [{"name": "prod"',
        b"[]",
        b"null",
        b'{"clusters": {"name": "prod"}}',
        b'{"clusters": [7]}',
        b'{"clusters": [{"name": {"a": 1}}]}',
        b'{"clusters": [{"name": "prod", "networkPolicy": {"enabled": "maybe"}}]}',
        b'{"missingZones": {"a": "b"}}',
        b'{"clusters": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"clusters": [{"name": "\xff\xfe"}]}',
        b'{"clusters": [{"name": "\\ud800"}]}',
    ],
)
def test_an_answer_that_is_no_list_of_clusters_is_an_error(shop: GcpServer, look, body: bytes):
    """Broken JSON and wrong types end the project as an error, not as empty."""
    shop.fault(LIST, Reply(200, body), always=True)
    found, scopes = look(shop.options())
    assert list(found) == ["fine"]
    assert scopes["shop"].outcome is Outcome.ERROR
    assert "Google's answer is not" in scopes["shop"].reason


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[[]]", b"[7]", b'{"error": "no"}', b'{"error": {"details": [7, {"@type": 3}], "errors": {}}}',
     b'{"error": {"details": {"reason": "IAM_PERMISSION_DENIED"}, "status": ["x"]}}',
     b'{"error": {"details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "metadata": 1, "reason": "a b\\n"}]}}',
     b'{"error": {"errors": [{"reason": 5}, 6]}}', b"[" * 5000],
)  # fmt: skip
def test_a_refusal_of_any_shape_is_a_denial(shop: GcpServer, look, body: bytes):
    """What stands in a 403 never breaks discovery."""
    shop.fault(LIST, Reply(403, body), always=True)
    scope = look(shop.options())[1]["shop"]
    assert (scope.outcome, scope.missing) == (Outcome.DENIED, ("container.clusters.list",))


def test_a_cluster_without_a_usable_name_makes_the_project_partial(shop: GcpServer, look):
    """A name that is none is counted, its neighbours are kept."""
    shop.add_cluster("shop", gke_cluster("../../etc", "europe-west1"))
    shop.add_cluster("shop", gke_cluster("nowhere", "", zone=""))
    found, scopes = look(shop.options())
    assert sorted(found) == ["fine", "prod"]
    assert scopes["shop"].outcome is Outcome.PARTIAL
    assert "2 clusters" in scopes["shop"].reason


@pytest.mark.parametrize("reply", [throttled("0"), throttled("Wed, 21 Oct 2015 07:28:00 GMT"), throttled("soon"),
                                   refused(503, "UNAVAILABLE"), refused(500, "INTERNAL"),
                                   refused(403, "PERMISSION_DENIED", "RATE_LIMIT_EXCEEDED"),
                                   answer({"clusters": [gke_cluster("half")]})])  # fmt: skip
def test_what_passes_is_asked_again(shop: GcpServer, look, reply: Reply):
    """Throttling, outages and an answer cut in the middle pass: the third answer counts."""
    once = Reply(reply.status, reply.body, reply.headers, cut=reply.status == 200)
    shop.fault(LIST, once, once)
    shop.fault(SEARCH, once)
    found, scopes = look(shop.options())
    assert sorted(found) == ["fine", "prod"]
    assert {scope.outcome for scope in scopes.values()} == {Outcome.OK}
    assert shop.asked()[f"GET {LIST}"] == 3


def test_a_wait_that_ends_after_the_deadline_is_not_begun(shop: GcpServer, look):
    """`Retry-After` is heeded: where it asks for more than the scope has left, the scope ends throttled at once."""
    shop.fault(LIST, throttled("50"), always=True)
    scopes = look(shop.options(), Limits(scope_s=20.0, wait_s=60.0))[1]
    assert scopes["shop"].outcome is Outcome.ERROR
    assert "throttled" in scopes["shop"].reason
    assert shop.asked()[f"GET {LIST}"] == 1


def test_a_server_that_drips_is_left_at_the_deadline(shop: GcpServer, look):
    """A byte now and then does not hold a scope beyond its time."""
    reply = answer({"clusters": [gke_cluster("slow")]})
    shop.fault(LIST, Reply(200, reply.body, reply.headers, drip=True), always=True)
    found, scopes = look(shop.options(), Limits(wait_s=0.02, scope_s=0.8, threads=2))
    assert list(found) == ["fine"]
    assert (scopes["shop"].outcome, "not done in time" in scopes["shop"].reason) == (Outcome.ERROR, True)


def test_an_answer_without_end_is_left(shop: GcpServer, look):
    """An answer larger than any list of clusters is not taken into memory."""
    shop.fault(LIST, Reply(200, b'{"x": "' + b"a" * 300_000 + b'"}'), always=True)
    scopes = look(shop.options(), Limits(wait_s=0.02, body_bytes=200_000))[1]
    assert "more than 200000 bytes" in scopes["shop"].reason


def test_a_project_deleted_meanwhile_is_said_and_misses_nothing(shop: GcpServer, look):
    """404 on a project that was found is a race; on one that was named, a mistake."""
    shop.fault(LIST, refused(404, "NOT_FOUND"), always=True)
    assert look(shop.options())[1]["shop"].outcome is Outcome.DISABLED
    assert look(shop.options(projects=("shop",)))[1]["shop"].outcome is Outcome.ERROR


def test_a_named_project_with_the_api_off_is_known_by_its_number(shop: GcpServer, look):
    """Google names the project by number: where that can be looked up the project is off, otherwise not known."""
    shop.fault(LIST, disabled("1001"), always=True)
    assert look(shop.options(projects=("shop",)))[1]["shop"].outcome is Outcome.DISABLED
    shop.fault("/v3/projects/shop", denied("resourcemanager.projects.get"), always=True)
    assert look(shop.options(projects=("shop",)))[1]["shop"].outcome is Outcome.DENIED


def test_a_number_that_cannot_be_looked_up_is_looked_in_as_it_is(shop: GcpServer, look):
    """Without leave to read the project its number is its name."""
    shop.fault("/v3/projects/1001", denied("resourcemanager.projects.get"), always=True)
    found, scopes = look(shop.options(projects=("1001",)))
    assert (list(scopes), found["prod"].ref.account) == (["1001"], "1001")
