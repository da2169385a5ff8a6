"""What goes wrong between the product and a real server: nothing is lost or half visible, and one line says what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

import infra.store as store_module
from infra.store import Store, open_store
from infra.store.port import PART
from scanner.errors import StoreError
from tests.servers import azurite as azurites
from tests.servers import stores
from tests.servers.proxy import Proxy

BUCKETS = ("s3", "gs", "az")
BODY = b"x" * 1_000_000


def writes(store: Store, key: str) -> dict[str, Callable[[], object]]:
    """Every way to write, by its name."""
    return {
        "put_new": lambda: store.put_new(key, BODY),
        "put": lambda: store.put(key, BODY),
        "put_stream": lambda: store.put_stream(key, (BODY,) * (2 * PART // len(BODY) + 1)),
        "update_latest": lambda: store.update_latest(key, BODY, lambda _: True),
    }


def reads(store: Store, key: str) -> dict[str, Callable[[], object]]:
    """Every way to read, by its name."""
    return {"get": lambda: store.get(key), "list": lambda: list(store.list(key))}


def refused(call: Callable[[], object], expected: str, *secrets: str) -> None:
    """The call ends as one short line that matches and holds no secret."""
    with pytest.raises(StoreError, match=expected) as raised:
        call()
    line = str(raised.value)
    assert "\n" not in line
    assert len(line) < 260
    assert not [secret for secret in secrets if secret in line]


@pytest.mark.parametrize("scheme", BUCKETS)
def test_missing_bucket_is_named(made, scheme):
    """Reading and writing where there is no such bucket or container says so."""
    made(scheme)
    store = open_store(f"{scheme}://nonesuch/x")
    for call in (writes(store, "k") | reads(store, "k")).values():
        refused(call, f"{scheme}://nonesuch/x/k: no such bucket: create it, or correct the URL")


def check_reader(url: str, *secrets: str) -> None:
    """What is at v1/x can be read and listed, and no way to write does anything but say what is missing."""
    store = open_store(url)
    assert store.get("v1/x") == b"old"
    assert list(store.list("v1")) == ["v1/x"]
    for call in writes(store, "v1/x").values():
        refused(call, f"{url}/v1/x: access denied: allow reading, listing and writing objects there", *secrets)


def test_s3_user_who_may_only_read(moto, setenv):
    """Reading goes on, every write says what is missing."""
    place = stores.s3(moto, "read-only")  # a plain name: moto takes no signature over an encoded query
    setenv(place.environment)
    open_store(place.url).put("v1/x", b"old")
    with moto.user("s3:GetObject", "s3:ListBucket") as environment:
        setenv(environment)
        check_reader(place.url, environment["AWS_SECRET_ACCESS_KEY"])
    assert place.seen() == {"v1/x": b"old"}


def test_google_account_that_may_only_read(google, setenv, request):
    """Reading goes on, every write says what is missing."""
    place = stores.gcs(google, "read-only")
    setenv(place.environment)
    open_store(place.url).put("v1/x", b"old")
    google.read_only.add(stores.BUCKET)
    request.addfinalizer(google.read_only.clear)
    check_reader(place.url)
    assert place.seen() == {"v1/x": b"old"}


def test_azure_signature_that_may_only_read(azurite, setenv):
    """Reading goes on, every write says what is missing."""
    place = stores.azure(azurite, "read-only")
    setenv(place.environment)
    open_store(place.url).put("v1/x", b"old")
    setenv(environment := sas(azurite, 1, read=True, list=True))
    check_reader(place.url, environment["AZURE_STORAGE_SAS_TOKEN"].rpartition("=")[2])
    assert place.seen() == {"v1/x": b"old"}


def sas(azurite, hours: float, **permissions: bool) -> dict[str, str]:
    """An environment with a shared access signature that ends so many hours from now."""
    now = dt.datetime.now(dt.UTC)
    token = generate_container_sas(
        azurites.ACCOUNT,
        stores.BUCKET,
        azurite.key,
        permission=ContainerSasPermissions(**permissions),
        start=now - timedelta(days=1),
        expiry=now + timedelta(hours=hours),
    )
    environment = {k: v for k, v in azurite.environment().items() if k != "AZURE_STORAGE_ACCOUNT_KEY"}
    return environment | {"AZURE_STORAGE_SAS_TOKEN": token}


def test_wrong_aws_keys_are_refused(moto, setenv):
    """An unknown key id and a wrong secret both end as refused credentials."""
    with moto.user("s3:*") as right:
        for wrong in ({"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, {"AWS_SECRET_ACCESS_KEY": "wrong-secret"}):
            setenv(right | wrong)
            store = open_store("s3://audit/x")
            for call in (writes(store, "k") | reads(store, "k")).values():
                expected = "s3://audit/x/k: the credentials are refused: export AWS_ACCESS_KEY_ID"
                refused(call, expected, *wrong.values(), right["AWS_SECRET_ACCESS_KEY"])


def test_wrong_azure_keys_are_refused(azurite, setenv):
    """A wrong account key, one that is none, and a signature that has ended."""
    every = {"read": True, "list": True, "write": True, "create": True, "add": True}
    ended = sas(azurite, -1, **every)
    wrong = azurite.environment() | {"AZURE_STORAGE_ACCOUNT_KEY": "d3JvbmcK"}
    for environment, expected, secret in (
        (wrong, "are refused", "d3JvbmcK"),
        (wrong | {"AZURE_STORAGE_ACCOUNT_KEY": "no base64"}, "cannot be used", "no base64"),
        (ended, "are refused", ended["AZURE_STORAGE_SAS_TOKEN"].rpartition("=")[2]),
    ):
        setenv(environment)
        store = open_store("az://audit/x")
        for call in (writes(store, "k") | reads(store, "k")).values():
            refused(call, f"az://audit/x/k: the credentials {expected}: set AZURE_STORAGE_ACCOUNT_NAME", secret)


@pytest.mark.parametrize("ahead_s", [7200, -7200])
def test_google_refuses_a_token_of_another_time(made, google, ahead_s, request):
    """A token that has ended by Google's clock, or is not yet valid there, is refused."""
    place = made("gs")
    google.clock_ahead_s = ahead_s
    request.addfinalizer(lambda: setattr(google, "clock_ahead_s", 0.0))
    store = open_store(place.url)
    for call in (writes(store, "k") | reads(store, "k")).values():
        refused(call, "gs://audit/.*: the credentials are refused: set GOOGLE_APPLICATION_CREDENTIALS")
    assert place.seen() == {}


