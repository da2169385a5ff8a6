"""Collecting one cluster: every kind that judging reads, each on its own, so that one that fails loses no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from infra.kinds import ENTRY_POINT_KINDS, KINDS, POLICY_KINDS, SETTING_KINDS, Kind
from infra.kube.api import Api, RequestError
from infra.kube.discovery import Served, read_served
from infra.kube.lists import METADATA_ONLY, Listed, list_kind
from infra.objects import Objects
from infra.text import printable
from infra.wire import WIRE_TYPES
from scanner.kept import KEPT_CONFIG
from scanner.model import Collected, KindStatus

Progress = Callable[[str], None]

# Calico serves one set of objects in two groups; reading both would count every policy twice.
_CALICO_STORED, _CALICO_SERVED = "crd.projectcalico.org", "projectcalico.org"
# Policies first: a policy that is seen without its pods is harmless, pods seen without a policy made meanwhile are not.
LISTED: tuple[Kind, ...] = (
    *sorted((*POLICY_KINDS.values(), *SETTING_KINDS.values()), key=lambda kind: kind.group == _CALICO_STORED),
    *(KINDS[name] for name in ("namespaces", "pods", "nodes", "services", "daemonsets.apps", *sorted(METADATA_ONLY))),
    *ENTRY_POINT_KINDS.values(),
)
_SYSTEM = "kube-system"
# What no Kubernetes API is without: "absent" is then no answer, and judging must not take it for an empty list.
_EVERYWHERE = ("namespaces", "pods", "nodes", "services", "daemonsets.apps", "networkpolicies.networking.k8s.io")
_CILIUM_AGENT = "cilium-agent"  # the container's name; the agent reads its configuration from its own namespace


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


class Collection:
    """One cluster as far as it was read: the objects, how each kind ended, the server's version."""

    def __init__(self, api: Api, progress: Progress) -> None:
        self.objects = Objects()
        self.statuses: dict[str, KindStatus] = {}
        self.version = ""
        self._api = api
        self._progress = progress
        self._agents: set[str] = set()

    def read(self) -> None:
        """Read everything.

        Raises:
            ClusterReadError: the server cannot be reached, refuses the credentials, or gives out nothing at all.
        """
        served = read_served(self._api, {kind.group for kind in LISTED})
        self.version = self._version()
        for kind in LISTED:
            if kind.group == _CALICO_STORED:
                self._stored_form(kind, served)
            else:
                self._list(kind, served)
        if not any(status.count or status.status is Collected.COMPLETE for status in self.statuses.values()):
            raise self._api.failure(self._nothing())
        for resource in _EVERYWHERE:
            if self.statuses[resource].status is Collected.ABSENT:
                reason = "the server says that it does not know them, and every Kubernetes API does"
                self.statuses[resource] = KindStatus(status=Collected.PARTIAL, reason=reason)
        self._config_maps()

    def _stored_form(self, kind: Kind, served: Served) -> None:
        """List Calico's stored form of a kind, unless the served form gave the same objects or some of them."""
        twin = kind.resource.replace(_CALICO_STORED, _CALICO_SERVED)
        status = self.statuses[twin]
        if status.status is Collected.COMPLETE or status.count:
            self.statuses[kind.resource] = KindStatus(status=Collected.ABSENT, reason=f"read as {twin}")
            return
        self._list(kind, served)
        if status.reason and self.statuses[kind.resource].status is Collected.COMPLETE:
            reason = f"read as {kind.resource}: {status.reason}"
            self.statuses[twin] = KindStatus(status=Collected.ABSENT, reason=reason)

    def _list(self, kind: Kind, served: Served) -> None:
        version = served.version(kind.resource, kind.group, kind.version)
        if version is None:
            self.statuses[kind.resource] = KindStatus(status=Collected.ABSENT)
            return
        listed = list_kind(self._api, kind, version)
        self._keep(kind.resource, listed)
        self.statuses[kind.resource] = listed.kind_status
        if listed.status is not Collected.ABSENT:
            self._progress(f"{kind.resource}: {len(listed.items)} {listed.status}")

    def _keep(self, resource: str, listed: Listed) -> None:
        """Hand the objects over. The parser skipped over raw parts, so one may turn out broken only now."""
        broken = 0
        for item in listed.items:
            try:
                self.objects.add(resource, item)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                broken += 1
                continue
            if resource == "daemonsets.apps" and _runs_cilium(item):
                self._agents.add(item.metadata.namespace or "")
        if broken:
            listed.status, listed.reason = Collected.PARTIAL, f"{broken} objects cannot be read"

    def _version(self) -> str:
        try:
            answer = self._api.get("/version")
            found = msgspec.json.decode(answer.body, type=_Version) if answer.status == 200 else _Version()
        except (RequestError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""  # judging then says that the version is not known
        return printable(found.git_version, 64)

    def _config_maps(self) -> None:
        """Those that configure data planes, each by its name: listing them all would read what nobody needs."""
        wanted = {(_SYSTEM, name) for name in KEPT_CONFIG}
        wanted |= {(namespace, "cilium-config") for namespace in self._agents}
        forbidden, failed, count = [], [], 0
        for namespace, name in sorted(wanted):
            try:
                answer = self._api.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
                if answer.status == 200:
                    self.objects.add("configmaps", msgspec.json.decode(answer.body, type=WIRE_TYPES["configmaps"]))
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


def _runs_cilium(daemon_set: Any) -> bool:  # noqa: ANN401 - infra.wire.DaemonSet
    template = daemon_set.spec.template if daemon_set.spec else None
    containers = (template.spec.containers if template and template.spec else None) or ()
    return any(container.name == _CILIUM_AGENT for container in containers)
