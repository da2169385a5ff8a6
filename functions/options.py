"""The flags of the commands, spelled and explained once. Nothing here may import more than typer.

Each flag can also be set by its environment variable, `RINGFENCE_` and the flag in capitals: RINGFENCE_FAIL_ON=high.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

EPILOG = "Exit codes: 0 done and gate held, 1 gate failed, 2 usage or configuration, 3 not all could be read, 130 interrupted."

_IN = "Where to read from (choose one)"
_OUT = "What to write"
_GATE = "When to fail"
_HOW = "How to judge"


class Format(StrEnum):
    """How a command answers on stdout."""

    TABLE = "table"
    JSON = "json"


class ReachFormat(StrEnum):
    """How `reach` answers."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    DOT = "dot"
    MD = "md"


class DiffFormat(StrEnum):
    """How `diff` answers."""

    TABLE = "table"
    JSON = "json"
    MD = "md"


class ReportFormat(StrEnum):
    """The forms of the fleet report: a table for the terminal, those of `reports.exports`, and the page as a PDF."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    PROMETHEUS = "prometheus"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    OCSF = "ocsf"
    ASFF = "asff"
    OSCAL = "oscal"
    POLICYREPORT = "policyreport"
    MD = "md"
    PDF = "pdf"


class Judged(StrEnum):
    """The levels that `reach` can be asked about."""

    DECLARED = "declared"
    EFFECTIVE = "effective"


class FailOn(StrEnum):
    """The least severity that fails a run."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def _flag(spelling: str, panel: str, text: str, *short: str, **rest: Any) -> Any:  # noqa: ANN401 - typer's own type
    """A flag with its help, its panel, and its environment variable."""
    variable = f"RINGFENCE_{spelling.removeprefix('--').upper().replace('-', '_')}"
    return typer.Option(spelling, *short, help=text, rich_help_panel=panel, envvar=variable, show_envvar=False, **rest)


Demo = Annotated[bool, _flag("--demo", _IN, "The estate that ships inside the package.")]
Snapshots = Annotated[
    str,
    _flag(
        "--snapshots",
        _IN,
        "Stored snapshots: a file, a folder, or the latest run of a store (path, s3://, gs://, az://).",
        metavar="URL",
    ),
]
Manifests = Annotated[
    str,
    _flag("--manifests", _IN, "A folder (or file) of manifests; workloads stand for their pods.", metavar="DIR"),
]
Kubeconfig = Annotated[
    str,
    _flag("--kubeconfig", _IN, "A live cluster by kubeconfig; with --context alone, the usual files.", metavar="FILE"),
]
Context = Annotated[
    list[str] | None, _flag("--context", _IN, "A context of the kubeconfig. Repeatable.", metavar="NAME")
]
Aws = Annotated[
    bool, _flag("--aws", _IN, "The EKS clusters of the AWS account that the credentials belong to, in every region.")
]
Gcp = Annotated[bool, _flag("--gcp", _IN, "The GKE clusters of every active project that the credentials can see.")]
Azure = Annotated[bool, _flag("--azure", _IN, "The AKS clusters of every subscription that the credentials can see.")]
CloudRecords = Annotated[
    list[str] | None,
    _flag(
        "--cloud-record",
        _IN,
        "What the cloud says of the cluster: output of `aws eks describe-cluster`, `gcloud container clusters describe "
        "--format json` or `az aks show`, or the fuller form in the README. Once per cluster, in order.",
        metavar="FILE",
    ),
]
Name = Annotated[
    str, _flag("--name", _IN, "What to call the cluster of --manifests (default: its folder).", metavar="NAME")
]
Config = Annotated[
    str,
    _flag(
        "--config",
        _IN,
        "Sources, store and baseline settings (default: ringfence.yaml here, where there is one).",
        metavar="FILE",
    ),
]
Cluster = Annotated[str, _flag("--cluster", _IN, "Which cluster, where the source holds several.", metavar="NAME")]

