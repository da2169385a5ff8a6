"""Paths between zones of trust inside one cluster: what an operator allows, and the ports it is for."""

from __future__ import annotations

import re

import msgspec

_PORTS = re.compile(r"(TCP|UDP|SCTP)/([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


class ZonePath(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One allowed way: from a zone to another one, on `ports` ("TCP/443", "UDP/8000-8010"); none means on all.

    Raises:
        ValueError: a port that is not written so (msgspec reports it with its path).
    """

    from_: str = msgspec.field(name="from")
    to: str
    ports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no port."""
        for text in self.ports:
            port_range(text)


def port_range(text: str) -> tuple[str, int, int]:
    """A protocol with its first and last port.

    Raises:
        ValueError: it is not written like TCP/443 or UDP/8000-8010.
    """
    found = _PORTS.fullmatch(text)
    first = int(found[2]) if found else 0
    last = int(found[3] or found[2]) if found else 0
    if found is None or not 1 <= first <= last <= 65535:
        raise ValueError(f"ports: {text!r} is no port: write it as TCP/443 or UDP/8000-8010")
    return found[1], first, last
