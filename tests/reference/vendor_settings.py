"""How many clusters the comparing tests draw: RINGFENCE_EXAMPLES of them, the same ones unless RINGFENCE_SEED is set."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, seed, settings

Test = Callable[..., Any]


def drawn(test: Test) -> Test:
    """A property test with the number of examples and the seed that the environment asks for."""
    chosen = os.environ.get("RINGFENCE_SEED")
    made: Test = settings(
        max_examples=int(os.environ.get("RINGFENCE_EXAMPLES", "60")),
        deadline=None,
        database=None,
        derandomize=chosen is None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(test)
    return made if chosen is None else seed(int(chosen))(made)
