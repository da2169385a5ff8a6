"""Versions of engines and kernels: read from image tags, compared by their numbers."""

from __future__ import annotations

import re

Version = tuple[int, ...]

_NUMBERS = re.compile(r"v?(\d{1,6}(?:\.\d{1,6}){1,3})(?:[-+._].*)?\Z", re.ASCII | re.DOTALL)


def parse(text: str) -> Version | None:
    """The leading numbers of a version ("v1.17.9-250901" is 1.17.9); None for what is no version, such as "latest"."""
    match = _NUMBERS.match(text.strip())
    return tuple(int(number) for number in match[1].split(".")) if match else None


def numbers(text: str) -> str:
    """The version without prefix and suffix, or "" for what is no version."""
    version = parse(text)
    return "" if version is None else ".".join(str(number) for number in version)


def of_image(image: str) -> str:
    """The version in an image's tag; "" where the tag is mutable, unreadable, or there is only a digest."""
    last = image.partition("@")[0].rpartition("/")[2]
    _, colon, tag = last.partition(":")
    return numbers(tag) if colon else ""


def at_least(version: str, minimum: str) -> bool | None:
    """Whether `version` is `minimum` or newer; None where either cannot be read."""
    have, need = parse(version), parse(minimum)
    if have is None or need is None:
        return None
    width = max(len(have), len(need))
    return have + (0,) * (width - len(have)) >= need + (0,) * (width - len(need))
