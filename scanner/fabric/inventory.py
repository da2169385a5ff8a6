"""NB-XC-01: are the links that were discovered those that are declared, and the other way round?"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.controls.base import Verdict, bounded, quoted
from scanner.enums import Cloud
from scanner.evidence import TAKEN_BY, is_fresh, moment
from scanner.fabric.fleet import Fleet, unread_network
from scanner.fabric.graph import Declaration, Edge, covered
from scanner.findings import Status

_CONTROL = "NB-XC-01"
# Links that carry one service or the routes of a managed core, which the readers of networks do not list.
NOT_LISTED = {
    Cloud.AWS: "PrivateLink (ec2:DescribeVpcEndpoints), VPC Lattice (vpc-lattice:ListServiceNetworkVpcAssociations) and "
    "Cloud WAN (networkmanager:ListAttachments)",
    Cloud.GCP: "Private Service Connect (compute.forwardingRules.list, compute.serviceAttachments.list) and Network "
    "Connectivity Center (networkconnectivity.spokes.list)",
    Cloud.AZURE: "Private Link (Microsoft.Network/privateEndpoints/read) and Virtual WAN hub connections "
    "(Microsoft.Network/virtualHubs/hubVirtualNetworkConnections/read)",
}


def links_are_declared(fleet: Fleet) -> Iterator[Verdict]:
    """One verdict per link at a network that holds a cluster, and one per declaration of which nothing was found.

    A declaration covers what it names in `via`; one without covers what joins its two ends directly, or through one hub
    that both are attached to. Links that are not active carry nothing and are not there. A declaration between places that
    no API shows (a zone) cannot be missing.
    """
    yield from unread_network(fleet)
    if not fleet.known:
        return
    cover = covered(fleet.graph, fleet.declarations)
    edges = fleet.graph.around(fleet.networks)
    for edge in edges:
        yield _link(fleet, edge, cover.get(edge.id))
    yield from (_declared(fleet, each) for each in fleet.declarations)
    gaps = tuple(_gaps(fleet))
    yield from gaps
    if edges or fleet.declarations or gaps or len(fleet.networks) > 1:
        yield from _not_listed(fleet)


def _link(fleet: Fleet, edge: Edge, declaration: Declaration | None) -> Verdict:
    if declaration is not None:
        evidence = (f"{edge.words} is declared: {declaration.words}",)
        return Verdict(subject=edge.id, status=Status.PASS, reason="declared", evidence=evidence)
    ends = [_named(fleet, end) for end in edge.ends]
    far = fleet.graph.domains.get(edge.ends[1])
    ranges = ", ".join(far.ranges) if far is not None and far.ranges else "<ranges>"
    return Verdict(
        subject=edge.id,
        status=Status.FAIL,
        reason="undeclared",
        evidence=(f"{edge.words} is in no declaration",),
        remediation="Remove the link, or add it to ringfence.yaml with its owner and purpose:\nlinks:\n"
        f"- {{from: {ends[0]}, to: {ends[1]}, cidrs: [{ranges}], via: [{quoted(edge.id)}], owner: <team>, "
        "note: <purpose>}",
    )


def _named(fleet: Fleet, domain: str) -> str:
    """A network as one writes it in `links`: by its cluster's name where it has just one, else by its id."""
    found = [fleet.names[name] for name, place in fleet.placements.items() if place.domain == domain]
    if len(found) == 1:
        return quoted(found[0])
    return quoted(domain) if domain and fleet.graph.is_network(domain) else "<network or site>"


