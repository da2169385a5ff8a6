"""Texts with CEL in them: `$(self.name)` stands for what the expression gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hole:
    """An expression in a text, and the line of the text (from 0) that it begins on."""

    expression: str
    line: int


class UnclosedError(Exception):
    """A `$(` without its `)`; holds the line of the text, from 0."""

    def __init__(self, line: int) -> None:
        super().__init__("$( without its closing )")
        self.line = line


def parts(text: str) -> tuple[str | Hole, ...]:
    """The text cut into what stands as it is and the expressions between.

    Raises:
        UnclosedError: an expression does not end.
    """
    found: list[str | Hole] = []
    at = 0
    while (start := text.find("$(", at)) >= 0:
        if start > at:
            found.append(text[at:start])
        line = text.count("\n", 0, start)
        end = _end(text, start + 2)
        if end < 0:
            raise UnclosedError(line)
        found.append(Hole(text[start + 2 : end], line))
        at = end + 1
    if at < len(text):
        found.append(text[at:])
    return tuple(found)


def _end(text: str, at: int) -> int:
    """Where the parenthesis that is open at `at` closes, those in quotes left aside; -1 where it does not."""
    depth, quote = 1, ""
    while at < len(text):
        character = text[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1
