"""NB-XC-06: is what runs between clouds encrypted and authenticated on its way?"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.controls.base import Verdict
from scanner.enums import Cloud
from scanner.fabric.fleet import Fleet
from scanner.fabric.graph import Edge
from scanner.findings import Status
from scanner.topology.model import DomainKind, Encryption

_SAFE = {
    Encryption.IPSEC: "IPsec, authenticated by keys or certificates of both gateways",
    Encryption.MACSEC: "MACsec on the link",
    Encryption.MTLS: "mTLS end to end, as declared",
}
_FIX = (
    "Run an IPsec VPN over the link (HA VPN over Interconnect, VPN over Direct Connect or ExpressRoute) or MACsec on it, or "
    "require mTLS at both east-west gateways."
)
_ASK = {
    "Direct Connect gateway": "MACsec is said by directconnect:DescribeConnections (macSecCapable, encryptionMode)",
    "Interconnect attachment": "MACsec is said by compute.interconnects.get (macsecEnabled)",
    "ExpressRoute connection": "MACsec is said by Microsoft.Network/expressRoutePorts/read",
    "connection": "set `hybrid: true` for the AWS source, so that VPN connections are read",
}


def clouds_are_joined_safely(fleet: Fleet) -> Iterator[Verdict]:
    """One verdict per link between two clouds, discovered or declared; links inside one cloud do not cross a boundary.

    A VPN is IPsec by its kind. Of dedicated lines (Direct Connect, Interconnect, ExpressRoute) MACsec decides, which the
    clouds tell elsewhere: unread is unknown. Where a fleet is in several clouds, a line whose far end nobody knows may be
    one between them.
    """
    clouds = {each.cloud for each in fleet.members} - {Cloud.OTHER}
    if not fleet.known and len(clouds) > 1:
        evidence = ("the networks were not read, so what joins the clouds is not known: see `ringfence network`",)
        yield Verdict(subject="clouds", status=Status.UNKNOWN, reason="network-unread", evidence=evidence)
        return
    named = {end for each in fleet.declarations if not each.link.via for end in each.ends}
    for edge in fleet.whole_graph.edges:
        if _crosses(fleet, edge):
            yield _link(edge)
        elif len(clouds) > 1 and edge.encryption is Encryption.UNKNOWN and _open_end(fleet, edge, named):
            why = f"{edge.words}: what is behind it is not known, and it may be another cloud"
            yield Verdict(subject=edge.id, status=Status.UNKNOWN, reason="far-end-unknown", evidence=(why,))
    if len(clouds) > 1:
        yield from _unread(fleet)


def _crosses(fleet: Fleet, edge: Edge) -> bool:
    ends = {fleet.graph.cloud(end) for end in edge.ends if end} - {Cloud.OTHER}
    return len(ends) > 1


def _open_end(fleet: Fleet, edge: Edge, named: set[str]) -> bool:
    """Whether nobody knows what is behind a link: a declaration that names its far end as an end says it."""
    kinds = {end: fleet.graph.domains[end].kind for end in edge.ends if end in fleet.graph.domains}
    return not all(edge.ends) or any(kind is DomainKind.FAR_END and end not in named for end, kind in kinds.items())


def _link(edge: Edge) -> Verdict:
    if edge.encryption in _SAFE:
        evidence = (f"{edge.words}: {_SAFE[edge.encryption]}",)
        return Verdict(subject=edge.id, status=Status.PASS, reason=str(edge.encryption), evidence=evidence)
    if edge.encryption is Encryption.NONE:
        evidence = (f"{edge.words} joins two clouds and is not encrypted",)
        return Verdict(subject=edge.id, status=Status.FAIL, reason="not-encrypted", evidence=evidence, remediation=_FIX)
    how = _ASK.get(
        edge.kind, "say it in ringfence.yaml: `encryption: ipsec`, macsec, mtls or none, at the declared link"
    )
    evidence = (f"{edge.words} joins two clouds, and whether it is encrypted is not known: {how}",)
    return Verdict(subject=edge.id, status=Status.UNKNOWN, reason="encryption-unknown", evidence=evidence)


def _unread(fleet: Fleet) -> Iterator[Verdict]:
    """Members and parts of the networks that were not read may hold a link to another cloud."""
    found = [f"{fleet.names[each.ref.id]}: its network was not read" for each in fleet.unplaced]
    found += [f"{each.what} in {each.cloud} {each.account}: {each.reason}" for each in fleet.topology.unread]
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        evidence = (f"links may be missing: {'; '.join(found[:5])}{more}",)
        yield Verdict(subject="clouds", status=Status.UNKNOWN, reason="network-unread", evidence=evidence)