def _declared(fleet: Fleet, declaration: Declaration) -> Verdict:
    """What became of one declaration."""
    link, graph = declaration.link, fleet.graph
    subject = f"declared: {link.name}"
    known = {name.lower() for edge in graph.edges for name in (edge.id, *edge.parts)}
    missing = [name for name in link.via if name.lower() not in known]
    unknown = [name for name, end in zip(link.named or link.between, declaration.ends, strict=False) if not end]
    if missing:
        why = f"{', '.join(missing)}, which {declaration.words} names, was not found or is not active"
        if fleet.unplaced or fleet.topology.unread:
            return Verdict(subject=subject, status=Status.UNKNOWN, reason="not-seen", evidence=(why, _ELSEWHERE))
        return _missing(subject, why)
    if unknown and not link.via:
        why = (
            f"{', '.join(unknown)}, an end of {declaration.words}, is no cluster, network, zone or tunnel that was read"
        )
        return Verdict(subject=subject, status=Status.UNKNOWN, reason="end-not-read", evidence=(why,))
    one, other = declaration.ends
    offline = fleet.is_zone(one) or fleet.is_zone(other) or not (graph.is_network(one) and graph.is_network(other))
    if link.via or offline or one == other or graph.between(one, other):
        return Verdict(subject=subject, status=Status.PASS, reason="found", evidence=(f"{declaration.words}",))
    why = f"nothing that was discovered joins {one} and {other}, as {declaration.words} says"
    return _missing(subject, why)


_ELSEWHERE = "not every network could be read, so it may be in one of those"


def _missing(subject: str, why: str) -> Verdict:
    fix = "Remove the declaration from `links` in ringfence.yaml, or restore the link that it is about."
    return Verdict(subject=subject, status=Status.FAIL, reason="declared-missing", evidence=(why,), remediation=fix)


def _gaps(fleet: Fleet) -> Iterator[Verdict]:
    """What of the networks could not be read, each with the permission that would have allowed it."""
    for entry in fleet.topology.unread:
        where = " ".join(filter(None, (entry.cloud, entry.account, entry.location)))
        mend = f": grant {entry.permission}" if entry.permission else ""
        yield Verdict(
            subject=f"{where}: {entry.what}",
            status=Status.UNKNOWN,
            reason="unread",
            evidence=(f"{entry.what} in {where} could not be read ({entry.reason}){mend}",),
        )
    hubs = [
        table
        for table in fleet.topology.tables
        if table.unread and table.domain in fleet.graph.domains and not fleet.graph.is_network(table.domain)
    ]
    if hubs:
        lines = bounded(f"what {table.domain} leads to is not known: {table.unread}" for table in hubs)
        yield Verdict(subject="gateways", status=Status.UNKNOWN, reason="unread", evidence=lines)


def _not_listed(fleet: Fleet) -> Iterator[Verdict]:
    """Links that no reader asks for: somebody has to vouch for them."""
    clouds = sorted({each.cloud for each in fleet.members} & NOT_LISTED.keys())
    for cloud in clouds:
        subject = f"{cloud}: links that are not listed"
        taken = TAKEN_BY[_CONTROL]
        found = [each for each in fleet.statements if each.control == _CONTROL and each.subject in {cloud, subject}]
        newest = max(found, key=lambda each: str(moment(each.date)), default=None)
        if newest is None:
            how = (
                f"{NOT_LISTED[cloud]} are not read: look at them, and state under `evidence` (docs/evidence.md) that they are "
                f"inventoried: control {_CONTROL}, subject {cloud}, every {taken.days} days"
            )
            yield Verdict(subject=subject, status=Status.UNKNOWN, reason="not-listed", evidence=(how,))
        elif not is_fresh(newest, fleet.at, taken.days):
            late = f"not within the {taken.days} days before {fleet.at}: renew it"
            yield Verdict(
                subject=subject, status=Status.UNKNOWN, reason="stale-evidence", evidence=(newest.sentence, late)
            )
        else:
            good = newest.outcome == "pass"
            yield Verdict(
                subject=subject,
                status=Status.PASS if good else Status.FAIL,
                reason="stated" if good else "stated-failing",
                evidence=(newest.sentence,),
                remediation="" if good else "Mend what the statement says, then renew the evidence.",
            )
