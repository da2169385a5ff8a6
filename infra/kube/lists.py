"""Listing one kind, page by page, and what every way of breaking off means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from infra.kinds import Kind
from infra.kube.api import JSON, Answer, Api
from infra.kube.patience import RequestError
from infra.text import printable
from infra.wire import LIST_TYPES, AnyObject, ListMetadata, PolicyEndpoint
from scanner.model import Collected

# Names, labels and owners are all that is wanted: no template of theirs, with its environment, leaves the server.
METADATA_ONLY = frozenset({"replicasets.apps", "replicationcontrollers", "jobs.batch"})
_METADATA = f"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
# What judging has no use for, left out by the server itself. The slices that the Service controller makes of pods are as many
# as the pods; judging needs those that somebody else wrote (discovery/v1, LabelManagedBy; `!=` also takes what has no label).
SELECTORS: Mapping[str, str] = {
    "endpointslices.discovery.k8s.io": "endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io",
}
_LARGER = 4  # times the page, for the second try after a page token went out of date


class _Status(msgspec.Struct):
    """The body of a 410; its token goes on with the list as it is now."""

    metadata: ListMetadata = msgspec.field(default_factory=ListMetadata)


# Made while this module is loaded, which one thread does: of two that are the first to decode a type at the same moment, msgspec
# 0.22 shows the second one a type that the first has not finished, and the process dies.
_STATUS = msgspec.json.Decoder(_Status)
_PAGES: Mapping[str, msgspec.json.Decoder[Any]] = {
    resource: msgspec.json.Decoder(form) for resource, form in LIST_TYPES.items()
}


class Keeper(Protocol):
    """Where a list's objects go, page by page. Nothing else holds them, so that a page's bytes can go with it."""

    def take(self, items: Sequence[Any]) -> None:
        """Take the objects of one page, in the wire form of `WIRE_TYPES`."""

    def forget(self) -> None:
        """Drop all that was taken: the list is begun anew."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a list ended. `http` is the status that ended it, 0 where none did."""

    status: Collected
    reason: str = ""
    http: int = 0


def list_kind(api: Api, kind: Kind, version: str, keeper: Keeper) -> Ending:
    """List a kind in all namespaces. Only what concerns the whole cluster is raised.

    A page token that is out of date (410) starts the list over once, in larger pages; the second time the list goes on with
    the token that the answer holds, which may miss or repeat objects: repeated ones are left out, the kind is `partial`
    (Kubernetes API concepts, "Retrieving large results sets in chunks").

    Raises:
        ClusterReadError: the server does not accept the credentials (any more).
        Exception: what the API's `alive` or the keeper raises.
    """
    return _List(api, kind, version, keeper).read()


@dataclass(slots=True)
class _List:
    """One list under way: `token` and `limit` are those of the next page."""

    api: Api
    kind: Kind
    version: str
    keeper: Keeper
    token: str = ""
    limit: int = 0
    taken: int = 0
    seen: set[str] = field(default_factory=set)  # from the second start on: which objects are there already
    restarted: bool = False
    resumed: bool = False
    nameless: int = 0

    def read(self) -> Ending:
        self.limit = self.api.limits.page
        while True:
            try:
                if (ending := self._step()) is not None:
                    return ending
            except RequestError as error:
                return _partial(str(error))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                return _partial(f"the server's answer cannot be read: {printable(str(error), 200)}")

    def _step(self) -> Ending | None:
        """One page; None where another one follows. The page and its objects are gone when this returns."""
        answer = self._page()
        if answer.status == 410:
            return self._expired(answer.body)
        if answer.status != 200:
            return self._refused(answer.status)
        following = self._take(answer.body)
        if not following:
            return self._ended()
        if following == self.token:
            return _partial("the server gives the same page again")
        self.token = following
        return None

    def _page(self) -> Answer:
        plural = self.kind.resource.partition(".")[0]
        root = f"/apis/{self.kind.group}" if self.kind.group else "/api"
        query = {"limit": str(self.limit)} | ({"continue": self.token} if self.token else {})
        if selector := SELECTORS.get(self.kind.resource):
            query["labelSelector"] = selector
        accept = _METADATA if self.kind.resource in METADATA_ONLY else JSON
        return self.api.get(f"{root}/{self.version}/{plural}", query, accept)

    def _take(self, body: bytes | bytearray) -> str:
        """Hand over a page's objects; returns the token of the next page."""
        page = _PAGES[self.kind.resource].decode(body)
        items = page.items or []
        if not all(item.metadata.name for item in items):
            named = [item for item in items if item.metadata.name]
            self.nameless += len(items) - len(named)
            items = named
        if self.restarted:
            items = [item for item in items if not self._known(item)]
        if items and isinstance(items[0], AnyObject | PolicyEndpoint):
            for item in items:  # those of a typed list have none of their own
                item.api_version = item.api_version or f"{self.kind.group}/{self.version}"
        self.keeper.take(items)
        self.taken += len(items)
        return page.metadata.continue_ or ""

    def _known(self, item: Any) -> bool:  # noqa: ANN401 - any of WIRE_TYPES
        key = _key(item)
        if key in self.seen:
            return True
        self.seen.add(key)
        return False

    def _expired(self, body: bytes | bytearray) -> Ending | None:
        """Start over; the second time go on with the token of the answer."""
        if not self.restarted:
            self.restarted = True
            self.keeper.forget()
            self.taken = self.nameless = 0
            self.token, self.limit = "", self.limit * _LARGER
            return None
        self.resumed = True
        following = _STATUS.decode(body).metadata.continue_ or ""
        if following in ("", self.token):
            return _partial("changed faster than it could be read (410)")
        self.token = following
        return None

    def _refused(self, status: int) -> Ending:
        if self.taken:
            return Ending(Collected.PARTIAL, f"HTTP {status} after {self.taken} objects", status)
        if status == 403:
            return Ending(Collected.FORBIDDEN, f"missing permission: list {self.kind.resource}", status)
        if status == 404:
            return Ending(Collected.ABSENT, "", status)
        return Ending(Collected.PARTIAL, f"HTTP {status}", status)

    def _ended(self) -> Ending:
        if self.resumed:
            return _partial("changed while it was read (410): some objects may be missing")
        if self.nameless:
            return _partial(f"{self.nameless} objects have no name")
        return Ending(Collected.COMPLETE)


def _partial(reason: str) -> Ending:
    return Ending(Collected.PARTIAL, reason)


def _key(item: Any) -> str:  # noqa: ANN401 - any of WIRE_TYPES
    metadata = item.metadata
    return metadata.uid or f"{metadata.namespace or ''}/{metadata.name}"
