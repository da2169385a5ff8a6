"""`discovery/v1`: which clusters there are, what their clouds say of policy and exposure, and where nobody could look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from reports.document import Run, Scope
from reports.lint import schema_of
from reports.places import not_whole
from reports.reach.document import encoded
from reports.reach.words import counted
from reports.screen import NARROWEST, printed
from reports.terminal import ENFORCING_STYLES
from reports.wording import CLOUD_WORDS, visible
from scanner.findings import DataPlaneSummary

EXPOSURE_STYLES = {"private": "green", "limited": "", "public": "bold red", "unknown": "yellow"}
_NARROW = 90  # below this width the table leaves out where a cluster is
_LINE_LIMIT = 600


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: immutable, camelCase, every field written."""


class ApiEndpoint(_Part, frozen=True, kw_only=True):
    """Who can reach the API server. `limited` is public for an allow list; null is "the cloud does not say" or no list."""

    exposure: Annotated[str, msgspec.Meta(pattern="^(private|limited|public|unknown)$")]
    public: bool | None
    private: bool | None
    allowed: tuple[str, ...] | None
    evidence: str


class ReadAccess(_Part, frozen=True, kw_only=True):
    """Whether its Kubernetes API answers us, as `--reach` tries; `reason` says why not, and what would change that."""

    answer: Annotated[str, msgspec.Meta(pattern="^(yes|no|not tried)$")]
    reason: str = ""


class Discovered(_Part, frozen=True, kw_only=True):
    """One cluster as its cloud describes it. `dataplane` is the cloud's word; nobody has looked inside.

    `outside` are node types that the engine may not reach, `settle` is what would settle a data plane that stays unknown,
    `unread` are parts of the description that could not be read.
    """

    id: str
    cloud: str
    account: str
    location: str
    name: str
    version: str
    dataplane: DataPlaneSummary
    outside: tuple[str, ...]
    settle: str
    endpoint: ApiEndpoint
    access: ReadAccess
    unread: tuple[str, ...]
    notices: tuple[str, ...]


class Discovery(_Part, frozen=True, kw_only=True):
    """What was found. `left_out` counts clusters that `include` and `exclude` took away.

    Clusters are sorted by cloud, account, location and name, scopes by cloud, account and location.
    """

    schema: str = "discovery/v1"
    run: Run
    interrupted: bool
    clusters: tuple[Discovered, ...]
    left_out: int
    scopes: tuple[Scope, ...]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `discovery/v1`; unknown fields stay allowed."""
    return schema_of(Discovery, "discovery/v1", "Which clusters there are")


def render_discovery(found: Discovery) -> bytes:
    """The `discovery/v1` document."""
    return f"{encoded(msgspec.to_builtins(found))}\n".encode()


def render_table(found: Discovery, *, width: int, colour: bool) -> str:
    """The same for a terminal of `width` columns; names from outside are literal."""
    return printed(_parts(found, max(width, NARROWEST)), width=width, colour=colour)


def _parts(found: Discovery, width: int) -> Iterator[Text | Table | str]:
    tried = any(cluster.access.answer != "not tried" for cluster in found.clusters)
    for place, (title, clusters) in enumerate(_accounts(found.clusters)):
        if place == 0:
            yield _table((), width, tried=tried)
        yield Text(title, style="bold")
        yield _table(clusters, width, tried=tried)
    if found.clusters:
        yield ""
    yield Text(_summary(found), style="bold")
    if any(cluster.outside for cluster in found.clusters):
        yield Text("* but maybe not on every node: Fargate, Windows or virtual nodes are there", style="dim")
    for cluster in found.clusters:
        if cluster.access.answer == "no":
            yield _wrapped(f"Not reached: {cluster.name} ({cluster.location}): {cluster.access.reason}")
    yield from (_wrapped(f"Not searched whole: {line}") for line in not_whole(found.scopes))
    settle = sorted({cluster.settle for cluster in found.clusters if cluster.settle})
    yield from (Text(f"What is unknown would be settled by {visible(each)}.", style="dim") for each in settle)


def _wrapped(line: str) -> Text:
    return Text(visible(line, _LINE_LIMIT), style="yellow")


def _accounts(clusters: Sequence[Discovered]) -> Iterator[tuple[str, list[Discovered]]]:
    groups: dict[tuple[str, str], list[Discovered]] = {}
    for cluster in clusters:
        groups.setdefault((cluster.cloud, cluster.account), []).append(cluster)
    for (cloud, account), members in groups.items():
        yield f"{CLOUD_WORDS.get(cloud, cloud)} {visible(account, 120)}", members


def _table(clusters: Sequence[Discovered], width: int, *, tried: bool) -> Table:
    columns = {"Cluster": 0, "Location": 16, "Version": 8, "Data plane": 16, "Enforced": 8, "API": 7}
    if tried:
        columns["Read"] = 4
    if width < _NARROW:
        del columns["Location"]
    if width < _NARROW - 30:
        del columns["Version"]
    columns["Cluster"] = min(40, max(10, width - sum(columns.values()) - len(columns)))
    head = not clusters  # once, above all accounts
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_header=head, padding=0, header_style="dim")
    for name, room in columns.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", width=room)
    for cluster in clusters:
        cells = _cells(cluster)
        table.add_row(*(cells[name] for name in columns))
    return table


def _cells(cluster: Discovered) -> dict[str, Text]:
    plane = cluster.dataplane
    enforcing = str(plane.enforcing)
    mark = "*" if cluster.outside and enforcing == "yes" else ""
    return {
        "Cluster": Text(visible(cluster.name, 64)),
        "Location": Text(visible(cluster.location, 64)),
        "Version": Text(visible(cluster.version.partition("-")[0], 64) or "?"),
        "Data plane": Text(visible(plane.name, 64)),
        "Enforced": Text(f"{enforcing}{mark}", style=ENFORCING_STYLES.get(enforcing, "")),
        "API": Text(cluster.endpoint.exposure, style=EXPOSURE_STYLES[cluster.endpoint.exposure]),
        "Read": Text(cluster.access.answer, style="green" if cluster.access.answer == "yes" else "yellow"),
    }


def _summary(found: Discovery) -> str:
    places = [scope for scope in found.scopes if scope.is_whole]
    searched = f"{counted(len(places), 'place')} of {len(found.scopes):,} searched whole"
    parts = [counted(len(found.clusters), "cluster"), searched]
    if found.left_out:
        parts.append(f"{counted(found.left_out, 'cluster')} left out by include and exclude")
    if found.interrupted:
        parts.append("interrupted")
    return f"{'; '.join(parts)}. Enforced is what the cloud says; `audit` looks inside."
