"""The clusters that an earlier run saw and this one did not: gone, or in a place that could not be searched this time."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from reports.document import Report, Scope
from reports.past import Vanished
from reports.summary import Summary

_LISTING = "organization"  # the location of the scope that says how listing an AWS organization's accounts went
_ALL = {"projects", "subscriptions"}  # the accounts of the scopes that stand for all that the credentials can see


def missing_since(before: Summary, report: Report) -> tuple[tuple[Vanished, ...], tuple[Vanished, ...]]:
    """What `before` knew and `report` lacks: the vanished, and those whose place could not be searched this time.

    The second sort is remembered from run to run until its place is searched again.
    """
    seen = {cluster.id for cluster in report.clusters}
    searched = {(scope.cloud, scope.account) for scope in report.scopes if scope.location != _LISTING}
    vanished, unseen = [], []
    for gone in _known(before):
        if gone.id in seen:
            continue
        blind = next((scope for scope in report.scopes if _hides(scope, gone, searched)), None)
        if blind is not None:
            unseen.append(_with(gone, f"{blind.place or blind.location}: {blind.outcome}: {blind.reason}"))
        elif any(_covers(scope, gone) for scope in report.scopes):
            vanished.append(_with(gone, "its place was searched, and it was not there"))
        else:
            vanished.append(_with(gone, "its place was not looked in: is it among the sources?"))
    return tuple(vanished), tuple(unseen)


def _known(before: Summary) -> Iterator[Vanished]:
    run = before.run
    for each in before.clusters:
        yield Vanished(
            id=each.id,
            cloud=each.cloud,
            account=each.account,
            location=each.location,
            name=each.name,
            run=run.id,
            time=run.time,
            score=each.score,
            grade=each.grade,
        )
    yield from before.unseen


def _hides(scope: Scope, gone: Vanished, searched: set[tuple[str, str]]) -> bool:
    """Whether `gone` may be where `scope` could not look. Where its account was never come to, the list of accounts decides."""
    if scope.is_whole:
        return False
    if not scope.cloud:
        # a source without a cloud: a context, or a place of an earlier run in words
        words = (gone.cloud, gone.account, gone.location)
        return scope.location in {
            gone.name,
            *(" ".join(words[:count]) for count in (1, 2, 3)),
            "/".join((*words, gone.name)),
        }
    if _covers(scope, gone):
        return True
    return scope.cloud == gone.cloud and _lists_accounts(scope) and (gone.cloud, gone.account) not in searched


def _covers(scope: Scope, gone: Vanished) -> bool:
    """Whether the cluster's place is part of the scope's; a zone is part of its region."""
    if scope.cloud != gone.cloud or scope.account not in {"", gone.account} or scope.location == _LISTING:
        return False
    return scope.location in {"", gone.location} or gone.location.startswith(f"{scope.location}-")


def _lists_accounts(scope: Scope) -> bool:
    """Whether the scope stands for a list of accounts: an organization, a folder, a management group, all subscriptions."""
    return scope.location == _LISTING or "/" in scope.account or scope.account in _ALL


def _with(gone: Vanished, reason: str) -> Vanished:
    return msgspec.structs.replace(gone, reason=reason)
