"""The lowest TLS version that AWS's predefined security policies accept (Elastic Load Balancing, "Security policies")."""

from __future__ import annotations

import re

from scanner.controls.exposure.certificates import Found, doubtful, passed
from scanner.findings import Status

# Their names say it ("TLS13-1-2", "TLS-1-2", "FS-1-2"), but for the old ones that are named after a month.
_MODERN = re.compile(r"ELBSecurityPolicy-(?:TLS13-1-[23]|TLS-1-2|FS-1-2)\b[\w-]*\Z")
_OLD = re.compile(r"ELBSecurityPolicy-(?:TLS13-1-[01]|TLS-1-[01]|FS-1-1|FS-2018|20\d\d)\b[\w-]*\Z")


def of_policy(name: str, where: str, fix: str) -> Found:
    """What a policy accepts; without one the controller or AWS chooses, and its choice is not in the cluster."""
    if not name:
        return doubtful(
            "tls-minimum-unread", f"{where} is not set: which TLS versions the default accepts is not known"
        )
    if _MODERN.match(name):
        return passed(f"{where}: {name} accepts TLS 1.2 and newer")
    if _OLD.match(name):
        return Found(Status.FAIL, "old-tls", f"{where}: {name} accepts versions before TLS 1.2", fix)
    return doubtful("tls-minimum-unread", f"{where}: which versions {name} accepts is not known")