def test_google_metadata_server_is_enough(made, google, setenv):
    """In a function or on an instance the token comes from the metadata server."""
    place = made("gs")
    server = place.environment["GOOGLE_BASE_URL"]
    setenv({"GOOGLE_BASE_URL": server, "GCE_METADATA_HOST": server.removeprefix("http://"), "HOME": "/nonexistent"})
    store = open_store(place.url)
    assert store.put_new("k", b"1") is True
    assert google.tokens
    assert place.seen() == {"k": b"1"}


@pytest.mark.parametrize("how", ["put_new", "put", "put_stream"])
@pytest.mark.parametrize("kind", BUCKETS)
def test_connection_that_breaks_is_tried_again_and_then_said(made, kind, how, setenv, monkeypatch):
    """Cut in mid-write once, the object is whole all the same; cut always, there is one line and the old object."""
    place = made(kind)
    with Proxy(place.port) as proxy:
        setenv(place.through(proxy.port))
        proxy.break_off(300_000, times=1)
        assert writes(open_store(place.url), "once")[how]() in {True, None}
        assert proxy.cuts == 1
        before = place.seen()
        assert list(before) == ["once"]
        assert set(before["once"]) == set(BODY)
        monkeypatch.setitem(store_module._RETRY, "max_retries", 1)
        proxy.break_off(300_000, times=1000)
        refused(writes(open_store(place.url), "always")[how], f"{kind}://.*always: the connection broke off: check the")
        assert proxy.cuts > 2
        if how != "put_new":
            refused(writes(open_store(place.url), "once")[how], f"{kind}://.*once: the connection broke off: check the")
    assert place.seen() == before


@pytest.mark.parametrize("kind", BUCKETS)
def test_server_that_does_not_answer_is_given_up(made, kind, setenv, monkeypatch):
    """Connected, but without an answer: an end after the set time, and a line that says so."""
    place = made(kind)
    monkeypatch.setitem(store_module._CLIENT, "timeout", timedelta(seconds=0.2))
    monkeypatch.setitem(store_module._RETRY, "max_retries", 1)
    with Proxy(place.port) as proxy:
        proxy.silent = True
        setenv(place.through(proxy.port))
        store = open_store(place.url)
        for call in (writes(store, "k") | reads(store, "k")).values():
            refused(call, f"{kind}://audit/.*/k: it did not answer in time: check the network, and run again")
    assert place.seen() == {}


@pytest.mark.parametrize("kind", ["s3", "gs"])
def test_failed_stream_is_aborted(made, kind, setenv, monkeypatch):
    """Of an upload in parts that fails, nothing is kept and charged for (Azure, which cannot abort, forgets it in a week)."""
    place = made(kind)
    monkeypatch.setitem(store_module._RETRY, "max_retries", 0)
    before = place.unfinished()
    with Proxy(place.port) as proxy:
        setenv(place.through(proxy.port))
        proxy.break_off(3_000_000, times=2)
        refused(writes(open_store(place.url), "k")["put_stream"], "the connection broke off")
    assert place.seen() == {}
    assert place.unfinished() == before
