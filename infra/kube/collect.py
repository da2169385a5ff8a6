"""Collecting one cluster: every kind that judging reads, each on its own, so that one that fails loses no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec

from infra.kinds import ENTRY_POINT_KINDS, KINDS, POLICY_KINDS, SETTING_KINDS, Kind
from infra.kube.api import Api
from infra.kube.discovery import Served, read_served
from infra.kube.kept import Kept
from infra.kube.lists import METADATA_ONLY, list_kind
from infra.kube.patience import RequestError
from infra.objects import Objects
from infra.pool import Check, in_parallel
from infra.text import printable
from infra.wire import WIRE_TYPES
from scanner.kept import CONFIG_NAMESPACES, KEPT_CONFIG
from scanner.model import Collected, KindStatus

Progress = Callable[[str], None]

# Calico serves one set of objects in two groups; reading both would count every policy twice.
_CALICO_STORED, _CALICO_SERVED = "crd.projectcalico.org", "projectcalico.org"
_POLICIES = (*POLICY_KINDS.values(), *SETTING_KINDS.values())  # and what else is kept by its spec
_OBJECTS = (
    "pods", "nodes", "services", "daemonsets.apps", "endpointslices.discovery.k8s.io", *sorted(METADATA_ONLY),
    "gateways.gateway.networking.k8s.io",
)  # fmt: skip
# One stage after the other, the kinds of a stage a few at a time. Policies first: a policy that is seen without its pods is
# harmless, pods seen without a policy made meanwhile are not.
STAGES: tuple[tuple[Kind, ...], ...] = (
    tuple(kind for kind in _POLICIES if kind.group != _CALICO_STORED),
    tuple(kind for kind in _POLICIES if kind.group == _CALICO_STORED),
    (KINDS["namespaces"],),
    (*(KINDS[name] for name in _OBJECTS), *ENTRY_POINT_KINDS.values()),
)
LISTED: tuple[Kind, ...] = tuple(kind for stage in STAGES for kind in stage)
_SYSTEM = "kube-system"
# What no Kubernetes API is without: "absent" is then no answer, and judging must not take it for an empty list.
_EVERYWHERE = ("namespaces", "pods", "nodes", "services", "daemonsets.apps", "networkpolicies.networking.k8s.io")


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


_VERSION = msgspec.json.Decoder(_Version)  # made while this is loaded: see infra/kube/lists
_CONFIG_MAP: msgspec.json.Decoder[Any] = msgspec.json.Decoder(WIRE_TYPES["configmaps"])


class Collection:
    """One cluster as far as it was read: the objects, how each kind ended, the server's version."""

    def __init__(self, api: Api, progress: Progress) -> None:
        self.objects = Objects()
        self.statuses: dict[str, KindStatus] = {}
        self.version = ""
        self._api = api
        self._progress = progress
        self._served = Served()
        self._adding = threading.Lock()
        self._down: dict[str, str] = {}  # aggregated groups whose server is down -> how that showed
        self._agents: set[str] = set()

    def read(self) -> None:
        """Read everything.

        Raises:
            ClusterReadError: the server cannot be reached, refuses the credentials, or gives out nothing at all.
            Exception: what `progress` raises.
        """
        self._served = read_served(self._api, {kind.group for kind in LISTED})
        self.version = self._version()
        for stage in STAGES:
            wanted = [kind for kind in stage if self._is_wanted(kind)]
            with closing(in_parallel(self._list, wanted, self._api.limits.lists)) as lists:
                for kind, status in lists:
                    self._note(kind, status)
        if not any(status.count or status.status is Collected.COMPLETE for status in self.statuses.values()):
            raise self._api.failure(self._nothing())
        for resource in _EVERYWHERE:
            if self.statuses[resource].status is Collected.ABSENT:
                reason = "the server says that it does not know them, and every Kubernetes API does"
                self.statuses[resource] = KindStatus(status=Collected.PARTIAL, reason=reason)
        self._config_maps()

    def _is_wanted(self, kind: Kind) -> bool:
        """Whether a kind is to be listed; of one that is not, notes why."""
        if kind.group == _CALICO_STORED:
            twin = _twin(kind)
            status = self.statuses[twin]
            if status.status is Collected.COMPLETE or status.count:
                self.statuses[kind.resource] = KindStatus(status=Collected.ABSENT, reason=f"read as {twin}")
                return False
        if self._served.version(kind.resource, kind.group, kind.version) is None:
            self.statuses[kind.resource] = KindStatus(status=Collected.ABSENT)
            if kind.group == _CALICO_STORED and self._served.knows(kind.group):  # Calico's API has no store of its own
                self._stands_in(kind, "not among what is stored")
            return False
        return True

    def _list(self, kind: Kind, check: Check) -> KindStatus:
        """List one kind; runs beside another one."""
        if reason := self._down.get(kind.group):
            return KindStatus(status=Collected.PARTIAL, reason=reason)
        version = self._served.version(kind.resource, kind.group, kind.version) or kind.version
        kept = Kept(self.objects, self._adding, kind.resource, check)
        ending = list_kind(self._api, kind, version, kept)
        if ending.http == 503 and kind.group == _CALICO_SERVED:
            self._down[kind.group] = "HTTP 503: the API server of this group is down"
        self._agents |= kept.agents
        status, reason = ending.status, ending.reason
        if kept.broken:
            status = Collected.PARTIAL
            reason = "; ".join(filter(None, (f"{kept.broken} objects cannot be read", reason)))
        return KindStatus(status=status, count=kept.count, reason=reason)

    def _note(self, kind: Kind, status: KindStatus) -> None:
        self.statuses[kind.resource] = status
        if kind.group == _CALICO_STORED and status.status is Collected.COMPLETE:
            self._stands_in(kind, f"read as {kind.resource}")
        if status.status is not Collected.ABSENT:
            self._progress(f"{kind.resource}: {status.count} {status.status}")

    def _stands_in(self, kind: Kind, how: str) -> None:
        """The stored form answers for the served one, if that gave a reason why it could not."""
        twin = _twin(kind)
        if reason := self.statuses[twin].reason:
            self.statuses[twin] = KindStatus(status=Collected.ABSENT, reason=f"{how}: {reason}")

    def _version(self) -> str:
        try:
            answer = self._api.get("/version")
            found = _VERSION.decode(answer.body) if answer.status == 200 else _Version()
        except (RequestError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""  # judging then says that the version is not known
        return printable(found.git_version, 64)

    def _config_maps(self) -> None:
        """Those that configure data planes, each by its name: listing them all would read what nobody needs."""
        wanted = {(CONFIG_NAMESPACES.get(name, _SYSTEM), name) for name in KEPT_CONFIG}
        wanted |= {(namespace, "cilium-config") for namespace in self._agents}
        forbidden, failed, count = [], [], 0
        for namespace, name in sorted(wanted):
            try:
                answer = self._api.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
                if answer.status == 200:
                    self.objects.add("configmaps", _CONFIG_MAP.decode(answer.body))
                    count += 1
                elif answer.status == 403:
                    forbidden.append(f"{namespace}/{name}")
                elif answer.status != 404:
                    failed.append(f"{namespace}/{name}: HTTP {answer.status}")
            except (RequestError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                failed.append(f"{namespace}/{name}: {printable(str(error), 200)}")
        status, reason = Collected.COMPLETE, ""
        if forbidden:
            status, reason = Collected.FORBIDDEN, f"missing permission: get configmaps {', '.join(forbidden)}"
        elif failed:
            status, reason = Collected.PARTIAL, "; ".join(failed)
        self.statuses["configmaps"] = KindStatus(status=status, count=count, reason=reason)

    def _nothing(self) -> str:
        """Why nothing was read, and the mend."""
        ends = {status.status for status in self.statuses.values()}
        if Collected.FORBIDDEN in ends:
            return "no kind may be listed (403): bind the ClusterRole in infra/kube/clusterrole.yaml to this user"
        reason = next((status.reason for status in self.statuses.values() if status.reason), "")
        return reason or "it serves no Kubernetes kind: check the server of this context"


def _twin(kind: Kind) -> str:
    """The resource under which Calico's own API serves what it stores as `kind`."""
    return kind.resource.replace(_CALICO_STORED, _CALICO_SERVED)
