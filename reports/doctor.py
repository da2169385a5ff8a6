"""`doctor/v1`: whether credentials, permissions and the ways in are what reading needs, and what to grant where not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from rich.text import Text

from reports.document import Run
from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.words import counted
from reports.screen import printed
from reports.wording import visible

_LINE_LIMIT = 1500
_SAID_LIMIT = 40  # lines of one sort in the terminal


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: immutable, camelCase, every field written."""


class SourceCheck(_Part, frozen=True, kw_only=True):
    """One entry of the sources: whether its credentials and options can be used. `reason` is empty where they can."""

    source: str
    usable: bool
    reason: str = ""


class PlaceCheck(_Part, frozen=True, kw_only=True):
    """One place clusters are looked for in. `missing` are permissions, roles or switches, `mend` is a command, or empty."""

    cloud: str
    account: str
    location: str
    outcome: Annotated[str, msgspec.Meta(pattern="^(ok|partial|denied|disabled|error)$")]
    reason: str
    missing: tuple[str, ...]
    mend: str


class ClusterCheck(_Part, frozen=True, kw_only=True):
    """One cluster's API: whether it can be read (`yes`, `partly` where rights are missing, `no`), and what is missing."""

    id: str
    cloud: str
    account: str
    location: str
    name: str
    readable: Annotated[str, msgspec.Meta(pattern="^(yes|partly|no)$")]
    reason: str
    missing: tuple[str, ...]
    doubts: tuple[str, ...]
    mend: str


class Doctor(_Part, frozen=True, kw_only=True):
    """Everything that was checked. `sound` says that nothing is in the way of reading all of it."""

    schema: str = "doctor/v1"
    run: Run
    sound: bool
    interrupted: bool
    sources: tuple[SourceCheck, ...]
    places: tuple[PlaceCheck, ...]
    clusters: tuple[ClusterCheck, ...]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `doctor/v1`; unknown fields stay allowed."""
    return schema_of(Doctor, "doctor/v1", "What is in the way of reading")


def render_doctor(found: Doctor) -> bytes:
    """The `doctor/v1` document."""
    return f"{encoded(msgspec.to_builtins(found))}\n".encode()


def render_lines(found: Doctor, *, width: int, colour: bool) -> str:
    """The same for a terminal: what is in the way, each with what would mend it; commands are never broken."""
    return printed(_lines(found), width=width, colour=colour)


def _lines(found: Doctor) -> Iterator[Text | str]:
    for source in found.sources:
        yield _mark(source.source, "can be used" if source.usable else source.reason, good=source.usable)
    places = [place for place in found.places if place.outcome not in {"ok", "disabled"}]
    yield _mark(
        "places", f"{len(found.places) - len(places):,} of {len(found.places):,} can be searched whole", good=not places
    )
    for place in places[:_SAID_LIMIT]:
        where = " ".join(filter(None, (place.cloud, place.account, place.location)))
        yield from _trouble(f"{where}: {place.outcome}", place.reason, place.missing, place.mend)
    clusters = [cluster for cluster in found.clusters if cluster.readable != "yes"]
    yield _mark(
        "clusters",
        f"{len(found.clusters) - len(clusters):,} of {len(found.clusters):,} can be read whole",
        good=not clusters,
    )
    for cluster in clusters[:_SAID_LIMIT]:
        where = f"{cluster.cloud} {cluster.account} {cluster.location} {cluster.name}: readable: {cluster.readable}"
        reason = "; ".join(filter(None, (cluster.reason, *cluster.doubts)))
        yield from _trouble(where, reason, cluster.missing, cluster.mend)
    more = max(len(places) - _SAID_LIMIT, 0) + max(len(clusters) - _SAID_LIMIT, 0)
    if more:
        yield Text(f"and {counted(more, 'more trouble', 'more troubles')}: --format json has them all", style="yellow")
    verdict = "nothing is in the way" if found.sound else "not everything can be read: see above"
    yield Text(f"interrupted: {verdict}" if found.interrupted else verdict, style="bold")


def _mark(what: str, text: str, *, good: bool) -> Text:
    line = Text("ok    " if good else "wrong ", style="green" if good else "bold red")
    return line.append(visible(f"{what}: {text}", _LINE_LIMIT), style="not bold default")


def _trouble(where: str, reason: str, missing: tuple[str, ...], mend: str) -> Iterator[Text]:
    yield Text(f"  - {visible(where, 300)}", style="yellow")
    if reason:
        yield Text(f"    {visible(reason, _LINE_LIMIT)}")
    if missing:
        yield Text(f"    missing: {visible(', '.join(missing), _LINE_LIMIT)}")
    if mend:
        yield Text(f"    mend: {visible(mend, _LINE_LIMIT)}", no_wrap=True, overflow="ignore")
