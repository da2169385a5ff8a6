"""Manifests of a git revision: the blobs below a folder, as files, without checking anything out or following a link."""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.text import printable
from scanner.errors import InputError

PREFIX = "git:"
_SUFFIXES = (".yaml", ".yml", ".json")
_FILES = {"100644", "100755"}
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Revision:
    """What was written out: the folder, and entries that are links or other repositories, which are not followed."""

    folder: Path
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Blob:
    sha: str
    path: str  # below the folder


def write_revision(spec: str, into: Path) -> Revision:
    """Write the manifests of `git:REV:DIR` below `into`. DIR is relative to the working directory, "." where it is left out.

    `git archive` is not used, for `export-ignore` in a revision's own attributes could hide a policy from it.

    Raises:
        InputError: no git, no repository here, no such revision or folder.
    """
    revision, _, folder = spec.removeprefix(PREFIX).partition(":")
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], spec).strip()
    if not revision or not commit:
        raise InputError(f"{printable(spec, 200)}: no such revision in the repository here; check it with git log")
    top = _git(["rev-parse", "--show-prefix"], spec).decode(errors="surrogateescape").rstrip("\n")
    place = posixpath.normpath(posixpath.join(top, folder or "."))
    if place.startswith(("../", "/")) or place == "..":
        raise InputError(f"{printable(spec, 200)}: the folder is outside the repository; give one inside it")
    blobs, skipped = _entries(commit.decode(), place, spec)
    if not blobs and not skipped:
        raise InputError(f"{printable(spec, 200)}: no manifest (*.yaml, *.yml, *.json) there at that revision")
    for blob, content in zip(blobs, _contents(blobs, spec), strict=True):
        target = into / PurePosixPath(blob.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return Revision(into, tuple(skipped))


def _entries(commit: str, place: str, spec: str) -> tuple[list[_Blob], list[str]]:
    listed = _git(["ls-tree", "-r", "-z", "--full-tree", commit, *(["--", place] if place != "." else [])], spec)
    blobs: list[_Blob] = []
    skipped: list[str] = []
    for entry in listed.split(b"\0"):
        head, tab, name = entry.partition(b"\t")
        if not tab:
            continue
        mode, _, sha = head.decode("ascii").split(" ")[:3]
        path = name.decode(errors="surrogateescape")
        below = path if place == "." else posixpath.basename(path) if path == place else posixpath.relpath(path, place)
        if mode not in _FILES:
            if mode != "120000" or path.endswith(_SUFFIXES):
                skipped.append(printable(path, 200))
        elif path.endswith(_SUFFIXES) and ".." not in PurePosixPath(below).parts:
            blobs.append(_Blob(sha, below))
    return blobs, skipped


def _contents(blobs: Sequence[_Blob], spec: str) -> list[bytes]:
    """The blobs' bytes, from one `cat-file --batch`: a header line "<sha> blob <size>", the bytes, a newline."""
    answer = _git(["cat-file", "--batch"], spec, "".join(f"{blob.sha}\n" for blob in blobs).encode())
    found, at = [], 0
    for blob in blobs:
        end = answer.index(b"\n", at)
        fields = answer[at:end].split(b" ")
        if len(fields) != 3:
            raise InputError(
                f"{printable(spec, 200)}: {printable(blob.path, 100)} is missing from the repository; fetch it"
            )
        size = int(fields[2])
        found.append(answer[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
    return found


def _git(arguments: list[str], spec: str, stdin: bytes = b"") -> bytes:
    """Run git here. A revision that is not there is an empty answer; everything else that fails is an error."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a revision stands behind --end-of-options
            ["git", *arguments],  # noqa: S607 - the git that the user has
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **_QUIET},
        )
    except (OSError, ValueError) as error:  # no git; a NUL in an argument
        raise InputError(f"{printable(spec, 200)}: git cannot be run here ({error}); install it") from error
    if done.returncode and "--verify" not in arguments:
        why = printable(done.stderr.decode(errors="replace").strip().partition("\n")[0], 200)
        raise InputError(f"{printable(spec, 200)}: {why}; run it inside the repository")
    return done.stdout
