"""What a target of the fuzzer is, and how its bytes become choices."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fuzz.mutate import Choose


@dataclass(frozen=True)
class Target:
    """`decode` makes a value of the fuzzer's bytes, None for nothing to ask; `ask` puts it to the product."""

    decode: Callable[[bytes], Any]
    ask: Callable[[Any], None]
    seeds: Callable[[], list[bytes]]
    words: tuple[str, ...] = ()  # what the fuzzer may put in


def choices(data: bytes) -> Choose:
    """Bytes as choices: one for a small choice, three for a large one, 0 when they have run out."""
    left = iter(data)

    def choose(below: int) -> int:
        number = next(left, 0)
        if below > 256:
            number += next(left, 0) << 8 | next(left, 0) << 16
        return number % max(below, 1)

    return choose


def choices_seeds() -> list[bytes]:
    """Bytes to begin with where all that they do is choose."""
    some = random.Random(1)  # noqa: S311 - the same each time
    return [some.randbytes(some.choice([4, 8, 16, 64])) for _ in range(300)]
