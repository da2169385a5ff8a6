"""One source's clients: where Resource Manager is, as whom it is asked, and how often."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import urlsplit

from infra.clouds.aks.identity import Identity
from infra.clouds.aks.pipeline import TIMEOUTS, Errand, policies
from infra.clouds.options import AzureOptions
from infra.text import printable
from scanner.errors import InputError

if TYPE_CHECKING:
    from azure.core.paging import ItemPaged
    from azure.mgmt.containerservice import ContainerServiceClient
    from azure.mgmt.core import ARMPipelineClient

_CREDENTIALS_PER_S = 1.0  # of one subscription: the AKS resource provider's limit for all calls but lists and gets
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NAMES = {
    "tenant": re.compile(r"[A-Za-z0-9.-]{1,253}"),
    "subscription": re.compile(_GUID),
    "management group": re.compile(r"[A-Za-z0-9_().-]{1,90}"),
}


class Session:
    """Clients for one source. Each client has an errand and belongs to one thread; the session is safe for threads.

    Raises:
        InputError: an option cannot be used.
    """

    def __init__(self, options: AzureOptions) -> None:
        _check(options)
        self.home, self._audience, authority = _cloud(options)
        self.identity = Identity(options, authority)
        self._lock = threading.Lock()
        self._paces: dict[str, Pace] = {}

    def sign_in(self) -> None:
        """Get the first token, so that credentials that cannot work at all are told before anything is asked.

        Raises:
            InputError: there are no credentials, or they are refused.
        """
        from azure.core.exceptions import AzureError

        try:
            self.identity.token(self._audience)
        except AzureError as error:
            raise InputError(f"azure: {_no_token(str(error))}") from None

    def containers(self, subscription: str, errand: Errand, *, lists: bool = True) -> ContainerServiceClient:
        """The AKS client of one subscription, to be closed after use; for `lists`, or for single clusters."""
        from azure.mgmt.containerservice import ContainerServiceClient

        return ContainerServiceClient(
            self.identity, subscription, self.home, policies=self._policies(errand, lists=lists), **TIMEOUTS
        )

    def listed(self, path: str, api_version: str, errand: Errand) -> ItemPaged[Mapping[str, Any]]:
        """A list of Resource Manager's that no installed SDK reads, page by page, as the SDK's are."""
        from azure.core.exceptions import HttpResponseError
        from azure.core.paging import ItemPaged
        from azure.core.rest import HttpRequest

        first = f"{self.home}{path}?api-version={api_version}"

        def get_next(link: str | None) -> Any:  # noqa: ANN401 - HttpResponse
            with self.client(errand, lists=True) as client:
                response = client.send_request(HttpRequest("GET", link or first))
                if response.status_code != 200:
                    raise HttpResponseError(response=response)
                return response

        def extract(response: Any) -> tuple[str | None, Iterator[Any]]:  # noqa: ANN401
            page = response.json()
            return page.get("nextLink") or None, iter(page["value"])

        return ItemPaged(get_next, extract)

    def client(self, errand: Errand, *, lists: bool = False) -> ARMPipelineClient[Any, Any]:
        """A client of Resource Manager itself, to be closed after use; of `lists` alone where that is said."""
        from azure.mgmt.core import ARMPipelineClient

        return ARMPipelineClient[Any, Any](self.home, policies=self._policies(errand, lists=lists), **TIMEOUTS)

    def pace(self, subscription: str) -> Pace:
        """What all credential calls of a subscription share."""
        with self._lock:
            return self._paces.setdefault(subscription, Pace(_CREDENTIALS_PER_S))

    def _policies(self, errand: Errand, *, lists: bool = True) -> list[Any]:
        return policies(self.identity, self._audience, self.home, errand, lists=lists)


class Pace:
    """At most so many turns a second, in the order they are asked for."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self, now: float) -> float:
        """Take the next turn; returns in how many seconds it is."""
        with self._lock:
            turn = max(now, self._next)
            self._next = turn + self._gap
            return turn - now


def is_subscription(text: object) -> TypeGuard[str]:
    """Whether this is a subscription's id."""
    return isinstance(text, str) and _NAMES["subscription"].fullmatch(text) is not None


def _check(options: AzureOptions) -> None:
    named = [("subscription", name) for name in options.subscriptions]
    named += [("management group", name) for name in options.management_groups]
    named += [("tenant", options.tenant)] if options.tenant else []
    for kind, name in named:
        if not _NAMES[kind].fullmatch(name):
            what = (
                "its id (8-4-4-4-12 hexadecimal digits)" if kind == "subscription" else "its id, not its display name"
            )
            raise InputError(f"azure: {printable(name, 60)!r} is no {kind}: give {what}")
    for key, url in (("resource_manager", options.resource_manager), ("authority", options.authority)):
        if url and not _is_https(url if "//" in url or key == "resource_manager" else f"https://{url}"):
            raise InputError(f"azure: {key} is no https URL: write it as https://host")


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and not parts.username and (parts.port or 443) > 0
    except ValueError:
        return False


def _cloud(options: AzureOptions) -> tuple[str, str, str]:
    """Resource Manager's URL, the scope of its tokens, and the authority that gives them ("" for the default)."""
    from azure.core import AzureClouds
    from azure.identity import AzureAuthorityHosts
    from azure.mgmt.core.tools import get_arm_endpoints

    authorities = {
        AzureClouds.AZURE_CHINA_CLOUD: AzureAuthorityHosts.AZURE_CHINA,
        AzureClouds.AZURE_US_GOVERNMENT: AzureAuthorityHosts.AZURE_GOVERNMENT,
    }
    home = (options.resource_manager or get_arm_endpoints(AzureClouds.AZURE_PUBLIC_CLOUD)["resource_manager"]).rstrip(
        "/"
    )
    for cloud in AzureClouds:
        known = get_arm_endpoints(cloud)
        if urlsplit(known["resource_manager"]).hostname == urlsplit(home).hostname:
            return home, known["credential_scopes"][0], options.authority or authorities.get(cloud, "")
    return home, f"{home}/.default", options.authority


def _no_token(text: str) -> str:
    """Why there is no token. The library's text names tenants, users and traces; Entra's error number is enough."""
    if code := re.search(r"AADSTS\d{3,9}", text):
        return f"Entra refuses the credentials ({code[0]}): check tenant, client id and secret, or log in again"
    if "unavailable" in text.lower() and "credential" in text.lower() and "failed to retrieve a token" in text:
        return "no credentials: run `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret, or use a managed identity"
    return "no token: check the credentials, and that the authority (sign-in) host can be reached from here"
