"""Files of own controls, from a folder or an object store: read within bounds, each mistake with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from infra.policycode.model import OwnControl
from infra.settings.check import check as check_form
from infra.settings.marked import BrokenError, compose_all, construct, line_of
from infra.settings.model import Mistake
from infra.store import Store, open_store
from infra.text import printable
from scanner.errors import InputError, StoreError

MAX_BYTES = 1 << 20  # of one file; people read them
MAX_FILES = 200
MAX_CONTROLS = 500
MAX_TEXT = 4_000  # characters of one expression or text
_ID = re.compile(r"[A-Z][A-Z0-9]{0,15}(?:-[A-Z0-9]{1,15}){1,4}", re.ASCII)
_RESERVED = "NB-"
_TEXTS = ("pass", "when", "message", "remediation")


@dataclass(frozen=True, slots=True)
class Placed:
    """A control, the file it stands in and the lines its keys' values begin on."""

    control: OwnControl
    file: str
    line: int
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A mistake, the file it stands in, and the line its document begins on (0: the whole file)."""

    file: str
    mistake: Mistake
    document: int = 0

    def __str__(self) -> str:
        """`file:line: key: what is wrong and the mend`, as compilers write it."""
        place = f"{self.file}:{self.mistake.line}" if self.mistake.line else self.file
        return f"{place}: {self.mistake}"


def read_places(places: Sequence[str], known: Sequence[str]) -> tuple[tuple[Placed, ...], tuple[Found, ...]]:
    """The controls of files, folders and object stores that are well formed, and every mistake; no expression is compiled.

    A folder gives the files `*.yaml` and `*.yml` that lie directly in it. `known` are the ids that `requires` may name.

    Raises:
        InputError: a place cannot be read, holds no such file, or too many.
        StoreError: an object store refused.
    """
    placed: list[Placed] = []
    mistakes: list[Found] = []
    seen: dict[str, str] = {}
    for place in places:
        for file, text in _texts(place):
            if isinstance(text, Mistake):
                mistakes.append(Found(file, text))
                continue
            good, bad = _read(file, text, known, seen)
            placed += good
            mistakes += bad
            if len(placed) > MAX_CONTROLS:
                raise InputError(f"{printable(place)}: more than {MAX_CONTROLS} own controls: load fewer at once")
    return tuple(placed), tuple(mistakes)


def _texts(place: str) -> Iterator[tuple[str, str | Mistake]]:
    """Each file's name, and its text or why that cannot be had."""
    store, keys = _listed(place)
    if not keys:
        raise InputError(f"{printable(place)}: no *.yaml in it: give a file, folder or URL of own controls")
    if len(keys) > MAX_FILES:
        raise InputError(f"{printable(place)}: more than {MAX_FILES} files: give a folder that holds controls only")
    for key in keys:
        name = printable(store.describe(key))
        data = store.get(key, max_bytes=MAX_BYTES)
        try:
            yield name, data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            yield name, Mistake(line, "", "not text in UTF-8: save it as UTF-8, or remove the file")


def _listed(place: str) -> tuple[Store, list[str]]:
    if "://" not in place:
        path = Path(place)
        try:
            if path.is_file():
                return open_store(str(path.parent)), [path.name]
            names = [each.name for each in path.iterdir() if each.is_file()]  # no walk: cases may lie below
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no path"
            raise InputError(
                f"{printable(place)}: cannot be read ({reason}): check the path of own controls"
            ) from error
        return open_store(place), sorted(name for name in names if _is_yaml(name))
    store = open_store(place)
    try:
        return store, [key for key in store.list("") if "/" not in key and _is_yaml(key)]
    except StoreError as error:
        if place.startswith("file://"):
            raise InputError(f"{error}: give a folder of own controls") from error
        raise


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


def _read(file: str, text: str, known: Sequence[str], seen: dict[str, str]) -> tuple[list[Placed], list[Found]]:
    try:
        documents = compose_all(text)
    except BrokenError as error:
        return [], [Found(file, error.mistake)]
    if not documents:
        return [], [Found(file, Mistake(0, "", "holds no control: write one, or remove the file"))]
    placed: list[Placed] = []
    mistakes: list[Found] = []
    for document in documents:
        wrong = check_form(document, OwnControl)
        if not wrong:
            one = _placed(file, document)
            wrong = list(_rules(one, known, seen))
            if not wrong:
                placed.append(one)
        mistakes += [Found(file, each, line_of(document)) for each in wrong]
    return placed, mistakes


def _placed(file: str, document: yaml.Node) -> Placed:
    lines = {}
    for key, value in document.value:
        block = isinstance(value, yaml.ScalarNode) and value.style in {"|", ">"}
        lines[key.value] = line_of(value) + (1 if block else 0)  # a block's text begins below its sign
    return Placed(msgspec.convert(construct(document), OwnControl), file, line_of(document), lines)


def _rules(placed: Placed, known: Sequence[str], seen: dict[str, str]) -> Iterator[Mistake]:
    """What the form alone does not say."""
    control, lines = placed.control, placed.lines
    shown = printable(control.id, 60)
    if not _ID.fullmatch(control.id):
        yield Mistake(lines["id"], "id", f"{shown!r} is no id: write capitals and digits with dashes, as ACME-NET-01")
    elif control.id.startswith(_RESERVED):
        yield Mistake(lines["id"], "id", f"{shown}: NB- is the baseline's own prefix: write your own, as ACME-NET-01")
    elif control.id in seen:
        yield Mistake(lines["id"], "id", f"{shown} stands in {seen[control.id]} too: give each control its own id")
    else:
        seen[control.id] = f"{placed.file}:{lines['id']}"
    for each in control.requires:
        if each not in known:
            message = f"{printable(each, 60)!r} is no control of the baseline: write one that `baseline list` shows"
            yield Mistake(lines["requires"], "requires", message)
    for key in _TEXTS:
        size = len(getattr(control, "pass_" if key == "pass" else key))
        if size > MAX_TEXT:
            yield Mistake(lines[key], key, f"{size} characters, more than {MAX_TEXT}: make several controls of it")
