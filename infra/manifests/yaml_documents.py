"""A YAML file's documents, each on its own: what is broken in one leaves the others readable."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from infra.manifests.documents import (
    HELM_MESSAGE,
    MAX_DEPTH,
    RULE_LISTS,
    Document,
    Foreign,
    Found,
    Trouble,
    item_identity,
    unidentified,
)
from infra.manifests.yaml_values import YamlDocument, YamlError, load_documents
from infra.text import printable

# The marker may stand nowhere inside a document (YAML 1.2, c-forbidden), so cutting here is exact; kubectl cuts here too.
_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_CONTENT = re.compile(r"^(?!%(?:YAML|TAG)\b|[ \t\r]*(?:#|$))", re.MULTILINE)
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_HELM = re.compile(r"(?<!\$)\{\{")  # "${{" is a CI workflow's


def read_yaml(text: str) -> Iterator[Found]:
    """Everything in the text of one YAML file, in order."""
    breaks = _BREAK if any(mark in text for mark in "\r\x85\u2028\u2029") else None
    first = 0
    for chunk in _chunks(text):
        if _CONTENT.search(chunk):
            yield from _read_chunk(chunk.lstrip("\ufeff"), first)
        first += len(breaks.findall(chunk)) if breaks else chunk.count("\n")


def _chunks(text: str) -> Iterator[str]:
    start = 0
    for match in _MARKER.finditer(text):
        yield text[start : match.start()]
        start = match.start()
    yield text[start:]


def _read_chunk(chunk: str, first: int) -> Iterator[Found]:
    """The documents between two markers (one, unless `...` ends it early); `first` is the chunk's line in the file, from 0."""
    templated = _HELM.search(chunk) is not None
    try:
        for document in load_documents(chunk):
            shown = [(printable(key, 60), first + line + 1) for key, line in document.repeated[:3]]
            for key, line in shown:
                yield Trouble(f'the key "{key}" stands twice, and the last one counts: remove one', line, lost=False)
            yield from _objects(document.value, document, first, (None, None), templated=templated)
    except YamlError as error:
        if templated:
            yield Trouble(HELM_MESSAGE, first + error.line + 1)
        else:
            mend = "mend it there; the document is left out"
            yield Trouble(f"broken YAML: {error}: {mend}", first + error.line + 1, error.column + 1)


def _objects(
    value: Any,  # noqa: ANN401 - any YAML value
    document: YamlDocument,
    first: int,
    inherited: tuple[str | None, str | None],
    *,
    templated: bool,
    line: int | None = None,
    depth: int = 0,
) -> Iterator[Found]:
    """The object, or those of a list (in which lists may stand)."""
    place = first + (document.line if line is None else line) + 1
    if not isinstance(value, dict):
        yield Foreign(place)
        return
    api_version = _text(value.get("apiVersion")) or inherited[0]
    kind = _text(value.get("kind")) or inherited[1]
    if not api_version or not kind:
        found = unidentified(api_version, place, has_metadata="metadata" in value)
        yield Trouble(HELM_MESSAGE, place) if templated and isinstance(found, Trouble) else found
        return
    items = value.get("items")
    if kind.endswith("List") and isinstance(items, list) and depth < MAX_DEPTH:
        for item, item_line in zip(items, document.lines[id(items)], strict=True):
            yield from _objects(
                item,
                document,
                first,
                item_identity(api_version, kind),
                templated=templated,
                line=item_line,
                depth=depth + 1,
            )
        return
    yield Document(msgspec.json.encode(value), api_version, kind, place, _rule_lines(value, document, first), templated)


def _rule_lines(value: dict[str, Any], document: YamlDocument, first: int) -> Callable[[], dict[str, int]]:
    def lines() -> dict[str, int]:
        spec = value.get("spec")
        specs = value.get("specs")
        found = _lines_of(spec, "", document, first)
        for index, each in enumerate(specs if isinstance(specs, list) else ()):
            found |= _lines_of(each, f"specs[{index}].", document, first)
        return found

    return lines


def _lines_of(spec: Any, prefix: str, document: YamlDocument, first: int) -> dict[str, int]:  # noqa: ANN401
    if not isinstance(spec, dict):
        return {}
    return {
        f"{prefix}{name}[{index}]": first + line + 1
        for name in RULE_LISTS
        if isinstance(rules := spec.get(name), list)
        for index, line in enumerate(document.lines[id(rules)])
    }


def _text(value: Any) -> str | None:  # noqa: ANN401
    return value if isinstance(value, str) else None
