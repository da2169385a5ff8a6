"""Compute Engine's REST lists: all pages, or what was not read and the permission that would have allowed it.

Paging goes by token within the address that was asked for; no link in an answer is ever followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import msgspec

from infra.clouds.gaps import Gaps
from scanner.cloud.part import Part
from scanner.enums import Cloud

COMPUTE = "https://compute.googleapis.com/compute/v1"
MAX_PAGES = 10_000
_NO_RESULTS = "NO_RESULTS_ON_PAGE"  # the warning of an empty scope, which is an answer


class Response(Protocol):
    """What `requests` answers with."""

    status_code: int
    content: bytes


class Session(Protocol):
    """What asks: google-auth's `AuthorizedSession`, or one that raises on refusals."""

    def get(self, url: str, /) -> Any:  # noqa: ANN401 - a Response; typed sessions differ in their further parameters
        """Ask for an address."""


class Calls(Gaps):
    """The calls for one project, and what went wrong with them. `errors` are what the session raises."""

    def __init__(self, session: Session, project: str, endpoint: str, errors: tuple[type[Exception], ...]) -> None:
        super().__init__(Cloud.GCP, project)
        self._session = session
        self._base = f"{endpoint.rstrip('/')}/projects/{quote(project, safe=':')}"
        self._errors = errors
        self.project = project

    def items(self, path: str, permission: str, needs: str, **query: str) -> list[Part] | None:
        """The members of a plain list; None where a page could not be had, or a member lacks one of the keys it `needs`."""
        pages = self._pages(path, permission, query)
        if pages is None:
            return None
        before = len(self.notices)
        found = [member for page in pages for member in Part(page, path, self.notices).items("items") or ()]
        return self._sound(path, permission, found, needs, before)

    def aggregated(self, what: str, permission: str, needs: str) -> list[Part] | None:
        """The same of an aggregated list, over all its regions; None where a single region is missing, too."""
        pages = self._pages(f"aggregated/{what}", permission, {})
        if pages is None:
            return None
        before = len(self.notices)
        found: list[Part] = []
        silent: list[str] = []
        for page in (Part(each, what, self.notices) for each in pages):
            silent += page.texts("unreachables") or ()
            scopes = page.part("items")
            for name, _ in scopes.entries():
                scope = scopes.part(name)
                if scope.has("warning") and scope.part("warning").text("code") != _NO_RESULTS:
                    silent.append(name)
                found += scope.items(what) or ()
        if silent:
            self.missing(what, f"no answer from {', '.join(sorted(set(silent)))}", permission)
            return None
        return self._sound(what, permission, found, needs, before)

    def _sound(self, what: str, permission: str, found: list[Part], needs: str, before: int) -> list[Part] | None:
        """What was found, unless something was left out of it: then it is not known what."""
        if len(self.notices) > before or not all(each.text(key) for each in found for key in needs.split()):
            del self.notices[before:]
            self.missing(what, "the answer is not what Google gives", permission)
            return None
        return found

    def one(self, path: str, permission: str) -> Part | None:
        """A single answer; None where it could not be had."""
        value = self._get(path, permission, {})
        return None if value is None else Part(value, path, self.notices)

    def _pages(self, path: str, permission: str, query: dict[str, str]) -> list[Any] | None:
        pages: list[Any] = []
        token = ""
        seen: set[str] = set()
        while True:
            page = self._get(path, permission, query | ({"pageToken": token} if token else {}))
            if page is None:
                return None
            pages.append(page)
            token = Part(page, path, []).text("nextPageToken") or ""
            if not token:
                return pages
            if token in seen or len(pages) == MAX_PAGES:
                self.missing(path, "its pages have no end", permission)
                return None
            seen.add(token)

    def _get(self, path: str, permission: str, query: dict[str, str]) -> Mapping[str, Any] | None:
        url = f"{self._base}/{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response: Response = self._session.get(url)
            status, body = response.status_code, response.content
        except self._errors as error:
            self.missing(path, f"{type(error).__name__}: {_first_line(error)}", permission)
            return None
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            value = None
        if status != 200:
            self.missing(path, f"HTTP {status}{_why(value)}", permission)
            return None
        if not isinstance(value, dict):
            self.missing(path, "the answer is no JSON object", permission)
            return None
        return value


def _first_line(error: Exception) -> str:
    """What a session's own error says; of the transport's, which repeat addresses and more, nothing."""
    return str(error).partition("\n")[0] if hasattr(error, "status") else "no usable answer"


def _why(value: object) -> str:
    """Google's reason word of a refusal: `ErrorInfo.reason`, else the older `errors[].reason`."""
    error = Part(value, "", []).part("error")
    for key in ("details", "errors"):
        for member in error.items(key) or ():
            if (reason := member.text("reason")) and reason.replace("_", "").isalnum():
                return f" {reason}"
    return ""


def path_of(link: str | None) -> str:
    """`projects/...` of a link, which may be full or partial; "" where there is none."""
    _, found, rest = (link or "").partition("projects/")
    return found + rest


def last_of(link: str | None) -> str:
    """The last segment of a link: a region's or a router's name."""
    return (link or "").rpartition("/")[2]
