"""Whether a cluster's API server can be reached from here: asked once, briefly, before a whole read is started."""

from __future__ import annotations

import ipaddress
import socket
from urllib.request import getproxies, proxy_bypass

from infra.text import printable
from scanner.errors import ClusterReadError

_CONNECT_S = 5.0


def check_reachable(host: str, port: int, *, private_hint: str) -> None:
    """Connect to `host` and hang up. With a proxy for it in the environment nothing is asked: the proxy knows the way.

    `private_hint` is the mend where the name leads to private addresses alone, or to none.

    Raises:
        ClusterReadError: the name does not resolve, or no address of it answers within five seconds; one line.
    """
    shown = printable(f"{host}:{port}", 200)
    if (getproxies().get("https") or getproxies().get("all")) and not proxy_bypass(host):
        return
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise ClusterReadError(f"{shown}: the name does not resolve here: {private_hint}") from None
    try:
        socket.create_connection((host, port), timeout=_CONNECT_S).close()
    except OSError:
        if all(_is_private(address) for address in addresses):
            raise ClusterReadError(
                f"{shown}: a private address that cannot be reached from here: {private_hint}"
            ) from None
        raise ClusterReadError(
            f"{shown}: cannot be reached from here: check its list of authorized addresses and the network path to it"
        ) from None


def _is_private(address: str) -> bool:
    return not ipaddress.ip_address(address.partition("%")[0]).is_global
