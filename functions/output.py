"""Where answers go: documents to stdout, a file or an object; talk to stderr. A reader that has gone is no error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from infra.text import printable
from scanner.errors import InputError, StoreError
from scanner.model import Notice

_MOST_GAPS = 10  # lines of one sort on stderr; the document has them all


def width() -> int:
    """The columns of the terminal, 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def colour(target: str = "") -> bool:
    """Whether what is written to `target` (empty: stdout) may be coloured."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not target and not plain and sys.stdout is not None and sys.stdout.isatty()


def write(chunks: Iterable[bytes], target: str) -> None:
    """To stdout as it comes, or to a file or object, which appears whole or not at all.

    Raises:
        InputError: `target` names no file.
        StoreError: it cannot be written.
    """
    if not target:
        _print(chunks)
        return
    from infra.store import open_store

    scheme, mark, path = target.rpartition("://")
    folder, slash, leaf = path.rpartition("/")
    if leaf in {"", ".", ".."}:
        raise InputError(f"--output {printable(target, 200)}: names a folder: name a file in it")
    store = open_store(f"{scheme}{mark}{folder or slash or ('' if mark else '.')}")
    store.put_stream(leaf, chunks)
    say(f"wrote {store.describe(leaf)}")


def _print(chunks: Iterable[bytes]) -> None:
    """To stdout. A reader that has gone (`| head`) has read enough: what the exit code says stays true."""
    if sys.stdout is None:
        raise StoreError("standard output is closed: redirect it, to /dev/null if nobody reads it")
    try:
        sys.stdout.flush()
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:
        _drop(sys.stdout)
        raise StoreError(f"standard output: cannot be written ({error.strerror}): redirect it elsewhere") from error


def _drop(stream: TextIO) -> None:
    """Keep the interpreter's last flush of a stream that nobody can read from complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def text(lines: Iterable[str]) -> Iterable[bytes]:
    """Lines as UTF-8; what is no text (half a surrogate pair) is replaced."""
    for line in lines:
        yield f"{line}\n".encode("utf-8", "replace")


def say(words: str) -> None:
    """One line of talk."""
    try:
        print(printable(words), file=sys.stderr)  # noqa: T201 - talk goes to stderr
    except OSError:  # nobody listens
        _drop(sys.stderr)


def say_incomplete(missing: Sequence[str]) -> None:
    """What was not read whole, a line each."""
    for line in missing[:_MOST_GAPS]:
        say(f"not read whole: {line}")
    if len(missing) > _MOST_GAPS:
        say(f"not read whole: {len(missing) - _MOST_GAPS} more, all in the report")


def say_warnings(notices: Sequence[Notice]) -> None:
    """What was invalid, ignored or not modelled in the input, a line each."""
    for each in notices[:_MOST_GAPS]:
        say(f"warning: {each.object}, {each.field}: {each.message}")
    if len(notices) > _MOST_GAPS:
        say(f"warning: {len(notices) - _MOST_GAPS} more: --format json has them all")


def now() -> str:
    """The present second, RFC 3339 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
