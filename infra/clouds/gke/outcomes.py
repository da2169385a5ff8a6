"""What a refused call means for the place that was looked in (discovery.md section 5)."""

from __future__ import annotations

from infra.clouds.gke.permissions import USE_QUOTA
from infra.clouds.gke.refusals import CallError
from infra.clouds.model import Outcome, Scope
from infra.clouds.permission import Permission
from infra.text import printable
from scanner.model import Cloud

SERVICE_DISABLED = "SERVICE_DISABLED"

# ErrorInfo.reason -> what is the matter and the mend, and what was missing ("" is the call's own permission).
_REASONS = {
    "CONSUMER_INVALID": (
        "the project cannot be used for calls: check that it exists and is active",
        "an active project",
    ),
    "BILLING_DISABLED": ("billing is off, so nothing can be asked: switch it on", "billing"),
    "SECURITY_POLICY_VIOLATED": (
        "VPC Service Controls refuse: add an access level or ingress rule for these credentials to the perimeter",
        "an ingress rule of the VPC Service Controls perimeter",
    ),
    "USER_PROJECT_DENIED": (
        f"the quota project cannot be used: grant {USE_QUOTA.role} on it",
        USE_QUOTA.permission,
    ),
}


def scope(account: str, outcome: Outcome, reason: str = "", missing: tuple[str, ...] = ()) -> Scope:
    """A place in Google's cloud, the whole of a project or of what holds projects."""
    return Scope(
        cloud=Cloud.GCP, account=printable(account, 200), location="", outcome=outcome, reason=reason, missing=missing
    )


def failed(account: str, what: str, error: CallError, permission: Permission) -> Scope:
    """The scope of a place where a call failed; `what` says what could not be done."""
    outcome, cause, missing = _meaning(error, permission)
    return scope(account, outcome, f"{what}: {cause}", missing)


def meaning_of(error: CallError, permission: Permission) -> str:
    """Why a call failed, with the mend."""
    return _meaning(error, permission)[1]


def _meaning(error: CallError, permission: Permission) -> tuple[Outcome, str, tuple[str, ...]]:
    """The outcome, the cause with its mend, and what was missing."""
    if error.throttled:
        return Outcome.ERROR, f"{error}, also after waiting: ask again later, or raise the quota", ()
    if error.reason in _REASONS:
        cause, missing = _REASONS[error.reason]
        return Outcome.DENIED, f"{error.reason}: {cause}", (missing,)
    if error.reason == SERVICE_DISABLED:
        service, consumer = error.service or "the API", error.consumer or "the quota project"
        cause = f"{service} is off in {consumer}, which says nothing of this place: enable it there"
        return Outcome.DENIED, cause, (f"{service} in {consumer}",)
    if error.status == 403:
        needed = error.permission or permission.permission
        role = (
            f"{permission.role}, or a role with {needed},"
            if needed == permission.permission
            else f"a role with {needed}"
        )
        return Outcome.DENIED, f"{error}: grant {role} on it or above", (needed,)
    return _others(error)


def _others(error: CallError) -> tuple[Outcome, str, tuple[str, ...]]:
    if error.status == 401:
        return Outcome.DENIED, "the credentials are not accepted (401): log in again, or check the key", ()
    if error.status == 404:
        return Outcome.ERROR, "there is no such place: correct its name", ()
    if error.passing and error.status:
        return Outcome.ERROR, f"{error}, also after waiting: ask again later", ()
    return Outcome.ERROR, str(error), ()
