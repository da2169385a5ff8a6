"""Terraform configuration held against the providers' schemas: what is misspelt, unknown, missing or given twice.

python-hcl2 says which braces are blocks. References to what a provider computes are looked up, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hcl2

from tests.terraform.provider_schemas import PROVIDERS, Block, schemas

_META = {
    "resource": {"count", "for_each", "depends_on", "provider"},
    "data": {"count", "for_each", "depends_on", "provider"},
    "provider": {"alias"},
}
_META_BLOCKS = {"resource": {"lifecycle"}, "data": {"lifecycle"}, "provider": set[str]()}
_REFERENCE = re.compile(r"\b(data\.)?((?:azurerm|google|kubernetes)_\w+)\.(\w+)((?:\[[^\]]*\])?(?:\.\w+|\[\d+\])*)")


def problems(folder: Path) -> list[str]:
    """Each mistake of the configuration in a folder, as `file: address: what`."""
    return [f"{path.name}: {each}" for path in sorted(folder.glob("*.tf")) for each in in_text(path.read_text())]


def in_text(text: str) -> Iterator[str]:
    """Each mistake of one file's text."""
    content = hcl2.loads(text)
    for kind in ("resource", "data"):
        for entry in content.get(kind, ()):
            ((quoted, named),) = entry.items()
            ((label, body),) = named.items()
            type_, name = quoted.strip('"'), label.strip('"')
            address = f"{type_}.{name}"
            provider = type_.split("_")[0]
            if provider not in PROVIDERS:
                if type_ != "terraform_data":
                    yield f"{address}: no provider that this project uses"
                continue
            block = schemas(provider).of.get((kind, type_))
            if block is None:
                yield f"{address}: {provider} has no {kind} {type_}"
            else:
                yield from _body(body, block, address, _META[kind], _META_BLOCKS[kind])
    for entry in content.get("provider", ()):
        ((quoted, body),) = entry.items()
        name = quoted.strip('"')
        yield from _body(body, schemas(name).provider, f"provider.{name}", _META["provider"], set())
    yield from _references(_code(text))


def _body(body: Mapping[str, Any], block: Block, address: str, meta: set[str], meta_blocks: set[str]) -> Iterator[str]:
    """The mistakes between two braces."""
    given = {key: value for key, value in body.items() if not key.startswith("__") and key not in meta | meta_blocks}
    seen: set[str] = set()
    for key, value in given.items():
        blocks = _blocks(value)
        if blocks is None:
            seen.add(key)
            yield from _argument(key, block, address)
        elif key == "dynamic":
            for each in blocks:
                ((label, content),) = ((name, inner) for name, inner in each.items() if not name.startswith("__"))
                name = label.strip('"')
                seen.add(name)
                for inner in content.get("content", ()):
                    yield from _nested(inner, name, block, address)
        else:
            seen.add(key)
            for each in blocks:
                yield from _nested(each, key, block, address)
            # Of a block that there may be one of, several dynamic ones can each be empty; these cannot.
            if len(blocks) > 1 and key in block.blocks and not block.blocks[key].many:
                yield f"{address}: more than one block {key}"
    yield from _missing(seen, block, address)


def _argument(name: str, block: Block, address: str) -> Iterator[str]:
    attribute = block.attributes.get(name)
    if name in block.blocks:
        yield f"{address}: {name} is a block, and was given as an argument"
    elif attribute is None:
        yield f"{address}: no argument {name}"
    elif not attribute.settable:
        yield f"{address}: {name} is computed and cannot be set"


def _missing(seen: set[str], block: Block, address: str) -> Iterator[str]:
    for name, argument in block.attributes.items():
        if argument.required and name not in seen:
            yield f"{address}: the argument {name} is missing"
    for name, nested in block.blocks.items():
        if nested.required and name not in seen:
            yield f"{address}: the block {name} is missing"


def _nested(body: Mapping[str, Any], name: str, block: Block, address: str) -> Iterator[str]:
    if name in block.blocks:
        yield from _body(body, block.blocks[name].block, f"{address}.{name}", set(), set())
    elif name in block.attributes:
        yield f"{address}: {name} is an argument, and was given as a block"
    else:
        yield f"{address}: no block {name}"


def _blocks(value: Any) -> list[Mapping[str, Any]] | None:
    """The bodies of blocks, or None: it is an argument's value."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        bodies = [each for each in value if each.get("__is_block__") or _labelled(each)]
        return bodies if len(bodies) == len(value) else None
    return None


def _labelled(body: Mapping[str, Any]) -> bool:
    return any(isinstance(inner, dict) and inner.get("__is_block__") for inner in body.values())


def _code(text: str) -> str:
    """The text without its comments, in which any word may stand."""
    return re.sub(r"(?m)(?:^|\s)#.*$", "", text)


def _references(text: str) -> Iterator[str]:
    for found in _REFERENCE.finditer(text):
        kind, type_ = "data" if found.group(1) else "resource", found.group(2)
        block = schemas(type_.split("_")[0]).of.get((kind, type_))
        if block is None:
            yield f"{found.group(0)}: no such {kind}"
            continue
        for part in re.findall(r"\.(\w+)", re.sub(r"\[[^\]]*\]", "", found.group(4))):
            if part in block.blocks:
                block = block.blocks[part].block
                continue
            if part not in block.attributes:
                yield f"{found.group(0)}: no attribute {part}"
            break
