"""XC: what joins clusters and clouds; judged once for the fleet."""

from __future__ import annotations

from scanner.controls.base import Control

CONTROLS: tuple[Control, ...] = ()
