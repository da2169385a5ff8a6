"""What an operator declares of the network, as the topology takes it."""

from __future__ import annotations

from functions.declarations import declared_of
from infra.settings import Link, SettingsFile, TrustZone
from scanner.topology.declared import DeclaredZone


def link(one: str, other: str, *cidrs: str) -> Link:
    """A link of the settings file."""
    return Link(from_=one, to=other, cidrs=cidrs)


def test_a_link_declared_from_both_ends_is_one():
    """Each end says what it announces; the second declaration is the way back of the first."""
    settings = SettingsFile(links=(link("a", "b", "10.0.0.0/8"), link("b", "a", "10.1.0.0/16")))
    (found,) = declared_of(settings, {}).links
    assert (found.to_second, found.to_first, found.one_way) == (("10.0.0.0/8",), ("10.1.0.0/16",), False)


def test_a_link_declared_once_carries_nothing_back():
    """A way back is a link of its own (docs/settings.md)."""
    (found,) = declared_of(SettingsFile(links=(link("a", "b", "10.0.0.0/8"),)), {}).links
    assert (found.between, found.to_first, found.one_way) == (("a", "b"), (), True)


def test_a_clusters_name_stands_for_its_network():
    """Names that are no cluster's are left for the topology to know."""
    (found,) = declared_of(SettingsFile(links=(link("prod-1", "office", "10.0.0.0/8"),)), {"prod-1": "vpc-1"}).links
    assert found.between == ("vpc-1", "office")


def test_zones_without_ranges_are_no_place_in_the_network():
    """A zone of clusters says whom to trust, not where they are."""
    zones = (TrustZone(name="office", cidrs=("192.168.0.0/16",)), TrustZone(name="prod", clusters=("prod-*",)))
    assert declared_of(SettingsFile(trust_zones=zones), {}).zones == (
        DeclaredZone(name="office", ranges=("192.168.0.0/16",)),
    )
