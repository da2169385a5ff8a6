"""How many examples the fuzzing tests draw: a few, or RINGFENCE_EXAMPLES of them; the same ones unless RINGFENCE_SEED is set."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import Choose

Test = Callable[..., Any]


def few(examples: int) -> Callable[[Test], Test]:
    """A property test with so many examples where the environment does not ask for more."""

    def drawn(test: Test) -> Test:
        chosen = os.environ.get("RINGFENCE_SEED")
        made: Test = settings(
            max_examples=int(os.environ.get("RINGFENCE_EXAMPLES", str(examples))),
            deadline=None,
            database=None,
            derandomize=chosen is None,
            suppress_health_check=list(HealthCheck),
        )(test)
        return made if chosen is None else seed(int(chosen))(made)

    return drawn


def chooser(data: st.DataObject) -> Choose:
    """What chooses by drawing; 0 is what an example shrinks to."""
    return lambda below: data.draw(st.integers(0, below - 1)) if below > 1 else 0
