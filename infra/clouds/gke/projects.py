"""Which projects there are: by searching, or by walking an organization and its folders (Cloud Resource Manager v3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from infra.clouds.gke.calls import Session
from infra.clouds.gke.outcomes import failed, scope
from infra.clouds.gke.permissions import LIST_FOLDERS, LIST_PROJECTS, SEARCH_PROJECTS
from infra.clouds.gke.refusals import CallError
from infra.clouds.model import Outcome, Scope
from infra.clouds.permission import Permission

SEARCH = "projects"  # the place that stands for all that the credentials can see
PROJECT_ID = re.compile(
    r"(?:[a-z0-9.-]{1,100}:)?[a-z0-9][a-z0-9-]{0,62}\Z"
)  # old ones have their domain before a colon
NUMBERED = re.compile(r"(folders|organizations|projects)/(\d{1,20})\Z")
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `number` is "" where only its id is known; `named` tells one that the operator named from a found one."""

    id: str
    number: str = ""
    named: bool = False


@dataclass(slots=True)
class Holdings:
    """What one place holds, and its scope where something of it could not be listed."""

    projects: list[Project] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class _List:
    """One listing: the key its members stand under, what it needs, its query."""

    key: str
    permission: Permission
    query: dict[str, str]


class BrokenError(Exception):
    """A listing that did not come to its end; carries what it means for the place."""

    def __init__(self, found: Scope) -> None:
        super().__init__(found.reason)
        self.scope = found


def look_up(session: Session, host: str, project: str) -> Project | None:
    """A project by its number or id.

    Raises:
        CallError: it cannot be had.
    """
    return _project(_get(session, f"https://{host}/v3/projects/{project}", {}))


def holdings(session: Session, host: str, place: str) -> Holdings:
    """The projects and folders right below `place` ("organizations/N", "folders/N"), or all projects for SEARCH.

    What could be listed is given also where the rest could not.
    """
    found = Holdings()
    broken: list[Scope] = []
    odd = 0
    below = {"parent": place}
    listings = (
        [_List("projects", SEARCH_PROJECTS, {"query": "state:ACTIVE"})]
        if place == SEARCH
        else [_List("projects", LIST_PROJECTS, below), _List("folders", LIST_FOLDERS, below)]
    )
    for listing in listings:
        try:
            for entry in _pages(session, host, place, listing):
                odd += not _take(found, listing.key, entry)
        except BrokenError as error:
            broken.append(error.scope)
    if odd:
        broken.append(scope(place, Outcome.PARTIAL, f"{odd} of the projects and folders listed have no usable name"))
    found.scope = _joined(place, broken, some=bool(found.projects or found.folders))
    if place == SEARCH and not found.projects and found.scope is None:
        reason = "the credentials see no project: name projects, or grant " + SEARCH_PROJECTS.role
        found.scope = scope(place, Outcome.DENIED, reason, (SEARCH_PROJECTS.permission,))
    return found


def _take(found: Holdings, key: str, entry: object) -> bool:
    """Put an entry where it belongs; False where it has no usable name."""
    if not isinstance(entry, Mapping):
        return False
    state = entry.get("state")
    if isinstance(state, str) and state != "ACTIVE":
        return True  # on its way out: its clusters are gone or going
    if key == "folders":
        name = entry.get("name")
        if isinstance(name, str) and name.startswith("folders/") and NUMBERED.match(name):
            found.folders.append(name)
            return True
        return False
    project = _project(entry)
    if project is not None:
        found.projects.append(project)
    return project is not None


def _project(entry: object) -> Project | None:
    identity = entry.get("projectId") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(identity, str) or not PROJECT_ID.match(identity):
        return None
    name = entry.get("name")
    match = NUMBERED.match(name) if isinstance(name, str) else None
    return Project(identity, match[2] if match else "")


def _joined(place: str, broken: list[Scope], *, some: bool) -> Scope | None:
    """One scope for a place: partial where something of it was listed."""
    if not broken:
        return None
    outcome = Outcome.PARTIAL if some else broken[0].outcome
    missing = tuple(dict.fromkeys(name for each in broken for name in each.missing))
    return scope(place, outcome, "; ".join(each.reason for each in broken), missing)


def _pages(session: Session, host: str, place: str, listing: _List) -> Iterator[object]:
    """The members of every page.

    Raises:
        BrokenError: refused, or not a list to its end.
    """
    url = f"https://{host}{listing.permission.call.removeprefix('GET ')}"
    what = f"its {listing.key} cannot all be listed"
    query = listing.query | {"pageSize": str(_PAGE)}
    seen: set[str] = set()
    for _ in range(session.line.limits.pages):
        try:
            answer = _get(session, url, query)
        except CallError as error:
            raise BrokenError(failed(place, what, error, listing.permission)) from None
        entries = answer.get(listing.key, [])
        if not isinstance(entries, list):
            raise BrokenError(scope(place, Outcome.ERROR, f"{what}: Google's answer holds no list"))
        yield from entries
        token = answer.get("nextPageToken") or ""
        if token == "":
            return
        if not isinstance(token, str) or token in seen:
            raise BrokenError(scope(place, Outcome.ERROR, f"{what}: Google's answer repeats or breaks a page token"))
        seen.add(token)
        query |= {"pageToken": token}
    raise BrokenError(scope(place, Outcome.ERROR, f"{what}: more than {session.line.limits.pages} pages"))


def _get(session: Session, url: str, query: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.json.decode(session.request("GET", url, params=query).content)
    return answer
