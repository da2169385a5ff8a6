"""A JSON file's objects: a dump of 60,000 pods is cut into its items without decoding what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from infra.manifests.documents import (
    MAX_DEPTH,
    RULE_LISTS,
    Document,
    Foreign,
    Found,
    Header,
    Trouble,
    item_identity,
)
from infra.text import printable
from infra.wire.metadata import ABSENT

_BYTE = re.compile(r" ?\(byte (\d+)\)")


class _Head(msgspec.Struct, rename="camel"):
    api_version: msgspec.Raw = ABSENT
    kind: msgspec.Raw = ABSENT
    metadata: msgspec.Raw = ABSENT
    items: msgspec.Raw = ABSENT


_HEAD = msgspec.json.Decoder(_Head)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_json(data: bytes) -> Iterator[Found]:
    """Everything in the bytes of one JSON file (UTF-8), in order."""
    try:
        yield from _objects(msgspec.json.decode(data, type=msgspec.Raw), _Text(data), (None, None))
    except RecursionError:
        yield Trouble(f"nested deeper than {MAX_DEPTH} levels: the file is left out")
    except msgspec.DecodeError as error:
        yield _broken(data, str(error))


def _broken(data: bytes, problem: str) -> Trouble:
    match = _BYTE.search(problem)
    before = data[: int(match[1])] if match else b""
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    problem = _BYTE.sub("", problem).removeprefix("JSON is malformed: ")
    if "trailing characters" in problem:
        return Trouble("more than one JSON value: put them into a List, or a file each", line)
    return Trouble(f"broken JSON: {printable(problem, 200)}: mend it there; the file is left out", line, column)


class _Text:
    """Finds the lines of raw values that come in the order in which they stand.

    Looking always goes on behind the last value, so an answer can be early (the same bytes within a key) but never late.
    """

    def __init__(self, data: bytes, line: int = 1) -> None:
        self._data = data
        self._line = line
        self._at = 0

    def line(self, raw: bytes | msgspec.Raw) -> int:
        """The line at which `raw` begins; looking then goes on inside it."""
        found = self._data.find(raw, self._at)
        if found >= 0:
            self._move(found)
        return self._line

    def skip(self, raw: bytes | msgspec.Raw) -> None:
        """Go on behind `raw`, whose line was just asked for."""
        self._move(self._at + len(memoryview(raw)))

    def _move(self, to: int) -> None:
        self._line += self._data.count(b"\n", self._at, to)
        self._at = to


def _objects(
    raw: bytes | msgspec.Raw, text: _Text, inherited: tuple[str | None, str | None], depth: int = 0
) -> Iterator[Found]:
    """The object, or those of a list (in which lists may stand)."""
    line = text.line(raw)
    if not _is(raw, b"{"):
        text.skip(raw)
        yield Foreign(line)
        return
    head = _HEAD.decode(raw)
    header = Header(
        api_version=_text(head.api_version) or inherited[0],
        kind=_text(head.kind) or inherited[1],
        has_metadata=head.metadata != ABSENT,
    )
    identity = header.identify(line)
    if not isinstance(identity, tuple):
        text.skip(raw)
        yield identity
    elif identity[1].endswith("List") and _is(head.items, b"[") and depth < MAX_DEPTH:
        for item in _ITEMS.decode(head.items):
            yield from _objects(item, text, item_identity(*identity), depth + 1)
    else:
        text.skip(raw)
        yield Document(raw, *identity, line, lambda: _rule_lines(bytes(raw), line))


def _rule_lines(raw: bytes, line: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value, start in _fields(raw, line):
        if name == "spec":
            found |= _spec_lines(value, start, "")
        elif name == "specs":
            for index, (spec, spec_line) in enumerate(_items(value, start)):
                found |= _spec_lines(spec, spec_line, f"specs[{index}].")
    return found


def _spec_lines(spec: bytes, line: int, prefix: str) -> dict[str, int]:
    return {
        f"{prefix}{name}[{index}]": rule_line
        for name, rules, start in _fields(spec, line)
        if name in RULE_LISTS
        for index, (_, rule_line) in enumerate(_items(rules, start))
    }


def _fields(raw: bytes, line: int) -> Iterator[tuple[str, bytes, int]]:
    """The fields of a mapping, each with its value's line; none of anything else."""
    text = _Text(raw, line)
    for name, value in _FIELDS.decode(raw).items() if _is(raw, b"{") else ():
        start = text.line(value)
        text.skip(value)
        yield name, bytes(value), start


def _items(raw: bytes, line: int) -> Iterator[tuple[bytes, int]]:
    """The entries of a list, each with its line; none of anything else."""
    text = _Text(raw, line)
    for value in _ITEMS.decode(raw) if _is(raw, b"[") else ():
        start = text.line(value)
        text.skip(value)
        yield bytes(value), start


def _is(raw: bytes | msgspec.Raw, opening: bytes) -> bool:
    return memoryview(raw)[:1] == opening


def _text(raw: msgspec.Raw) -> str | None:
    return msgspec.json.decode(raw, type=str) if _is(raw, b'"') else None
