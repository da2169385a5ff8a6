"""Many objects of a store, a few asked for at once and handed on one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from infra.pool import Check, in_parallel
from scanner.errors import StoreError

if TYPE_CHECKING:
    from infra.store import Store

_WORKERS = 8  # as many objects are in memory at most


def fetched(store: Store, keys: Sequence[str], *, max_bytes: int) -> Iterator[tuple[str, bytes | StoreError | None]]:
    """Each object with its key, in order of arrival: None where there is none, or why the store does not give it out.

    The threads wait for the store and nothing else. What arrives is decoded by the caller: under Python's lock several
    decoders are no faster, and two threads that are the first to decode one type crash msgspec 0.22, which shows the second
    a type that the first has not finished.
    """

    def fetch(key: str, check: Check) -> bytes | StoreError | None:
        check()
        try:
            return store.find(key, max_bytes=max_bytes)
        except StoreError as error:
            return error

    with closing(in_parallel(fetch, keys, max(1, min(_WORKERS, len(keys))))) as answers:
        yield from answers
