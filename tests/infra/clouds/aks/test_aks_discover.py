"""Finding AKS clusters: the SDK's real client and sign-in against Azure on loopback."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from azure.mgmt.containerservice import models

from infra.cloudrecord.shapes import CLUSTERS as SHAPES
from infra.cloudrecord.shapes import Each, Leaf
from infra.clouds.aks import discover
from infra.clouds.aks.session import Session
from infra.clouds.model import Found, Outcome
from infra.clouds.options import AzureOptions
from scanner.cloud.read import read_facts
from scanner.errors import InputError
from scanner.model import Cloud
from tests.infra.clouds.aks.estate import CLUSTERS, ONE, SUBSCRIPTIONS, THREE, TWO, fill, look, names, options
from tests.servers.azure import AzureServer, Fault
from tests.servers.azure_answers import PLANTED, managed_cluster


def test_every_page_of_every_subscription_is_read(azure: AzureServer):
    """All clusters of all visible subscriptions, and one scope for each subscription."""
    for subscription in SUBSCRIPTIONS:
        fill(azure, subscription, 5)
    found, scopes = look(azure)
    assert len({one.ref.id for one in found}) == len(found) == 60
    assert {account: scope.outcome for account, scope in scopes.items()} == dict.fromkeys(SUBSCRIPTIONS, Outcome.OK)


def test_a_cluster_comes_with_its_record_and_tags(azure: AzureServer):
    """What the SDK answers is read into facts without a single notice."""
    fill(azure, ONE, 1)
    (found,), _ = look(azure)
    assert (found.ref.cloud, found.ref.account, found.ref.location, found.ref.name) == (
        Cloud.AZURE, ONE, "westeurope", "c0")  # fmt: skip
    assert found.tags == {"team": "payments", "tier": "prod"}
    facts = read_facts(found.record)
    assert facts.notices == ()
    assert (facts.engine.managed, facts.engine.virtual_nodes, facts.engine.deny_export) == ("aks-cilium", True, True)
    assert [(pool.name, pool.os, pool.image) for pool in facts.pools or ()] == [
        ("system", "linux", "AzureLinux"), ("win", "windows", "Windows2022")]  # fmt: skip
    assert (facts.endpoint.public, facts.endpoint.allowed) == (True, ("203.0.113.0/24",))
    assert (facts.pod_ranges, facts.service_ranges) == (("10.244.0.0/16",), ("10.0.0.0/16",))
    assert (facts.kubernetes_version, facts.workload_identity) == ("1.33.5", True)


def test_every_field_of_an_aks_record_is_one_that_the_sdk_gives():
    """A record keeps no field that the SDK's API version does not have, but for one of the preview versions."""
    whole = {"properties": SHAPES["azure"]["properties"]}
    assert set(_unknown(models.ManagedCluster, whole, "")) == {"properties.networkProfile.podLinkLocalAccess"}


def _unknown(model, shape, path):
    """The fields of a shape that the SDK's model does not have."""
    model()  # it works out its fields when the first one is made
    fields = {field._rest_name.replace("_", "").lower(): name for name, field in model._attr_to_rest_field.items()}
    for name, inner in shape.items():
        attribute = fields.get(name.replace("_", "").lower())
        if attribute is None:
            yield path + name
        elif not isinstance(inner, Leaf):
            written = str(model.__annotations__[attribute]).rpartition("_models.")[2]
            below = getattr(models, written.strip("'\"[]), ").partition("']")[0].partition("]")[0])
            yield from _unknown(below, inner.shape if isinstance(inner, Each) else inner, f"{path}{name}.")


def test_an_empty_subscription_is_an_answer(azure: AzureServer):
    """No clusters, and nothing that could not be read."""
    azure.add_subscription(ONE)
    found, scopes = look(azure)
    assert (found, scopes[ONE].outcome) == ([], Outcome.OK)


def test_credentials_that_see_no_subscription_did_not_look(azure: AzureServer):
    """Azure answers an identity without any role with an empty list, which is not an empty estate."""
    found, scopes = look(azure)
    assert (found, scopes["subscriptions"].outcome) == ([], Outcome.DENIED)
    assert scopes["subscriptions"].missing == ("Microsoft.Resources/subscriptions/read",)


@pytest.mark.parametrize(
    ("state", "outcome"), [("Warned", "ok"), ("PastDue", "ok"), ("Disabled", "disabled"), ("Deleted", "disabled")]
)
def test_the_state_of_a_subscription_says_whether_it_can_be_read(azure: AzureServer, state, outcome):
    """What is switched off is not asked."""
    azure.add_subscription(ONE, state)
    _, scopes = look(azure)
    assert scopes[ONE].outcome == outcome
    assert bool(azure.asked(CLUSTERS)) is (outcome == "ok")


def test_management_groups_are_read_with_what_is_below_them(azure: AzureServer):
    """Descendants of all levels, page by page; a subscription below two groups is read once; the others are not."""
    for subscription in SUBSCRIPTIONS[:4]:
        fill(azure, subscription, 1)
        azure.add_subscription(subscription, groups=("prod", "all"))
    fill(azure, SUBSCRIPTIONS[5], 1)
    azure.groups["prod"].insert(1, {"id": "/providers/Microsoft.Management/managementGroups/sub", "name": "sub"})
    found, scopes = look(azure, management_groups=("prod", "all"))
    assert {one.ref.account for one in found} == set(scopes) == set(SUBSCRIPTIONS[:4])


