"""Azure Resource Manager's network lists: all pages, or what was not read and the permission that would have allowed it.

A next page is asked for only at the address that was asked first: the credential goes with every request.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import msgspec

from infra.clouds.gaps import Gaps
from scanner.cloud.part import Part
from scanner.enums import Cloud

MANAGEMENT = "https://management.azure.com"
API_VERSION = "2024-05-01"  # of Microsoft.Network
MAX_PAGES = 10_000


class Client(Protocol):
    """What asks: an `azure.core.PipelineClient` with a credential, or what sends requests in its way."""

    def send_request(self, request: Any, /) -> Any:  # noqa: ANN401 - azure.core.rest's request and response
        """Send a request."""


class Calls(Gaps):
    """The calls for one subscription, and what went wrong with them. `errors` are what the client raises."""

    def __init__(self, client: Client, subscription: str, endpoint: str, errors: tuple[type[Exception], ...]) -> None:
        super().__init__(Cloud.AZURE, subscription)
        self._client = client
        self._endpoint = endpoint.rstrip("/")
        self._errors = errors
        self.subscription = subscription

    def all(self, kind: str, *, group: str = "") -> list[Part] | None:
        """Every resource of a kind ("virtualNetworks") in the subscription or a resource group; None where a page is missing."""
        within = f"/resourceGroups/{quote(group)}" if group else ""
        permission = f"Microsoft.Network/{kind}/read"
        path = f"/subscriptions/{quote(self.subscription)}{within}/providers/Microsoft.Network/{kind}"
        url = f"{self._endpoint}{path}?api-version={API_VERSION}"
        before = len(self.notices)
        found: list[Part] = []
        seen: set[str] = set()
        while url:
            page = self._get(url, kind, permission)
            if page is None:
                return None
            seen.add(url)
            answer = Part(page, kind, self.notices)
            members = answer.items("value")
            if members is None or len(self.notices) > before or not all(each.text("id") for each in members):
                del self.notices[before:]
                self.missing(kind, "the answer is not what Azure gives", permission)
                return None
            found += members
            url = answer.text("nextLink") or ""
            if url and (not self._is_ours(url) or url in seen or len(seen) == MAX_PAGES):
                reason = "its pages have no end" if self._is_ours(url) else "its next page is at another address"
                self.missing(kind, reason, permission)
                return None
        return found

    def one(self, resource: str, kind: str) -> Part | None:
        """One resource by id; None where it could not be had."""
        parts = resource.lower().strip("/").split("/")
        if (
            len(parts) != 8
            or parts[0] != "subscriptions"
            or parts[4:7] != ["providers", "microsoft.network", kind.lower()]
        ):
            self.missing(kind, "an id is not what Azure gives")
            return None
        url = f"{self._endpoint}{quote(resource)}?api-version={API_VERSION}"
        page = self._get(url, kind, f"Microsoft.Network/{kind}/read")
        return None if page is None else Part(page, kind, self.notices)

    def _is_ours(self, url: str) -> bool:
        try:
            asked, wanted = urlsplit(url), urlsplit(self._endpoint)
        except ValueError:
            return False
        return (asked.scheme, asked.netloc) == (wanted.scheme, wanted.netloc)

    def _get(self, url: str, kind: str, permission: str) -> dict[str, Any] | None:
        from azure.core.rest import HttpRequest

        try:
            response = self._client.send_request(HttpRequest("GET", url))
            status, body = response.status_code, response.read()
        except self._errors as error:
            self.missing(kind, f"{type(error).__name__}: no usable answer", permission)
            return None
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            value = None
        if status != 200:
            code = Part(value, "", []).part("error").text("code") or ""
            self.missing(kind, f"HTTP {status} {code if code.isalnum() else ''}".strip(), permission)
            return None
        if not isinstance(value, dict):
            self.missing(kind, "the answer is no JSON object", permission)
            return None
        return value


def id_of(part: Part, *keys: str) -> str:
    """The id of a resource that another refers to, lower case (Azure's ids have no case), "" where there is none."""
    return (part.part(*keys).text("id") or "").lower()
