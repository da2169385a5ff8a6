"""Why a call to AWS failed, in words of our own: the SDK's texts can repeat request headers, a session token among them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Any

from infra.clouds.eks.permissions import BY_OPERATION
from infra.clouds.model import Outcome
from infra.text import printable
from scanner.errors import RingfenceError


class Kind(enum.Enum):
    """What a failure means for the place that was asked."""

    DENIED = "no permission"
    OFF = "the region is disabled"
    REFUSED = "the credentials are not taken: revoked, or the region is disabled"
    THROTTLED = "too many calls"
    EXPIRED = "the credentials ran out"
    GONE = "what was asked for is no longer there"
    ALONE = "the account is in no organization"
    LATE = "not done in time"
    LOGIN = "there are no usable credentials"
    OTHER = "anything else: unreachable, unreadable, broken"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call. `reason` is a line without anything secret, `missing` the IAM actions that would have let it pass."""

    kind: Kind
    reason: str
    missing: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """How the place ends of which nothing but this is known."""
        return {Kind.DENIED: Outcome.DENIED, Kind.OFF: Outcome.DISABLED}.get(self.kind, Outcome.ERROR)


class CallError(RingfenceError):
    """A call that gave no answer, for whatever reason."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


# https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html and the same pages of EC2, STS and Organizations
_CODES: dict[str, Kind] = {
    code: kind
    for kind, codes in {
        Kind.DENIED: "AccessDenied AccessDeniedException UnauthorizedOperation NotAuthorized",
        Kind.OFF: "RegionDisabledException OptInRequired",
        Kind.REFUSED: "AuthFailure UnrecognizedClientException InvalidClientTokenId InvalidAccessKeyId "
        "SignatureDoesNotMatch InvalidSignatureException MissingAuthenticationToken",
        Kind.THROTTLED: "ThrottlingException Throttling ThrottledException RequestThrottled RequestThrottledException "
        "RequestLimitExceeded TooManyRequestsException 429",
        Kind.EXPIRED: "ExpiredToken ExpiredTokenException RequestExpired",
        Kind.GONE: "ResourceNotFoundException InvalidVpcID.NotFound InvalidLaunchTemplateId.NotFound "
        "InvalidLaunchTemplateId.VersionNotFound InvalidLaunchTemplateName.NotFoundException",
        Kind.ALONE: "AWSOrganizationsNotInUseException",
    }.items()
    for code in codes.split()
}
_CODE = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html: the only part of a message that is kept
_WHY = re.compile(
    r"\b(?:with an (explicit deny in an? [A-Za-z -]{1,60}policy)|because (no [A-Za-z -]{1,60}? allows)\b)"
)


def failure_of(error: Exception, service: str, operation: str) -> Failure:
    """What an exception of the SDK means that `operation` (as `ListClusters`) of `service` ended with."""
    from botocore import exceptions as sdk  # type: ignore[import-untyped]

    if isinstance(error, sdk.ClientError):
        return _refusal(error.response, service, operation)
    login = getattr(sdk, "LoginError", sdk.SSOError)  # newer than the oldest SDK we take
    causes: tuple[tuple[Any, Kind, str], ...] = (
        (sdk.NoCredentialsError, Kind.LOGIN, "no AWS credentials: log in, or name a profile"),
        (sdk.PartialCredentialsError, Kind.LOGIN, "the AWS credentials are incomplete: log in, or name a profile"),
        (sdk.CredentialRetrievalError, Kind.LOGIN, "the AWS credentials cannot be fetched: log in again"),
        ((sdk.SSOError, sdk.TokenRetrievalError, login), Kind.LOGIN, "the AWS sign-in has run out: sign in again"),
        (sdk.ProxyConnectionError, Kind.OTHER, "the proxy refuses: check HTTPS_PROXY"),
        (sdk.SSLError, Kind.OTHER, "its TLS certificate cannot be verified: check AWS_CA_BUNDLE"),
        ((sdk.ConnectionError, sdk.HTTPClientError), Kind.OTHER, "no answer: check the network path to it"),
        (sdk.BotoCoreError, Kind.OTHER, "the SDK cannot ask, or cannot read the answer"),
        (Exception, Kind.OTHER, "an answer that cannot be read"),
    )
    kind, text = next((kind, text) for cause, kind, text in causes if isinstance(error, cause))
    return Failure(kind, f"{service} {operation}: {text} ({type(error).__name__})")


def _refusal(response: object, service: str, operation: str) -> Failure:
    """A failure from AWS's own error answer."""
    error = response.get("Error") if isinstance(response, dict) else None
    given, message = (error.get("Code"), error.get("Message")) if isinstance(error, dict) else (None, None)
    code = given if isinstance(given, str) and _CODE.match(given) else "an error without a code"
    permission = BY_OPERATION[service, operation]
    kind = _CODES.get(code, Kind.OTHER)
    called = f"{service} {operation}"
    if kind is Kind.DENIED:
        found = _WHY.search(message) if isinstance(message, str) else None
        why = f", {found[1] or found[2]}" if found else ""
        return Failure(kind, f"{permission.action} is not allowed ({code}{why})", (permission.action,))
    texts = {
        Kind.OFF: f"the region is not enabled in this account ({code})",
        Kind.REFUSED: f"{called}: the credentials are not taken ({code})",
        Kind.THROTTLED: f"{called}: throttled, also when asked again ({code}): run it when the account is less busy",
        Kind.EXPIRED: f"{called}: the credentials have run out ({code}): log in again",
        Kind.GONE: f"{called}: it is no longer there ({code})",
        Kind.ALONE: "the account belongs to no organization",
    }
    return Failure(kind, texts.get(kind) or printable(f"{called}: failed ({code})", 200))
