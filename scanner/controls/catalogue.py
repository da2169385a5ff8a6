"""The controls in report order, each as the baseline (1.0.0) defines it. A control stands behind those it requires."""

from __future__ import annotations

from scanner.controls import (
    crossing,
    enforcement,
    exposure,
    governance,
    isolation,
    mesh,
    observability,
    privilege,
    verification,
)
from scanner.controls.base import Control

CONTROLS: tuple[Control, ...] = (
    *enforcement.CONTROLS,
    *isolation.CONTROLS,
    *privilege.CONTROLS,
    *exposure.CONTROLS,
    *crossing.CONTROLS,
    *mesh.CONTROLS,
    *observability.CONTROLS,
    *verification.CONTROLS,
    *governance.CONTROLS,
)
