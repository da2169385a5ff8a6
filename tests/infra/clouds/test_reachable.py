"""The pre-flight: private addresses are tried, public ones and proxies are left alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from infra.clouds.reachable import check_reachable
from scanner.errors import ClusterReadError

HINT = "run inside the network"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine on which nobody listens, kept from others for as long as the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_private_address_that_answers_is_fine():
    """A listening server passes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable("localhost", server.getsockname()[1], private_hint=HINT)


def test_a_private_address_that_does_not_answer_is_one_line_with_the_mend(closed_port: int):
    """Host, port, address and what would make it reachable."""
    with pytest.raises(ClusterReadError) as caught:
        check_reachable("127.0.0.1", closed_port, private_hint=HINT)
    assert str(caught.value) == (
        f"127.0.0.1:{closed_port}: a private address (127.0.0.1) that cannot be reached from here: {HINT}"
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 80 + ".invalid", "..", "a\x00b"])
def test_a_name_that_does_not_resolve_is_one_line(host: str):
    """Also names that can be none."""
    with pytest.raises(ClusterReadError, match="does not resolve here") as caught:
        check_reachable(host, 443, private_hint=HINT)
    assert "\n" not in str(caught.value)
    assert "\x00" not in str(caught.value)


def test_a_proxy_knows_the_way(closed_port: int, monkeypatch: pytest.MonkeyPatch):
    """With a proxy for the host nothing is tried, without one for it everything is."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    check_reachable("127.0.0.1", closed_port, private_hint=HINT)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ClusterReadError):
        check_reachable("127.0.0.1", closed_port, private_hint=HINT)
