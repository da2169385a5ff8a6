"""The text of manifests, broken: cut, with bytes put in, with YAML's own oddities, in another encoding."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable

import yaml

from tests.fuzz.mutate import Choose, Wire

SNIPPETS = (
    b"\t", b"\r", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x85", "\u2028".encode(), "\u202e".encode(),
    b"---\n", b"\n---\n", b"\n...\n", b"--- ", b"%YAML 9.9\n---\n", b"%TAG ! tag:a,2000:\n---\n", b"&a ", b"*a", b"*b ",
    b"&b [*b]", b"<<: *a\n", b"<<: [*a, *a]\n", b"<<: 1\n", b"? ", b"? [a]\n: b\n", b"!!binary a", b"!!int x", b"!<tag:x> ",
    b"!!python/object:os.system ", b"|\n  a\n", b">-\n", b"'", b'"', b"[", b"]", b"{", b"}", b",", b": ", b":", b"- ", b"#",
    b"@", b"`", b"%", b"|", b"~", b".nan", b"-.inf", b"0o17", b"0b1", b"1e999", b"1_0", b"on", b"2001-01-01",
    b"{{ .Values.x }}", b"{{- if .x }}\n", b'"\\ud800"', b'"\\u0000"', b'"\\x', b"items:\n", b"kind: List\n",
    b"apiVersion: v1\n", b"metadata: {name: a, name: b}\n", b"spec: *a\n", b"specs: [*a]\n", b"spec:\n  ingress: *a\n",
    b"[" * 200, b"{a: " * 200, b"- " * 200, b"a" * 70_000, b"9" * 5_000,
)  # fmt: skip
ENCODINGS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (b"", "utf-16-le"),
    (b"", "utf-32-be"),
    (b"", "latin-1"),
    (codecs.BOM_UTF16_LE, "utf-8"),
)


def written(objects: list[Wire], choose: Choose) -> tuple[str, bytes]:
    """The objects as one file: YAML in one of three styles, a JSON list, or lines of JSON."""
    style = choose(5)
    if style < 2:
        text = yaml.safe_dump_all(objects, default_flow_style=bool(style), sort_keys=False)
    elif style == 2:
        text = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": objects}, sort_keys=False)
    elif style == 3:
        return "a.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=choose(2)).encode()
    else:
        return "a.json", "\n".join(json.dumps(each) for each in objects[: 1 + choose(2)]).encode()
    return "a.yaml", text.encode()


def broken(data: bytes, choose: Choose) -> bytes:
    """The bytes with one to three things wrong."""
    for _ in range(1 + choose(3)):
        data = _BREAKS[choose(len(_BREAKS))](data, choose)
    return data


def _insert(data: bytes, choose: Choose) -> bytes:
    at = choose(len(data) + 1)
    return data[:at] + SNIPPETS[choose(len(SNIPPETS))] + data[at:]


def _insert_line(data: bytes, choose: Choose) -> bytes:
    """A snippet at the beginning of a line, which is where most of them mean something, as deep as that line."""
    lines = data.split(b"\n")
    at = choose(len(lines))
    depth = len(lines[at]) - len(lines[at].lstrip(b" "))
    lines.insert(at, b" " * depth + SNIPPETS[choose(len(SNIPPETS))].rstrip(b"\n"))
    return b"\n".join(lines)


def _truncate(data: bytes, choose: Choose) -> bytes:
    return data[: choose(len(data) + 1)]


def _cut(data: bytes, choose: Choose) -> bytes:
    at = choose(len(data) + 1)
    return data[:at] + data[at + 1 + choose(40) :]


def _flip(data: bytes, choose: Choose) -> bytes:
    at = choose(len(data) + 1)
    return data[:at] + bytes([choose(256)]) + data[at + 1 :]


def _repeat_line(data: bytes, choose: Choose) -> bytes:
    """A key that stands twice, most often."""
    lines = data.split(b"\n")
    at = choose(len(lines))
    return b"\n".join([*lines[: at + 1], *lines[at:]])


def _anchor(data: bytes, choose: Choose) -> bytes:
    """One value with an anchor, and an alias to it for another."""
    lines = data.split(b"\n")
    keyed = [at for at, line in enumerate(lines) if b": " in line or line.endswith(b":")]
    if not keyed:
        return data
    first, second = keyed[choose(len(keyed))], keyed[choose(len(keyed))]
    for at, mark in ((second, b"*a"), (first, b"&a")):
        key, _, rest = lines[at].partition(b":")
        lines[at] = key + b": " + mark + (rest if mark == b"&a" else b"")
    return b"\n".join(lines)


def _reindent(data: bytes, choose: Choose) -> bytes:
    lines = data.split(b"\n")
    at = choose(len(lines))
    lines[at] = (b"\t", b" ", b"    ", b"")[choose(4)] + lines[at].lstrip(b" ")
    return b"\n".join(lines)


def _encode(data: bytes, choose: Choose) -> bytes:
    mark, name = ENCODINGS[choose(len(ENCODINGS))]
    return mark + data.decode("utf-8", "replace").encode(name, "replace")


_BREAKS: tuple[Callable[[bytes, Choose], bytes], ...] = (
    _insert, _insert, _insert_line, _insert_line, _truncate, _cut, _flip, _repeat_line, _anchor, _anchor, _reindent, _encode,
)  # fmt: skip
