"""MSH: meshes and identity: who proves who they are, and to whom."""

from __future__ import annotations

from scanner.controls.base import Control

CONTROLS: tuple[Control, ...] = ()
