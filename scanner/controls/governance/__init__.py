"""GOV: who may change what, and how."""

from __future__ import annotations

from scanner.controls.base import Control

CONTROLS: tuple[Control, ...] = ()
