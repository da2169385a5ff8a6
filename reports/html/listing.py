"""Further pages of the list of clusters, for a fleet that the fleet page has no room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.document import Report
from reports.html.card import Card, card_of
from reports.html.links import Links, Neighbour
from reports.html.view import ROWS


@dataclass(frozen=True, slots=True)
class ListingPage:
    """Page `number` of `lists`."""

    report: Report
    links: Links
    number: int
    lists: int
    first: int
    rows: tuple[Card, ...]
    clouds: tuple[str, ...]
    before: Neighbour
    after: Neighbour | None


def listing_page(report: Report, links: Links, cards: Sequence[Card], number: int) -> ListingPage:
    """The `number`-th page of `cards`, which are all clusters; the first is on the fleet page."""
    lists = -(-len(cards) // ROWS)
    start = (number - 1) * ROWS
    return ListingPage(
        report=report,
        links=links,
        number=number,
        lists=lists,
        first=start + 1,
        rows=tuple(card_of(card.index, card.cluster, links) for card in cards[start : start + ROWS]),
        clouds=tuple(dict.fromkeys(cluster.cloud for cluster in report.clusters)),
        before=Neighbour(f"page {number - 1}", links.listing(number - 1)),
        after=Neighbour(f"page {number + 1}", links.listing(number + 1)) if number < lists else None,
    )
