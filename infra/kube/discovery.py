"""Which kinds a cluster serves, and in which version: only those are listed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import msgspec

from infra.kube.api import JSON, Api
from infra.kube.patience import RequestError

_AGGREGATED = f"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,{JSON}"


class _Named(msgspec.Struct):
    name: str = ""


class _Resource(msgspec.Struct):
    resource: str = ""  # in the aggregated form
    name: str = ""  # in the older form, with sub-resources as "pods/log"
    verbs: list[str] | None = None


class _Version(msgspec.Struct):
    version: str
    resources: list[_Resource] | None = None
    freshness: str = "Current"


class _Group(msgspec.Struct):
    metadata: _Named = msgspec.field(default_factory=_Named)
    name: str = ""
    versions: list[_Version | str] | None = None  # text in the older form of the core group
    preferred: _Version | None = msgspec.field(name="preferredVersion", default=None)


class _Discovery(msgspec.Struct):
    items: list[_Group] | None = None  # the aggregated form
    groups: list[_Group] | None = None  # the older form of /apis
    versions: list[str] | None = None  # the older form of /api


class _Resources(msgspec.Struct):
    resources: list[_Resource] | None = None


_DISCOVERY = msgspec.json.Decoder(_Discovery)  # made while this is loaded: see infra/kube/lists
_RESOURCES = msgspec.json.Decoder(_Resources)


@dataclass(slots=True)
class Served:
    """What a cluster serves. `unsure` are groups whose content could not be told: their kinds are tried blindly."""

    versions: dict[str, str] = field(default_factory=dict)  # resource with its group -> preferred version
    unsure: set[str] = field(default_factory=set)

    def version(self, resource: str, group: str, default: str) -> str | None:
        """The version to list a resource in; None where the cluster does not serve it."""
        if group in self.unsure:
            return self.versions.get(resource, default)
        return self.versions.get(resource)

    def knows(self, group: str) -> bool:
        """Whether it is certain what the cluster serves of a group, and that it serves some of it."""
        return group not in self.unsure and any(name.endswith(f".{group}") for name in self.versions)

    def take(self, group: str, version: str, resources: Iterable[_Resource]) -> None:
        """Note the listable resources of one version; versions come in the server's order of preference."""
        for entry in resources:
            if "list" in (entry.verbs or ()):
                name = entry.resource or entry.name
                self.versions.setdefault(f"{name}.{group}" if group else name, version)


def read_served(api: Api, groups: Collection[str]) -> Served:
    """Ask which resources of `groups` are served. Refused or broken discovery leaves its groups unsure.

    Raises:
        ClusterReadError: the server cannot be reached at all, or refuses the credentials.
    """
    served = Served()
    for path, asked in (("/api", {""} & set(groups)), ("/apis", set(groups) - {""})):
        try:
            answer = api.get(path, accept=_AGGREGATED)
        except RequestError as error:
            raise api.failure(str(error)) from error
        found = _decoded(answer.body) if answer.status == 200 else None
        if found is None:
            served.unsure |= asked
        elif found.items is not None:
            _aggregated(served, found.items, asked)
        else:
            _one_by_one(api, served, found, asked)
    return served


def _decoded(body: bytes | bytearray) -> _Discovery | None:
    try:
        return _DISCOVERY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _aggregated(served: Served, items: list[_Group], asked: set[str]) -> None:
    """All in one answer. A stale version belongs to an aggregated server that is down."""
    for group in items:
        name = group.metadata.name
        if name not in asked:
            continue
        for version in group.versions or ():
            if isinstance(version, str):
                continue
            if version.freshness == "Stale":
                served.unsure.add(name)
            served.take(name, version.version, version.resources or ())


def _one_by_one(api: Api, served: Served, found: _Discovery, asked: set[str]) -> None:
    """The form of servers before 1.30: one request for each version of a group."""
    if "" in asked:
        for version in found.versions or ():
            _version(api, served, "", version)
    for group in found.groups or ():
        if group.name not in asked:
            continue
        names = [group.preferred.version] if group.preferred else []
        names += [entry.version for entry in group.versions or () if not isinstance(entry, str)]
        for version in dict.fromkeys(names):
            _version(api, served, group.name, version)


def _version(api: Api, served: Served, group: str, version: str) -> None:
    try:
        answer = api.get(f"/apis/{group}/{version}" if group else f"/api/{version}")
        listed = _RESOURCES.decode(answer.body) if answer.status == 200 else None
    except (RequestError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        listed = None
    if listed is None:
        served.unsure.add(group)
    else:
        served.take(group, version, listed.resources or ())
