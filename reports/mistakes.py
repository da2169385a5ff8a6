"""`config-check/v1`: the mistakes of a settings file, as a document and as lines that editors and people understand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from reports.lint import schema_of
from reports.reach.document import encoded
from reports.reach.words import counted, plain


class Mistake(msgspec.Struct, kw_only=True):
    """One mistake. `line` counts from 1, 0 means the whole file; `key` is its path; `message` ends with what to write."""

    line: int
    key: str
    message: str


class ConfigCheck(msgspec.Struct, kw_only=True):
    """Every mistake of one file, by line; none where it can be used."""

    schema: str
    file: str
    mistakes: list[Mistake]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `config-check/v1`; unknown fields stay allowed."""
    return schema_of(ConfigCheck, "config-check/v1", "The mistakes of a settings file")


def render_mistakes(file: str, mistakes: Sequence[tuple[int, str, str]]) -> bytes:
    """The `config-check/v1` document."""
    found = [Mistake(line=line, key=key, message=message) for line, key, message in mistakes]
    document = ConfigCheck(schema="config-check/v1", file=file, mistakes=found)
    return f"{encoded(msgspec.to_builtins(document))}\n".encode()


def mistake_lines(file: str, mistakes: Sequence[tuple[int, str, str]], *, sources: int) -> Iterator[str]:
    """`file:line: key: message`, as compilers write it, then how many there are."""
    for line, key, message in mistakes:
        place = f"{file}:{line}" if line else file
        yield plain(f"{place}: {key}{': ' if key else ''}{message}")
    yield counted(len(mistakes), "mistake") if mistakes else f"{plain(file)}: no mistake, {counted(sources, 'source')}"
