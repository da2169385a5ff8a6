"""`reach/v1`: who can talk to whom, as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from reports.reach.blocks import HERE, WHY, blocks, chunks, doubts, placed
from reports.reach.ways import way_fields
from scanner.model import Notice
from scanner.reach.engine import ClusterReach
from scanner.reach.lines import Listing
from scanner.reach.model import PortSet
from scanner.reach.rows import Cell
from scanner.reach.selection import Selection

_encode = msgspec.json.Encoder().encode


def render_reach(reach: ClusterReach) -> bytes:
    """The whole `reach/v1` document: the same bytes for the same cluster, whatever order its objects came in."""
    return b"".join(reach_document(reach.listing()))


def reach_document(listing: Listing) -> Iterator[bytes]:
    """The same of a listing, in pieces: nothing is held per line."""
    return chunks(_document(listing))


def _document(listing: Listing) -> Iterator[str | bytes]:
    yield f'{{"schema":"reach/v1","level":{encoded(str(listing.level))}'
    if not listing.selection.empty:
        yield f',"selection":{encoded(selection_fields(listing.selection))}'
    yield f',"peers":{encoded([{"id": name, "kind": kind} for name, kind in listing.peers])}'
    yield ',"connections":['
    yield from _lines(listing, blocks(listing.allowed, lambda cell: _line(listing, cell)))
    yield '],"unknown":['
    yield from _lines(listing, doubts(listing, lambda cell: _line(listing, cell, f',"reason":{WHY}'), encoded))
    yield f'],"entry_points":{encoded([way_fields(way) for way in listing.ways])}'
    yield f',"warnings":{encoded(warnings(listing.notices))}}}\n'


def _lines(listing: Listing, found: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    """Every line begins with its comma, which the first of all has not."""
    lead = 1
    for source, text in found:
        yield placed(text[lead:], encoded(listing.ids[source]))
        lead = 0


def _line(listing: Listing, cell: Cell, reason: str = "") -> str:
    text = f',{{"src":{HERE},"dst":{encoded(listing.ids[cell.dst])},"ports":{encoded(cell.ports)}'
    if cell.via:
        text += f',"via":{encoded(cell.via)}'
    if cell.filter:
        text += f',"filter":{encoded(cell.filter)}'
    return f"{text}{reason}}}"


def encoded(value: object) -> str:
    """Any plain value as JSON. Half a surrogate pair, which no JSON text can hold as such, is replaced."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_whole(value)).decode()


def _whole(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def selection_fields(selection: Selection) -> Mapping[str, object]:
    """What a document was reduced to; filters that were not given are left out."""
    ports: PortSet = {selection.port[0]: ((selection.port[1], selection.port[1]),)} if selection.port else {}
    fields: dict[str, object] = {
        "namespaces": selection.namespaces,
        "workloads": selection.workloads,
        "ports": ports,
        "hypothetical": selection.hypothetical,
    }
    return {name: value for name, value in fields.items() if value}


def warnings(notices: tuple[Notice, ...]) -> list[dict[str, str]]:
    """What to know of the input: which object, which field, what."""
    return [{"object": each.object, "field": each.field, "message": each.message} for each in notices]
