"""A folder as a zip whose bytes depend on names and contents alone: sorted, without times, owners and modes of this machine."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from functions.bundling.errors import BundleError
from functions.bundling.target import Limits

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that the format can say
_UNIX = 3
_MODE = 0o100644 << 16  # a plain file that all may read: Lambda runs as a user of its own
_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Sizes:
    """What was packed, in bytes."""

    zipped: int
    unpacked: int
    files: int
    sha256: str


def pack(folder: Path, to: Path) -> Sizes:
    """Zip everything below `folder`; `to` appears whole or not at all."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_suffix(".part")
    unpacked = 0
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system, entry.external_attr, entry.compress_type = _UNIX, _MODE, zipfile.ZIP_DEFLATED
            data = (folder / name).read_bytes()
            unpacked += len(data)
            archive.writestr(entry, data, compresslevel=_LEVEL)
    part.replace(to)
    return Sizes(to.stat().st_size, unpacked, len(names), hashlib.sha256(to.read_bytes()).hexdigest())


def check(name: str, sizes: Sizes, limits: Limits) -> None:
    """Refuse what the cloud would refuse, while it can still be mended.

    Raises:
        BundleError: it is too large; says by how much, by whose word, and what to do.
    """
    for what, size, most in (("zipped", sizes.zipped, limits.zipped), ("unpacked", sizes.unpacked, limits.unpacked)):
        if size > most:
            raise BundleError(
                f"{name}: {size / (1 << 20):.1f} MB {what}, at most {most >> 20} MB are taken ({limits.source}): {limits.mend}"
            )
