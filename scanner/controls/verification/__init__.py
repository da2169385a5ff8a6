"""VER: what was observed, simulated and asserted."""

from __future__ import annotations

from scanner.controls.base import Control

CONTROLS: tuple[Control, ...] = ()
