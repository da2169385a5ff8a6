"""Google credentials as google-auth finds them, the hosts they are for, and tokens for the clusters."""

from __future__ import annotations

import datetime as dt
import re
import threading
import warnings
from typing import Any
from urllib.parse import urlsplit

import google.auth
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from infra.clouds.gke.calls import Line
from infra.clouds.gke.limits import Limits
from infra.clouds.gke.refusals import CallError
from infra.clouds.options import GcpOptions
from infra.text import printable
from scanner.errors import InputError

# The second names the caller by e-mail address, which is what RBAC bindings are written for.
SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
EARLY = dt.timedelta(minutes=5)
_TOKEN_S = 60.0
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(:\d{1,5})?\Z")
_MEND = (
    "run `gcloud auth application-default login`, or name a key or federation file in GOOGLE_APPLICATION_CREDENTIALS"
)


class Login:
    """Credentials that work, with the connections that their calls share."""

    def __init__(self, options: GcpOptions, limits: Limits) -> None:
        credentials: Any = _credentials(options.quota_project)
        self.line = Line(credentials, limits)
        self.quota_project = str(getattr(credentials, "quota_project_id", None) or "")
        self._credentials = credentials
        self._lock = threading.Lock()
        try:
            self.token()
            universe = str(credentials.universe_domain)
        except (CallError, GoogleAuthError) as error:
            # google-auth's texts repeat what the token server sent, so only ours is shown.
            cause = str(error) if isinstance(error, CallError) else "Google's token server refuses or is not reached"
            raise InputError(f"gcp: the credentials cannot be used: {cause}: {_MEND}") from None
        endpoints = options.endpoints
        self.compute = _host("compute", endpoints.compute, universe)
        self.container = _host("container", endpoints.container, universe)
        self.resource_manager = _host("resourceManager", endpoints.resource_manager, universe, "cloudresourcemanager")

    def token(self, *, refused: bool = False) -> str:
        """A token that is good for five minutes at least; renewed where it would not be, or a server has `refused` it.

        Raises:
            CallError, google.auth.exceptions.GoogleAuthError: it cannot be renewed.
        """
        with self._lock:
            held: Any = self._credentials
            now = dt.datetime.now(dt.UTC).replace(tzinfo=None)  # google-auth's times are naive UTC
            if refused or not held.token or (held.expiry is not None and held.expiry - now < EARLY):
                held.refresh(self.line.token_request(_TOKEN_S))
            return str(held.token)


def _credentials(quota_project: str) -> Any:  # noqa: ANN401 - google-auth's function is not typed
    find: Any = google.auth.default
    try:
        with warnings.catch_warnings(action="ignore"):  # that a user's login names no quota project
            credentials, _ = find(scopes=SCOPES, quota_project_id=quota_project or None)
    except (DefaultCredentialsError, GoogleAuthError, OSError, ValueError, TypeError, AttributeError, KeyError):
        # A key file of the wrong shape gives nearly any error, whose text may repeat the file.
        raise InputError(f"gcp: no usable credentials: {_MEND}") from None
    return credentials


def _host(key: str, given: str, universe: str, name: str = "") -> str:
    """The host, and port where one is given, of an API: the operator's, or Google's in the credentials' universe.

    Raises:
        InputError: not an https URL of a host alone.
    """
    if not given:
        return f"{name or key}.{universe}"
    try:
        url = urlsplit(given)
        usable = url.scheme == "https" and url.path in {"", "/"} and not url.query and not url.fragment
    except ValueError:
        usable, url = False, urlsplit("")
    if not usable or not _HOST.match(url.netloc):
        raise InputError(
            f"gcp: endpoints.{key}: {printable(given, 100)!r} is no https URL of a host: write it as"
            f" https://{name or key}.example.p.googleapis.com"
        )
    return url.netloc
