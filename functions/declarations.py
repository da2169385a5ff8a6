"""What an operator declares of the network in the settings, as the topology takes it."""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings import Link, SettingsFile
from scanner.topology.declared import Declared, DeclaredLink, DeclaredZone
from scanner.topology.model import Encryption


def declared_of(settings: SettingsFile, domains: Mapping[str, str]) -> Declared:
    """The zones that have ranges, and the links; `domains` are the networks of clusters, by cluster name.

    A link's end may be a cluster's name, which stands for its network.
    """
    zones = tuple(DeclaredZone(name=each.name, ranges=each.cidrs) for each in settings.trust_zones if each.cidrs)
    last = {(each.from_, each.to): each for each in settings.links}
    links = []
    joined: set[tuple[str, str]] = set()  # ends whose link was made already
    for each in settings.links:
        if each.from_ != each.to and (each.to, each.from_) in joined:
            continue  # one link, declared from both ends
        joined.add((each.from_, each.to))
        between = domains.get(each.from_, each.from_), domains.get(each.to, each.to)
        links.append(_link(each, last.get((each.to, each.from_)), between))
    return Declared(zones=zones, links=tuple(links))


def _link(link: Link, other: Link | None, between: tuple[str, str]) -> DeclaredLink:
    said = [link, *([other] if other else [])]
    return DeclaredLink(
        name=f"{link.from_} - {link.to}",
        between=between,
        to_second=link.cidrs,
        to_first=other.cidrs if other else (),
        one_way=other is None,
        via=tuple(dict.fromkeys(name for each in said for name in each.via)),
        named=(link.from_, link.to),
        owner=next((each.owner for each in said if each.owner), ""),
        purpose=next((each.note for each in said if each.note), ""),
        encryption=Encryption(next((each.encryption for each in said if each.encryption), "unknown")),
    )
