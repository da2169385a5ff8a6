"""The clusters of several sources, those of the clouds discovered first; what was looked in comes along, and what was not found.

Discovery asks every cloud at the same time. A cluster that two sources lead to is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from functions.ask import ask_cloud
from functions.sources import Input, Progress, list_inputs
from infra.clouds.model import Found, Outcome, Scope
from infra.loading import load_sdks
from infra.pool import Check, in_parallel
from infra.settings import Concurrency, Selected, SourceOptions
from reports import document
from scanner.errors import InputError
from scanner.model import Cloud, Snapshot

if TYPE_CHECKING:
    from functions.watch import Quiet

Discover = Callable[[SourceOptions], Generator[Found | Scope, None, None]]
# What looks in one source: clusters and places as they are found. Closing it stops the work.

_INTERRUPTED = "interrupted before it was looked in whole: run again"


@dataclass(slots=True)
class Estate:
    """What discovery gave: each cluster once, by cloud, account, location and name, and each place that was looked in.

    `refused` are the ids of clusters that the filters of a source took away. After Ctrl-C (`interrupted`) what was found
    until then is there, and a scope says that it is not all.
    """

    found: dict[str, Found] = field(default_factory=dict)  # by id
    scopes: list[Scope] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    unusable: list[tuple[SourceOptions, str]] = field(
        default_factory=list
    )  # sources that cannot be used at all, and why
    interrupted: bool = False
    by: dict[str, SourceOptions] = field(default_factory=dict)  # which source led to a cluster, by its id

    @property
    def clusters(self) -> tuple[Found, ...]:
        """In the order of reports."""
        return tuple(sorted(self.found.values(), key=_order))

    @property
    def left_out(self) -> int:
        """How many clusters were found and chosen by no source."""
        return len(self.refused - self.found.keys())

    @property
    def places(self) -> tuple[document.Scope, ...]:
        """The scopes as reports hold them, each once."""
        entries = {
            (each.cloud, each.account, each.location, each.outcome, each.reason): document.Scope(
                cloud=each.cloud,
                account=each.account,
                location=each.location,
                outcome=each.outcome,
                reason=each.reason,
                missing=each.missing,
            )
            for each in self.scopes
        }
        return tuple(entries[key] for key in sorted(entries))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a run is to read, and how looking for it went."""

    inputs: tuple[Input, ...]
    places: tuple[document.Scope, ...] = ()
    interrupted: bool = False
    estate: Estate | None = None  # what discovery gave, where a cloud was asked


def gather(
    sources: Sequence[SourceOptions],
    *,
    taken: str,
    watcher: Quiet,
    concurrency: Concurrency = Concurrency(),  # noqa: B008 - frozen
    discover: Discover = ask_cloud,
) -> Gathered:
    """The clusters of `sources`, unread. `taken` is the run's time, for what is read now (RFC 3339, UTC).

    Raises:
        InputError: a source is none, or the only one cannot be used.
        StoreError: the store of stored snapshots cannot be listed.
    """
    lists = concurrency.lists_per_cluster
    inputs = [entry for each in sources if not each.is_cloud for entry in list_inputs(each, taken=taken, lists=lists)]
    if not any(each.is_cloud for each in sources):
        return Gathered(tuple(inputs))
    estate = discover_all(sources, watcher, alone=len(sources) == 1, discover=discover)
    inputs += [_input(each, taken, lists) for each in estate.clusters]
    return Gathered(tuple(inputs), estate.places, estate.interrupted, estate)


def discover_all(
    sources: Sequence[SourceOptions], watcher: Quiet, *, alone: bool, discover: Discover = ask_cloud
) -> Estate:
    """Discover the clusters of every cloud among `sources`, all clouds at once.

    Raises:
        InputError: a source cannot be used at all and is `alone`; else that is a scope among the others.
    """
    estate = Estate()
    searches = [_Search(each) for each in sources if each.is_cloud]
    watcher.start(None)
    load_sdks(search.cloud for search in searches)

    def look(search: _Search, check: Check) -> _Search:
        return search.run(check, watcher, discover)

    try:
        with closing(in_parallel(look, searches, len(searches) + 1)) as results:
            for search, _ in results:
                if search.unusable and alone:
                    raise InputError(search.unusable)
    except KeyboardInterrupt:
        estate.interrupted = True
    for search in searches:
        _add(estate, search)
    return estate


