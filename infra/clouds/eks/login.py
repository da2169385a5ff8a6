"""Credentials of one AWS account, and clients made with them."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.clouds.eks.failures import CallError, Failure, Kind
from infra.clouds.eks.limits import Limits
from infra.text import printable
from infra.version import VERSION
from scanner.errors import InputError

_ROLE_METHOD = "assume-role"  # how the SDK names where credentials come from


class Deadline:
    """When work has to be done, or is no longer wanted; looked at before every request, repeated ones too."""

    def __init__(self, seconds: float, stopped: threading.Event) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._stopped = stopped

    def check(self, **_: object) -> None:
        """Pass while there is time. Takes what the SDK gives to an event's handler.

        Raises:
            CallError: there is none left.
        """
        if self._stopped.is_set() or time.monotonic() >= self._ends:
            raise CallError(Failure(Kind.LATE, f"not done within {self._seconds:g} s"))


class Login:
    """One account's credentials. Threads may share it: a session is used under its lock only, clients need none.

    `open_session` gives a new session of the SDK: again whenever AWS says that the credentials have run out.
    """

    def __init__(self, open_session: Callable[[], Any], limits: Limits) -> None:
        self._open = open_session
        self._limits = limits
        self._lock = threading.RLock()
        self._session = open_session()
        self.age = 0  # grows when the credentials are renewed

    @property
    def home(self) -> str:
        """The region that the environment or the profile names, "" where they name none."""
        with self._lock:
            return str(self._session.get_config_variable("region") or "")

    def known_regions(self, partition: str) -> list[str]:
        """The regions of a partition that this SDK knows to have EKS."""
        with self._lock:
            return list(self._session.get_available_regions("eks", partition_name=partition))

    def client(self, service: str, region: str, deadline: Deadline | None = None) -> Any:  # noqa: ANN401 - the SDK has no types
        """A client, which many threads may use; its requests stop at the deadline."""
        from botocore.config import Config  # type: ignore[import-untyped]

        retries: dict[str, object] = {"mode": "adaptive"}
        with self._lock:
            if self._session.get_config_variable("max_attempts") is None:
                retries["total_max_attempts"] = self._limits.attempts
            config = Config(
                retries=retries,
                connect_timeout=self._limits.connect_s,
                read_timeout=self._limits.read_s,
                max_pool_connections=self._limits.workers,
                user_agent_extra=f"ringfence/{VERSION}",
            )
            client = self._session.create_client(service, region_name=region, config=config)
        if deadline is not None:
            client.meta.events.register("before-send", deadline.check)
        return client

    def credentials(self) -> Any:  # noqa: ANN401 - the SDK has no types
        """The SDK's credentials, which renew themselves where they can; None where there are none."""
        with self._lock:
            return self._session.get_credentials()

    def signer(self, region: str) -> tuple[Any, str]:
        """What signs requests to STS in a region with these credentials, and the URL of STS there."""
        from botocore.signers import RequestSigner  # type: ignore[import-untyped]

        sts = self.client("sts", region)
        with self._lock:
            events = self._session.get_component("event_emitter")
        signer = RequestSigner(sts.meta.service_model.service_id, region, "sts", "v4", self.credentials(), events)
        return signer, sts.meta.endpoint_url

    def renew(self, age: int) -> None:
        """Take new credentials, unless another thread did since `age`."""
        with self._lock:
            if self.age == age:
                self._session = self._open()
                self.age += 1

    def with_credentials(self, refresh: Callable[[], Mapping[str, str]], profile: str) -> Login:
        """A login whose credentials `refresh` gives, minutes before the last ones run out; all else is this one's.

        `refresh` gives `access_key`, `secret_key`, `token` and `expiry_time`, the last as ISO 8601.
        """
        from botocore.credentials import DeferredRefreshableCredentials  # type: ignore[import-untyped]

        def open_session() -> Any:  # noqa: ANN401 - the SDK has no types
            session = _session(profile)
            session.register_component(
                "credential_provider", _Given(DeferredRefreshableCredentials(refresh, _ROLE_METHOD))
            )
            return session

        return Login(open_session, self._limits)


def own_login(profile: str, limits: Limits) -> Login:
    """The credentials of the environment, or of a profile of the AWS configuration.

    Raises:
        InputError: no such profile, a broken configuration, or no SDK.
    """
    try:
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
    except ImportError:
        raise InputError("aws: boto3 is not installed: install ringfence with its extra `aws`") from None
    try:
        login = Login(lambda: _session(profile), limits)
        login.credentials()
    except (BotoCoreError, ValueError) as error:  # ValueError: a configuration file that is none
        named = f"profile {printable(profile, 100)!r}" if profile else "the AWS configuration"
        raise InputError(f"aws: {named} cannot be used ({type(error).__name__}): correct ~/.aws/config") from None
    return login


class _Given:
    """The SDK's search for credentials, replaced by ones that are known."""

    def __init__(self, credentials: Any) -> None:  # noqa: ANN401 - the SDK has no types
        self._credentials = credentials

    def load_credentials(self) -> Any:  # noqa: ANN401 - the SDK has no types
        """The credentials."""
        return self._credentials


def _session(profile: str) -> Any:  # noqa: ANN401 - the SDK has no types
    """A session of boto3's core: what boto3's own adds is not used."""
    from botocore.session import Session  # type: ignore[import-untyped]

    session = Session(profile=profile or None)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


@functools.cache
def _loader(path: str | None) -> Any:  # noqa: ANN401 - the SDK has no types
    """What reads the SDK's own files, and keeps them: once a process, not once an account."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    return create_loader(path)
