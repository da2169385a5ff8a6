"""What crashed: told apart by where, kept as the fuzzer's bytes, and made small."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.reference.reduce import reduced

ROOT = Path(__file__).parents[2]
_OURS = tuple(str(ROOT / name) for name in ("scanner", "infra", "reports", "functions"))
_SECONDS = 20.0  # for making one crash smaller


def signature(error: BaseException) -> str:
    """The kind of error and the product's innermost line on the way to it; without one, the target's own."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(_OURS)] or frames[-1:]
    if isinstance(error, AssertionError):
        own = frames[-1:]
    place = own[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno} in {place.name}"


def crash_of(target: Target, value: Any) -> BaseException | None:
    """What a value raises, if it does."""
    try:
        target.ask(value)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return error
    return None


def kept(folder: Path, found: str, data: bytes) -> Path:
    """Keep the bytes that crashed under a name of the crash's own; the shortest of one crash stays."""
    path = folder / f"crash-{hashlib.sha256(found.encode()).hexdigest()[:12]}"
    if not path.exists() or len(data) < path.stat().st_size:
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{found}\n", encoding="utf-8")
    return path


def told(name: str, path: Path) -> str:
    """One crash in words: what, and the smallest value that was found to show it, which is kept beside it too."""
    target = TARGETS[name]
    value = target.decode(path.read_bytes())
    error = crash_of(target, value)
    if error is None:
        return f"{path}: does not crash when it is tried alone"
    wanted, until = signature(error), time.monotonic() + _SECONDS

    def fails(smaller: Any) -> bool:
        if time.monotonic() > until:
            return False
        other = crash_of(target, smaller)
        return other is not None and signature(other) == wanted

    small = reduced(value, fails, smaller_than)
    last = crash_of(target, small)
    text = shown(small)
    path.with_suffix(".reduced").write_text(text, encoding="utf-8", errors="backslashreplace")
    return f"{wanted}: {str(last)[:500]}\n  bytes: {path}\n  {text[:3000]}"


def shown(value: Any) -> str:
    """A value as text: JSON where it is that."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    try:
        return json.dumps(plain)
    except (TypeError, ValueError, RecursionError):
        try:
            return repr(plain)
        except RecursionError:
            return "a value nested too deep to be shown"


def smaller_than(value: Any, depth: int = 0) -> Iterator[Any]:
    """The value less one part, the largest parts first."""
    if depth > 40:
        return
    if is_dataclass(value) and not isinstance(value, type):
        yield from _smaller_cluster(value)
    elif isinstance(value, str | bytes):
        yield from _shorter(value)
    elif isinstance(value, list | tuple):
        form: Callable[[Any], Any] = type(value)
        if isinstance(value, list):
            yield from (value[:at] + value[at + 1 :] for at in range(len(value)))
        for at, each in enumerate(value):
            yield from (form([*value[:at], less, *value[at + 1 :]]) for less in smaller_than(each, depth + 1))
    elif isinstance(value, dict):
        yield from ({key: each for key, each in value.items() if key != gone} for gone in value)
        for key, each in value.items():
            yield from (value | {key: less} for less in smaller_than(each, depth + 1))


def _smaller_cluster(value: Any) -> Iterator[Any]:
    """A bent cluster less one of the other objects, or less a part of the bent one."""
    for at in range(len(value.objects)):
        if at != value.at:
            left = [*value.objects[:at], *value.objects[at + 1 :]]
            yield type(value)(value.family, left, value.at - (at < value.at), value.original)
    for less in smaller_than(value.objects[value.at]):
        objects = [*value.objects[: value.at], less, *value.objects[value.at + 1 :]]
        yield type(value)(value.family, objects, value.at, value.original)


def _shorter(text: Any) -> Iterator[Any]:
    """Text less a half of it, a quarter, and so on."""
    size = len(text) // 2
    while size:
        yield from (text[:at] + text[at + size :] for at in range(0, len(text), size))
        size //= 2
    if len(text) == 1:
        yield text[:0]
