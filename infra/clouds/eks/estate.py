"""The whole estate: accounts entered one by one, their regions fanned out, everything said as it is known."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from infra.clouds.eks.accounts import Identity, check_options, is_region, list_accounts
from infra.clouds.eks.calls import Calls
from infra.clouds.eks.failures import CallError, Failure, Kind
from infra.clouds.eks.fanout import FanOut, Task
from infra.clouds.eks.limits import Limits
from infra.clouds.eks.login import Deadline, Login, own_login
from infra.clouds.eks.region import Emit, Place, Region, Result
from infra.clouds.model import Outcome, Scope
from infra.clouds.options import AwsOptions
from infra.kube.access import Access
from scanner.errors import InputError
from scanner.model import Cloud

_SESSION = "ringfence"  # names an assumed role's calls in CloudTrail
_FALLBACK_REGION = "us-east-1"  # of STS, EC2 and Organizations where neither environment, profile nor options name one
_UNUSABLE = frozenset({Kind.LOGIN, Kind.REFUSED, Kind.EXPIRED})


class Estate:
    """Everything that the options lead to, from the credentials of one account."""

    def __init__(self, options: AwsOptions, limits: Limits) -> None:
        check_options(options)
        self._options = options
        self._limits = limits
        self._stopped = threading.Event()
        self._login = own_login(options.profile, limits)
        self._home = self._login.home or next(iter(options.regions), _FALLBACK_REGION)
        if not is_region(self._home):
            raise InputError(f"aws: {self._home[:60]!r} is no region: correct AWS_REGION or the profile's `region`")

    def read(self) -> Iterator[Result]:
        """Clusters and scopes, as they are known.

        Raises:
            InputError: the credentials cannot be used at all, or a role has to be named.
        """
        hub = self._calls(self._login, self._home)
        try:
            own = _identity(hub)
        except CallError as error:
            failure = error.failure
            if failure.kind in _UNUSABLE:
                raise InputError(f"aws: {failure.reason} (asked in {self._home})") from None
            yield _scope("unknown", failure, "the account behind the credentials is not known: ")
            return
        strangers = [each for each in self._options.accounts if each != own.account]
        if strangers and not self._options.role:
            raise InputError(f"aws: role: name the role to assume in account {strangers[0]}")
        accounts = list_accounts(self._options, own, hub)
        yield from accounts.scopes
        tasks = [self._task(own, account) for account in accounts.numbers]
        yield from FanOut(tasks, self._limits.workers, self._stopped)

    def login_of(self, account: str) -> Login:
        """Credentials that hold in an account: the own ones, or the role's.

        Raises:
            CallError: the role cannot be assumed, or nobody knows whose the own credentials are.
        """
        own = _identity(self._calls(self._login, self._home))
        if account == own.account:
            return self._login
        login = self._assumed(own, account)
        login.credentials().get_frozen_credentials()
        return login

    def way_in(self, account: str, region: str, name: str) -> Access:
        """The way in to one cluster that was found before; one call, two where its account is another one.

        Raises:
            CallError: the account cannot be entered, or the cluster cannot be described (any more).
            ClusterReadError: it has no API to read, or none that can be reached from here.
        """
        own = _identity(self._calls(self._login, self._home))
        login = self._login
        if account != own.account:
            login = self._assumed(own, account)
            login.credentials().get_frozen_credentials()
        place = self._place(own, account, login, region, enabled=True)
        return place.way_in(place.described(name), place.arn(name))()

    def _calls(self, login: Login, region: str) -> Calls:
        return Calls(login, region, Deadline(self._limits.scope_s, self._stopped), self._limits.pages)

    def _task(self, own: Identity, account: str) -> Task[Result]:
        return lambda emit: self._enter(own, account, emit)

    def _enter(self, own: Identity, account: str, emit: Emit) -> Iterable[Task[Result]]:
        """Take the account's credentials and find its regions; each is a task of its own."""
        login = self._login
        try:
            if account != own.account:
                login = self._assumed(own, account)
                login.credentials().get_frozen_credentials()
        except CallError as error:
            emit(_scope(account, error.failure, f"the role {_role_arn(own, account, self._options.role)}: "))
            return ()
        except (RuntimeError, ValueError):  # the SDK's, where credentials are out of date on arrival
            failure = Failure(Kind.OTHER, "credentials that are out of date on arrival: check this machine's clock")
            emit(_scope(account, failure))
            return ()
        regions, enabled = list(self._options.regions), False
        if not regions:
            regions, enabled = self._regions(own, account, login, emit)
        return [self._region(own, account, login, region, enabled=enabled) for region in dict.fromkeys(regions)]

    def _assumed(self, own: Identity, account: str) -> Login:
        """The login of the role in another account; its credentials are asked for when they are first needed."""
        arn = _role_arn(own, account, self._options.role)
        extra = {"ExternalId": self._options.external_id} if self._options.external_id else {}

        def refresh() -> Mapping[str, str]:
            # Not stopped with discovery: the cluster is read, with tokens of this role, when that has long ended.
            deadline = Deadline(self._limits.scope_s, threading.Event())
            calls = Calls(self._login, self._home, deadline, self._limits.pages)
            answer = calls.call("sts", "AssumeRole", RoleArn=arn, RoleSessionName=_SESSION, **extra)
            given = answer.get("Credentials")
            given = given if isinstance(given, dict) else {}
            key, secret, token = (given.get(name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
            expires = given.get("Expiration")
            if not (key and secret and token and isinstance(expires, datetime)):
                raise CallError(Failure(Kind.OTHER, "sts AssumeRole: an answer without credentials"))
            return {"access_key": key, "secret_key": secret, "token": token, "expiry_time": expires.isoformat()}

        return self._login.with_credentials(refresh, self._options.profile)

    def _regions(self, own: Identity, account: str, login: Login, emit: Emit) -> tuple[list[str], bool]:
        """The account's regions, and whether AWS says that they are enabled.

        One that is enabled and unknown to the SDK gets its scope here. Where AWS does not say, every region that the SDK
        knows is tried: a disabled one says so itself.
        """
        known = login.known_regions(own.partition)
        try:
            enabled = _enabled(self._calls(login, self._home))
        except CallError as error:
            failure, tried = error.failure, f"every one of the {len(known)} regions that the SDK knows is tried"
            emit(_scope(account, failure, f"which regions are enabled is not known, {tried}: ", Outcome.PARTIAL))
            return known, False
        for region in enabled:
            if region not in known:
                reason = "enabled, but the SDK knows no EKS there: update boto3, or name the region under `regions`"
                emit(_scope(account, Failure(Kind.OTHER, reason), location=region))
        return [region for region in enabled if region in known], True

    def _region(self, own: Identity, account: str, login: Login, region: str, *, enabled: bool) -> Task[Result]:
        def start(emit: Emit) -> Iterable[Task[Result]]:
            return Region(self._place(own, account, login, region, enabled=enabled)).start(emit)

        return start

    def _place(self, own: Identity, account: str, login: Login, region: str, *, enabled: bool) -> Place:
        return Place(
            account=account,
            partition=own.partition,
            region=region,
            calls=self._calls(login, region),
            enabled=enabled,
            network=self._options.network,
            token_s=self._limits.token_s,
            credentials_work=lambda: self._works(login, account),
        )

    def _works(self, login: Login, account: str) -> bool:
        """Whether these credentials are taken where the own account's were."""
        try:
            return _identity(self._calls(login, self._home)).account == account
        except CallError:
            return False


def _identity(calls: Calls) -> Identity:
    """Whose credentials these are.

    Raises:
        CallError: they are refused, or nobody answers.
    """
    answer = calls.call("sts", "GetCallerIdentity")
    account, arn = answer.get("Account"), str(answer.get("Arn")).split(":")
    if not isinstance(account, str) or not account.isdigit() or arn[0] != "arn" or not arn[1:2][0].startswith("aws"):
        raise CallError(Failure(Kind.OTHER, "sts GetCallerIdentity: an answer without account and ARN"))
    return Identity(account, arn[1])


def _enabled(calls: Calls) -> list[str]:
    """The regions that are enabled in an account.

    Raises:
        CallError: they cannot be asked for, or the answer names none.
    """
    entries = [each for page in calls.pages("ec2", "DescribeRegions", "Regions") for each in page]
    named = {
        str(each.get("RegionName"))
        for each in entries
        if isinstance(each, dict) and each.get("OptInStatus") != "not-opted-in"
    }
    if not named or not all(is_region(name) for name in named):
        raise CallError(Failure(Kind.OTHER, "ec2 DescribeRegions: an answer without regions"))
    return sorted(named)


def _role_arn(own: Identity, account: str, role: str) -> str:
    return f"arn:{own.partition}:iam::{account}:role/{role.lstrip('/')}"


def _scope(
    account: str, failure: Failure, before: str = "", outcome: Outcome | None = None, location: str = ""
) -> Scope:
    return Scope(
        cloud=Cloud.AWS,
        account=account,
        location=location,
        outcome=outcome or failure.outcome,
        reason=before + failure.reason,
        missing=failure.missing,
    )
