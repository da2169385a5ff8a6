"""The ends of what leaves Google's network: VPN tunnels (without their shared secrets) and Interconnect attachments."""

from __future__ import annotations

from collections.abc import Sequence

from infra.clouds.gaps import ranges_of
from infra.clouds.gke.network_calls import Calls, last_of, path_of
from scanner.cloud.part import Part
from scanner.enums import Cloud
from scanner.topology.model import Encryption, LinkState, Tunnel

_ANY = {"0.0.0.0/0", "::/0"}


def read_tunnels(calls: Calls, routers: Sequence[Part]) -> tuple[list[Tunnel], dict[str, tuple[tuple[str, ...], ...]]]:
    """All tunnels and attachments, and (remote, local) traffic selectors of the tunnels that have any."""
    gateways = {
        path_of(each.text("selfLink")): each
        for each in calls.aggregated("vpnGateways", "compute.vpnGateways.list", "selfLink") or ()
    }
    by_path = {path_of(each.text("selfLink")): each for each in routers}
    tunnels: list[Tunnel] = []
    selectors: dict[str, tuple[tuple[str, ...], ...]] = {}
    for answer in calls.aggregated("vpnTunnels", "compute.vpnTunnels.list", "selfLink") or ():
        if not (name := path_of(answer.text("selfLink"))):
            continue
        remote, local = (
            ranges_of(answer.texts(key) or ()) for key in ("remoteTrafficSelector", "localTrafficSelector")
        )
        if (set(remote) - _ANY) or (set(local) - _ANY):
            selectors[name] = tuple(() if set(each) & _ANY else each for each in (remote, local))
        tunnels.append(_tunnel(calls, name, answer, gateways, by_path))
    attachments = calls.aggregated("interconnectAttachments", "compute.interconnectAttachments.list", "selfLink")
    named = [(path_of(each.text("selfLink")), each) for each in attachments or ()]
    tunnels += [_attachment(calls, name, answer, by_path) for name, answer in named if name]
    return tunnels, selectors


def _tunnel(calls: Calls, name: str, answer: Part, gateways: dict[str, Part], routers: dict[str, Part]) -> Tunnel:
    gateway = gateways.get(path_of(answer.text("vpnGateway")), Part(None, "", []))
    number = answer.number("vpnGatewayInterface") or 0
    own = [
        each.text("ipAddress") for each in gateway.items("vpnInterfaces") or () if (each.number("id") or 0) == number
    ]
    router = routers.get(path_of(answer.text("router")), Part(None, "", []))
    network = path_of(gateway.text("network") or router.text("network"))
    status = answer.text("status") or ""
    return Tunnel(
        id=name,
        kind="VPN tunnel",
        encryption=Encryption.IPSEC,
        cloud=Cloud.GCP,
        account=calls.project,
        own=ranges_of(own),
        peer=ranges_of((answer.text("peerIp"),)),
        own_asn=router.part("bgp").number("asn") or 0,
        peer_asn=_peer_asn(router, name),
        arrives_at=network,
        tables=_arrivals(network, answer),
        state=LinkState.ACTIVE if status == "ESTABLISHED" else LinkState.UNKNOWN,
        evidence=f"status {status if status.isidentifier() else 'not known'}",
    )


def _peer_asn(router: Part, tunnel: str) -> int:
    """The AS number of the BGP peer whose interface runs over a tunnel."""
    names = {
        each.text("name")
        for each in router.items("interfaces") or ()
        if path_of(each.text("linkedVpnTunnel") or each.text("linkedInterconnectAttachment")) == tunnel
    }
    found = [each.number("peerAsn") for each in router.items("bgpPeers") or () if each.text("interfaceName") in names]
    return next((number for number in found if number), 0)


def _arrivals(network: str, answer: Part) -> tuple[str, ...]:
    return (f"{network}#{last_of(answer.text('region'))}/arrivals",) if network else ()


def _attachment(calls: Calls, name: str, answer: Part, routers: dict[str, Part]) -> Tunnel:
    router = routers.get(path_of(answer.text("router")), Part(None, "", []))
    network = path_of(router.text("network"))
    up = answer.text("state") == "ACTIVE" and answer.text("operationalStatus") == "OS_ACTIVE"
    return Tunnel(
        id=name,
        kind="Interconnect attachment",
        encryption=Encryption.IPSEC if answer.text("encryption") == "IPSEC" else Encryption.UNKNOWN,
        cloud=Cloud.GCP,
        account=calls.project,
        own_asn=router.part("bgp").number("asn") or 0,
        peer_asn=_peer_asn(router, name),
        arrives_at=network,
        tables=_arrivals(network, answer),
        state=LinkState.ACTIVE if up else LinkState.UNKNOWN,
        evidence="active" if up else "not active",
    )
