"""EC2 and Direct Connect calls that may be denied: all pages as parts to read named fields from, or what was not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.clouds.gaps import Gaps
from scanner.cloud.part import Part
from scanner.enums import Cloud

Clients = Callable[[str, str], Any]
MAX_PAGES = 10_000


class Calls(Gaps):
    """The calls of one account and region, and what went wrong with them."""

    def __init__(self, clients: Clients, account: str, region: str) -> None:
        super().__init__(Cloud.AWS, account, region)
        self._clients = clients
        self.account = account
        self.region = region

    def all(
        self, operation: str, key: str, *, service: str = "ec2", more: str = "", **arguments: object
    ) -> list[Part] | None:
        """Every member of `key` over all pages; None where a single page could not be had, which is then in `unread`.

        `more` is the flag of an answer that was cut short: on the last page it says that there is no way to the rest.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            pages = self._pages(self._clients(service, self.region), operation, arguments)
        except ClientError as error:
            self._failed(service, operation, _reason(error.response))
            return None
        except BotoCoreError as error:
            self._failed(service, operation, type(error).__name__)
            return None
        if pages is None:
            self._failed(service, operation, f"more than {MAX_PAGES} pages")
            return None
        if more and pages and Part(pages[-1], operation, []).flag(more) is not False:
            self._failed(service, operation, "AWS has more of it than it gives")
            return None
        before = len(self.notices)
        members: list[Part] = []
        for page in pages:
            found = Part(page, operation, self.notices).items(key)
            if found is None or len(self.notices) > before:
                del self.notices[before:]
                self._failed(service, operation, f"the answer holds no list {key}")
                return None
            members += found
        return members

    def _pages(self, client: Any, operation: str, arguments: dict[str, object]) -> list[Any] | None:  # noqa: ANN401
        if not client.can_paginate(operation):
            return [getattr(client, operation)(**arguments)]
        pages: list[Any] = []
        for page in client.get_paginator(operation).paginate(**arguments):
            if len(pages) == MAX_PAGES:
                return None
            pages.append(page)
        return pages

    def _failed(self, service: str, operation: str, reason: str) -> None:
        self.missing(operation, reason, f"{service}:{''.join(word.capitalize() for word in operation.split('_'))}")


def _reason(response: object) -> str:
    """AWS's code, and whether an organisation's policy is the cause; messages repeat encoded requests and are left out."""
    error = Part(response, "error", []).part("Error")
    denied = "explicit deny in a service control policy" in (error.text("Message") or "")
    return (error.text("Code") or "error") + (" (explicit deny in a service control policy)" if denied else "")


def state_of(part: Part, *keys: str) -> str:
    """A state word below a chain of keys, lower case, "" where there is none."""
    return (part.part(*keys[:-1]).text(keys[-1]) or "").lower()
