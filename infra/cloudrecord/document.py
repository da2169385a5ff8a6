"""Reading a small JSON or YAML document that somebody else wrote: bounded in size and depth, no aliases."""

from __future__ import annotations

import codecs
from typing import Any

import msgspec
import yaml

MAX_BYTES = 16 << 20  # a GKE cluster with a hundred node pools has about 1 MB
MAX_DEPTH = 60
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # PowerShell's `>`


class UnreadableError(Exception):
    """A document that cannot be read; says why without repeating its content."""


def parse_bytes(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The document's value.

    Raises:
        UnreadableError: too large, not text, neither JSON nor YAML, nested too deeply, or made of YAML aliases.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    encoding = next((name for mark, name in _BOMS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError("not UTF-8 text") from error
    return parse_text(text)


def parse_text(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """As `parse_bytes`, from text."""
    try:
        return msgspec.json.decode(text) if text.lstrip().startswith(("{", "[")) else _yaml(text)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"not JSON: {error}") from error
    except UnicodeEncodeError as error:
        raise UnreadableError("not UTF-8 text") from error
    except RecursionError as error:
        raise UnreadableError("nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableError(f"neither JSON nor YAML: line {line}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date like 2026-99-99
        raise UnreadableError("neither JSON nor YAML") from error


def _yaml(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """YAML, looked over as events first: those cost nothing, however much an alias would expand to."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableError("uses YAML aliases, which no cloud writes")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                raise UnreadableError("nested too deeply")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
    return yaml.load(text, Loader=yaml.CSafeLoader)
