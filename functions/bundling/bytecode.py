"""Byte code beside the sources, so that a cold start compiles nothing: a function's folder is read-only, nobody else would.

Unchecked (PEP 552): it depends on the source alone, and loading it looks at neither time nor source. Which interpreter wrote
it is decided by its version, for no other reads it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from functions.bundling.errors import BundleError

_FLAGS = ("-q", "--invalidation-mode", "unchecked-hash")


def compiler(python: str) -> str:
    """An interpreter of that version: this one, or `pythonX.Y` of the path; "" where there is none that runs."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{python}")
    if found is None:
        return ""
    asked = subprocess.run(  # noqa: S603 - an interpreter of this machine's path
        [found, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found if asked.stdout.strip() == python else ""


def write_bytecode(folder: Path, interpreter: str) -> None:
    """Compile every module below `folder`; paths in it begin there, so that tracebacks name no machine's folders.

    Raises:
        BundleError: a module does not compile.
    """
    # what refers to what is written after the order of sets and of files: both are fixed
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - an interpreter of this machine's path
        [interpreter, "-S", "-W", "ignore", "-m", "compileall", *_FLAGS, "-s", str(folder), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["compileall said nothing"]
        raise BundleError(f"byte code: {lines[-1].strip()}: choose another --python")
