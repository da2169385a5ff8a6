"""Owners of ranges, and ranges that networks share."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.fabric.member import Block
from scanner.findings import Status
from scanner.topology.model import Topology
from tests.scanner.fabric.fleets import domain, judged, link, member, stands

WORLD = Topology(
    domains=(domain("a", "10.1.0.0/16", "2600:1f00::/40"), domain("b", "10.2.0.0/16")),
    links=(link("pcx", "a", "b"),),
    placements=(
        stands("a", "a", "10.1.0.0/20", "10.1.16.0/20"),
        stands("b", "b", "10.2.0.0/20", "10.2.16.0/20"),
    ),
)


def owner_of(cidr: str, *excepts: str):
    """The item about a rule of cluster a that names a range."""
    block = Block(object="NetworkPolicy shop/x", field="ingress[0]", inbound=True, cidr=cidr, excepts=excepts)
    result = judged("NB-XC-03", [member("a", blocks=(block,)), member("b")], WORLD)
    return next(item for item in result.items if item.subject == "a: NetworkPolicy shop/x")


@pytest.mark.parametrize(
    ("cidr", "excepts", "reason"),
    [
        pytest.param("10.2.7.0/24", (), "one-owner", id="inside-one"),
        pytest.param("10.0.0.0/14", ("10.2.0.0/15", "10.0.0.0/16"), "one-owner", id="excepts-leave-one"),
        pytest.param("10.0.0.0/14", (), "several-owners", id="both"),
        pytest.param("10.2.0.0/15", (), "wider-than-owner", id="wider"),
        pytest.param("10.9.0.0/16", (), "orphaned", id="nobody"),
        pytest.param("203.0.113.0/24", (), "orphaned", id="public-undeclared"),
        pytest.param("169.254.169.254/32", (), "one-owner", id="metadata"),
        pytest.param("2600:1f00::/48", (), "one-owner", id="ipv6"),
        pytest.param("::/0", (), "one-owner", id="all-of-ipv6-is-public"),
    ],
)
def test_each_range_has_one_owner_or_says_what_is_wrong(cidr, excepts, reason):
    """The range less its excepts decides."""
    item = owner_of(cidr, *excepts)
    assert item.reason == reason
    assert (item.status is Status.PASS) is (reason == "one-owner")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(22, 26)), min_size=2, max_size=8))
def test_overlaps_are_found_as_by_comparing_every_two(drawn):
    """The sweep finds exactly the linked pairs of networks that share an address."""
    nets = [
        ipaddress.ip_network((int(ipaddress.ip_address("10.0.0.0")) + (at << 8), length), strict=False)
        for at, length in drawn
    ]
    names = [f"n{at}" for at in range(len(nets))]
    topology = Topology(
        domains=tuple(domain(name, str(net)) for name, net in zip(names, nets, strict=True)),
        links=tuple(link(f"l{at}", names[0], name) for at, name in enumerate(names[1:])),
        placements=(stands("a", "n0", str(nets[0]), str(nets[0])),),
    )
    result = judged("NB-XC-03", [member("a"), member("b")], topology)
    found = {item.subject for item in result.items if item.reason == "overlap"}
    assert found == {
        f"{names[one]} and {names[other]}"
        for one in range(len(nets))
        for other in range(one + 1, len(nets))
        if nets[one].overlaps(nets[other])
    }
