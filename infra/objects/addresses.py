"""Addresses and ranges as objects give them: what is none is left out, and said."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable


def plain(addresses: Iterable[str]) -> bool:
    """Whether all are IPv4 addresses as everyone writes them; what is not needs a closer look."""
    try:
        for address in addresses:
            socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):  # ValueError: a NUL, or no ASCII
        return False
    return True


def valid(texts: tuple[str, ...], parse: Callable[[str], object], refuse: Callable[[str], None]) -> tuple[str, ...]:
    """The texts that can be parsed; each of the others is refused."""
    kept = []
    for text in texts:
        try:
            parse(text)
        except ValueError:
            refuse(text)
        else:
            kept.append(text)
    return tuple(kept)


def address_range(text: str) -> object:
    """A range, whatever its last bits; raises ValueError for what is none."""
    return ipaddress.ip_network(text, strict=False)
