"""Whether a private API server can be reached from here: asked once and briefly, for a whole read would only time out."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from urllib.request import getproxies, proxy_bypass

from infra.text import printable
from scanner.errors import ClusterReadError

_RESOLVE_S = 3.0
_CONNECT_S = 3.0  # for all addresses together
_MAX_ADDRESSES = 4


def check_reachable(host: str, port: int, *, private_hint: str) -> None:
    """Fail fast where `host` has private addresses alone and none of them answers, or where its name does not resolve.

    A public address is left to the client, which says more about why it failed. Where a proxy applies (`HTTPS_PROXY`,
    `ALL_PROXY`, unless `NO_PROXY` names the host) nothing is asked: the proxy resolves and connects. `private_hint` says what
    would make the server reachable.

    Raises:
        ClusterReadError: it cannot be reached from here; one line with host, port and `private_hint`.
    """
    proxies = getproxies()
    if (proxies.get("https") or proxies.get("all")) and not proxy_bypass(host):
        return
    shown = printable(f"{host}:{port}", 200)
    addresses = _resolve(host, port)
    if not addresses:
        raise ClusterReadError(
            f"{shown}: the name does not resolve here: check it and this machine's DNS; {private_hint}"
        )
    if not all(_is_private(address) for address in addresses) or _answers(addresses, port):
        return
    raise ClusterReadError(
        f"{shown}: a private address ({addresses[0]}) that cannot be reached from here: {private_hint}"
    )


def _resolve(host: str, port: int) -> list[str]:
    """The host's addresses, none where it has none or the answer takes too long: a resolver knows no time-out of ours."""
    found: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError):  # ValueError: a label that is no label
            return
        found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    asking = threading.Thread(target=ask, daemon=True, name="resolve")
    asking.start()
    asking.join(_RESOLVE_S)
    return found[:_MAX_ADDRESSES]


def _is_private(address: str) -> bool:
    return not ipaddress.ip_address(address.partition("%")[0]).is_global


def _answers(addresses: list[str], port: int) -> bool:
    """Whether one of the addresses takes a TCP connection within the time for all of them."""
    ends = time.monotonic() + _CONNECT_S
    for index, address in enumerate(addresses):
        share = (ends - time.monotonic()) / (len(addresses) - index)
        try:
            socket.create_connection((address, port), timeout=max(share, 0.1)).close()
        except OSError:
            continue
        return True
    return False


__all__ = ["check_reachable"]