Level = Annotated[Judged, _flag("--level", _HOW, "What the policies say, or what a data plane makes of them.")]
DataPlane = Annotated[
    str,
    _flag(
        "--dataplane",
        _HOW,
        "Judge as this data plane would, for example eks-vpc-cni@1.21.1 (default: the one detected).",
        metavar="NAME[@VERSION]",
    ),
]
DataPlanes = Annotated[
    list[str] | None,
    _flag("--dataplane", _HOW, "A data plane to compare, for example aks-npm. Repeatable.", metavar="NAME[@VERSION]"),
]
Catalogues = Annotated[
    list[str] | None,
    _flag(
        "--catalogue",
        _HOW,
        "A catalogue file (TOML): a further data plane, or what counts instead for one. Repeatable.",
        metavar="FILE",
    ),
]
IpBlock = Annotated[
    bool, _flag("--ipblock-matches-pods", _HOW, "Let ipBlock select pods by their addresses, whatever the data plane.")
]
DeclaredIpBlock = Annotated[
    bool,
    _flag(
        "--ipblock-matches-pods", _HOW, "Read the policies as meaning that an ipBlock selects pods by their addresses."
    ),
]
ReachAnswer = Annotated[
    ReachFormat,
    _flag("--format", _OUT, "How to answer: a table, reach/v1 (json), csv, a Graphviz graph (dot), Markdown (md)."),
]
DiffAnswer = Annotated[
    DiffFormat, _flag("--format", _OUT, "How to answer: lines, diff/v1 (json), or a pull-request comment (md).")
]
Namespaces = Annotated[
    list[str] | None,
    _flag("--namespace", _HOW, "Only lines that touch this namespace. Repeatable.", metavar="NAMESPACE"),
]
Workloads = Annotated[
    list[str] | None,
    _flag(
        "--workload",
        _HOW,
        "Only lines that touch this workload; * and ? match any characters. Repeatable.",
        metavar="NAMESPACE/NAME[KIND]",
    ),
]
OnlyPort = Annotated[
    str, _flag("--port", _HOW, "Only lines with this port, reduced to it: 5432 or 53/UDP.", metavar="PORT[/PROTOCOL]")
]
Collapse = Annotated[
    bool,
    _flag(
        "--collapse",
        _OUT,
        "Class by class (json) or namespace by namespace (other formats), for clusters whose pairs nobody wants to read.",
    ),
]
Hypothetical = Annotated[
    list[str] | None,
    _flag(
        "--hypothetical",
        _HOW,
        "Add a pod that does not exist yet, and show its lines: app=web,tier=front@shop, or @shop for no labels. Repeatable.",
        metavar="LABELS@NAMESPACE",
    ),
]
Strict = Annotated[bool, _flag("--strict", _GATE, "Exit 1 when there are errors or warnings.")]
FailOnOpened = Annotated[bool, _flag("--fail-on-opened", _GATE, "Exit 1 when a connection gained a port.")]
Reach = Annotated[bool, _flag("--reach", _HOW, "Also try each cluster's Kubernetes API: can it be read from here?")]
Port = Annotated[str, _flag("--port", _HOW, "For example 5432 or 53/UDP.", metavar="PORT[/PROTOCOL]")]

Store = Annotated[
    str, _flag("--output", _OUT, "Keep the run in this store (path, s3://, gs://, az://).", "-o", metavar="URL")
]
Document = Annotated[
    str, _flag("--output", _OUT, "Write the document there instead of stdout.", "-o", metavar="FILE|URL")
]
AnswerFormat = Annotated[Format, _flag("--format", _OUT, "How to answer on stdout.")]
ReportAnswer = Annotated[ReportFormat, _flag("--format", _OUT, "The form of the report.")]
Stored = Annotated[
    list[str] | None,
    _flag(
        "--from",
        _IN,
        "Stored runs: a store (path, s3://, gs://, az://), or one report.json. Repeatable.",
        metavar="URL",
    ),
]
Run = Annotated[str, _flag("--run", _IN, "Which run of the store (default: the latest finished one).", metavar="ID")]
RunId = Annotated[
    str, _flag("--run-id", _OUT, "The run's id (default: from its time). Ids sort by time.", metavar="ID")
]
Time = Annotated[
    str,
    _flag("--time", _OUT, "The run's time in UTC, like 2026-11-23T08:00:00Z (default: now).", metavar="RFC3339"),
]


Frameworks = Annotated[
    list[str] | None,
    _flag(
        "--framework", _OUT, 'Show requirements of this framework, as "PCI DSS" or cis-eks. Repeatable.', metavar="NAME"
    ),
]
Framework = Annotated[
    str,
    _flag(
        "--framework", _OUT, 'A framework\'s requirements with their controls, as "PCI DSS" or cis-eks.', metavar="NAME"
    ),
]
Controls = Annotated[
    list[str] | None,
    _flag(
        "--controls",
        _HOW,
        "Your own controls (docs/policy-as-code.md): a file, folder or URL; come before the settings'. Repeatable.",
        metavar="URL",
    ),
]
Waivers = Annotated[
    str,
    _flag(
        "--waivers", _IN, "Failures accepted for a time (docs/waivers.md); comes before the settings'.", metavar="FILE"
    ),
]


class Profile(StrEnum):
    """Which controls are judged."""

    ESSENTIAL = "essential"
    STANDARD = "standard"
    STRICT = "strict"


ChosenProfile = Annotated[
    Profile | None, _flag("--profile", _HOW, "Which controls count (default: the settings', else standard).")
]
ListedProfile = Annotated[Profile | None, _flag("--profile", _HOW, "Only the controls of this profile (default: all).")]
FailOnSeverity = Annotated[
    FailOn | None, _flag("--fail-on", _GATE, "Exit 1 when a control of this severity or worse fails.")
]
Evidence = Annotated[
    str,
    _flag("--evidence", _IN, "What people vouch for (docs/evidence.md); comes before the settings'.", metavar="FILE"),
]
MinScore = Annotated[
    float | None,
    _flag("--min-score", _GATE, "Exit 1 when the fleet's proven score is below N.", min=0, max=100, metavar="N"),
]
AllowPartial = Annotated[bool, _flag("--allow-partial", _GATE, "Do not exit 3 when something could not be read.")]
