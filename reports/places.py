"""Places that could not be searched whole, said once each: what failed alike in one account is one line."""

from __future__ import annotations

from collections.abc import Iterable

from reports.document import Scope
from reports.reach.words import counted

_NAMED = 4  # locations in one line


def not_whole(scopes: Iterable[Scope]) -> tuple[str, ...]:
    """A line for each place, or for all of one account that failed alike, in the order given.

    What has no place in a cloud (a file, a context) is named by its reason alone.
    """
    groups: dict[tuple[object, ...], list[Scope]] = {}
    for scope in scopes:
        if not scope.is_whole:
            alike = (scope.cloud, scope.account, scope.outcome, scope.reason, scope.missing)
            groups.setdefault(alike, []).append(scope)
    return tuple(map(_line, groups.values()))


def _line(alike: list[Scope]) -> str:
    scope = alike[0]
    if not scope.cloud:
        return scope.reason
    where = " ".join(filter(None, (scope.cloud, scope.account, _some([each.location for each in alike]))))
    unsaid = [each for each in scope.missing if each not in scope.reason]
    rights = f" (missing: {', '.join(unsaid)})" if unsaid else ""
    return f"{where}: {scope.outcome}{': ' if scope.reason else ''}{scope.reason}{rights}"


def _some(locations: list[str]) -> str:
    named = [each for each in locations if each]
    if len(named) <= _NAMED:
        return ", ".join(named)
    return f"{', '.join(named[: _NAMED - 1])} and {counted(len(named) - _NAMED + 1, 'other place')}"
