"""One message to a webhook. Its address is a secret: it comes from the environment and is in no message, error or log."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from infra.version import VERSION
from scanner.errors import DeliveryError, InputError

if TYPE_CHECKING:
    from urllib3 import PoolManager

VARIABLE = "RINGFENCE_WEBHOOK"
_CONNECT_S, _READ_S = 10.0, 20.0
_ATTEMPTS = 4
_LONGEST_WAIT_S = 60  # between two attempts, also where the server asks for more
_PASSING = (429, 500, 502, 503, 504)


def webhook() -> str:
    """The webhook's address.

    Raises:
        InputError: there is none, or one that would send the message in the clear.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        raise InputError(f"{VARIABLE} is not set: put the webhook's address there; it is a secret, so no flag takes it")
    parts = _parts(url)
    if parts is None:
        raise InputError(f"{VARIABLE} holds no address: write it https://host/path")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        raise InputError(f"{VARIABLE} is not https: the message and the address itself would travel in the clear")
    return url


def post(url: str, body: bytes) -> None:
    """Deliver `body` (JSON), with a few attempts where the receiver is throttling, failing or gone for a moment.

    A connection that breaks may have delivered the message already; it is sent again, for twice is better than never.

    Raises:
        DeliveryError: it was refused or nobody answered; neither address nor answer is in the line.
    """
    import urllib3

    retries = urllib3.Retry(
        total=_ATTEMPTS - 1,
        redirect=False,  # who may send us elsewhere may read the message there
        status_forcelist=_PASSING,
        allowed_methods=frozenset({"POST"}),
        backoff_factor=0.5,
        backoff_max=_LONGEST_WAIT_S,
        retry_after_max=_LONGEST_WAIT_S,
        raise_on_status=False,
    )
    try:
        with _pool(url) as pool:
            answer = pool.request(
                "POST",
                url,
                body=body,
                headers={"Content-Type": "application/json", "User-Agent": f"ringfence/{VERSION}"},
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
                retries=retries,
                redirect=False,
                preload_content=False,  # what it says is of no interest, however long it is
            )
            answer.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise DeliveryError(
            f"the webhook could not be reached: {_meaning(error)}"
        ) from None  # its text has the address
    _check(answer.status)


def _check(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryError(f"the webhook answered {status}, a redirect, which is not followed: set its final address")
    if status in _PASSING:
        raise DeliveryError(
            f"the webhook answered {status}, {_ATTEMPTS} times: it is throttling or failing, run again later"
        )
    raise DeliveryError(f"the webhook refused the message ({status}): check that {VARIABLE} is current and may post")


def _pool(url: str) -> PoolManager:
    """Connections that verify certificates, through the proxy that the environment names for the host."""
    import urllib3

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(parts.hostname or "") and not _is_loopback(parts.hostname or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def _meaning(error: Exception) -> str:
    from urllib3 import exceptions

    reason = error.reason if isinstance(error, exceptions.MaxRetryError) and error.reason else error
    meanings: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.URLSchemeUnknown, "its proxy cannot be used: write HTTPS_PROXY as http://host:port"),
        (exceptions.SSLError, "its certificate is not trusted: add its authority to the system's, or to SSL_CERT_FILE"),
        (exceptions.NameResolutionError, "no such host: check the address"),
        (exceptions.ProxyError, "the proxy refuses: check HTTPS_PROXY"),
        (exceptions.NewConnectionError, "nobody listens there: check address and network"),
        (exceptions.TimeoutError, "no answer in time: check network and proxy"),
    )
    return next((said for kind, said in meanings if isinstance(reason, kind)), "the connection broke: run again later")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 and url.isprintable() and " " not in url else None
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
