"""Which pins of requirements.txt a bundle needs: what its extras lead to on its machine, as the installed packages say.

One set of pins holds for development, tests, the command line and every bundle, so nothing is deployed that was not tested.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from functions.bundling.errors import BundleError
from functions.bundling.target import Target

_OURS_LEFT_OUT = {  # what the project asks for and no function loads -> why; it stays where a package asks for it
    "rich": "draws on terminals",
    "typer": "reads the command line",
}
_TRIMMED_WITH = {  # what only a part of another package needs that `trim` takes away -> which
    "aiohttp": "kubernetes.aio",
    "aiohttp-retry": "kubernetes.aio",
}
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^ ;\\]+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package: its `lines` in the file of pins, hashes and all, without the marker, which the bundle's machine decided."""

    name: str
    version: str
    lines: str


def needed(target: Target, checkout: Path) -> tuple[Pin, ...]:
    """The pins of everything that `target` needs, sorted by name.

    Raises:
        BundleError: the pins, the project and what is installed here do not fit together.
    """
    pins = read_pins((checkout / "requirements.txt").read_text("utf-8"))
    names = set(_names(_wanted(target, checkout), target))
    found = []
    for name in sorted(names):
        pin = pins.get(name)
        if pin is None:
            raise BundleError(f"{name} is not in requirements.txt: run `make pins`")
        if pin.version != metadata.version(name):
            raise BundleError(
                f"{name} {metadata.version(name)} is installed, {pin.version} is pinned: run `make bundles`"
            )
        found.append(pin)
    return tuple(found)


def read_pins(text: str) -> Mapping[str, Pin]:
    """The pins of a file as uv writes it: a line for each package, indented lines with its hashes."""
    pins: dict[str, Pin] = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        first, _, hashes = block.partition("\n")
        match = _PIN.match(first)
        if match is None or "--hash=" not in hashes:
            raise BundleError(f"requirements.txt: {first[:80]!r} is no pin with hashes: run `make pins`")
        name = canonicalize_name(match[1])
        pins[name] = Pin(name, match[2], f"{match[0]} \\\n{hashes.rstrip()}\n")
    return pins


def _wanted(target: Target, checkout: Path) -> Iterator[Requirement]:
    """What the project itself asks for."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in (*target.clouds, *target.extras):
        if extra not in project["optional-dependencies"]:
            raise BundleError(f"{extra}: no such extra: choose among {', '.join(project['optional-dependencies'])}")
        lines += project["optional-dependencies"][extra]
    return (each for each in map(Requirement, lines) if each.name not in _OURS_LEFT_OUT)


def _names(wanted: Iterable[Requirement], target: Target) -> Iterator[str]:
    """Every package that `wanted` leads to, perhaps more than once."""
    ahead = list(wanted)
    seen = set()
    left_out = _TRIMMED_WITH if target.trimmed else {}
    while ahead:
        requirement = ahead.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if name in left_out or key in seen:
            continue
        seen.add(key)
        yield name
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            raise BundleError(
                f"{name} is not installed here, which says what it needs itself: run `make bundles`"
            ) from None
        ahead += [each for each in map(Requirement, lines) if _holds(each, requirement.extras, target)]


def _holds(requirement: Requirement, extras: Iterable[str], target: Target) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**target.markers, "extra": extra}) for extra in ("", *extras))
