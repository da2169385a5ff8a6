"""YAML text to JSON values, from libyaml's events: bounded in depth and in what aliases expand to, never recursive.

libyaml does the parsing. Building the values here rather than in PyYAML's constructor gives scalars the meaning they have
for the API server, lines for rules, and bounds: a few hundred bytes of aliases can stand for gigabytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from infra.manifests.documents import MAX_DEPTH
from infra.manifests.scalars import Scalar, resolve, resolve_tagged
from infra.text import printable

MAX_EXPANDED = 1_000_000  # values (or 64 characters of text) that aliases may stand for, per document
_UNIT = 64
_MERGE = object()
_UNSET = object()


class YamlError(Exception):
    """A document that cannot be read. `line` counts from 0 within the text; so does `column`."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(slots=True)
class YamlDocument:
    """One document's value. `lines` holds the lines of a list's entries by the list's id(); they count from 0."""

    value: Any = None
    line: int = 0
    lines: dict[int, list[int]] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(
        default_factory=list
    )  # keys that stand twice in a mapping, with their lines


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled. `cost` and `height` are what an alias to it will stand for."""

    value: Any
    anchor: str | None
    lines: list[int] | None  # None: a mapping
    key: Any = _UNSET
    merged: list[dict[str, Any]] = field(default_factory=list)
    cost: int = 1
    height: int = 1


@dataclass(slots=True)
class _Anchored:
    value: Any
    cost: int
    height: int


def load_documents(text: str) -> Iterator[YamlDocument]:
    """Every document of `text`, empty ones left out.

    Raises:
        YamlError: at the first document that is broken, too deep, or expands to too much.
    """
    parser = yaml.CSafeLoader(text)  # only its events are used: libyaml, in C
    try:
        while True:
            event = parser.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                builder = _Builder()
                while type(event := parser.get_event()) is not yaml.DocumentEndEvent:
                    builder.take(event)
                if builder.document.value is not None:
                    yield builder.document
            elif event is None or isinstance(event, yaml.StreamEndEvent):
                return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(printable(error.problem or "it does not parse", 200), *_at(mark)) from error
    except yaml.reader.ReaderError as error:
        before = text.encode("utf-8", "replace")[: error.position]
        raise YamlError("a control character stands in the text", before.count(b"\n"), 0) from error
    finally:
        parser.dispose()


class _Builder:
    """Builds one document from its events."""

    def __init__(self) -> None:
        self.document = YamlDocument()
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None: still open
        self._expanded = 0

    def take(self, event: Any) -> None:  # noqa: ANN401 - PyYAML's events have no common typed base
        form = type(event)
        if form is yaml.ScalarEvent:
            plain = event.tag is None and event.implicit[0] and event.value != "<<"
            value = resolve(event.value) if plain else None
            if type(value) is not str:
                value = self._scalar(event)
            cost = 1 + len(event.value) // _UNIT
            if event.anchor:
                self._anchors[event.anchor] = _Anchored(value, cost, 0)
            self._put(value, cost, 0, event.start_mark)
        elif form is yaml.MappingStartEvent:
            self._start(_Open({}, event.anchor, None), event.start_mark)
        elif form is yaml.SequenceStartEvent:
            self._start(_Open([], event.anchor, []), event.start_mark)
        elif form is yaml.AliasEvent:
            self._alias(event)
        else:
            self._end(event.start_mark)

    def _scalar(self, event: Any) -> Any:  # noqa: ANN401
        if event.tag is None or event.tag == "!":
            if not event.implicit[0] or event.tag == "!":
                return event.value
            if event.value == "<<" and self._awaits_key():
                return _MERGE
            value: Scalar = resolve(event.value)
        else:
            try:
                value = resolve_tagged(event.value, event.tag)
            except ValueError as error:
                raise YamlError(str(error), *_at(event.start_mark)) from error
        if isinstance(value, float) and not math.isfinite(value):
            raise YamlError("infinity and NaN are no JSON numbers", *_at(event.start_mark))
        return value

    def _start(self, container: _Open, mark: Any) -> None:  # noqa: ANN401
        if len(self._open) >= MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", *_at(mark))
        if self._awaits_key():
            raise YamlError("a mapping or list stands where a key must", *_at(mark))
        if container.anchor:
            self._anchors[container.anchor] = None
        if not self._open:
            self.document.line = mark.line
        elif (lines := self._open[-1].lines) is not None:
            lines.append(mark.line)  # before its entries, so that the list's lines stay in order
        self._open.append(container)

    def _end(self, mark: Any) -> None:  # noqa: ANN401
        done = self._open.pop()
        if done.lines is not None:
            self.document.lines[id(done.value)] = done.lines
        elif done.merged:
            own = done.value.copy()
            done.value.clear()
            for source in reversed(done.merged):  # the first of several sources wins, the mapping's own keys over all
                done.value.update(source)
            done.value.update(own)
        if done.anchor:
            self._anchors[done.anchor] = _Anchored(done.value, done.cost, done.height)
        self._put(done.value, done.cost, done.height, mark, started=True)

    def _alias(self, event: Any) -> None:  # noqa: ANN401
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            problem = "stands inside itself" if event.anchor in self._anchors else "has no anchor"
            raise YamlError(f"the alias *{printable(event.anchor, 60)} {problem}", *_at(event.start_mark))
        self._expanded += anchored.cost
        if self._expanded > MAX_EXPANDED:
            raise YamlError(f"aliases expand to more than {MAX_EXPANDED:,} values", *_at(event.start_mark))
        if len(self._open) + anchored.height > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels through aliases", *_at(event.start_mark))
        self._put(anchored.value, anchored.cost, anchored.height, event.start_mark)

    def _put(self, value: Any, cost: int, height: int, mark: Any, *, started: bool = False) -> None:  # noqa: ANN401
        if not self._open:
            self.document.value = value
            return
        parent = self._open[-1]
        if self._anchors:  # only an anchor's own inside needs counting, and all of it comes after the anchor
            parent.cost += cost
            parent.height = max(parent.height, height + 1)
        if parent.lines is not None:
            parent.value.append(value)
            if not started:
                parent.lines.append(mark.line)
        elif parent.key is _UNSET:
            parent.key = value if type(value) is str or value is _MERGE else _key(value, mark)
        else:
            self._enter(parent, value, mark)
            parent.key = _UNSET

    def _enter(self, parent: _Open, value: Any, mark: Any) -> None:  # noqa: ANN401
        if parent.key is _MERGE:
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(source, dict) for source in sources):
                raise YamlError("a merge key (<<) takes mappings only", *_at(mark))
            parent.merged += sources
            return
        if parent.key in parent.value:
            self.document.repeated.append((parent.key, mark.line))
        parent.value[parent.key] = value

    def _awaits_key(self) -> bool:
        return bool(self._open) and self._open[-1].lines is None and self._open[-1].key is _UNSET


def _key(value: Any, mark: Any) -> str:  # noqa: ANN401
    """A mapping key as JSON has it: numbers and booleans become text, as sigs.k8s.io/yaml does it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise YamlError("a key is empty, or no text", *_at(mark))


def _at(mark: Any) -> tuple[int, int]:  # noqa: ANN401
    return (mark.line, mark.column) if mark is not None else (0, 0)
