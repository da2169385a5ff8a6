"""The types of `facts/v1` as the CEL checker takes them: a message for each struct, so that a misspelt field is found."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from scanner.facts.model import LISTS, SCOPES, View

_PACKAGE = "facts.v1"


def type_name(kind: type[msgspec.Struct]) -> str:
    """A struct's name among the types: facts.v1.Workload."""
    return f"{_PACKAGE}.{_short(kind)}"


def fields_of() -> dict[str, tuple[str, ...]]:
    """The fields of each type, by the type's name."""
    found: dict[str, tuple[str, ...]] = {}
    _walk(View, found)
    return found


def environments(cel: Any, extensions: Any) -> dict[str, Any]:  # noqa: ANN401 - the library has no types of its own
    """A checking environment for each scope: the cluster, the lists, and what `self` is there."""
    pool = _pool()
    member = {name: cel.Type(type_name(kind)) for name, kind in LISTS.items()}
    cluster = cel.Type(f"{_PACKAGE}.Cluster")
    shared = {"cluster": cluster} | {name: cel.Type.List(kind) for name, kind in member.items()}
    return {
        scope: cel.NewEnv(pool, variables=shared | {"self": member.get(name, cluster)}, extensions=extensions)
        for scope, name in SCOPES.items()
    }


def _short(kind: type) -> str:
    return kind.__name__.removesuffix("View") or "Facts"


def _walk(kind: type[msgspec.Struct], found: dict[str, tuple[str, ...]]) -> None:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - what a struct's info is
    if type_name(kind) in found:
        return
    found[type_name(kind)] = tuple(field.encode_name for field in info.fields)
    for field in info.fields:
        inner = _inner(field.type)
        if isinstance(inner, inspect.StructType):
            _walk(inner.cls, found)


def _inner(kind: inspect.Type) -> inspect.Type:
    """A field's own type, or that of a list's members; "or not there" left aside."""
    kind = _known(kind)
    return kind.item_type if isinstance(kind, inspect.VarTupleType) else kind


def _known(kind: inspect.Type) -> inspect.Type:
    return kind.types[0] if isinstance(kind, inspect.UnionType) else kind


def _pool() -> Any:  # noqa: ANN401 - protobuf has no types of its own
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(name="facts_v1.proto", package=_PACKAGE, syntax="proto3")
    done: set[type] = set()

    def add(kind: type[msgspec.Struct]) -> None:
        if kind in done:
            return
        done.add(kind)
        message = file.message_type.add(name=_short(kind))
        info = inspect.type_info(kind)
        assert isinstance(info, inspect.StructType)  # noqa: S101 - what a struct's info is
        for number, field in enumerate(info.fields, start=1):
            _add_field(message, field.encode_name, number, _known(field.type), kind)
            inner = _inner(field.type)
            if isinstance(inner, inspect.StructType):
                add(inner.cls)

    add(View)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _add_field(message: Any, name: str, number: int, kind: inspect.Type, owner: type) -> None:  # noqa: ANN401
    """One field; a map is a list of entries to protobuf."""
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Form

    field = message.field.add(name=name, number=number, label=Form.LABEL_OPTIONAL)
    if isinstance(kind, inspect.DictType):  # the view's only maps are of text to text
        entry = message.nested_type.add(name=f"{name[0].upper()}{name[1:]}Entry")
        entry.options.map_entry = True
        for index, part in enumerate(("key", "value"), start=1):
            entry.field.add(name=part, number=index, label=Form.LABEL_OPTIONAL, type=Form.TYPE_STRING)
        field.label, field.type = Form.LABEL_REPEATED, Form.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{_short(owner)}.{entry.name}"
        return
    if isinstance(kind, inspect.VarTupleType):
        field.label, kind = Form.LABEL_REPEATED, kind.item_type
    if isinstance(kind, inspect.StructType):
        field.type, field.type_name = Form.TYPE_MESSAGE, f".{type_name(kind.cls)}"
    else:
        simple = {inspect.BoolType: Form.TYPE_BOOL, inspect.IntType: Form.TYPE_INT64, inspect.StrType: Form.TYPE_STRING}
        field.type = simple[type(kind)]
