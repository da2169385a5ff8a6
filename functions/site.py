"""Where the HTML report goes: its pages side by side in a store, the fleet page last, so that no link leads nowhere meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from functions.output import say
from reports.document import Report
from scanner.errors import InputError

if TYPE_CHECKING:
    from infra.store import Store

_WRITERS = 8  # pages under way at once: a bucket answers each in some ten milliseconds
_WAITING = 4 * _WRITERS  # pages in memory


def put_site(report: Report, store: Store, key: Callable[[str], str] = str, fleet: str = "report.html") -> str:
    """Store every page under `key` of its path, the fleet page last; returns that one's key.

    Raises:
        StoreError: the store refused one; what was stored until then stays, and no new fleet page leads to it.
    """
    from reports.html.site import pages

    pending: set[Future[None]] = set()
    with ThreadPoolExecutor(_WRITERS) as pool:
        for path, content in pages(report, fleet):
            if path == fleet:
                break
            pending.add(pool.submit(store.put, key(path), content))
            if len(pending) >= _WAITING:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                _check(done)
        _check(pending)
    store.put(key(path), content)
    return key(path)


def write_site(report: Report, output: str) -> None:
    """The site at `output`: a file beside whose name its folder lies, or a folder (one that is there, or with a slash behind).

    Raises:
        InputError: `output` names neither.
        StoreError: it cannot be written.
    """
    from infra.store import open_store
    from infra.text import printable

    scheme, mark, path = output.rpartition("://")
    folder, slash, leaf = path.rpartition("/")
    if not leaf or (not mark and Path(output).is_dir()):
        folder, slash, leaf = path.rstrip("/"), "/", "report.html"
    if leaf in {".", ".."} or (mark and not folder):
        raise InputError(
            f"--output {printable(output, 200)}: names no file: name one, or a folder with a slash behind it"
        )
    store = open_store(f"{scheme}{mark}{folder or slash or '.'}")
    say(f"wrote {store.describe(put_site(report, store, fleet=leaf))} and its pages beside it")


def _check(done: set[Future[None]]) -> None:
    for each in done:
        each.result()
