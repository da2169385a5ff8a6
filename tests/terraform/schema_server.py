"""A provider that is a schema and nothing else, with which `terraform validate`, and `terraform test` with mocks, run without it.

It speaks as much of Terraform's plugin protocol 5 (docs/plugin-protocol/tfplugin5.proto of hashicorp/terraform) as they ask for:
GetProviderSchema, and validations that find nothing, because Terraform itself holds the configuration against the schema. It is
handed over in TF_REATTACH_PROVIDERS, and listens on 127.0.0.1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager

import grpc

from tests.terraform.provider_schemas import Attribute, Block, Nested, schemas

_LIST, _SINGLE = 2, 1  # Schema.NestedBlock.NestingMode
_BYTES, _VARINT = 2, 0

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


@contextmanager
def serving(used: Mapping[str, Iterable[tuple[str, str]]]) -> Iterator[dict[str, str]]:
    """Serve these resources and data sources of each provider; gives the environment that Terraform needs."""
    servers, reattach = [], {}
    for provider, keys in used.items():
        server = grpc.server(futures.ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers((_handlers(provider, keys),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        reattach[f"registry.terraform.io/hashicorp/{provider}"] = {
            "Protocol": "grpc",
            "ProtocolVersion": 5,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
        }
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps(reattach)}
    finally:
        for server in servers:
            server.stop(0).wait()


def _handlers(provider: str, keys: Iterable[tuple[str, str]]) -> grpc.GenericRpcHandler:
    answer = _schema_response(provider, keys)
    nothing = _always(b"")
    answers = {
        "GetSchema": _always(answer),
        "PrepareProviderConfig": _echo,
        "ValidateResourceTypeConfig": nothing,
        "ValidateDataSourceConfig": nothing,
        "Stop": nothing,
    }
    return grpc.method_handlers_generic_handler(
        "tfplugin5.Provider", {name: grpc.unary_unary_rpc_method_handler(each) for name, each in answers.items()}
    )


def _always(answer: bytes) -> Answer:
    return lambda _request, _context: answer


def _echo(request: bytes, _context: grpc.ServicerContext) -> bytes:
    """The configuration as it came: field 1 of the request, and of the answer."""
    return request


def _schema_response(provider: str, keys: Iterable[tuple[str, str]]) -> bytes:
    known = schemas(provider)
    entries = b""
    for kind, type_ in sorted(set(keys)):
        entry = _text(1, type_) + _field(2, _schema(known.of[kind, type_]))  # a map's entry
        entries += _field(2 if kind == "resource" else 3, entry)
    return _field(1, _schema(known.provider)) + entries


def _schema(block: Block) -> bytes:
    return _field(2, _block(block))


def _block(block: Block) -> bytes:
    return b"".join(
        [
            *(_field(2, _attribute(name, each)) for name, each in block.attributes.items()),
            *(_field(3, _nested(name, each)) for name, each in block.blocks.items()),
        ]
    )


def _attribute(name: str, attribute: Attribute) -> bytes:
    optional = attribute.settable and not attribute.required
    return b"".join(
        [
            _text(1, name),
            _text(2, json.dumps(attribute.type)),
            _flag(4, on=attribute.required),
            _flag(5, on=optional),
            _flag(6, on=attribute.computed),
        ]
    )


def _nested(name: str, nested: Nested) -> bytes:
    """`timeouts` alone is a single block in every provider; a set cannot be told from a list."""
    mode = _SINGLE if name == "timeouts" else _LIST
    bounds = b"" if mode == _SINGLE else _number(4, int(nested.required)) + _number(5, 0 if nested.many else 1)
    return _text(1, name) + _field(2, _block(nested.block)) + _number(3, mode) + bounds


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _text(number: int, value: str) -> bytes:
    return _field(number, value.encode())


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value) if value else b""


def _flag(number: int, *, on: bool) -> bytes:
    return _number(number, int(on))
