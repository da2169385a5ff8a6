"""Wire objects bent out of shape: one change at a time, at a place and of a kind that somebody else chooses.

What chooses is a `Choose`: a hypothesis draw in the suite, the fuzzer's bytes in `tests.fuzz.run`. So both make the same
changes, and each can make smaller what it found.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

Wire = dict[str, Any]
Choose = Callable[[int], int]  # a number from 0 up to, but without, the one that is given
Place = tuple[Any, Any]  # a dict or list, and a key of it
Path = tuple[Any, ...]  # keys from the object on

_LABEL_MAPS = frozenset({"matchLabels", "labels"})  # whose keys are no fields
_DEEP, _DEEPER = 120, 3000  # beyond what YAML is read to, and beyond Python's own stack
_LONGEST = 100_000  # characters of a text that was made longer, however often that happens
_LOOKED_INTO = 30  # levels of an object that changes reach, which keeps them out of what an earlier one nested


def nested(levels: int, *, lists: bool) -> Any:
    """A list in a list in a list, or the same of mappings."""
    value: Any = []
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 80, 65536, 2**31, 2**63, 2**64, 2**70, -(2**70), 0.5, 1e308, -0.0, float("nan"),
    "", " ", "0", "80", "-1", "NaN", "Infinity", "null", "true", "a" * 64, "a" * 300, "a" * 70_000, "\0", "\n", "a\nb",
    "\x1b[31m", "\u202e", "\ufeff", "\u2028", "\ud800", "e\u0301", "\U0001f525", "`", "'", '"', "\\", "*", "**.a", "/",
    "a/b", "../a", "10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "::/0", "::ffff:1.2.3.4/96", "010.0.0.0/8", "TCP", "tcp",
    "Allow", "all()", "has(", "a == 'b", "!" * 500, "(" * 500, "In", "Pass", "{{ .Values.a }}",
    [], {}, [[]], [None], [{}], {"": None}, {"a": {"b": []}}, ["a", 1, None], [{} for _ in range(300)],
)  # fmt: skip
HOSTILE: tuple[Callable[[], Any], ...] = (
    *((lambda value=value: copy.deepcopy(value)) for value in _VALUES),
    lambda: nested(_DEEP, lists=True),
    lambda: nested(_DEEP, lists=False),
    lambda: nested(_DEEPER, lists=True),
    lambda: {str(number): number for number in range(300)},
)
FIELDS = (
    "x", "", "a`b", "a.b", "spec", "specs", "ingress", "egress", "ingressDeny", "from", "to", "ports", "port", "endPort",
    "podSelector", "namespaceSelector", "matchLabels", "matchExpressions", "ipBlock", "cidr", "except", "tier", "order", "items",
    "subject", "selector", "rules", "action", "name", "namespace", "\u202e", "[0]", "a[0].b", "status", "toFQDNs", "types",
    "protocol",
)  # fmt: skip


def bend(item: Wire, choose: Choose) -> Path:
    """Change one thing of `item` where it stands; the path of what was changed, () for the object as a whole."""
    places = list(_places(item, ()))
    if not places:
        item[FIELDS[choose(len(FIELDS))]] = HOSTILE[choose(len(HOSTILE))]()
        return ()
    path, (holder, key) = places[choose(len(places))]
    _CHANGES[choose(len(_CHANGES))](holder, key, choose, places)
    return path


def bent(item: Wire, choose: Choose, most: int = 2) -> Wire:
    """A copy of `item` with one to `most` changes."""
    made = copy.deepcopy(item)
    for _ in range(1 + choose(most)):
        bend(made, choose)
    return made


def with_unknown_field(item: Wire, choose: Choose) -> tuple[Wire, Path]:
    """A copy whose spec has one field more, in a mapping of fields; and where, from the object on."""
    made = copy.deepcopy(item)
    path, holder = (found := list(_mappings(made.get("spec"), ("spec",))))[choose(len(found))]
    holder["fieldOfTomorrow"] = HOSTILE[choose(20)]()
    return made, path


def _places(value: Any, path: Path) -> Iterator[tuple[Path, Place]]:
    """Every key of every mapping and every item of every list; an object's identity too."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key), (value, key)
        if len(path) < _LOOKED_INTO:
            yield from _places(each, (*path, key))


def _mappings(value: Any, path: Path) -> Iterator[tuple[Path, Wire]]:
    if isinstance(value, dict) and path[-1] not in _LABEL_MAPS:
        yield path, value
        for key, each in value.items():
            yield from _mappings(each, (*path, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _mappings(each, (*path, at))


def _replace(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    holder[key] = HOSTILE[choose(len(HOSTILE))]()


def _remove(holder: Any, key: Any, _choose: Choose, _: Any) -> None:
    del holder[key]


def _wrap(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    holder[key] = [holder[key]] if choose(2) else {FIELDS[choose(len(FIELDS))]: holder[key]}


def _unwrap(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    """Put something that stands in the value into the value's place."""
    inner = holder[key]
    parts = list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else [str(inner)]
    holder[key] = parts[choose(len(parts))] if parts else None


def _add(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    """One field or one item more."""
    extra = HOSTILE[choose(len(HOSTILE))]()
    inner = holder[key] if isinstance(holder[key], dict | list) else holder
    if isinstance(inner, dict):
        inner[FIELDS[choose(len(FIELDS))]] = extra
    else:
        inner.insert(choose(len(inner) + 1), extra)


def _repeat(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    inner = holder[key]
    if isinstance(inner, list):
        holder[key] = [copy.copy(each) for each in inner * (2 + choose(3))]
    elif isinstance(inner, str):
        holder[key] = (inner * (2 + choose(40)))[:_LONGEST]
    else:
        holder[key] = [inner, inner]


def _graft(holder: Any, key: Any, choose: Choose, places: list[tuple[Path, Place]]) -> None:
    """Put what stands elsewhere in the object here as well."""
    _, (other, its) = places[choose(len(places))]
    with contextlib.suppress(RecursionError):  # an earlier change nested it deeper than can be copied
        holder[key] = copy.deepcopy(other[its])


def _retext(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    """The same in another spelling: a number as text, a text in capitals, with a blank, with a control character."""
    text = str(holder[key]) if not isinstance(holder[key], dict | list) else ""
    ways = (text, text.upper(), f" {text}", f"{text}\n", f"{text}\0", text[::-1], text[1:], f"-{text}", f"{text}{text}")
    holder[key] = ways[choose(len(ways))]


def _rename(holder: Any, key: Any, choose: Choose, _: Any) -> None:
    if isinstance(holder, dict):
        names = (key.upper(), f"{key}s", key[:-1], f"{key} ", *FIELDS)
        holder[names[choose(len(names))]] = holder.pop(key)
    else:
        holder.append(holder.pop(key))


_CHANGES: tuple[Callable[[Any, Any, Choose, Any], None], ...] = (
    _replace, _replace, _replace, _remove, _wrap, _unwrap, _add, _add, _repeat, _graft, _retext, _rename,
)  # fmt: skip
