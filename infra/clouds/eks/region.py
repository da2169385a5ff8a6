"""One account's clusters in one region: listed, each read on its own, and how that went, said once at the end."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from infra.cloudrecord import cluster_ref, record_from
from infra.clouds.eks.access import NOT_READY, access_to
from infra.clouds.eks.calls import Calls
from infra.clouds.eks.failures import CallError, Failure, Kind
from infra.clouds.eks.fanout import Task
from infra.clouds.eks.parts import read_parts
from infra.clouds.model import Found, Outcome, Scope
from infra.kube.access import Access
from infra.text import printable
from scanner.errors import ClusterReadError, InputError
from scanner.model import Cloud, CloudRecord

Result: TypeAlias = "Found | Scope"
Emit: TypeAlias = "Callable[[Result], None]"

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}\Z")
_WAY = ("id", "name", "status", "endpoint", "certificateAuthority", "connectorConfig", "resourcesVpcConfig")
_NAMED = 3  # clusters of one failure that are named, before the rest is counted
_REASON = 900  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account's region: where it is, how it is asked, and what is made of answers in it."""

    account: str
    partition: str
    region: str
    calls: Calls
    enabled: bool  # AWS said so; otherwise it was only named
    network: bool
    token_s: float
    credentials_work: Callable[[], bool]  # elsewhere: tells a disabled region from revoked credentials

    def arn(self, cluster: str) -> str:
        """The ARN of a cluster here (Service Authorization Reference, Amazon EKS)."""
        return f"arn:{self.partition}:eks:{self.region}:{self.account}:cluster/{cluster}"

    def way_in(self, cluster: Mapping[str, Any], arn: str) -> Callable[[], Access]:
        """What makes the way in to a cluster that EKS describes so; holds nothing else of the description."""
        way = {key: cluster.get(key) for key in _WAY}
        login, region, token_s = self.calls.login, self.region, self.token_s
        return lambda: access_to(login, region, way, arn, token_s)

    def described(self, name: str) -> Mapping[str, Any]:
        """The cluster as EKS describes it.

        Raises:
            CallError: it cannot be described, or the answer is another cluster's.
        """
        cluster = self.calls.call("eks", "DescribeCluster", name=name).get("cluster")
        if not isinstance(cluster, dict):
            raise CallError(Failure(Kind.OTHER, "eks DescribeCluster: an answer without a cluster"))
        arn = self.arn(name)
        if cluster.setdefault("arn", arn) != arn or cluster.setdefault("name", name) != name:
            raise CallError(Failure(Kind.OTHER, "eks DescribeCluster: the answer is another cluster's"))
        return cluster


