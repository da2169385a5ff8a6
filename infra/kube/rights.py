"""Which of the rights in `clusterrole.yaml` we have in a cluster: each is tried the way reading uses it.

A SelfSubjectAccessReview would say the same, but making one is a `create`, and its answer is the authoriser's promise rather
than the API's deed (aggregated servers authorise on their own). A list of at most one object needs no more than reading does,
and what it holds is dropped undecoded.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from infra.kinds import Kind
from infra.kube.access import Access
from infra.kube.api import Api, Limits
from infra.kube.collect import LISTED
from infra.kube.discovery import Served, read_served
from infra.kube.patience import RequestError
from infra.text import printable
from scanner.kept import CONFIG_NAMESPACES, KEPT_CONFIG

LIMITS = Limits(read_s=10, deadline_s=60, retries=1)
_CALICO_STORED, _CALICO_SERVED = "crd.projectcalico.org", "projectcalico.org"
_SYSTEM = "kube-system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a cluster lets us read. `missing` are rights ("list pods"), `doubts` what could not be tried, with the reason."""

    version: str
    missing: tuple[str, ...]
    doubts: tuple[str, ...]


def read_rights(access: Access, limits: Limits = LIMITS) -> Rights:
    """Try every right that reading this cluster uses: the kinds it serves, and the ConfigMaps by name.

    Raises:
        ClusterReadError: the API cannot be reached, or does not accept the credentials; one line with the mend.
    """
    with Api(access, limits) as api:
        served = read_served(api, {kind.group for kind in LISTED})
        trial = _Trial(api)
        for kind in LISTED:
            version = _wanted(kind, served)
            if version:
                root = f"/apis/{kind.group}" if kind.group else "/api"
                path = f"{root}/{version}/{kind.resource.partition('.')[0]}?limit=1"
                trial.get(path, f"list {kind.resource}")
        for name in KEPT_CONFIG:
            place = CONFIG_NAMESPACES.get(name, _SYSTEM)
            trial.get(f"/api/v1/namespaces/{place}/configmaps/{name}", f"get configmaps {place}/{name}")
        return Rights(version=_version(api), missing=tuple(trial.missing), doubts=tuple(trial.doubts))


class _Trial:
    def __init__(self, api: Api) -> None:
        self.missing: list[str] = []
        self.doubts: list[str] = []
        self._api = api

    def get(self, path: str, right: str) -> None:
        """Note a right that is missing; 404 is a kind or object that is not there, and no loss."""
        try:
            status = self._api.get(path).status
        except RequestError as error:
            self.doubts.append(f"{right}: {error}")
            return
        if status == 403:
            self.missing.append(right)
        elif status not in {200, 404}:
            self.doubts.append(f"{right}: HTTP {status}")


def _wanted(kind: Kind, served: Served) -> str | None:
    """The version to try; None where reading would not ask for the kind."""
    if kind.group == _CALICO_STORED:
        twin = kind.resource.replace(_CALICO_STORED, _CALICO_SERVED)
        if served.version(twin, _CALICO_SERVED, "") is not None:
            return None
    return served.version(kind.resource, kind.group, kind.version)


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


_VERSION = msgspec.json.Decoder(_Version)  # made while this is loaded: see infra/kube/lists


def _version(api: Api) -> str:
    try:
        answer = api.get("/version")
        return printable(_VERSION.decode(answer.body).git_version, 64)
    except (RequestError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
