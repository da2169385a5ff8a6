"""The words a snapshot uses for the cloud, for how much was read, and for where it was read from."""

from __future__ import annotations

from enum import StrEnum


class Cloud(StrEnum):
    """Where a cluster runs. `other` is a cluster whose cloud nobody named (a folder of manifests, a lab)."""

    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"
    OTHER = "other"


class Read(StrEnum):
    """How much of a cluster's Kubernetes API could be read."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNREAD = "unread"


class Collected(StrEnum):
    """How one kind's list ended. `absent`: the server does not serve the kind, which is an answer, not a gap."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


class Source(StrEnum):
    """What the objects were read from: decides the highest evidence level they can carry (E2 or E1)."""

    CLUSTER = "cluster"
    MANIFESTS = "manifests"
