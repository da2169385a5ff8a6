"""The manifest files of a folder, and their text: bounded in size, never outside the folder."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.manifests.documents import Trouble
from infra.text import printable
from scanner.errors import InputError

MAX_YAML_BYTES = 64 << 20
MAX_JSON_BYTES = 512 << 20
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_SKIPPED = frozenset({".git"})

# UTF-32's marks begin with UTF-16's, so they are looked for first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file to read. `shown` is its path relative to the folder, with /, fit to print."""

    path: Path
    shown: str

    @property
    def is_json(self) -> bool:
        """Whether it holds JSON, going by its name."""
        return self.path.suffix.lower() == ".json"


def list_files(path: Path) -> Iterator[ManifestFile | tuple[str, Trouble]]:
    """The manifest files under `path`, sorted, each once; with each that is refused, why.

    Raises:
        InputError: `path` does not exist, is no file or folder, or cannot be listed.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            yield ManifestFile(path, shown(path.name))
            return
        if not stat.S_ISDIR(mode):
            raise InputError(f"{shown(path)}: neither a file nor a folder: give a folder of manifests or one file")
        root = path.resolve(strict=True)
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise InputError(f"{shown(path)}: cannot be read ({reason}): give a folder of manifests or one file") from error
    except ValueError as error:  # a NUL in the path
        raise InputError(f"{shown(path)}: is no path: give a folder of manifests or one file") from error
    seen: set[Path] = set()
    for entry in _walk(path):
        if isinstance(entry, tuple):
            yield entry
            continue
        name = shown(entry.relative_to(path).as_posix())
        try:
            target = entry.resolve(strict=True)
            regular = stat.S_ISREG(target.stat().st_mode)
        except (OSError, RuntimeError):  # RuntimeError: a circle of links
            yield name, Trouble("leads to nothing, or cannot be read: mend the link or the rights")
            continue
        if not target.is_relative_to(root):
            yield (
                name,
                Trouble("is a link that leaves the folder, so it is not followed: copy the file into the folder"),
            )
        elif not regular:
            yield name, Trouble("is no regular file: replace it by one, or remove it")
        elif target not in seen:
            seen.add(target)
            yield ManifestFile(entry, name)


def folder_of(path: Path) -> str:
    """Where the folder at `path` (or the one that holds the file there) lies in its repository, with "/".

    The names of `list_files` are relative to it, and a repository's tools name files from its root on. Outside of any
    repository, where it lies below the current folder. Empty for the root itself, and for what lies elsewhere.
    """
    given = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are, which are names of the repository
    folder = given.parent if given.is_file() else given
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), Path.cwd())
    return "" if folder == root or not folder.is_relative_to(root) else shown(folder.relative_to(root).as_posix())


def read_bytes(file: ManifestFile) -> bytes | Trouble:
    """The file's bytes, or why they were not read; a file over its limit is not read at all."""
    limit = MAX_JSON_BYTES if file.is_json else MAX_YAML_BYTES
    try:
        with file.path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = (
                b"" if size > limit else stream.read(size + 1)
            )  # asking for the limit would set it aside for each file
    except OSError as error:
        return Trouble(f"cannot be read ({(error.strerror or 'error').lower()}): check its rights")
    if len(data) > size:
        return Trouble("grew while it was read: try again")
    if size > limit:
        mend = "split it" if file.is_json else "split it, or give it as JSON"
        return Trouble(f"larger than {limit >> 20} MiB, so it is not read: {mend}")
    return data


def utf8_bytes(data: bytes) -> bytes | Trouble:
    """The same text as UTF-8 without a mark; no second copy is kept of what is that already."""
    if data.isascii() and _unmarked(data) == "utf-8":  # no text is made of a large file only to be thrown away
        return data
    text = decode_text(data)
    if isinstance(text, Trouble) or data.startswith(tuple(mark for mark, _ in _MARKS)) or _unmarked(data) != "utf-8":
        return text if isinstance(text, Trouble) else text.encode()
    return data


def decode_text(data: bytes) -> str | Trouble:
    """The text of a manifest: UTF-8, or what its byte order mark says."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None) or _unmarked(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Trouble(f"byte {error.start + 1} is not {encoding.upper()}: save the file as UTF-8", line)


def shown(path: Path | str) -> str:
    """A path as it may be printed and stored: bytes that are no UTF-8, and control characters, are replaced."""
    return printable(os.fsencode(path).decode("utf-8", "replace"))


def _unmarked(data: bytes) -> str:
    """UTF-16 without a mark shows by the zero beside its first character, which is ASCII (YAML 1.2, 5.2)."""
    if data[:1] and data[1:2] == b"\0" and data[:1] != b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" and data[1:2] not in {b"", b"\0"} else "utf-8"


def _walk(root: Path) -> Iterator[Path | tuple[str, Trouble]]:
    """Files by name, and folders that are not entered; links to folders are not, for what they hold would count twice."""
    failed: list[OSError] = []
    found: list[Path | tuple[str, Trouble]] = []
    for folder, folders, files in os.walk(root, onerror=failed.append):
        here = Path(folder)
        for name in folders:
            if (here / name).is_symlink() and not Path(os.path.realpath(here / name)).is_relative_to(root.resolve()):
                link = shown((here / name).relative_to(root).as_posix())
                found.append((link, Trouble("is a link that leaves the folder, so it is not followed: copy it in")))
        folders[:] = [name for name in folders if name not in _SKIPPED]
        found += [here / name for name in files if Path(name).suffix.lower() in _SUFFIXES]
    for error in failed:
        name = shown(os.path.relpath(error.filename, root))
        found.append((name, Trouble(f"cannot be listed ({(error.strerror or 'error').lower()}): check its rights")))
    yield from sorted(
        found, key=lambda entry: entry[0] if isinstance(entry, tuple) else entry.relative_to(root).as_posix()
    )