class Region:
    """Reads a place; its methods are tasks, run by many threads. The last one to end gives the scope."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._open = 0
        self._listing: Failure | None = None
        self._listed = 0
        self._failures: dict[tuple[str, Failure], list[str]] = {}  # (part, why) -> clusters
        self._notes: list[str] = []

    def start(self, emit: Emit) -> Iterable[Task[Result]]:
        """List the clusters; each is a task of its own."""
        names: dict[str, None] = {}
        try:
            for page in self._place.calls.pages("eks", "ListClusters", "clusters", maxResults=100, include=["all"]):
                for name in page:
                    if isinstance(name, str) and NAME.match(name):
                        names[name] = None
                    else:
                        self._fail("cluster", Failure(Kind.OTHER, "its name can be none of EKS"), "(unnamed)")
        except CallError as error:
            self._listing = self._settled(error.failure)
        self._listed = self._open = len(names)
        if not names:
            emit(self._scope())
        return [self._task(name) for name in names]

    def _task(self, name: str) -> Task[Result]:
        return lambda emit: self._read(name, emit)

    def _read(self, name: str, emit: Emit) -> Iterable[Task[Result]]:
        found = self._found(name)
        if found is not None:
            emit(found)
        with self._lock:
            self._open -= 1
            last = self._open == 0
        if last:
            emit(self._scope())
        return ()

    def _found(self, name: str) -> Found | None:
        """The cluster; with its name alone where it cannot be described; None where it was deleted since it was listed."""
        try:
            cluster = self._place.described(name)
        except CallError as error:
            if error.failure.kind is Kind.GONE:
                self._note(f"{name} was deleted while it was read")
                return None
            self._fail("cluster", error.failure, name)
            return self._unread(name, error.failure)
        unread: list[str] = []
        document: dict[str, Any] = {}
        status = cluster.get("status")
        if isinstance(status, str) and status in NOT_READY:
            unread = [f"parts: not asked for, the cluster is {status}"]
            self._note(f"{name} is {status}")
        elif not isinstance(cluster.get("connectorConfig"), dict):
            config = cluster.get("resourcesVpcConfig")
            vpc = config.get("vpcId") if isinstance(config, dict) else None
            parts = read_parts(self._place.calls, name, vpc, network=self._place.network)
            document, unread = parts.read, parts.unread
            for part, failure in parts.failures:
                self._fail(part, failure, name)
        else:
            self._note(f"{name} is connected from elsewhere")
        return self._made(name, cluster, document | {"unread": unread})

    def _made(self, name: str, cluster: Mapping[str, Any], document: Mapping[str, Any]) -> Found:
        arn = self._place.arn(name)
        try:
            record = record_from({"provider": "aws", "cluster": cluster} | dict(document), arn)
        except InputError:
            failure = Failure(Kind.OTHER, "an answer that no EKS gives")
            self._fail("cluster", failure, name)
            return self._unread(name, failure)
        tags = cluster.get("tags")
        return Found(
            ref=cluster_ref(record, name),
            record=record,
            access=self._place.way_in(cluster, arn),
            tags={str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {},
        )

    def _unread(self, name: str, failure: Failure) -> Found:
        """A cluster of which only the name is known."""
        arn = self._place.arn(name)
        told = {"name": name, "arn": arn}
        record: CloudRecord = record_from(
            {"provider": "aws", "cluster": told, "unread": [f"cluster: {failure.reason}"]}, arn
        )

        def access() -> Access:
            raise ClusterReadError(f"{arn}: its endpoint is not known: {failure.reason}")

        return Found(ref=cluster_ref(record, name), record=record, access=access)

    def _settled(self, failure: Failure) -> Failure:
        """A failure of the whole region, told apart: a disabled region answers as if the credentials were revoked."""
        if failure.kind is not Kind.REFUSED:
            return failure
        if self._place.enabled:
            return Failure(Kind.DENIED, f"{failure.reason}, though the region is enabled: use a token of regional STS")
        if self._place.credentials_work():
            return Failure(Kind.OFF, f"the region is not enabled in this account, or unknown to it: {failure.reason}")
        return failure

    def _fail(self, part: str, failure: Failure, name: str) -> None:
        with self._lock:
            self._failures.setdefault((part, failure), []).append(name)

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.append(text)

    def _scope(self) -> Scope:
        outcome, reasons, missing = Outcome.OK, list[str](), dict[str, None]()
        if self._listing is not None:
            outcome = Outcome.PARTIAL if self._listed else self._listing.outcome
            reasons.append(self._listing.reason)
            missing |= dict.fromkeys(self._listing.missing)
        for (part, failure), names in sorted(self._failures.items(), key=lambda each: (each[0][0], each[0][1].reason)):
            outcome = Outcome.PARTIAL if outcome is Outcome.OK else outcome
            reasons.append(f"{part} of {_some(names)}: {failure.reason}")
            missing |= dict.fromkeys(failure.missing)
        return Scope(
            cloud=Cloud.AWS,
            account=self._place.account,
            location=self._place.region,
            outcome=outcome,
            reason=printable("; ".join((*reasons, *sorted(self._notes))), _REASON),
            missing=tuple(sorted(missing)),
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
