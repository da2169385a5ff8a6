"""Every mistake of a settings file at once: the YAML's nodes walked beside the structs they stand for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import yaml
from msgspec import inspect

from infra.settings.marked import construct, line_of
from infra.settings.model import Mistake
from infra.settings.rules import RULES
from infra.text import printable

MOST_MISTAKES = 200
_MOST_NODES = 50_000  # aliases let a small file stand for billions of nodes
_TAG = "tag:yaml.org,2002:"
_WORDS = {"int": "a number", "float": "a number", "bool": "true or false", "timestamp": "a date", "null": "nothing"}


def check(root: yaml.Node, kind: type[msgspec.Struct]) -> list[Mistake]:
    """What is wrong with a document that should be a `kind`, in the order of its lines; nothing where it can be decoded."""
    walk = _Walk()
    walk.check(root, inspect.type_info(kind), "")
    return sorted(walk.mistakes, key=lambda mistake: mistake.line)[:MOST_MISTAKES]


class _Walk:
    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._nodes = 0

    def check(self, node: yaml.Node, kind: inspect.Type, path: str) -> bool:
        """Whether the node is what it should be; what is not is noted."""
        before = len(self.mistakes)
        self._nodes += 1
        if self._nodes >= _MOST_NODES:
            if self._nodes == _MOST_NODES:
                self._note(node, path, "too much of it, by way of aliases: write it out")
            return False
        if isinstance(kind, inspect.UnionType):  # the structs' only unions are "X, or not there"
            kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
        if isinstance(kind, inspect.StructType):
            self._struct(node, kind, path)
        elif isinstance(kind, inspect.DictType):
            self._dict(node, kind, path)
        elif isinstance(kind, inspect.VarTupleType):
            self._list(node, kind, path)
        else:
            self._scalar(node, kind, path)
        return len(self.mistakes) == before

    def _note(self, node: yaml.Node, path: str, message: str) -> None:
        self.mistakes.append(Mistake(line_of(node), path, message))

    def _struct(self, node: yaml.Node, kind: inspect.StructType, path: str) -> None:
        fields = {field.encode_name: field for field in kind.fields}
        good: dict[str, yaml.Node] = {}
        before = len(self.mistakes)
        seen: set[str] = set()
        for name, key, value in self._members(node, path, f"some of {', '.join(fields)}"):
            where = f"{path}.{name}" if path else name
            seen.add(name)
            if name not in fields:
                self._note(key, where, _unknown(name, fields))
            elif self.check(value, fields[name].type, where):
                good[name] = value
        if not isinstance(node, yaml.MappingNode):
            return
        missing = [name for name, field in fields.items() if field.required and name not in seen]
        for name in missing:
            self._note(node, f"{path}.{name}" if path else name, "is missing: add it")
        if all(name in good for name, field in fields.items() if field.required):
            self._whole(kind, good, path, node, clean=len(self.mistakes) == before)

    def _whole(
        self, kind: inspect.StructType, good: Mapping[str, yaml.Node], path: str, node: yaml.Node, *, clean: bool
    ) -> None:
        """What the struct itself refuses, and what does not go together; of the keys that are good each by itself.

        Where the struct is not `clean`, only single entries of its lists are judged further: what goes together with what
        cannot be told while one of the keys is misspelt.
        """
        values = {name: construct(value) for name, value in good.items()}
        refused = _refusal(kind.cls, values)
        if refused:
            found = tuple(_culprits(kind, values))
            for keys, message in found or ((_named(refused, values), refused),):
                self._note(_follow(node, keys), _join(path, keys), message)
            return
        for keys, message in RULES.get(kind.cls, _no_rules)(msgspec.convert(values, kind.cls)):
            if clean or len(keys) > 1:
                self._note(_follow(node, keys), _join(path, keys), message)

    def _members(self, node: yaml.Node, path: str, wanted: str) -> Iterator[tuple[str, yaml.ScalarNode, yaml.Node]]:
        """Key and value of a mapping, each key once."""
        if not isinstance(node, yaml.MappingNode):
            found = _found(node)
            say = (
                "is empty: write {} or"
                if found == "nothing"
                else f"{found} stands where keys with values belong: write"
            )
            self._note(node, path, f"{say} {wanted}")
            return
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._note(key, path, "a key is a list or a mapping: write a word")
                continue
            name = printable(key.value, 100)
            if name in seen:
                self._note(key, f"{path}.{name}" if path else name, "stands twice: remove one")
            else:
                seen.add(name)
                yield name, key, value

    def _dict(self, node: yaml.Node, kind: inspect.DictType, path: str) -> None:
        for name, key, value in self._members(node, path, "`name: value`"):
            if key.tag != f"{_TAG}str":
                self._note(key, f"{path}.{name}", _quote(key))
            self.check(value, kind.value_type, f"{path}.{name}")

    def _list(self, node: yaml.Node, kind: inspect.VarTupleType, path: str) -> None:
        if not isinstance(node, yaml.SequenceNode):
            self._note(node, path, f"{_found(node)} stands where a list belongs: write [{_example(node)}]")
            return
        if kind.min_length and not node.value:
            self._note(node, path, "is empty: write at least one")
        for index, item in enumerate(node.value):
            self.check(item, kind.item_type, f"{path}[{index}]")

    def _scalar(self, node: yaml.Node, kind: inspect.Type, path: str) -> None:
        wrong = _wrong(node, kind)
        if wrong:
            self._note(node, path, wrong)


def _wrong(node: yaml.Node, kind: inspect.Type) -> str:
    """What is wrong with a single value; empty where nothing is."""
    tag = node.tag.removeprefix(_TAG)
    if isinstance(kind, inspect.StrType):
        return _no_text(node, kind)
    if isinstance(kind, inspect.LiteralType):
        if isinstance(node, yaml.ScalarNode) and node.value in kind.values:
            return ""
        shown = repr(printable(node.value, 60)) if isinstance(node, yaml.ScalarNode) else _found(node)
        return f"{shown} is no choice here: write one of {', '.join(map(str, kind.values))}"
    if isinstance(kind, inspect.BoolType):
        return "" if tag == "bool" else f"{_found(node)} stands where a switch belongs: write true or false"
    least, most = getattr(kind, "ge", None), getattr(kind, "le", None)
    bounds = f"from {least} to {most}" if least is not None else ""
    if tag != "int":
        return f"{_found(node)} stands where a whole number belongs: write one {bounds}".rstrip()
    value = construct(node)
    beyond = (least is not None and value < least) or (most is not None and value > most)
    return f"{value} is out of bounds: write a number {bounds}" if beyond else ""


def _no_text(node: yaml.Node, kind: inspect.StrType) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return f"{_found(node)} stands where text belongs: write one word or sentence"
    if node.tag != f"{_TAG}str":
        return _quote(node)
    return "is empty: write a text" if kind.min_length and not node.value else ""


def _culprits(kind: inspect.StructType, values: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Which members a struct refuses, each tried by itself: a list's entries and a mapping's one by one.

    None where the struct cannot do without some of its members: then what it says names the one that is meant.
    """
    if any(field.required for field in kind.fields):
        return
    for name, value in values.items():
        refused = _refusal(kind.cls, {name: value})
        if not refused:
            continue
        parts = [((name, *keys), why) for keys, part in _parts(value) if (why := _refusal(kind.cls, {name: part}))]
        yield from parts or [((name,), refused)]


