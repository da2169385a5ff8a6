"""Blocks of addresses, as Calico's rules and sets write them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from scanner.policy.decode import FieldError
from scanner.policy.model import BlockPeer, Matching, Network
from scanner.policy.words import block_words

EVERYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def read_nets(wire: Iterable[str | None] | None, field: str, *, strict: bool) -> tuple[Network, ...]:
    """The blocks of `nets` or `notNets`. The API (`strict`) wants a prefix length, and no bits set behind it.

    Source: Calico's validator (`libcalico-go/lib/validator/v3`, "net" and the scan of a rule's nets).

    Raises:
        FieldError: one is no CIDR.
    """
    found = []
    for index, item in enumerate(wire or ()):
        place, text = f"{field}[{index}]", item or ""
        network = parse_net(text)
        if network is None or (strict and "/" not in text):
            raise FieldError(place, f"{text!r} is no CIDR; write an address and a prefix length, 10.0.0.0/8")
        if strict and ipaddress.ip_address(text.partition("/")[0]) != network.network_address:
            raise FieldError(place, f"{text!r} has bits set behind its prefix; write {block_words(network)}")
        found.append(network)
    return tuple(found)


def parse_net(text: str) -> Network | None:
    """A CIDR or a single address; None for anything else."""
    address, slash, length = text.partition("/")
    if "%" in address or (slash and not (length.isascii() and length.isdecimal())):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def blocks(
    networks: Iterable[Network], excluded: Sequence[Network] = (), *, matching: Matching
) -> tuple[BlockPeer, ...]:
    """The networks less the excluded ones; a network of which nothing is left is left out."""
    found = []
    for network in networks:
        mine = [each for each in excluded if each.version == network.version and _overlap(each, network)]
        if not any(each.prefixlen <= network.prefixlen for each in mine):
            found.append(BlockPeer(network, tuple(_sorted(mine)), matching))
    return tuple(sorted(set(found), key=lambda peer: (_order(peer.block), [_order(each) for each in peer.excepts])))


def _overlap(one: Network, other: Network) -> bool:
    return one.network_address in other or other.network_address in one


def _sorted(networks: Iterable[Network]) -> list[Network]:
    return sorted(set(networks), key=_order)


def _order(network: Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen
