"""Listing one kind, page by page, and what every way of breaking off means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from infra.kinds import Kind
from infra.kube.api import JSON, Api, RequestError
from infra.text import printable
from infra.wire import LIST_TYPES, ListMetadata
from scanner.model import Collected, KindStatus

# Names, labels and owners are all that is wanted: no template of theirs, with its environment, leaves the server.
METADATA_ONLY = frozenset({"replicasets.apps", "replicationcontrollers", "jobs.batch"})
_METADATA = f"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
_LARGER = 4  # times the page, for the second try after a page token went out of date


class _Status(msgspec.Struct):
    """The body of a 410; its token goes on with the list as it is now."""

    metadata: ListMetadata = msgspec.field(default_factory=ListMetadata)


@dataclass(slots=True)
class Listed:
    """The objects of one kind, in the wire form of `LIST_TYPES`, and how the list ended."""

    items: list[Any]
    status: Collected
    reason: str = ""

    @property
    def kind_status(self) -> KindStatus:
        """As a snapshot says it."""
        return KindStatus(status=self.status, count=len(self.items), reason=self.reason)


def list_kind(api: Api, kind: Kind, version: str) -> Listed:
    """List a kind in all namespaces. Only what concerns the whole cluster is raised.

    A page token that is out of date (410) starts the list over once, in larger pages; the second time the list goes on with
    the token that the answer holds, which may miss or repeat objects: repeated ones are left out, the kind is `partial`
    (Kubernetes API concepts, "Retrieving large results sets in chunks").

    Raises:
        ClusterReadError: the server does not accept the credentials (any more).
    """
    return _List(api, kind, version).read()


@dataclass(slots=True)
class _List:
    api: Api
    kind: Kind
    version: str
    items: list[Any] = field(default_factory=list)
    seen: set[str] | None = None  # after a resumption: which objects are there already
    restarted: bool = False
    nameless: int = 0

    def read(self) -> Listed:
        token, limit = "", self.api.limits.page
        while True:
            try:
                answer = self._page(token, limit)
                if answer.status == 410:
                    resumed = self._expired(answer.body)
                    if resumed is None:
                        token, limit = "", limit * _LARGER
                        continue
                    if resumed in ("", token):
                        return self._partial("changed faster than it could be read (410)")
                    token = resumed
                    continue
                if answer.status != 200:
                    return self._refused(answer.status)
                following = self._take(answer.body)
            except RequestError as error:
                return self._partial(str(error))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                return self._partial(f"the server's answer cannot be read: {printable(str(error), 200)}")
            if not following:
                return self._ended()
            if following == token:
                return self._partial("the server gives the same page again")
            token = following

    def _page(self, token: str, limit: int) -> Any:  # noqa: ANN401 - Answer
        plural = self.kind.resource.partition(".")[0]
        root = f"/apis/{self.kind.group}" if self.kind.group else "/api"
        query = {"limit": str(limit)} | ({"continue": token} if token else {})
        accept = _METADATA if self.kind.resource in METADATA_ONLY else JSON
        return self.api.get(f"{root}/{self.version}/{plural}", query, accept)

    def _take(self, body: bytes) -> str:
        """Keep a page's objects; returns the token of the next page."""
        page = msgspec.json.decode(body, type=LIST_TYPES[self.kind.resource])
        for item in page.items or ():
            if not item.metadata.name:
                self.nameless += 1
                continue
            if self.seen is not None:
                key = _key(item)
                if key in self.seen:
                    continue
                self.seen.add(key)
            if not getattr(item, "api_version", "v1"):  # the items of a typed list have none of their own
                item.api_version = f"{self.kind.group}/{self.version}"
            self.items.append(item)
        return page.metadata.continue_ or ""

    def _expired(self, body: bytes) -> str | None:
        """None: start over. Else the token to go on with, empty where there is none."""
        if not self.restarted:
            self.restarted = True
            self.items.clear()
            self.nameless = 0
            return None
        if self.seen is None:
            self.seen = {_key(item) for item in self.items}
        return msgspec.json.decode(body, type=_Status).metadata.continue_ or ""

    def _refused(self, status: int) -> Listed:
        if self.items:
            return self._partial(f"HTTP {status} after {len(self.items)} objects")
        if status == 403:
            return Listed([], Collected.FORBIDDEN, f"missing permission: list {self.kind.resource}")
        if status == 404:
            return Listed([], Collected.ABSENT)
        return self._partial(f"HTTP {status}")

    def _ended(self) -> Listed:
        if self.seen is not None:
            return self._partial("changed while it was read (410): some objects may be missing")
        if self.nameless:
            return self._partial(f"{self.nameless} objects have no name")
        return Listed(self.items, Collected.COMPLETE)

    def _partial(self, reason: str) -> Listed:
        return Listed(self.items, Collected.PARTIAL, reason)


def _key(item: Any) -> str:  # noqa: ANN401 - any of WIRE_TYPES
    metadata = item.metadata
    return metadata.uid or f"{metadata.namespace or ''}/{metadata.name}"
