"""The controls this version judges."""

from scanner.controls.catalogue import CONTROLS

__all__ = ["CONTROLS"]
