"""The schemas of Terraform's providers, read from the wheels of their prebuilt CDK bindings: no provider has to run.

A wheel holds a jsii assembly, which describes each class with its properties. `…Config` and the structures that it leads to are
what can be set; properties of the class itself, and of a structure's `…OutputReference`, that cannot be set are what the provider
computes. Names are camel case; the provider's own stand in the documentation's links.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

WHEELS = Path(sys.prefix) / "providers"  # where the Makefile puts them
PROVIDERS = ("azurerm", "google", "kubernetes")

_DYNAMIC = "dynamic"
_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool"}
_LISTS = {
    "cdktf.StringMap": ["map", "string"],
    "cdktf.NumberMap": ["map", "number"],
    "cdktf.BooleanMap": ["map", "bool"],
}
_OWN = re.compile(r"[#](\w+) ")  # in `{@link https://…/resources/x#argument X#argument}`
_TYPE = re.compile(r"docs(?:/(resources|data-sources)/\w+)? (\w+)\}")
_INTERNAL = frozenset({"tf_resource_type", "internal_value", "fqn"})


@dataclass(frozen=True)
class Attribute:
    """One argument or result. `type` is Terraform's notation, as JSON."""

    type: Any
    required: bool = False
    settable: bool = True
    computed: bool = False


@dataclass(frozen=True)
class Nested:
    """A block inside a block."""

    block: Block
    required: bool
    many: bool


@dataclass
class Block:
    """What stands between two braces."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: dict[str, Nested] = field(default_factory=dict)


@dataclass(frozen=True)
class Schemas:
    """One provider. `of` has ("resource", "google_storage_bucket"), ("data", …)."""

    name: str
    version: str
    provider: Block
    of: Mapping[tuple[str, str], Block]


def wheel(provider: str) -> Path | None:
    """The wheel that holds a provider's schema, if it was downloaded."""
    return next(iter(sorted(WHEELS.glob(f"cdktf_cdktf_provider_{provider}-*.whl"))), None)


@cache
def schemas(provider: str) -> Schemas:
    """A provider's schemas; each block is made when it is asked for."""
    path = wheel(provider)
    if path is None:
        raise FileNotFoundError(f"{WHEELS}: no wheel of {provider}: run make test")
    types, package = _assembly(path)
    found = {}
    for name, each in types.items():
        config = next((p for p in each.get("initializer", {}).get("parameters", ()) if p["name"] == "config"), None)
        said = _TYPE.search(each.get("docs", {}).get("summary", ""))
        if each["kind"] != "class" or config is None or said is None:
            continue
        # A summary ends in a link: to docs/data-sources/project, with the words google_project.
        kind = "data" if said.group(1) == "data-sources" else "resource" if said.group(1) else "provider"
        found[kind, said.group(2)] = (name, config["type"]["fqn"])
    reader = _Reader(types)
    configured = found["provider", provider]
    return Schemas(
        name=provider,
        version=package["cdktf"]["provider"]["version"],
        provider=reader.block(configured[1], None),
        of=_Lazy(reader, {key: value for key, value in found.items() if key[0] != "provider"}),
    )


def _assembly(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with zipfile.ZipFile(path) as whole:
        inner = next(name for name in whole.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(whole.read(inner))) as package:

            def member(name: str) -> bytes:
                file = package.extractfile(f"package/{name}")
                assert file is not None, name
                return file.read()

            assembly = json.loads(member(".jsii"))
            if assembly.get("schema") == "jsii/file-redirect":
                assembly = json.loads(gzip.decompress(member(assembly["filename"])))
            return assembly["types"], json.loads(member("package.json"))


class _Lazy(Mapping[tuple[str, str], Block]):
    """The blocks of a thousand resources, of which a module uses twenty."""

    def __init__(self, reader: _Reader, places: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        self._reader, self._places = reader, places
        self._made: dict[tuple[str, str], Block] = {}

    def __getitem__(self, key: tuple[str, str]) -> Block:
        if key not in self._made:
            owner, config = self._places[key]
            self._made[key] = self._reader.block(config, owner)
        return self._made[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class _Reader:
    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = types

    def block(self, config: str, owner: str | None) -> Block:
        """The block that a structure stands for; `owner` is the class with the results."""
        made = Block()
        for each in self._types[config].get("properties", ()):
            name = _name(each)
            required = not each.get("optional", False)
            structure, many = self._structure(each["type"])
            if structure is None:
                # What is computed where it is not set cannot be told apart, save for the id that everything has.
                made.attributes[name] = Attribute(_cty(each["type"]), required=required, computed=name == "id")
            else:
                output = f"{structure}OutputReference"
                inner = self.block(structure, output if output in self._types else None)
                made.blocks[name] = Nested(inner, required=required, many=many)
        for each in self._types[owner].get("properties", ()) if owner else ():
            name = _name(each)
            known = name in made.attributes or name in made.blocks or name in _INTERNAL or name.endswith("_input")
            if each.get("immutable") and not each.get("static") and not known:
                made.attributes[name] = Attribute(_cty(each["type"]), settable=False, computed=True)
        return made

    def _structure(self, said: Mapping[str, Any]) -> tuple[str | None, bool]:
        """The structure that a property holds, if it is a block, and whether there may be many."""
        for each in said["union"]["types"] if "union" in said else (said,):
            if "collection" in each:
                inner, _ = self._structure(each["collection"]["elementtype"])
                return inner, True
            if each.get("fqn", "cdktf.").split(".")[0] != "cdktf":
                return each["fqn"], False
        return None, False


def _name(said: Mapping[str, Any]) -> str:
    """The provider's own name, which camel case hides: `use32BitWorker` is `use_32_bit_worker`."""
    own = _OWN.search(said.get("docs", {}).get("remarks", ""))
    return own.group(1) if own else re.sub("[A-Z]", lambda letter: "_" + letter.group(0).lower(), said["name"])


def _cty(said: Mapping[str, Any]) -> Any:
    """Terraform's notation of a type; sets cannot be told from lists, and what is computed and deep is dynamic."""
    for each in said["union"]["types"] if "union" in said else (said,):
        if "primitive" in each:
            return _PRIMITIVES.get(each["primitive"], _DYNAMIC)
        if "collection" in each:
            kind = "map" if each["collection"]["kind"] == "map" else "list"
            return [kind, _cty(each["collection"]["elementtype"])]
        if each.get("fqn") in _LISTS:
            return _LISTS[each["fqn"]]
    return _DYNAMIC
