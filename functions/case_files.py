"""The files of cases: YAML as values and objects, and what many cases have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from infra.cloudrecord.document import UnreadableError, parse_bytes
from infra.text import printable
from scanner.errors import InputError

CASE = "case.yaml"
_T = TypeVar("_T")


def shared(folder: Path, name: str) -> Path:
    """The file of that name in the nearest folder `_with`.

    Raises:
        InputError: there is none.
    """
    for above in (folder, *folder.parents):
        path = above / "_with" / f"{name}.yaml"
        if path.exists():
            return path
    raise InputError(f"{folder / CASE}: also: {printable(name, 60)!r}: no _with/{name}.yaml here or above: add it")


def documents(path: Path) -> list[Any]:
    """The objects in a file; those of a list one by one."""
    try:
        found = [each for each in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader) if each]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): a case needs it") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: broken YAML: {printable(str(error), 200)}: mend it") from error
    if not all(isinstance(each, dict) for each in found):
        raise InputError(f"{path}: holds something that is no Kubernetes object: remove it")
    return found


def read_value(path: Path, form: type[_T]) -> _T:
    """A YAML or JSON file as what it is to be.

    Raises:
        InputError: it cannot be read, or is not of that form.
    """
    try:
        return msgspec.convert(read_plain(path), form, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {printable(str(error), 300)}") from error


def read_plain(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """A YAML or JSON file as its value.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return parse_bytes(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): a case needs it") from error
    except UnreadableError as error:
        raise InputError(f"{path}: {error}: mend it") from error
