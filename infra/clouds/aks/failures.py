"""What a failed call means for the place that was looked in (discovery.md section 5), in our own words.

Nothing of an error's text is repeated: the libraries put bodies, names and URLs into it. Its code is, for support.
"""

from __future__ import annotations

from dataclasses import dataclass

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from infra.clouds.aks.pipeline import EXPIRED, AnswerError, Errand, error_code
from infra.clouds.model import Outcome
from infra.clouds.permission import Permission
from infra.text import printable

NO_SUBSCRIPTION = "SubscriptionNotFound"
# What reading a page may raise: azure.core's, and what the SDK's models do with what they do not expect.
READ_ERRORS = (AzureError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

_CODES = {
    NO_SUBSCRIPTION: (Outcome.DISABLED, "the subscription is gone"),
    "ReadOnlyDisabledSubscription": (Outcome.DISABLED, "the subscription is disabled"),
    "DisallowedOperation": (Outcome.DISABLED, "a subscription of its type holds no resources, or it is disabled"),
    "MissingSubscriptionRegistration": (
        Outcome.DISABLED,
        "Microsoft.ContainerService is not registered there, so it holds no AKS cluster",
    ),
    "ResourceNotFound": (Outcome.ERROR, "it is not there any more"),
    "ResourceGroupNotFound": (Outcome.ERROR, "it is not there any more"),
    "InvalidAuthenticationTokenTenant": (
        Outcome.DENIED,
        "it belongs to another tenant than the credentials' token: make a source of its own with its `tenant`",
    ),
    EXPIRED: (Outcome.DENIED, "a new token, too, is taken for expired: check this machine's clock"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that failed: how its place ends, why with the mend, and what was missing."""

    outcome: Outcome
    reason: str
    missing: tuple[str, ...] = ()
    code: str = ""


def failure(error: Exception, permission: Permission, errand: Errand) -> Failure:
    """What a failed call says; `permission` is the one it needed."""
    if isinstance(error, AnswerError):
        return Failure(Outcome.ERROR, f"{error}: check that resource_manager, and a proxy, are Azure's")
    if isinstance(error, HttpResponseError) and error.response is not None and error.response.status_code != 200:
        return _refused(error, permission)
    if isinstance(error, ClientAuthenticationError):
        return Failure(
            Outcome.DENIED, "there is no token for it: log in again, or check the credentials and the tenant"
        )
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError) or errand.left <= 0:
        return Failure(Outcome.ERROR, f"not done within {errand.seconds:g} s: try again later")
    return Failure(Outcome.ERROR, _no_answer(error))


def _no_answer(error: Exception) -> str:
    """Why nothing came, or nothing that can be read."""
    if not isinstance(error, AzureError) or isinstance(error, HttpResponseError):
        return "its answer cannot be read: check that resource_manager, and a proxy, are Azure's"
    if "SSL" in type(error.inner_exception).__name__ or "SSL" in str(error.inner_exception):
        return "its TLS certificate cannot be verified: name its authority's file in REQUESTS_CA_BUNDLE"
    return "cannot be reached: check the network path, the proxy and resource_manager"


def _refused(error: HttpResponseError, permission: Permission) -> Failure:
    status, code = error.status_code or 0, error_code(error.response)
    shown = f"HTTP {status}" + (f" {printable(code, 80)}" if code else "")
    if code in _CODES:
        outcome, reason = _CODES[code]
        return Failure(outcome, f"{reason} ({shown})", code=code)
    if status == 403:
        mend = f"grant a role with {permission.permission}, such as {permission.role}"
        return Failure(Outcome.DENIED, f"refused ({shown}): {mend}", (permission.permission,), code)
    if status == 401:
        return Failure(
            Outcome.DENIED, f"the token is not accepted ({shown}): log in again, or check `tenant`", code=code
        )
    if status == 429:
        return Failure(Outcome.ERROR, f"throttled ({shown}), also after waiting: try again later", code=code)
    if status == 404:
        return Failure(Outcome.ERROR, f"there is no such place ({shown}): correct its name", code=code)
    mend = "try again later" if status == 409 or status >= 500 else "look its code up in Azure's documentation"
    return Failure(Outcome.ERROR, f"{shown}: {mend}", code=code)
