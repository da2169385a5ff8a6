"""Calico's selector language: text to a tree, and the tree to the model's normal form.

Source: Calico's `libcalico-go/lib/selector` (tokenizer and parser). `||` binds weaker than `&&`, `!` strongest; spaces and tabs
separate, no other white space does; literals stand in single or double quotes without escapes; an empty text is `all()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from scanner.policy.decode import FieldError, UnreadableError
from scanner.policy.model import Operator, Requirement

MAX_LENGTH = 10_000  # Calico bounds some of its selectors at 1,024 characters and others not at all
MAX_DEPTH = 100


class Word(StrEnum):
    """The two words of the language: everything there is, and what stands in no namespace."""

    ALL = "all()"
    GLOBAL = "global()"


@dataclass(frozen=True, slots=True)
class Not:
    """What its part does not match."""

    part: Node


@dataclass(frozen=True, slots=True)
class Both:
    """What all its parts match; without any, everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What one of its parts matches; without any, nothing."""

    parts: tuple[Node, ...]


Leaf = Requirement | Word
Node = Leaf | Not | Both | Either

_SPACE = " \t"
_SYMBOL = re.compile(r"==|!=|&&|\|\||[(){},!]")
_AFTER_LABEL = re.compile(r"contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in")
_CALL = re.compile(r"has\([ \t]*(?P<key>[\w./-]+)[ \t]*\)|(?:all|global)\([ \t]*\)", re.ASCII)
_LABEL = re.compile(r"[\w./-]+", re.ASCII)
_COMPARING = {
    "==": Operator.IN,
    "!=": Operator.NOT_IN,
    "contains": Operator.CONTAINS,
    "startswith": Operator.STARTS_WITH,
    "endswith": Operator.ENDS_WITH,
}


class _Token:
    """A symbol, an operator, a call ("has", "all", "global"), a label, a literal or the end, and where it starts."""

    __slots__ = ("at", "kind", "value")

    def __init__(self, kind: str, value: str, at: int) -> None:
        self.kind, self.value, self.at = kind, value, at


class _SyntaxError(Exception):
    """The text is not of the language: what was expected, and at which character (from 1)."""

    def __init__(self, expected: str, at: int) -> None:
        super().__init__(f"{expected} expected at character {at + 1}")


class _TooDeepError(Exception):
    """More parentheses in each other than are read."""


def parse(text: str, field: str) -> Node:
    """A selector's text as a tree.

    Raises:
        FieldError: it is not of the language.
        UnreadableError: it is longer, or has more parentheses in each other, than is read.
    """
    if len(text) > MAX_LENGTH:
        raise UnreadableError(field, f"is a selector of more than {MAX_LENGTH:,} characters; write a shorter one")
    try:
        return _parse(text)
    except _SyntaxError as error:
        shown = text if len(text) <= 80 else f"{text[:80]} …"
        raise FieldError(field, f"{shown!r} is no selector: {error}; correct it") from error
    except _TooDeepError as error:
        message = f"has more than {MAX_DEPTH} parentheses in each other; write a simpler selector"
        raise UnreadableError(field, message) from error


@lru_cache(maxsize=4096)
def _parse(text: str) -> Node:
    parser = _Parser(list(_tokens(text)))
    return Word.ALL if parser.next.kind == "end" else parser.whole()


def _tokens(text: str) -> Iterator[_Token]:
    at, last = 0, ""
    while at < len(text):
        start = at
        if text[at] in _SPACE:
            at += 1
            continue
        if text[at] in "\"'":
            end = text.find(text[at], at + 1)
            if end < 0:
                raise _SyntaxError(f"a closing {text[at]}", len(text))
            kind, value, at = "literal", text[at + 1 : end], end + 1
        elif symbol := _SYMBOL.match(text, at):
            kind, value, at = symbol[0], "", symbol.end()
        else:
            kind, value, at = _word(text, at, after_label=last == "label")
        last = kind
        yield _Token(kind, value, start)
    yield _Token("end", "", at)


def _word(text: str, at: int, *, after_label: bool) -> tuple[str, str, int]:
    """An operator where a label went before, else a call or a label: kind, value and the place behind it."""
    if after_label:
        operator = _AFTER_LABEL.match(text, at)
        if operator is None:
            raise _SyntaxError("an operator", at)
        return operator[0].replace(" ", "").replace("\t", ""), "", operator.end()
    if text.startswith(("has(", "all(", "global("), at):
        call = _CALL.match(text, at)
        if call is None:
            raise _SyntaxError("has(label), all() or global()", at)
        return call[0].partition("(")[0], call["key"] or "", call.end()
    label = _LABEL.match(text, at)
    if label is None:
        raise _SyntaxError("a label, has(label), all(), ! or (", at)
    return "label", label[0], label.end()


class _Parser:
    """Descends through the levels of binding."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *kinds: str, expected: str) -> _Token:
        token = self.next
        if token.kind not in kinds:
            raise _SyntaxError(expected, token.at)
        self._at += 1
        return token

    def whole(self) -> Node:
        """The only expression of the text."""
        found = self._either()
        self._take("end", expected="&&, || or the end")
        return found

    def _either(self) -> Node:
        parts = [self._both()]
        while self.next.kind == "||":
            self._at += 1
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._single()]
        while self.next.kind == "&&":
            self._at += 1
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self) -> Node:
        negated = False
        while self.next.kind == "!":
            negated = not negated
            self._at += 1
        found = self._operation()
        return Not(found) if negated else found

    def _operation(self) -> Node:
        token = self._take("has", "all", "global", "label", "(", expected="a label, has(label), all(), ! or (")
        match token.kind:
            case "has":
                return Requirement(token.value, Operator.EXISTS)
            case "all":
                return Word.ALL
            case "global":
                return Word.GLOBAL
            case "label":
                return self._comparison(token.value)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeepError
        found = self._either()
        self._take(")", expected=")")
        self._depth -= 1
        return found

    def _comparison(self, key: str) -> Node:
        operator = self._take(*_COMPARING, "in", "notin", expected="an operator").kind
        if operator in _COMPARING:
            value = self._take("literal", expected="a value in quotes").value
            return Requirement(key, _COMPARING[operator], (value,))
        self._take("{", expected="{")
        values = set()
        while self.next.kind == "literal":
            values.add(self._take("literal", expected="").value)
            if self.next.kind != ",":
                break
            self._at += 1
        self._take("}", expected="a value in quotes or }")
        if not values:
            return Either(()) if operator == "in" else Both(())
        return Requirement(key, Operator.IN if operator == "in" else Operator.NOT_IN, tuple(sorted(values)))
