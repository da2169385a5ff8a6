"""Which AWS accounts are looked at: the own one, named ones, those of an organization or of some of its units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.clouds.eks.calls import Calls
from infra.clouds.eks.failures import CallError, Kind
from infra.clouds.model import Outcome, Scope
from infra.clouds.options import AwsOptions
from scanner.errors import InputError
from scanner.model import Cloud

ORGANIZATION = "organization"  # the location of the scope that says how listing the accounts went
_CLOSED = frozenset({"SUSPENDED", "PENDING_CLOSURE", "CLOSED", "PENDING_ACTIVATION"})
_ACCOUNT = re.compile(r"\d{12}\Z", re.ASCII)
_ROLE = re.compile(r"[\w+=,.@/-]{1,600}\Z", re.ASCII)
_UNIT = re.compile(r"(?:ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})\Z")
_REGION = re.compile(r"[a-z]{2,8}(?:-[a-z]{2,20}){1,4}-\d{1,2}\Z")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are: the account and its partition (`aws`, `aws-cn`, `aws-us-gov`)."""

    account: str
    partition: str


@dataclass(slots=True)
class Accounts:
    """The accounts to look at, in order, and what had to be said about finding them."""

    numbers: dict[str, None] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)


def check_options(options: AwsOptions) -> None:
    """Refuse what no account can be looked at with.

    Raises:
        InputError: a value that AWS cannot know; one line that names the key and the mend.
    """
    checks = (
        ("accounts", options.accounts, _ACCOUNT, "write the account's 12 digits, in quotes"),
        ("regions", options.regions, _REGION, "write a region's code, as eu-west-1"),
        ("organizationalUnits", options.organizational_units, _UNIT, "write a unit's id, as ou-ab12-11111111"),
        ("role", (options.role,) if options.role else (), _ROLE, "write the name of a role, not its ARN"),
    )
    for key, values, pattern, mend in checks:
        if wrong := next((value for value in values if not pattern.match(value)), None):
            raise InputError(f"aws: {key}: {wrong[:60]!r} is none: {mend}")
    if options.organizational_units and not options.organization:
        raise InputError("aws: organizationalUnits narrows an organization: add `organization: true`")
    if options.external_id and not options.role:
        raise InputError("aws: externalId belongs to a role: add `role`")
    if options.organization and not options.role:
        raise InputError("aws: role: name the role to assume in the accounts of the organization")


def is_account(number: str) -> bool:
    """Whether this can be an account's number."""
    return _ACCOUNT.match(number) is not None


def is_region(name: str) -> bool:
    """Whether this can be the code of a region."""
    return _REGION.match(name) is not None


def list_accounts(options: AwsOptions, own: Identity, calls: Calls) -> Accounts:
    """The accounts that the options ask for. An organization that cannot be listed is said, and the rest is still looked at."""
    found = Accounts(dict.fromkeys(options.accounts))
    if not options.organization:
        if not found.numbers:
            found.numbers[own.account] = None
        return found
    outcome, reason, missing = Outcome.OK, "", tuple[str, ...]()
    try:
        for account in _members(options, calls):
            _add(found, account)
    except CallError as error:
        failure = error.failure
        missing = failure.missing
        if failure.kind is Kind.ALONE:
            outcome, reason = Outcome.DISABLED, failure.reason
        else:
            outcome = Outcome.PARTIAL if found.numbers.keys() - set(options.accounts) else failure.outcome
            reason = failure.reason
        reason += ": of it, the own account alone is looked at" if outcome is not Outcome.PARTIAL else ""
        found.numbers.setdefault(own.account)
    if outcome is Outcome.OK and not found.numbers and not found.scopes:
        outcome, reason = Outcome.ERROR, "the organization, or its units, named no account"
    found.scopes.insert(
        0,
        Scope(
            cloud=Cloud.AWS, account=own.account, location=ORGANIZATION, outcome=outcome, reason=reason, missing=missing
        ),
    )
    return found


def _members(options: AwsOptions, calls: Calls) -> Iterator[Any]:
    """Every account of the organization, or of its units and the units in them."""
    if not options.organizational_units:
        for page in calls.pages("organizations", "ListAccounts", "Accounts"):
            yield from page
        return
    seen = set[str]()
    waiting = list(reversed(options.organizational_units))
    while waiting:
        unit = waiting.pop()
        if unit in seen:
            continue
        seen.add(unit)
        for page in calls.pages("organizations", "ListAccountsForParent", "Accounts", ParentId=unit):
            yield from page
        for page in calls.pages(
            "organizations", "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=unit
        ):
            below = [each.get("Id") for each in page if isinstance(each, dict)]
            waiting += [unit for unit in below if isinstance(unit, str) and _UNIT.match(unit)]


def _add(found: Accounts, account: Any) -> None:  # noqa: ANN401 - as the SDK gives it
    """Keep an account, or say why it is not looked at. `State` took the place of `Status` in 2026 (Organizations API)."""
    number = account.get("Id") if isinstance(account, dict) else None
    if not isinstance(number, str) or not _ACCOUNT.match(number):
        _say(found, "unknown", Outcome.ERROR, "the organization named an account without a number")
        return
    state = account.get("State") or account.get("Status")
    if state in _CLOSED and number not in found.numbers:
        _say(found, number, Outcome.DISABLED, f"the account is {state} in its organization")
    else:
        found.numbers.setdefault(number)


def _say(found: Accounts, account: str, outcome: Outcome, reason: str) -> None:
    """One scope for an account that is not looked at, however often it was named."""
    if all(scope.account != account for scope in found.scopes):
        scope = Scope(cloud=Cloud.AWS, account=account, location="", outcome=outcome, reason=reason)
        found.scopes.append(scope)
