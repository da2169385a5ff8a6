"""How long the certificates of entry points are valid: what cert-manager and GKE say of those that they issued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from scanner.controls.base import Case
from scanner.evidence import moment
from scanner.findings import Status
from scanner.objects import decoded

KINDS = ("certificates.cert-manager.io", "managedcertificates.networking.gke.io")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at of an entry point: how it did, and what to change where it failed."""

    status: Status
    reason: str
    line: str
    fix: str = ""


def passed(line: str) -> Found:
    """What is in order."""
    return Found(Status.PASS, "tls", line)


def doubtful(reason: str, line: str) -> Found:
    """What cannot be known, and what would decide it."""
    return Found(Status.UNKNOWN, reason, line)


class _Form(msgspec.Struct, frozen=True, rename="camel"):
    """Base of what is read here of a certificate."""


class _Spec(_Form, frozen=True):
    secret_name: str | None = None


class _Status(_Form, frozen=True):
    not_after: str | None = None
    expire_time: str | None = None
    certificate_status: str | None = None


class _Certificate(_Form, frozen=True):
    spec: _Spec | None = None
    status: _Status | None = None


class Certificates:
    """Answers for one cluster. Secrets are never read, so of a certificate that nobody issued here nothing is known."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._issued: dict[tuple[str, str], tuple[str, str]] = {}
        self._managed: dict[tuple[str, str], tuple[str, str]] = {}
        for each in case.snapshot.settings:
            if each.kind not in {"Certificate", "ManagedCertificate"}:
                continue
            found = decoded(each, _Certificate)
            if found is None:
                continue  # as if it were not there: the certificate it speaks of stays unknown
            status = found.status or _Status()
            if each.kind == "ManagedCertificate":
                ends = (status.expire_time or "") if status.certificate_status in {None, "Active"} else ""
                self._managed[each.namespace, each.name] = (ends, f"ManagedCertificate {each.namespace}/{each.name}")
            elif found.spec and found.spec.secret_name:
                place = (each.namespace, found.spec.secret_name)
                self._issued[place] = (status.not_after or "", f"Certificate {each.namespace}/{each.name}")

    def of_secrets(self, namespace: str, secrets: Iterable[str]) -> Iterator[Found]:
        """The certificates in some Secrets."""
        for secret in dict.fromkeys(secrets):
            found = self._issued.get((namespace, secret))
            if found is not None:
                yield self._judged(*found)
            else:
                gaps = self._case.missing(KINDS[0])
                why = gaps[0] if gaps else "no Certificate of cert-manager speaks of it, and Secrets are not read"
                yield doubtful("certificate-unread", f"when Secret {namespace}/{secret} ends is not known: {why}")

    def managed(self, namespace: str, names: Iterable[str]) -> Iterator[Found]:
        """Certificates that Google manages, by name."""
        for name in names:
            found = self._managed.get((namespace, name))
            if found is not None:
                yield self._judged(*found)
            else:
                line = f"ManagedCertificate {namespace}/{name} was not read, so when it ends is not known"
                yield doubtful("certificate-unread", line)

    def _judged(self, ends: str, what: str) -> Found:
        now, end = moment(self._case.at), moment(ends)
        if end is None or now is None:
            return doubtful("certificate-unread", f"{what}: its status does not say when it ends")
        days = self._case.config.certificate_days
        if end - now > timedelta(days=days):
            return passed(f"{what} is valid until {ends}")
        return Found(
            Status.FAIL,
            "certificate-ends",
            f"{what} ends on {ends}, within {days} days of {self._case.at}",
            "Renew it (cmctl renew, or mend what its issuer reports) and shorten its renewBefore.",
        )