def test_a_denied_management_group_is_a_scope_of_its_own(azure: AzureServer):
    """What is below it is not known; the others are read."""
    fill(azure, ONE, 1)
    azure.add_subscription(ONE, groups=("open",))
    azure.groups["none"] = []
    found, scopes = look(azure, management_groups=("closed", "open", "none"))
    closed = scopes["managementGroups/closed"]
    assert (names(found), closed.outcome) == (["c0"], Outcome.DENIED)
    assert closed.missing == ("Microsoft.Management/managementGroups/descendants/read",)
    assert (scopes[ONE].outcome, scopes["managementGroups/none"].outcome) == (Outcome.OK, Outcome.OK)


def test_named_subscriptions_are_read_whether_listed_or_not(azure: AzureServer):
    """Only those; one that nobody knows is a slip of the pen and no empty subscription."""
    for subscription in (ONE, TWO):
        fill(azure, subscription, 1)
    found, scopes = look(azure, subscriptions=(ONE.upper(), THREE))
    assert [one.ref.account for one in found] == [ONE]
    assert (scopes[ONE].outcome, scopes[THREE].outcome) == (Outcome.OK, Outcome.ERROR)
    assert "check its id" in scopes[THREE].reason


def test_named_subscriptions_need_no_list(azure: AzureServer):
    """Where the list of subscriptions is denied, named ones are read all the same."""
    fill(azure, ONE, 1)
    azure.always["/subscriptions"] = Fault.arm(403, "AuthorizationFailed")
    found, scopes = look(azure, subscriptions=(ONE,))
    assert (names(found), set(scopes)) == (["c0"], {ONE})


def test_a_list_of_subscriptions_that_breaks_off_is_partial(azure: AzureServer):
    """Those of its first page are read, and it is said that there may be more."""
    for subscription in SUBSCRIPTIONS[:3]:
        fill(azure, subscription, 1)
    azure.subscriptions["not an id"] = "Enabled"
    found, scopes = look(azure)
    assert (len(found), scopes["subscriptions"].outcome) == (3, Outcome.PARTIAL)


def test_closing_the_generator_stops_the_work(azure: AzureServer):
    """A subscription that waits for its turn does not keep anybody waiting."""
    for subscription in (ONE, TWO):
        fill(azure, subscription, 1)
    azure.always[f"{TWO}/providers/Microsoft.ContainerService{CLUSTERS}"] = Fault.arm(
        429, "Throttled", Retry_After="100"
    )
    entries = discover(options(azure))
    assert isinstance(next(entries), Found)
    entries.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("aks-")]


def test_credentials_that_are_refused_are_one_line(azure: AzureServer, monkeypatch):
    """Entra's error number and the mend, none of its text."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", f"{PLANTED}wrong")
    with pytest.raises(InputError, match=r"AADSTS7000215.*check tenant") as caught:
        next(discover(options(azure)))
    assert PLANTED not in str(caught.value)


def test_no_credentials_at_all_are_one_line(azure: AzureServer, monkeypatch):
    """It says what can be done."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")  # or a managed identity would be looked for
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    with pytest.raises(InputError, match="no credentials: run `az login`"):
        next(discover(options(azure)))


def test_azures_libraries_load_when_azure_is_asked(tmp_path):
    """Not before; and where they are not installed it is one line that says what to install."""
    program = (
        "import sys\n"
        "from infra.clouds.aks import discover\n"
        "from infra.clouds.options import AzureOptions\n"
        "print([name for name in sys.modules if name.startswith(('azure', 'msal', 'kubernetes'))])\n"
        "sys.modules['azure.core.exceptions'] = None\n"
        "try:\n"
        "    next(discover(AzureOptions()))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    root = Path(__file__).parents[4]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [
        "[]",
        "InputError azure: Azure's client library (azure.core.exceptions) is not installed: install `ringfence[azure]`",
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"subscriptions": ("../../x",)}, "is no subscription"),
        ({"management_groups": ("a/b",)}, "is no management group"),
        ({"tenant": "a b"}, "is no tenant"),
        ({"resource_manager": "http://127.0.0.1"}, "resource_manager is no https URL"),
        ({"resource_manager": "https://u:p@host"}, "resource_manager is no https URL"),
        ({"authority": "http://127.0.0.1"}, "authority is no https URL"),
    ],
)
def test_options_that_cannot_be_used_are_refused(given, text):
    """Before anything is asked."""
    with pytest.raises(InputError, match=text):
        next(discover(AzureOptions(**given)))


@pytest.mark.parametrize(
    ("manager", "audience"),
    [
        ("", "https://management.azure.com/.default"),
        ("https://management.chinacloudapi.cn/", "https://management.chinacloudapi.cn/.default"),
        ("https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net/.default"),
        ("https://management.local.stack.example/", "https://management.local.stack.example/.default"),
    ],
)
def test_tokens_are_asked_for_the_cloud_they_are_for(azure: AzureServer, manager, audience):
    """Sovereign clouds have audiences of their own."""
    assert Session(AzureOptions(resource_manager=manager))._audience == audience


def test_the_tenant_of_the_options_is_signed_in_to(azure: AzureServer):
    """One source for each tenant: its tokens are that tenant's, also where the environment names another."""
    azure.add_subscription(ONE)
    look(azure, tenant="other.example")
    assert {one.path for one in azure.seen if one.path.endswith("/token")} == {"/other.example/oauth2/v2.0/token"}


def test_a_cluster_of_another_subscription_is_not_taken(azure: AzureServer):
    """An answer that speaks of a cluster elsewhere, or of none, is said to be incomplete."""
    fill(azure, ONE, 1)
    azure.add_cluster(ONE, managed_cluster(TWO, "stranger"))
    azure.add_cluster(ONE, managed_cluster(ONE, "odd") | {"id": 7})
    azure.add_cluster(ONE, managed_cluster(ONE, "c0"))
    found, scopes = look(azure)
    assert (names(found), scopes[ONE].outcome) == (["c0"], Outcome.PARTIAL)
    assert "2 of its clusters" in scopes[ONE].reason
