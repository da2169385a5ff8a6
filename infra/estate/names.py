"""Names, numbers and addresses that look drawn by lot and follow from names, so that the same drawing gives the same bytes."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator

from scanner.model import ContainerPort

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # what the API server makes name suffixes of
HEX = "0123456789abcdef"


def token(seed: str, length: int, letters: str = _LETTERS) -> str:
    """A suffix of at most 32 characters that follows from `seed`."""
    return "".join(letters[byte % len(letters)] for byte in hashlib.sha256(seed.encode()).digest()[:length])


def number(seed: str, below: int) -> int:
    """A number in 0..below-1 that follows from `seed`."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % below


def spread(block: str, *, skip: int) -> Iterator[str]:
    """The addresses of a range in order, without its first `skip`."""
    network = ipaddress.ip_network(block)
    return (str(network[index]) for index in range(skip, network.num_addresses - 1))


def container_ports(text: str) -> tuple[ContainerPort, ...]:
    """Ports written "http:8080 dns:53/UDP"; the name "-" is none."""
    found = []
    for word in text.split():
        name, _, rest = word.partition(":")
        port, _, protocol = rest.partition("/")
        found.append(ContainerPort(port=int(port), protocol=protocol or "TCP", name=name.strip("-")))
    return tuple(found)
