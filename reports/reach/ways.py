"""The ways in from outside: as fields of a document, and as words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reports.reach.words import plain, port_words
from scanner.reach.ways.model import Admitted, Scope, Share, WayIn

_ANSWERS = {
    Admitted.YES: "let in",
    Admitted.PARTLY: "let in in part",
    Admitted.NO: "stopped by policy",
    Admitted.UNKNOWN: "not known",
}
_SOURCES = 3  # ranges spelled out for people


def way_fields(way: WayIn) -> Mapping[str, object]:
    """A way in as `reach/v1` has it; what is empty or not known is left out."""
    through: dict[str, object] = {"kind": way.through.kind, "name": way.through.name}
    through |= _given(
        {"gateway": way.through.gateway, "listener": way.through.listener, "class": way.through.class_name}
    )
    fields: dict[str, object] = {"through": through, "protocol": way.protocol}
    fields |= _given({"port": way.port, "addresses": way.addresses})
    fields |= {"scope": str(way.scope)}
    fields |= _given({"scope_reason": way.scope_reason, "sources": way.sources, "peer": way.peer})
    fields |= _given({"workload": way.workload, "endpoints": way.endpoints})
    fields |= {"targets": way.targets}
    if way.judgement is not None:
        fields |= {"admitted": str(way.judgement.admitted)}
        fields |= _given(
            {
                "reason": way.judgement.reason,
                "allowed": [_share(each) for each in way.judgement.allowed],
                "undecided": [_share(each) for each in way.judgement.undecided],
            }
        )
    return fields


def _share(share: Share) -> Mapping[str, object]:
    return {"ports": share.ports} | _given({"sources": share.sources})


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value}


def door_words(way: WayIn) -> str:
    """What leads inside, and at which port: "HTTPRoute shop/web at Gateway infra/public (https), TCP 443"."""
    through = way.through
    words = f"{through.kind} {plain(through.name)}"
    if through.gateway:
        words += f" at Gateway {plain(through.gateway)}"
        words += f" ({plain(through.listener)})" if through.listener else ""
    elif through.class_name:
        words += f" ({plain(through.class_name)})"
    return f"{words}, {way.protocol} {way.port}" if way.port else f"{words}, {way.protocol}"


def where_words(way: WayIn) -> str:
    """Who may come: "public, at 203.0.113.7, from 198.51.100.0-198.51.100.255"."""
    words = "scope not known" if way.scope is Scope.UNKNOWN else str(way.scope)
    if way.addresses:
        words += f", at {_some(map(plain, way.addresses))}"
    return f"{words}, from {_some(way.sources)}" if way.sources else words


def answer_words(way: WayIn) -> str:
    """What policy says: "let in in part: TCP 80 from 10.0.0.0-10.255.255.255"."""
    if way.judgement is None:
        return "no pod: beyond this cluster's policies"
    words = _ANSWERS[way.judgement.admitted]
    if way.judgement.allowed:
        words += f": {_shares(way.judgement.allowed)}"
    if way.judgement.undecided and way.judgement.admitted is Admitted.PARTLY:
        words += f"; not known: {_shares(way.judgement.undecided)}"
    return words


def destination(way: WayIn) -> str:
    """To whom it leads."""
    return plain(way.workload) if way.workload else _some(way.endpoints)


def answer_reasons(way: WayIn) -> list[str]:
    """Why the answer is not a plain yes."""
    found = way.judgement
    return parts(found.reason) if found is not None and found.admitted is not Admitted.YES else []


def scope_reasons(way: WayIn) -> list[str]:
    """Why it is not known who may come."""
    return parts(way.scope_reason) if way.scope is Scope.UNKNOWN else []


def parts(reason: str) -> list[str]:
    """The single reasons of a joined one."""
    return [part for part in reason.split("; ") if part]


def _shares(shares: Iterable[Share]) -> str:
    return ", ".join(
        port_words(share.ports) + (f" from {_some(share.sources)}" if share.sources else "") for share in shares
    )


def _some(texts: Iterable[str]) -> str:
    listed = list(texts)
    more = f" and {len(listed) - _SOURCES:,} more" if len(listed) > _SOURCES else ""
    return ", ".join(listed[:_SOURCES]) + more
