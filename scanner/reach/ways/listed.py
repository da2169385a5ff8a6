"""A listing as writers take it, with the ways in from outside beside its lines."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from scanner.reach.lines import Listing
from scanner.reach.selection import Selection
from scanner.reach.ways.model import WayIn


class ListingWithWays(Listing):
    """A listing that finds the ways in when a writer first asks for them; `ways_of` is who knows them."""

    ways_of: Callable[[Selection], tuple[WayIn, ...]]

    @cached_property
    def ways(self) -> tuple[WayIn, ...]:
        """The ways in from outside, those of the selection."""
        return self.ways_of(self.selection)
