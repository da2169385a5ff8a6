"""Reading JSON that nobody promised anything about: a part of a cloud record, or the spec of a cluster's object.

A reader asks for a key and a type. What is absent or null is None; what has the wrong type is None and one notice that
names the path, so odd content becomes "not known" and is never taken for an answer.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHOWN = 60  # characters of a foreign value that a notice repeats


class Part:
    """One value inside a JSON document, with the path that leads to it and the document's list of notices."""

    __slots__ = ("_notices", "_value", "path")

    def __init__(self, value: object, path: str, notices: list[str]) -> None:
        self._value = value
        self._notices = notices
        self.path = path

    @classmethod
    def decode(cls, raw: msgspec.Raw | bytes | str, path: str, notices: list[str]) -> Part:
        """The whole of a JSON text; text that is not JSON (or nested beyond reason) reads as absent, with a notice."""
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            notices.append(f"{path} is not JSON that can be read")
            value = None
        return cls(value, path, notices)

    def __bool__(self) -> bool:
        """Whether there is an object here, empty or not."""
        return isinstance(self._value, Mapping)

    def _get(self, key: str) -> object:
        if not isinstance(self._value, Mapping):
            return None
        for spelling in (key, _WORD_START.sub("_", key).lower()):
            if spelling in self._value:
                return self._value[spelling]
        return None

    def has(self, key: str) -> bool:
        """Whether the key is there with a value other than null."""
        return self._get(key) is not None

    def note(self, message: str) -> None:
        """Add a notice about this part."""
        self._notices.append(f"{self.path} {message}")

    def odd(self, key: str, wanted: str, value: object) -> None:
        """Add a notice that the value under `key` is not what was wanted."""
        shown = repr(value)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        self._notices.append(f"{self.path}.{key} is not {wanted}: {shown}")

    def part(self, *keys: str) -> Part:
        """The object below a chain of keys; an absent one has no keys of its own, so chains need no checks."""
        here = self
        for key in keys:
            value = here._get(key)
            if value is not None and not isinstance(value, Mapping):
                here.odd(key, "an object", value)
                value = None
            here = Part(value, f"{here.path}.{key}", self._notices)
        return here

    def below(self, key: str, text: str) -> Part:
        """The JSON document that the string `text`, found under `key`, holds."""
        return Part.decode(text, f"{self.path}.{key}", self._notices)

    def text(self, key: str) -> str | None:
        """A string."""
        value = self._get(key)
        if value is None or isinstance(value, str):
            return value
        self.odd(key, "text", value)
        return None

    def flag(self, key: str) -> bool | None:
        """A boolean, also spelled "true" or "false" as Helm-shaped values spell it."""
        value = self._get(key)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
            return value.strip().lower() == "true"
        self.odd(key, "true or false", value)
        return None

    def number(self, key: str) -> int | None:
        """A whole number, also spelled as a string of digits."""
        value = self._get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        if value is not None:
            self.odd(key, "a whole number", value)
        return None

    def items(self, key: str) -> list[Part] | None:
        """The objects of a list; members that are no objects are left out with a notice. None where there is no list."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.odd(key, "a list", value)
            return None
        found = []
        for index, member in enumerate(value):
            if isinstance(member, Mapping):
                found.append(Part(member, f"{self.path}.{key}[{index}]", self._notices))
            else:
                self.odd(f"{key}[{index}]", "an object", member)
        return found

    def texts(self, key: str) -> tuple[str, ...] | None:
        """The strings of a list; other members are left out with a notice. None where there is no list."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.odd(key, "a list", value)
            return None
        for index, member in enumerate(value):
            if not isinstance(member, str):
                self.odd(f"{key}[{index}]", "text", member)
        return tuple(member for member in value if isinstance(member, str))

    def labels(self, key: str) -> dict[str, str]:
        """A map of strings, empty where absent; other members are left out with a notice."""
        below = self.part(key)
        found = {}
        for name, value in below.entries():
            if isinstance(value, str):
                found[name] = value
            else:
                below.odd(name, "text", value)
        return found

    def entries(self) -> Iterator[tuple[str, object]]:
        """The keys and raw values of this object, in document order."""
        if isinstance(self._value, Mapping):
            yield from ((str(key), value) for key, value in self._value.items())

    def ranges_in(self, key: str, member: str = "") -> tuple[str, ...] | None:
        """The address ranges of a list, or of its objects' `member`; empty where there is no list.

        None where a single one cannot be read: an allow list of which a part is missing would look narrower than it is.
        """
        value = self._get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.odd(key, "a list", value)
            return None
        texts = [item.get(member) if member and isinstance(item, Mapping) else item for item in value]
        if all(isinstance(text, str) and _is_range(text) for text in texts):
            return self.ranges(text for text in texts if isinstance(text, str))
        self.odd(key, "a list of address ranges", texts)
        return None

    def ranges(self, texts: Iterable[str | None]) -> tuple[str, ...]:
        """Those of `texts` that are address ranges, canonical and in order; others are left out with a notice."""
        found: dict[str, None] = {}
        for text in texts:
            if not text:
                continue
            try:
                found[str(ipaddress.ip_network(text.strip(), strict=False))] = None
            except ValueError:
                self.odd("range", "an address range", text)
        return tuple(found)


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True
