"""What discovery gives: clusters, each with its record and the way in to it, and how every place that was looked in went."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra.kube.access import Access
from scanner.model import Cloud, CloudRecord, ClusterRef


class Outcome(enum.StrEnum):
    """How looking in one place ended. Only `ok` and `disabled` (which cannot hold clusters) say that nothing was missed."""

    OK = "ok"
    PARTIAL = "partial"
    DENIED = "denied"
    DISABLED = "disabled"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One place clusters were looked for in: an AWS account and region, a GCP project, an Azure subscription.

    `location` is the region or zone, "" for the whole account. `reason` is one line without anything secret; `missing` are
    the permissions, roles or switches that would have let us look, in the cloud's own spelling.
    """

    cloud: Cloud
    account: str
    location: str
    outcome: Outcome
    reason: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One managed cluster as its cloud describes it.

    `access()` makes the way in to its Kubernetes API; it costs a call at most and is made when the cluster is read.

    `access` raises:
        ClusterReadError: there is none (stopped, private and not reachable from here, no permission), with the mend.
    """

    ref: ClusterRef
    record: CloudRecord
    access: Callable[[], Access]
    tags: Mapping[str, str] = field(default_factory=dict, repr=False)  # people put all sorts of things in tags
