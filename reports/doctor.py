"""`doctor/v1`: whether credentials, permissions and the ways in are what reading needs, and what to grant where not."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from rich.text import Text

from reports.document import Run
from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.words import counted
from reports.screen import NARROWEST, printed
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
    return printed(_lines(found, max(width, NARROWEST)), width=width, colour=colour)


def _lines(found: Doctor, width: int) -> Iterator[Text | str]:
    for source in found.sources:
        yield from _mark(source.source, "can be used" if source.usable else source.reason, width, good=source.usable)
    places = [place for place in found.places if place.outcome not in {"ok", "disabled"}]
    whole = f"{len(found.places) - len(places):,} of {len(found.places):,} can be searched whole"
    yield from _mark("places", whole, width, good=not places)
    for place in places[:_SAID_LIMIT]:
        where = " ".join(filter(None, (place.cloud, place.account, place.location)))
        yield from _trouble((f"{where}: {place.outcome}", place.reason), place.missing, place.mend, width)
    clusters = [cluster for cluster in found.clusters if cluster.readable != "yes"]
    whole = f"{len(found.clusters) - len(clusters):,} of {len(found.clusters):,} can be read whole"
    yield from _mark("clusters", whole, width, good=not clusters)
    for cluster in clusters[:_SAID_LIMIT]:
        where = f"{cluster.cloud} {cluster.account} {cluster.location} {cluster.name}: readable: {cluster.readable}"
        reason = "; ".join(filter(None, (cluster.reason, *cluster.doubts)))
        yield from _trouble((where, reason), cluster.missing, cluster.mend, width)
    more = max(len(places) - _SAID_LIMIT, 0) + max(len(clusters) - _SAID_LIMIT, 0)
    if more:
        yield Text(f"and {counted(more, 'more trouble', 'more troubles')}: --format json has them all", style="yellow")
    verdict = "nothing is in the way" if found.sound else "not everything can be read: see above"
    yield Text(f"interrupted: {verdict}" if found.interrupted else verdict, style="bold")


def _mark(what: str, text: str, width: int, *, good: bool) -> Iterator[Text]:
    first, *rest = _folded(f"{what}: {text}", width, "      ")
    line = Text("ok    " if good else "wrong ", style="green" if good else "bold red")
    yield line.append(first.lstrip(), style="not bold default")
    yield from map(Text, rest)


def _trouble(said: tuple[str, str], missing: tuple[str, ...], mend: str, width: int) -> Iterator[Text]:
    """Where, why, what is missing, and the command that grants it, whole for copying."""
    where, reason = said
    yield Text("\n".join(_folded(where, width, "    ")).replace("    ", "  - ", 1), style="yellow")
    for text in (reason, f"missing: {', '.join(missing)}" if missing else ""):
        yield from map(Text, _folded(text, width, "    "))
    if mend:
        yield Text(f"    mend: {visible(mend, _LINE_LIMIT)}", no_wrap=True, overflow="ignore")


def _folded(text: str, width: int, indent: str) -> list[str]:
    shown = visible(text, _LINE_LIMIT)
    return textwrap.wrap(shown, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
