"""The form of `ringfence.yaml`: where clusters are, which of them count, and what the operator declares about the estate.

Every key is explained in `docs/settings.md`, which a test holds against these structs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from infra.clouds.options import AwsOptions, AzureOptions, GcpOptions
from scanner.baselines.config import BaselineConfig


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base: a misspelt key is refused rather than ignored."""


class Selected(_Settings, frozen=True, kw_only=True):
    """Clusters by name and by tags (AWS and Azure tags, Google's resource labels); all that is given must match.

    `*` and `?` stand for any characters, in `name` as in the values of `tags`.
    """

    name: str = "*"
    tags: dict[str, str] = {}


class SourceOptions(_Settings, frozen=True, kw_only=True):
    """What one entry of `sources:`, or a command line, asks to read. Exactly one way in is to be set.

    `include` and `exclude` choose among the clusters of a cloud: at least one of `include`, none of `exclude`.
    """

    demo: bool = False
    snapshots: str = ""
    manifests: str = ""
    kubeconfig: str = ""
    contexts: tuple[str, ...] = ()
    cloud_records: tuple[str, ...] = ()
    name: str = ""
    aws: AwsOptions | None = None
    gcp: GcpOptions | None = None
    azure: AzureOptions | None = None
    include: tuple[Selected, ...] = ()
    exclude: tuple[Selected, ...] = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The flags of the ways in that are set."""
        ways: Mapping[str, object] = {
            "--demo": self.demo,
            "--snapshots": self.snapshots,
            "--manifests": self.manifests,
            "--kubeconfig": self.kubeconfig or self.contexts,
            "--aws": self.aws is not None,
            "--gcp": self.gcp is not None,
            "--azure": self.azure is not None,
        }
        return tuple(flag for flag, value in ways.items() if value)

    @property
    def is_cloud(self) -> bool:
        """Whether its clusters have to be discovered."""
        return any(options is not None for options in (self.aws, self.gcp, self.azure))


class Concurrency(_Settings, frozen=True, kw_only=True):
    """How much is read at once. Each cluster being read takes memory: its snapshot, about 1 KB a pod."""

    clusters: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
    lists_per_cluster: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2


class TrustZone(_Settings, frozen=True, kw_only=True):
    """A part of the estate, or of the world around it, that is trusted alike: clusters by name pattern, or ranges."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    trust: Literal["high", "medium", "low", "none"] = "medium"
    clusters: tuple[str, ...] = ()
    cidrs: tuple[str, ...] = ()


class Link(_Settings, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A network path that is meant to be there: between clusters, VPCs, zones, or sites on premises, by name or id.

    `cidrs` are the ranges that `to` announces over it, so what `from` can reach; a way back is a link of its own. `via` are
    the clouds' ids of what carries it (a peering, an attachment, a VPN connection): the clouds' own routes then say what it
    carries. Without it the link is one that no cloud's API shows, and `encryption` is all that is known of that.
    """

    from_: Annotated[str, msgspec.Meta(min_length=1)]
    to: Annotated[str, msgspec.Meta(min_length=1)]
    cidrs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    note: str = ""
    owner: str = ""
    via: tuple[str, ...] = ()
    encryption: Literal["ipsec", "macsec", "mtls", "none", ""] = ""


class SettingsFile(_Settings, frozen=True, kw_only=True):
    """The whole file."""

    sources: tuple[SourceOptions, ...] = ()
    baseline: BaselineConfig = BaselineConfig()
    store: str = ""
    concurrency: Concurrency = Concurrency()
    trust_zones: tuple[TrustZone, ...] = ()
    links: tuple[Link, ...] = ()
    evidence: str = ""  # a file of statements
    waivers: str = ""  # a file of waivers
    controls: tuple[str, ...] = ()  # files, folders or URLs of own controls


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend in a settings file. `line` counts from 1, 0 where the file as a whole is meant; `key` is its path."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """As it stands behind the file's name."""
        return f"{self.key}: {self.message}" if self.key else self.message