def _named(refused: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The member that a refusal begins with, if it is one."""
    first = refused.split(maxsplit=1)[0].rstrip(":")
    return (first,) if first in values else ()


def _no_rules(_: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:  # noqa: ANN401 - any struct
    return iter(())


def _unknown(name: str, fields: Mapping[str, object]) -> str:
    """Of snake_case and camelCase, people write the other one; else the nearest key is meant, if one is near."""
    folded = {field.replace("_", "").lower(): field for field in fields}
    near = folded.get(name.replace("_", "").lower())
    close = [near] if near else difflib.get_close_matches(name, fields, 1)
    return f'no such key: write "{close[0]}"' if close else f"no such key: use {', '.join(fields)}"


def _refusal(kind: type, values: Mapping[str, Any]) -> str:
    """Why a struct does not take these values; empty where it does."""
    try:
        msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        text = printable(str(error).partition(" - at `")[0], 300)
        return text if ": " in text else f"{text}: see docs/settings.md"
    return ""


def _parts(value: Any) -> list[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401 - any YAML value
    if isinstance(value, list):
        return [((index,), [item]) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return [((key,), {key: item}) for key, item in value.items()]
    return []


def _follow(node: yaml.Node, keys: Sequence[str | int]) -> yaml.Node:
    """The node that a path leads to, or the last one on the way."""
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            node = next((value for name, value in node.value if name.value == key), node)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
    return node


def _join(path: str, keys: Sequence[str | int]) -> str:
    for key in keys:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else str(key)
    return path


def _found(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return _WORDS.get(node.tag.removeprefix(_TAG), "text")


def _quote(node: yaml.ScalarNode) -> str:
    tag = node.tag.removeprefix(_TAG)
    if tag == "null":
        return "nothing stands where text belongs: write it, or leave the key out"
    return f'{_WORDS.get(tag, tag)} stands where text belongs: write it in quotes, "{printable(node.value, 60)}"'


def _example(node: yaml.Node) -> str:
    return printable(node.value, 60) if isinstance(node, yaml.ScalarNode) and node.value else "…"