@dataclass(slots=True, eq=False)
class _Search:
    """One source being looked in. `answers` grows while it runs, so that Ctrl-C leaves what was found."""

    source: SourceOptions
    answers: list[Found | Scope] = field(default_factory=list)
    unusable: str = ""
    finished: bool = False

    def run(self, check: Check, watcher: Quiet, discover: Discover) -> _Search:
        try:
            with closing(discover(self.source)) as answers:
                for each in answers:
                    check()
                    self.answers.append(each)
                    watcher.note(_news(each))
                    if isinstance(each, Found):
                        watcher.done()
        except InputError as error:
            self.unusable = str(error)
        self.finished = True
        return self

    @property
    def cloud(self) -> Cloud:
        """The cloud that is asked."""
        source = self.source
        return Cloud.AWS if source.aws is not None else Cloud.GCP if source.gcp is not None else Cloud.AZURE

    def whole(self, reason: str) -> Scope:
        """One scope for all of it."""
        said = reason.removeprefix(f"{self.cloud}: ")  # whoever reads a scope sees the cloud already
        return Scope(cloud=self.cloud, account="", location="", outcome=Outcome.ERROR, reason=said)


def _add(estate: Estate, search: _Search) -> None:
    source = search.source
    for each in tuple(search.answers):
        if isinstance(each, Scope):
            estate.scopes.append(each)
        elif each.ref.id not in estate.found:
            if is_chosen(each, source.include, source.exclude):
                estate.found[each.ref.id] = each
                estate.by[each.ref.id] = source
            else:
                estate.refused.add(each.ref.id)
    if search.unusable:
        estate.unusable.append((source, search.unusable))
        estate.scopes.append(search.whole(search.unusable))
    elif not search.finished:
        estate.scopes.append(search.whole(_INTERRUPTED))


def is_chosen(found: Found, include: Sequence[Selected], exclude: Sequence[Selected]) -> bool:
    """Whether a source's filters keep a cluster.

    One whose description could not be read has unknown tags: what only tags could decide is then decided for reading it,
    for leaving it out would hide that it is there.
    """
    unread = any(part.startswith("cluster:") for part in found.record.unread)
    if include and not any(_matches(found, each, unread=unread) for each in include):
        return False
    return not any(_matches(found, each, unread=False) for each in exclude)


def _matches(found: Found, choice: Selected, *, unread: bool) -> bool:
    if not fnmatchcase(found.ref.name, choice.name):
        return False
    return unread or all(
        key in found.tags and fnmatchcase(found.tags[key], value) for key, value in choice.tags.items()
    )


def _input(found: Found, taken: str, lists: int) -> Input:
    ref = found.ref

    def read(progress: Progress) -> Snapshot:
        from infra.kube import Limits, read_api

        snapshot = read_api(
            found.access(), record=found.record, taken=taken, limits=Limits(lists=lists), progress=progress
        )
        return msgspec.structs.replace(snapshot, cluster=ref)

    return Input(label=f"{ref.cloud}/{ref.account}/{ref.location}/{ref.name}", read=read, ref=ref, record=found.record)


def _news(each: Found | Scope) -> str:
    if isinstance(each, Scope):
        return f"discovering: {' '.join(filter(None, (each.cloud, each.account, each.location)))} {each.outcome}"
    return f"discovering: {each.ref.cloud} {each.ref.account} {each.ref.name}"


def _order(found: Found) -> tuple[str, ...]:
    ref = found.ref
    return ref.cloud, ref.account, ref.location, ref.name, ref.id
