"""A JSON file's objects: a dump of 60,000 pods is cut into its items without decoding what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial

import msgspec

from infra.manifests.documents import (
    MAX_DEPTH,
    RULE_LISTS,
    Document,
    Foreign,
    Found,
    Trouble,
    item_identity,
    unidentified,
)
from infra.text import printable
from infra.wire import Pod
from infra.wire.metadata import ABSENT

_BYTE = re.compile(r" ?\(byte (\d+)\)")


class _Head(msgspec.Struct, rename="camel"):
    api_version: msgspec.Raw = ABSENT
    kind: msgspec.Raw = ABSENT
    metadata: msgspec.Raw = ABSENT


class _Listing(_Head):
    items: list[msgspec.Raw] | None = None


_HEAD = msgspec.json.Decoder(_Head)
_LISTING = msgspec.json.Decoder(_Listing)
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_POD = msgspec.json.Decoder(Pod)
_POD_IDENTITY = ("v1", "Pod")
_OPENING = 256  # bytes by which the first of a list is found in the object that holds it
_OBJECT = ord("{")
_BLANKS = b" \t\r\n"
_SHORT = 200  # bytes of an apiVersion or kind that is worth remembering


def read_json(data: bytes) -> Iterator[Found]:
    """Everything in the bytes of one JSON file (UTF-8), in order."""
    blanks = len(data) - len(data.lstrip(_BLANKS))
    line = data.count(b"\n", 0, blanks) + 1
    try:
        if data[blanks : blanks + 1] == b"{":
            listing = _listing(data)
            head = _HEAD.decode(data) if listing is None else listing
            yield from _object(data, head, line, (None, None))
        else:
            msgspec.json.decode(data, type=msgspec.Raw)
            yield Foreign(line)
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


def _listing(raw: bytes) -> _Listing | None:
    """The object with its items; None where those are no list."""
    try:
        return _LISTING.decode(raw)
    except msgspec.ValidationError:
        return None


def _object(
    raw: bytes, head: _Head, line: int, inherited: tuple[str | None, str | None], depth: int = 0
) -> Iterator[Found]:
    """The object that begins at `line`, or those of a list (in which lists may stand)."""
    api_version = _text(head.api_version) or inherited[0]
    kind = _text(head.kind) or inherited[1]
    if not api_version or not kind:
        yield unidentified(api_version, line, has_metadata=head.metadata != ABSENT)
        return
    if kind.endswith("List") and depth < MAX_DEPTH:
        listing = head if isinstance(head, _Listing) else _listing(raw)
        if listing is not None and listing.items is not None:
            yield from _items(raw, listing.items, line, item_identity(api_version, kind), depth + 1)
            return
    yield Document(raw, api_version, kind, line, partial(_rule_lines, raw, line))


def _items(
    raw: bytes, items: list[msgspec.Raw], line: int, inherited: tuple[str | None, str | None], depth: int
) -> Iterator[Found]:
    """The objects of a list.

    Objects of one kind follow each other, so behind a pod the next object is read as one at once, and only where its own
    apiVersion and kind say otherwise as what it is.
    """
    among_pods = False
    for entry, place in _entries(raw, items, line, raw.find(b'"items"')):
        pod = _pod(entry, inherited) if among_pods else None
        if pod is not None:
            yield Document(entry, *_POD_IDENTITY, place, _no_lines, pod=pod)
            continue
        among_pods = False
        item = bytes(entry)
        if item[0] != _OBJECT:
            yield Foreign(place)
            continue
        for found in _object(item, _HEAD.decode(item), place, inherited, depth):
            among_pods = isinstance(found, Document) and (found.api_version, found.kind) == _POD_IDENTITY
            yield found


def _pod(item: msgspec.Raw, inherited: tuple[str | None, str | None]) -> Pod | None:
    """The item as a pod; None where it is none, or not one that can be read."""
    try:
        pod = _POD.decode(item)
    except (msgspec.DecodeError, RecursionError):
        return None
    identity = (pod.api_version or inherited[0], pod.kind or inherited[1])
    return pod if identity == _POD_IDENTITY else None


def _entries(raw: bytes, entries: list[msgspec.Raw], line: int, behind: int) -> Iterator[tuple[msgspec.Raw, int]]:
    """The entries of a list that stands in `raw`, which begins at `line`; each with its line.

    The first is found by its first bytes, from `behind` on: that can be early (the same bytes stand before it), but never
    late. Between two entries stand only blanks and a comma, so each other is where its first byte is found next. What
    stands in one line needs no search.
    """
    if b"\n" not in raw:
        for entry in entries:
            yield entry, line
        return
    end = counted = 0
    if entries:
        end = raw.find(bytes(memoryview(entries[0])[:_OPENING]), max(behind, 0))
    for entry in entries:
        value = memoryview(entry)
        start = raw.find(value[0], end)
        line += raw.count(b"\n", counted, start)
        counted, end = start, start + len(value)
        yield entry, line


def _no_lines() -> dict[str, int]:
    """A pod has no rules."""
    return {}


def _rule_lines(raw: bytes, line: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value, start in _fields(raw, line):
        if name == "spec":
            found |= _spec_lines(value, start, "")
        elif name == "specs" and value[:1] == b"[":
            for index, (spec, spec_line) in enumerate(_entries(value, _ENTRIES.decode(value), start, 1)):
                found |= _spec_lines(bytes(spec), spec_line, f"specs[{index}].")
    return found


def _spec_lines(spec: bytes, line: int, prefix: str) -> dict[str, int]:
    return {
        f"{prefix}{name}[{index}]": rule_line
        for name, rules, start in _fields(spec, line)
        if name in RULE_LISTS and rules[:1] == b"["
        for index, (_, rule_line) in enumerate(_entries(rules, _ENTRIES.decode(rules), start, 1))
    }


def _fields(raw: bytes, line: int) -> Iterator[tuple[str, bytes, int]]:
    """The fields of a mapping, each with its value's line; none of anything else.

    A value is looked for behind the one before it, so an answer can be early (the same bytes within a key), never late.
    """
    if raw[:1] != b"{":
        return
    flat = b"\n" not in raw
    counted = end = 0
    for name, entry in _FIELDS.decode(raw).items():
        value = bytes(entry)
        if not flat:
            start = max(raw.find(value, end), end)
            line += raw.count(b"\n", counted, start)
            counted, end = start, start + len(value)
        yield name, value, line


def _text(raw: msgspec.Raw) -> str | None:
    key = bytes(raw)
    if key[:1] != b'"':
        return None
    return _known_text(key) if len(key) < _SHORT else msgspec.json.decode(key, type=str)


@lru_cache(maxsize=1024)
def _known_text(raw: bytes) -> str:
    return msgspec.json.decode(raw, type=str)
