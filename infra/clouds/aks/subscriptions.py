"""Which subscriptions are looked in: named, below management groups, or all that the credentials can see."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from infra.clouds.aks.pages import Listing
from infra.clouds.aks.permissions import LIST_DESCENDANTS, LIST_SUBSCRIPTIONS
from infra.clouds.aks.pipeline import Errand
from infra.clouds.aks.session import Session, is_subscription
from infra.clouds.model import Outcome, Scope
from infra.clouds.options import AzureOptions
from infra.clouds.permission import Permission
from scanner.model import Cloud

LIST_S = 120.0  # deadline of one list
_OFF = {"disabled": "the subscription is disabled", "deleted": "the subscription is deleted"}
_PREFIX = "/subscriptions/"
_SUBSCRIPTIONS_API = "2022-12-01"
_GROUPS_API = "2020-05-01"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to look in. `listed` by Azure, or only named by somebody who may have misspelt it."""

    id: str
    listed: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """One list of subscriptions. `entry` gives a member's id and state, None for what is no subscription."""

    account: str  # of the scope that stands for the list itself
    path: str
    version: str
    permission: Permission
    entry: Callable[[Mapping[str, Any]], tuple[object, object] | None]
    empty: tuple[Outcome, str]


def scope(account: str, outcome: Outcome, reason: str = "", missing: tuple[str, ...] = ()) -> Scope:
    """A place in Azure: a subscription, a management group, or the list of all subscriptions."""
    return Scope(cloud=Cloud.AZURE, account=account, location="", outcome=outcome, reason=reason, missing=missing)


def find(session: Session, options: AzureOptions, stop: threading.Event) -> Iterator[Subscription | Scope]:
    """The subscriptions to look in, each once, and the scopes that are finished: what is off, and what could not be listed.

    Raises:
        StoppedError: nobody wants them any more.
    """
    named = [name.lower() for name in options.subscriptions]
    narrowed = bool(named or options.management_groups)
    states, whole = _read(session, _visible(), stop)
    if whole is not None and not narrowed:
        yield whole
    wanted = dict.fromkeys(named, False) if narrowed else dict.fromkeys(states, True)
    for group in dict.fromkeys(options.management_groups):
        found, whole = _read(session, _below(group), stop)
        if whole is not None:
            yield whole
        wanted |= dict.fromkeys(found, True)
    for name, listed in wanted.items():
        state = states.get(name, "")
        if state.lower() in _OFF:
            yield scope(name, Outcome.DISABLED, _OFF[state.lower()])
        else:
            yield Subscription(name, listed or name in states)


def _read(session: Session, source: _Source, stop: threading.Event) -> tuple[dict[str, str], Scope | None]:
    """The ids of a list, in lower case, with their states; and its own scope where there is something to say of it."""
    errand = Errand(LIST_S, stop)
    listing = Listing(session.listed(source.path, source.version, errand), source.permission, errand)
    found: dict[str, str] = {}
    odd = 0
    for member in listing.members():
        entry = source.entry(member)
        if entry is None:
            continue
        identity, state = entry
        if is_subscription(identity):
            found[identity.lower()] = state if isinstance(state, str) else ""
        else:
            odd += 1
    if listing.failed is not None:
        reason = f"its subscriptions: {listing.failed.reason}"
        return found, scope(source.account, listing.outcome(listing.failed), reason, listing.failed.missing)
    if odd:
        return found, scope(source.account, Outcome.PARTIAL, f"{odd} of its subscriptions have no id that can be read")
    if not found:
        outcome, reason = source.empty
        missing = (source.permission.permission,) if outcome is Outcome.DENIED else ()
        return found, scope(source.account, outcome, reason, missing)
    return found, None


def _visible() -> _Source:
    """All that the credentials have a role in. No role at all is an empty list, which says nothing of what there is."""
    return _Source(
        "subscriptions",
        "/subscriptions",
        _SUBSCRIPTIONS_API,
        LIST_SUBSCRIPTIONS,
        lambda member: (member.get("subscriptionId"), member.get("state")),
        (Outcome.DENIED, "the credentials see no subscription: grant Reader on those to look in"),
    )


def _below(group: str) -> _Source:
    path = f"/providers/Microsoft.Management/managementGroups/{quote(group, safe='')}/descendants"
    nothing = (Outcome.OK, "no subscription below it")
    return _Source(f"managementGroups/{group}", path, _GROUPS_API, LIST_DESCENDANTS, _descendant, nothing)


def _descendant(member: Mapping[str, Any]) -> tuple[object, object] | None:
    """Management groups stand among the subscriptions; what is below them is in the same list."""
    identity = member.get("id")
    text = identity.lower() if isinstance(identity, str) else ""
    if text.startswith("/providers/microsoft.management/managementgroups/"):
        return None
    return text.removeprefix(_PREFIX), ""
