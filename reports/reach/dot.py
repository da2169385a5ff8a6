"""A listing as a graph for Graphviz: workloads by namespace, what is outside as boxes, an edge per connection.

The language and its escapes: https://graphviz.org/doc/info/lang.html and https://graphviz.org/docs/attr-types/escString/.
"""

from __future__ import annotations

from collections.abc import Iterator

from reports.reach.blocks import HERE, blocks, chunks, placed
from reports.reach.words import plain, port_words, selection_words
from scanner.reach.lines import Listing
from scanner.reach.rows import Cell
from scanner.reach.summary import NamespacePair

_LOOK = (
    '  graph [fontname="Helvetica", labelloc=t, rankdir=LR];\n'
    '  node [fontname="Helvetica", fontsize=11, shape=ellipse];\n'
    '  edge [fontname="Helvetica", fontsize=9];\n'
)
_SHAPES = {
    "ip": ", shape=box, style=filled, fillcolor=lightgrey",
    "dns": ", shape=box, style=filled, fillcolor=lightgrey",
    "entity": ", shape=box, style=filled, fillcolor=lightgrey",
    "ingress-controller": ", shape=house",
}


def reach_dot(listing: Listing) -> Iterator[bytes]:
    """The listing as a directed graph; dashed edges are undecided."""
    return chunks(_graph(listing))


def pairs_dot(pairs: tuple[NamespacePair, ...], title: str) -> Iterator[bytes]:
    """Namespaces as a directed graph: how many pairs of workloads may talk; dashed where that is undecided for all."""
    return chunks(_pairs(pairs, title))


def quoted(text: str) -> str:
    r"""A string of the language. Backslashes would be escapes in a label (`\N` is the node's name), so they are doubled."""
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _graph(listing: Listing) -> Iterator[str | bytes]:
    only = "" if listing.selection.empty else f": only {selection_words(listing.selection)}"
    yield f"digraph reach {{\n  label={quoted(f'Connections, {listing.level}{only}')};\n{_LOOK}"
    numbers = {name: at for at, name in enumerate(listing.ids)}
    by_namespace: dict[str, list[str]] = {}
    used = (
        listing.allowed.sources | listing.allowed.destinations | listing.unknown.sources | listing.unknown.destinations
    )
    for name, kind in listing.peers:
        if kind == "workload":
            by_namespace.setdefault(name.partition("/")[0], []).append(name)
        elif used >> numbers[name] & 1:
            yield f"  n{numbers[name]} [label={quoted(name)}{_SHAPES[kind]}];\n"
    for at, (namespace, names) in enumerate(sorted(by_namespace.items())):
        yield f"  subgraph cluster_{at} {{\n    label={quoted(namespace)};\n"
        for name in names:
            yield f"    n{numbers[name]} [label={quoted(name.removeprefix(namespace + '/'))}];\n"
        yield "  }\n"
    for source, text in blocks(listing.allowed, lambda cell: _edge(cell, "")):
        yield placed(text, f"  n{source}")
    for source, text in blocks(listing.unknown, lambda cell: _edge(cell, ", style=dashed, color=grey40")):
        yield placed(text, f"  n{source}")
    yield "}\n"


def _edge(cell: Cell, look: str) -> str:
    notes = (
        [port_words(cell.ports)] + ([f"via {cell.via}"] if cell.via else []) + ([cell.filter] if cell.filter else [])
    )
    return f"{HERE} -> n{cell.dst} [label={quoted(' '.join(notes))}{look}];\n"


def _pairs(pairs: tuple[NamespacePair, ...], title: str) -> Iterator[str]:
    yield f"digraph namespaces {{\n  label={quoted(title)};\n{_LOOK}"
    names = sorted({name for pair in pairs for name in (pair.src, pair.dst)})
    numbers = {name: at for at, name in enumerate(names)}
    for name in names:
        shape = ", shape=box, style=filled, fillcolor=lightgrey" if not name[:1].isalnum() else ""
        yield f"  n{numbers[name]} [label={quoted(name)}{shape}];\n"
    for pair in pairs:
        look = "" if pair.allowed else ", style=dashed, color=grey40"
        label = f"{pair.allowed or pair.unknown:,} of {pair.pairs:,}"
        yield f"  n{numbers[pair.src]} -> n{numbers[pair.dst]} [label={quoted(label)}{look}];\n"
    yield "}\n"
