"""Manifests of a git revision: the blobs below a folder, as files, without checking anything out or following a link.

A repository is written by strangers. Tree entries may have names that lead out of any folder ("../x", "/etc/x"), for git
checks them at a checkout only; such an entry is named and never written.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.text import printable
from scanner.errors import InputError

PREFIX = "git:"
_SUFFIXES = (".yaml", ".yml", ".json")
_FILE, _LINK, _FOLDER, _REPOSITORY = "100", "120000", "040000", "160000"  # modes; a file's end with its rights
_NO_NAMES = {"", ".", "..", ".git"}
_NAME_BYTES = 255  # that a file system takes
_ID = re.compile(rb"[0-9a-f]{40,64}")
_OBJECT = re.compile(rb"([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)")
_ASTRAY = re.compile(rb"(symlink|dangling|loop|notdir) (\d+)")
_ENVIRONMENT = {
    "GIT_LITERAL_PATHSPECS": "1",  # a folder may be called ":(exclude)x"
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Revision:
    """What was written out: the folder, and a line on each entry that was not ("k8s/base: a link, …")."""

    folder: Path
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    sha: str
    path: str  # from the repository's top
    below: str  # from the folder that was asked for

    @property
    def is_manifest(self) -> bool:
        return self.below.lower().endswith(_SUFFIXES)


@dataclass(frozen=True, slots=True)
class _Object:
    """What git says of one name: its id, type and size; `kind` is "symlink", "dangling" or such where a link leads astray."""

    kind: str
    sha: str = ""
    size: int = 0


def write_revision(spec: str, into: Path) -> Revision:
    """Write the manifests of `git:REV:DIR` below `into`. DIR is relative to the working directory, "." where it is left out.

    `git archive` is not used, for `export-ignore` in a revision's own attributes could hide a policy from it.

    Raises:
        InputError: no git, no repository here, no such revision or folder, no manifest in it, or no room to write.
    """
    revision, _, folder = spec.removeprefix(PREFIX).partition(":")
    shown = printable(spec, 200)
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], shown, fine=1)
    if not revision or not _ID.fullmatch(commit.strip()):  # a range gives two
        raise InputError(f"{shown}: no such revision in the repository here; check it with git log")
    top = _git(["rev-parse", "--show-prefix"], shown).decode(errors="surrogateescape").rstrip("\n")
    place = posixpath.normpath(posixpath.join(top, folder or "."))
    if place.startswith(("../", "/")) or place == "..":
        raise InputError(f"{shown}: the folder is outside the repository; give one inside it")
    entries = _entries(commit.decode().strip(), place, shown)
    if not entries:
        raise InputError(f"{shown}: no such folder at that revision; git ls-tree shows what there is")
    blobs, skipped = _sorted_out(entries, commit.decode().strip(), shown)
    if not blobs:
        more = f"; not read: {'; '.join(skipped[:3])}" if skipped else ""
        raise InputError(f"{shown}: no manifest (*.yaml, *.yml, *.json) there at that revision{more}")
    _write(blobs, into, shown)
    return Revision(into, tuple(skipped))


def _entries(commit: str, place: str, shown: str) -> list[_Entry]:
    """Everything below the folder, folders too; for a file, that file."""
    path = [] if place == "." else ["--", place]
    found = []
    for line in _git(["ls-tree", "-r", "-t", "-z", "--full-tree", commit, *path], shown).split(b"\0"):
        head, tab, name = line.partition(b"\t")
        if not tab:
            continue
        mode, _, sha = head.decode("ascii").split(" ")
        path_of = name.decode(errors="surrogateescape")
        if path_of == place:
            found.append(_Entry(mode, sha, path_of, posixpath.basename(path_of)))
        elif place == "." or path_of.startswith(f"{place}/"):  # -t also lists the folders above
            found.append(_Entry(mode, sha, path_of, path_of if place == "." else path_of[len(place) + 1 :]))
    return found


def _sorted_out(entries: Sequence[_Entry], commit: str, shown: str) -> tuple[list[_Entry], list[str]]:
    """The manifests to write, and a line on each entry that may hold some and is not read."""
    files = [entry for entry in entries if entry.mode.startswith(_FILE) and entry.is_manifest]
    links = [entry for entry in entries if entry.mode == _LINK]
    asked = [entry.sha for entry in files] + [f"{commit}:{entry.path}" for entry in links if "\n" not in entry.path]
    said = _objects(asked, shown)
    blobs: list[_Entry] = []
    notes: dict[str, str] = {entry.path: "another repository" for entry in entries if entry.mode == _REPOSITORY}
    written: set[str] = set()
    for entry, each in zip(files, said[: len(files)], strict=True):
        why = _unfit(entry, each, written)
        if why:
            notes[entry.path] = why
        else:
            written.add(entry.below)
            blobs.append(entry)
    inside = {entry.sha for entry in blobs} | {entry.sha for entry in entries if entry.mode == _FOLDER}
    led = iter(said[len(files) :])
    for entry in links:
        target = next(led) if "\n" not in entry.path else _Object("symlink")
        if target.sha not in inside and (entry.is_manifest or target.kind in {"tree", "symlink"}):
            notes[entry.path] = "a link out of the folder, or to nothing"
    return blobs, [f"{printable(path, 200)}: {notes[path]}" for path in sorted(notes)]


def _unfit(entry: _Entry, found: _Object, written: set[str]) -> str:
    """Why a file is not written, empty where it is."""
    from infra.manifests.files import MAX_JSON_BYTES, MAX_YAML_BYTES

    names = entry.below.split("/")
    if any(name.lower() in _NO_NAMES or len(os.fsencode(name)) > _NAME_BYTES for name in names):
        return "no name for a file"
    if entry.below in written:
        return "stands there twice"
    if found.kind != "blob":
        return "missing from the repository; fetch it"
    limit = MAX_JSON_BYTES if names[-1].lower().endswith(".json") else MAX_YAML_BYTES
    return f"larger than {limit >> 20} MiB" if found.size > limit else ""


def _objects(names: Iterable[str], shown: str) -> list[_Object]:
    """What each name (an id, or "commit:path") is; links are followed as far as the revision goes."""
    asked = "".join(f"{name}\n" for name in names).encode(errors="surrogateescape")
    answer = _git(["cat-file", "--batch-check", "--follow-symlinks"], shown, asked)
    found, at = [], 0
    while at < len(answer):
        line, at = answer[at : (end := answer.index(b"\n", at))], end + 1
        if match := _OBJECT.fullmatch(line):
            found.append(_Object(match[2].decode(), match[1].decode(), int(match[3])))
        elif match := _ASTRAY.fullmatch(line):
            at += int(match[2]) + 1  # where it leads, and a newline
            found.append(_Object(match[1].decode()))
        else:
            found.append(_Object("missing"))
    return found


def _write(blobs: Sequence[_Entry], into: Path, shown: str) -> None:
    """Write the blobs, from one `cat-file --batch`: a header line "<sha> blob <size>", the bytes, a newline."""
    answer = _git(["cat-file", "--batch"], shown, "".join(f"{blob.sha}\n" for blob in blobs).encode())
    at = 0
    for blob in blobs:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split(b" ")[2])
        target = into / blob.below
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(answer[end + 1 : end + 1 + size])
        except OSError as error:
            why = f"{printable(blob.path, 100)} cannot be written to {printable(str(into), 100)} ({error.strerror})"
            raise InputError(f"{shown}: {why}") from error
        at = end + 1 + size + 1


def _git(arguments: list[str], shown: str, stdin: bytes = b"", *, fine: int = 0) -> bytes:
    """Run git here; `fine` is an exit code that is an answer too."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a revision stands behind --end-of-options
            ["git", *arguments],  # noqa: S607 - the git that the user has
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **_ENVIRONMENT},
        )
    except OSError as error:
        raise InputError(f"{shown}: git cannot be run here ({error.strerror}); install it") from error
    except ValueError as error:  # a NUL, which no argument can hold
        raise InputError(f"{shown}: no revision or folder has such a name") from error
    if done.returncode not in {0, fine}:
        why = printable(done.stderr.decode(errors="replace").strip().partition("\n")[0], 200)
        raise InputError(f"{shown}: {why}; run it inside the repository")
    return done.stdout
