"""Wheels into a folder, for another machine than this one: pip chooses them, checks their hashes and runs nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from functions.bundling.errors import BundleError
from functions.bundling.pins import Pin
from functions.bundling.target import Target


def install(pins: Sequence[Pin], target: Target, folder: Path) -> None:
    """Unpack the wheels of `pins` that run on `target`.

    Raises:
        BundleError: pip could not have one of them; with its own last line.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(pin.lines for pin in pins))
        file.flush()
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"),
            *("--implementation", "cp", "--python-version", target.python),
            *(part for platform in target.platforms for part in ("--platform", platform)),
            *("--target", str(folder), "--requirement", file.name),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["pip said nothing"]
        raise BundleError(f"{target.name}: {lines[-1].strip()}: run `make pins`, or choose another --python")
