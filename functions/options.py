"""The flags that several commands share, spelled and explained once. Nothing here may import more than typer.

Each flag can also be set by its environment variable, `RINGFENCE_` and the flag in capitals: RINGFENCE_FAIL_ON=high.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

_IN = "Where to read from (choose one)"
_OUT = "What to write"
_GATE = "When to fail"


class Format(StrEnum):
    """How a command answers on stdout."""

    TABLE = "table"
    JSON = "json"


class Judged(StrEnum):
    """The levels `reach` and `explain` can be asked about."""

    DECLARED = "declared"
    EFFECTIVE = "effective"


class FailOn(StrEnum):
    """The least severity that fails a run."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


Demo = Annotated[
    bool,
    typer.Option(
        "--demo",
        help="The estate that ships inside the package.",
        rich_help_panel=_IN,
        envvar="RINGFENCE_DEMO",
        show_envvar=False,
    ),
]
Snapshots = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="Stored snapshots: a file, a folder or a store's root (path, s3://, gs://, az://). The latest run of a root.",
        rich_help_panel=_IN,
        envvar="RINGFENCE_SNAPSHOTS",
        show_envvar=False,
    ),
]
Manifests = Annotated[
    str,
    typer.Option(
        metavar="DIR",
        help="A folder (or file) of manifests; workloads stand for their pods.",
        rich_help_panel=_IN,
        envvar="RINGFENCE_MANIFESTS",
        show_envvar=False,
    ),
]
Kubeconfig = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="A live cluster by kubeconfig; with --context alone, the usual files are used.",
        rich_help_panel=_IN,
        envvar="RINGFENCE_KUBECONFIG",
        show_envvar=False,
    ),
]
Context = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="A context of the kubeconfig. Repeatable.",
        rich_help_panel=_IN,
        envvar="RINGFENCE_CONTEXT",
        show_envvar=False,
    ),
]
CloudRecords = Annotated[
    list[str] | None,
    typer.Option(
        "--cloud-record",
        metavar="FILE",
        help="What the cloud says of the cluster: output of `aws eks describe-cluster`, `gcloud container clusters "
        "describe --format json` or `az aks show`, or the fuller form in the README. Once per cluster, in order.",
        rich_help_panel=_IN,
        envvar="RINGFENCE_CLOUD_RECORD",
        show_envvar=False,
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What to call the cluster of --manifests (default: its folder).",
        rich_help_panel=_IN,
        envvar="RINGFENCE_NAME",
        show_envvar=False,
    ),
]
Config = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="Sources and baseline settings (default: ringfence.yaml here, where there is one).",
        rich_help_panel=_IN,
        envvar="RINGFENCE_CONFIG",
        show_envvar=False,
    ),
]
Store = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="URL",
        help="Keep the run in this store (path, s3://, gs://, az://).",
        rich_help_panel=_OUT,
        envvar="RINGFENCE_OUTPUT",
        show_envvar=False,
    ),
]
AnswerFormat = Annotated[
    Format,
    typer.Option(
        "--format", help="How to answer on stdout.", rich_help_panel=_OUT, envvar="RINGFENCE_FORMAT", show_envvar=False
    ),
]
RunId = Annotated[
    str,
    typer.Option(
        metavar="ID",
        help="The run's id (default: from its time). Ids sort by time.",
        rich_help_panel=_OUT,
        envvar="RINGFENCE_RUN_ID",
        show_envvar=False,
    ),
]
Time = Annotated[
    str,
    typer.Option(
        metavar="RFC3339",
        help="The run's time in UTC, like 2026-11-23T08:00:00Z (default: now).",
        rich_help_panel=_OUT,
        envvar="RINGFENCE_TIME",
        show_envvar=False,
    ),
]
FailOnSeverity = Annotated[
    FailOn | None,
    typer.Option(
        help="Exit 1 when a control of this severity or worse fails.",
        rich_help_panel=_GATE,
        envvar="RINGFENCE_FAIL_ON",
        show_envvar=False,
    ),
]
MinScore = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=100,
        metavar="N",
        help="Exit 1 when the fleet's proven score is below N.",
        rich_help_panel=_GATE,
        envvar="RINGFENCE_MIN_SCORE",
        show_envvar=False,
    ),
]
AllowPartial = Annotated[
    bool,
    typer.Option(
        "--allow-partial",
        help="Do not exit 3 when something could not be read.",
        rich_help_panel=_GATE,
        envvar="RINGFENCE_ALLOW_PARTIAL",
        show_envvar=False,
    ),
]
