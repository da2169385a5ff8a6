"""One bundle from nothing: pins, wheels, our packages, the cloud's entry point, byte code, zip, and what is in it.

The SDK comes along to Lambda too, which ships one: that one is months older, and an SDK drops from an answer what its models do
not know, so a cluster's newer fields would be missing without a word.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from functions.bundling.archive import Sizes, check, pack
from functions.bundling.bytecode import compiler, write_bytecode
from functions.bundling.errors import BundleError
from functions.bundling.install import install
from functions.bundling.pins import Pin, needed
from functions.bundling.target import Target
from functions.bundling.trim import copy_packages, trim

_PACKAGES = ("functions", "infra", "reports", "scanner")
_FOLDERS = {"aws": ".", "azure": ".python_packages/lib/site-packages"}  # where the runtime looks for packages
_ENTRIES = {"gcp": ("main.py",), "azure": ("function_app.py", "host.json")}


@dataclass(frozen=True, slots=True)
class Bundle:
    """A zip, and whether byte code is in it."""

    target: Target
    path: Path
    sizes: Sizes
    compiled: bool


def build(target: Target, checkout: Path, out: Path) -> Bundle:
    """Build the zip and, beside it, a JSON file that says what it is and holds.

    Raises:
        BundleError: it cannot be built, or is larger than the cloud takes; nothing is left where it would be.
    """
    if not (checkout / "requirements.txt").is_file():
        raise BundleError(f"{checkout}: no requirements.txt there: run this in a checkout of ringfence")
    pins = needed(target, checkout)
    path = out / f"{target.name}.zip"
    with tempfile.TemporaryDirectory(prefix="ringfence-bundle-") as name:
        folder = Path(name)
        compiled = _fill(folder, target, pins, checkout)
        sizes = pack(folder, path)
    try:
        check(target.name, sizes, target.limits)
    except BundleError:
        path.unlink()
        raise
    bundle = Bundle(target, path, sizes, compiled)
    path.with_suffix(".json").write_bytes(_description(bundle, pins))
    return bundle


def _fill(folder: Path, target: Target, pins: tuple[Pin, ...], checkout: Path) -> bool:
    """Put everything in its place; returns whether byte code is there."""
    copy_packages(checkout, _PACKAGES, folder)
    for name in _ENTRIES.get(target.cloud, ()):
        (folder / name).write_bytes((resources.files(__package__) / "entries" / name).read_bytes())
    if not target.trimmed:  # Cloud Build installs these, and compiles, on the machine that will run them
        (folder / "requirements.txt").write_text("".join(pin.lines for pin in pins), "utf-8")
        return False
    packages = folder / _FOLDERS[target.cloud]
    packages.mkdir(parents=True, exist_ok=True)
    install(pins, target, packages)
    trim(packages)
    interpreter = compiler(target.python)
    if interpreter:
        write_bytecode(folder, interpreter)
    return bool(interpreter)


def _description(bundle: Bundle, pins: tuple[Pin, ...]) -> bytes:
    """What Terraform and people read: which runtime it is for, and what is in it."""
    target, sizes = bundle.target, bundle.sizes
    said = {
        "schema": "bundle/v1",
        "cloud": target.cloud,
        "architecture": target.architecture,
        "python": target.python,
        "byteCode": bundle.compiled,
        "clouds": list(target.clouds),
        "extras": list(target.extras),
        "zippedBytes": sizes.zipped,
        "unpackedBytes": sizes.unpacked,
        "files": sizes.files,
        "sha256": sizes.sha256,
        "packages": {pin.name: pin.version for pin in pins},
    }
    return json.dumps(said, indent=2).encode() + b"\n"
