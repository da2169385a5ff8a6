"""YAML as nodes that know their lines, with every bound that a file from outside needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from infra.settings.model import Mistake
from infra.text import printable

MAX_BYTES = 1 << 20  # a settings file is read by people; anything larger is another file
_MAX_DEPTH = 32  # the form has six levels; a parser that follows thousands ends its process
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BrokenError(Exception):
    """The text is no YAML that can be checked; holds the one mistake."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.mistake = Mistake(line, "", message)


def read_text(path: Path, given: str) -> str:
    """The file's text; `given` says in messages how its path came (" given with --config"), empty where nothing does.

    Raises:
        BrokenError: it is missing, too large or no text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or "no path"
        raise BrokenError(0, f"cannot be read ({reason}): check the path{given}") from error
    if len(data) > MAX_BYTES:
        raise BrokenError(0, "larger than 1 MiB: give the right file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BrokenError(line, "not text in UTF-8: save it as UTF-8, or give the right file") from error


def compose(text: str) -> yaml.Node | None:
    """The file's one document; None for an empty file.

    Raises:
        BrokenError: no YAML, several documents, or nested more deeply than any settings are.
    """
    with _told(text):
        _check_depth(yaml.parse(text, Loader=_Loader))
        found: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return found


def compose_all(text: str) -> tuple[yaml.Node, ...]:
    """Every document of a file, the empty ones left out.

    Raises:
        BrokenError: no YAML, or nested more deeply than any form here is.
    """
    with _told(text):
        _check_depth(yaml.parse(text, Loader=_Loader))
        documents: Iterator[yaml.Node | None] = yaml.compose_all(text, Loader=_Loader)
        return tuple(node for node in documents if node is not None and not _is_empty(node))


@contextmanager
def _told(text: str) -> Iterator[None]:
    """Turn what the parser raises into the one mistake it is."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = printable(error.problem or error.context or "cannot be parsed", 200)
        line = (
            min(mark.line + 1, len(text.splitlines())) if mark else 0
        )  # a text that ends too soon ends on its last line
        raise BrokenError(line, f"broken YAML: {problem}: mend it there") from error
    except yaml.YAMLError as error:  # characters that no YAML may hold
        raise BrokenError(0, "holds control characters: remove them, or give the right file") from error


def _is_empty(node: yaml.Node) -> bool:
    """A document without content, as a `---` at the end of a file makes one."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null" and not node.value


def construct(node: yaml.Node) -> Any:  # noqa: ANN401 - any YAML value
    """The value of a node whose scalars were checked."""
    return yaml.constructor.SafeConstructor().construct_document(node)


def line_of(node: yaml.Node | yaml.Event) -> int:
    """The line a node begins on."""
    return node.start_mark.line + 1 if node.start_mark else 0


def _check_depth(events: Iterator[Any]) -> None:
    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise BrokenError(line_of(event), "nested too deeply for settings: see docs/settings.md")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
