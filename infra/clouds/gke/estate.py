"""Every GKE cluster that the options ask for: places are walked and projects asked side by side, results come as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from infra.clouds.gke import projects
from infra.clouds.gke.access import way_in
from infra.clouds.gke.clusters import Listing, list_clusters
from infra.clouds.gke.limits import Limits
from infra.clouds.gke.login import Login
from infra.clouds.gke.outcomes import SERVICE_DISABLED, failed, scope
from infra.clouds.gke.permissions import LIST_CLUSTERS
from infra.clouds.gke.projects import Project
from infra.clouds.gke.refusals import CallError
from infra.clouds.model import Found, Outcome, Scope
from infra.clouds.options import GcpOptions
from infra.text import printable
from scanner.errors import InputError

_AHEAD = 2  # tasks in hand for each thread: enough to keep all busy, few enough to stop soon


@dataclass(slots=True)
class _Step:
    """What one task gave: results, and where to look next."""

    results: list[Found | Scope] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)


def find(options: GcpOptions, limits: Limits) -> Iterator[Found | Scope]:
    """Find every cluster. Each project yields its clusters and then one Scope, as does a place that could not be listed.

    A project without the Kubernetes Engine API, or deleted meanwhile, is `disabled`. Closing the generator stops the work.

    Raises:
        InputError: the options or the credentials cannot be used; one line with the mend.
    """
    places, named = _asked_for(options)
    login = Login(options, limits)
    pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="gke")
    try:
        yield from _Walk(login, pool, limits).run(places, named)
    finally:
        # Nothing runs on behind the caller's back; those that wait are woken, so this takes one answer at most.
        login.line.stop.set()
        pool.shutdown(cancel_futures=True)
        login.line.adapter.close()


class _Walk:
    """The tasks in hand and those to come; each place and project is visited once."""

    def __init__(self, login: Login, pool: ThreadPoolExecutor, limits: Limits) -> None:
        self._login, self._pool = login, pool
        self._room = limits.threads * _AHEAD
        self._todo: deque[Callable[[], _Step]] = deque()
        self._seen: set[str] = set()
        self._scopes = 0

    def run(self, places: list[str], named: list[Project]) -> Iterator[Found | Scope]:
        """Everything found, from these places and projects on."""
        self._plan(_Step(places=places, projects=named))
        running: set[Future[_Step]] = set()
        while self._todo or running:
            while self._todo and len(running) < self._room:
                running.add(self._pool.submit(self._todo.popleft()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                step = future.result()
                self._plan(step)
                self._scopes += len(step.results)
                yield from step.results
        if not self._scopes:
            for place in places:
                yield scope(place, Outcome.OK, "holds no active project")

    def _plan(self, step: _Step) -> None:
        for place in step.places:
            if place not in self._seen:
                self._seen.add(place)
                self._todo.append(lambda place=place: self._list(place))  # type: ignore[misc]
        for project in step.projects:
            if project.id not in self._seen:
                self._seen.add(project.id)
                task = self._name if project.id.isdigit() and not project.number else self._scan
                self._todo.append(lambda task=task, project=project: task(project))  # type: ignore[misc]

    def _list(self, place: str) -> _Step:
        held = projects.holdings(self._login.line.session(), self._login.resource_manager, place)
        return _Step([held.scope] if held.scope else [], held.folders, held.projects)

    def _name(self, project: Project) -> _Step:
        """A project given by its number: its id where that can be had, for then it is looked in once."""
        number = project.id
        try:
            found = projects.look_up(self._login.line.session(), self._login.resource_manager, number)
        except CallError:
            found = None
        if found is None or found.id.isdigit():
            return self._scan(replace(project, number=number))
        return _Step(projects=[replace(found, named=True)])

    def _scan(self, project: Project) -> _Step:
        session = self._login.line.session()
        try:
            listing = list_clusters(session, self._login.container, project.id)
        except CallError as error:
            return _Step([self._refused(project, error)])
        found: list[Found | Scope] = [
            Found(ref=each.ref, record=each.record, access=way_in(each, self._login), tags=each.labels)
            for each in listing.clusters
        ]
        return _Step([*found, _outcome(project, listing)])

    def _refused(self, project: Project, error: CallError) -> Scope:
        if error.status == 404 and not project.named:
            return scope(project.id, Outcome.DISABLED, "deleted while it was looked in")
        if error.reason == SERVICE_DISABLED and self._is_off(project, error):
            return scope(project.id, Outcome.DISABLED, "the Kubernetes Engine API is off, so it holds no cluster")
        return failed(project.id, "its clusters cannot be listed", error, LIST_CLUSTERS)

    def _is_off(self, project: Project, error: CallError) -> bool:
        """Whether it is this project where the API is off. Where a quota project is in use, Google speaks of that one."""
        if not error.service.startswith("container."):
            return False
        if error.consumer.startswith("projects/") and not project.number and error.consumer != f"projects/{project.id}":
            try:
                session, host = self._login.line.session(), self._login.resource_manager
                project = projects.look_up(session, host, project.id) or project
            except CallError:
                return False
        return error.consumer in {f"projects/{name}" for name in (project.id, project.number) if name}


def _outcome(project: Project, listing: Listing) -> Scope:
    wrong = []
    if listing.missing_zones:
        shown = printable(", ".join(listing.missing_zones), 300)
        wrong.append(f"zones that did not answer: {shown}: look again later")
    if listing.odd:
        wrong.append(f"{listing.odd} clusters have no usable name or location in Google's answer")
    return scope(project.id, Outcome.PARTIAL if wrong else Outcome.OK, "; ".join(wrong))


def _asked_for(options: GcpOptions) -> tuple[list[str], list[Project]]:
    """The places and projects to begin with.

    Raises:
        InputError: one of them cannot be a name.
    """
    places = [_place("organization", options.organization)] if options.organization else []
    places += [_place("folder", folder) for folder in options.folders]
    named = [Project(_project("projects", given), named=True) for given in options.projects]
    if options.quota_project:
        _project("quotaProject", options.quota_project)
    return places or ([] if named else [projects.SEARCH]), named


def _place(kind: str, given: str) -> str:
    name = f"{kind}s/{given.removeprefix(f'{kind}s/')}"
    if not projects.NUMBERED.match(name):
        raise InputError(f"gcp: {kind}: {printable(given, 100)!r} is no {kind}'s number: write it as 123456789012")
    return name


def _project(key: str, given: str) -> str:
    name = given.removeprefix("projects/")
    if not projects.PROJECT_ID.match(name):
        raise InputError(f"gcp: {key}: {printable(given, 100)!r} is no project id: write it as my-project-1")
    return name
