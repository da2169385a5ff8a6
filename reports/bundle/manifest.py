"""`MANIFEST.json` of a bundle (`bundle/v1`): every file with its digest, and which versions of what the run was judged by."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec

from reports.document import Run
from reports.lint import schema_of
from scanner.errors import InputError

MANIFEST = "MANIFEST.json"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.minisig"  # of the sums: whoever checks those by hand has then checked every file
README = "README.txt"
MOST_BYTES = 64 << 20  # of a manifest: a run of 10,000 clusters needs 4 MB

_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Bytes = Annotated[int, msgspec.Meta(ge=0)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of the document: immutable, camelCase, every field written."""


class File(_Part, frozen=True, kw_only=True):
    """One file of the bundle. `packed…` is its content as the zip holds it, so that no bit of the zip goes unchecked."""

    path: str
    size: _Bytes
    sha256: _Digest
    method: Literal["stored", "deflated"]
    packed_size: _Bytes
    packed_sha256: _Digest


class StoredObject(_Part, frozen=True, kw_only=True):
    """One snapshot or result of the run as the store held it when the bundle was made; `key` below the store's root."""

    key: str
    size: _Bytes
    sha256: _Digest


class LeftOut(_Part, frozen=True, kw_only=True):
    """What a bundle could hold and this one does not, and why."""

    what: str
    why: str


class FrameworkVersion(_Part, frozen=True, kw_only=True):
    """A framework that the report is seen through."""

    name: str
    version: str
    publisher: str


class Catalogue(_Part, frozen=True, kw_only=True):
    """What ringfence `tool` knows of data planes: SHA-256 over its engine files.

    The one that the run was judged by where `tool` equals that of the run; of a run by another version it is not known.
    """

    tool: str
    engines: _Bytes
    sha256: _Digest


class Signer(_Part, frozen=True, kw_only=True):
    """By which key `SHA256SUMS.minisig` is, as minisign names it."""

    algorithm: Literal["minisign"]
    key_id: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{16}$")]


class Manifest(_Part, frozen=True, kw_only=True):
    """The manifest. `files` are all but the manifest, `SHA256SUMS` and its signature, in the order of the zip.

    `tool` made the bundle, `run.tool` judged. `signer` is null where nobody signed.
    """

    schema: Literal["bundle/v1"] = "bundle/v1"
    tool: str
    run: Run
    baseline: str
    frameworks: tuple[FrameworkVersion, ...]
    catalogue: Catalogue
    signer: Signer | None
    left_out: tuple[LeftOut, ...]
    store: tuple[StoredObject, ...]
    files: tuple[File, ...]


def render(manifest: Manifest) -> bytes:
    """The document; the same manifest gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=2) + b"\n"


def decode(data: bytes) -> Manifest:
    """Read a `bundle/v1`, also one of a later version with fields this one does not know.

    Raises:
        InputError: it is none.
    """
    try:
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{MANIFEST}: {' '.join(str(error).split())[:300]}") from error


def sums(manifest: Manifest, data: bytes) -> bytes:
    """`SHA256SUMS`: every file, and the manifest, whose bytes are `data`, as `sha256sum -c` reads it, sorted by path."""
    digests = {each.path: each.sha256 for each in manifest.files}
    digests[MANIFEST] = hashlib.sha256(data).hexdigest()
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `MANIFEST.json` as this version writes it; unknown fields stay allowed."""
    return schema_of(Manifest, "bundle/v1", "The manifest of a bundle for auditors")
