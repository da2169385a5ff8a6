"""A store that fails as real ones and real processes do: it throttles, and whoever writes to it dies before or after a write."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from infra.store import MAX_BYTES, Store
from scanner.errors import StoreError


class DiedError(BaseException):
    """The process is gone: nothing between the write and the platform gets to handle it."""


@dataclass
class Weather:
    """What happens next. `dies_at` counts writes down, `takes_effect` says whether the last one still happens."""

    chance: random.Random
    throttled: float = 0.0  # of all requests
    dies_at: int = 0  # 0: it does not
    takes_effect: bool = False
    deaths: int = 0
    refusals: int = 0
    written: dict[str, set[bytes]] = field(default_factory=dict)  # everything that ever lay under a key

    def calm(self) -> None:
        """Nothing happens any more."""
        self.throttled, self.dies_at = 0.0, 0

    def ask(self) -> None:
        """Before a request."""
        if self.chance.random() < self.throttled:
            self.refusals += 1
            raise StoreError("s3://audit: SlowDown: reduce your request rate")


class Faulty(Store):
    """Another store, under such weather."""

    def __init__(self, inner: Store, weather: Weather) -> None:
        def connect() -> object:
            raise AssertionError("a way past the faults")

        super().__init__(inner.url, connect)  # type: ignore[arg-type]
        self._inner = inner
        self.weather = weather

    def put_new(self, key: str, data: bytes) -> bool:
        """See Store."""
        return self._write(key, data, lambda: self._inner.put_new(key, data))

    def put_stream(self, key: str, pieces: Iterable[bytes]) -> None:
        """See Store; `put` ends here too."""
        data = b"".join(pieces)
        self._write(key, data, lambda: self._inner.put(key, data) or True)

    def update_latest(self, key: str, data: bytes, newer: Callable[[bytes], bool]) -> bool:
        """See Store."""
        return self._write(key, data, lambda: self._inner.update_latest(key, data, newer))

    def find(self, key: str, *, max_bytes: int = MAX_BYTES) -> bytes | None:
        """See Store."""
        self.weather.ask()
        return self._inner.find(key, max_bytes=max_bytes)

    def get(self, key: str, *, max_bytes: int = MAX_BYTES) -> bytes:
        """See Store."""
        self.weather.ask()
        return self._inner.get(key, max_bytes=max_bytes)

    def list(self, prefix: str) -> Iterator[str]:
        """See Store."""
        self.weather.ask()
        return self._inner.list(prefix)

    def folders(self, prefix: str) -> tuple[str, ...]:
        """See Store."""
        self.weather.ask()
        return self._inner.folders(prefix)

    def _write(self, key: str, data: bytes, write: Callable[[], bool]) -> bool:
        weather = self.weather
        weather.ask()
        dies = weather.dies_at == 1
        weather.dies_at = max(0, weather.dies_at - 1)
        done = False
        if not dies or weather.takes_effect:
            done = write()
            if done:
                weather.written.setdefault(key, set()).add(data)
        if dies:
            weather.deaths += 1
            raise DiedError(key)
        return done
