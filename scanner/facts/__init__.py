"""`facts/v1`: the stable, read-only view of one cluster that people's own controls are written against."""

from scanner.facts.build import Facts
from scanner.facts.model import LISTS, SCOPES, View

__all__ = ["LISTS", "SCOPES", "Facts", "View"]
