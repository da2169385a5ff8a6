"""What `report --bundle` does: one zip for an auditor, written beside its place and moved there when it is whole."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from functions.aggregate import open_root, place_of
from functions.output import say
from infra.text import printable
from infra.version import VERSION
from reports import keys
from reports.bundle import contents, manifest, signature
from reports.bundle.pack import Packer
from reports.document import Report
from reports.exports import EXPORTS, render
from scanner.dataplane import catalogue
from scanner.errors import InputError, StoreError

if TYPE_CHECKING:
    from minisign import SecretKey

    from infra.store import Store

_PASSWORD = "RINGFENCE_SIGNING_PASSWORD"  # noqa: S105 - the name of a variable
_MAX_BYTES = 1 << 30  # one stored object


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRequest:
    """The flags of `report` that a bundle takes. `key` is the file of a secret key, "" for no signature."""

    source: str
    file: str
    key: str
    with_snapshots: bool


def write_bundle(report: Report, request: BundleRequest) -> None:
    """Write the bundle of a report.

    Raises:
        RingfenceError: the run, the key or the file cannot be used; no file is left behind then.
    """
    key = _secret_key(request.key) if request.key else None
    run = keys.checked_run_id(report.run.id)
    with _whole(request.file) as out:
        _write(out, report, run, request, key)
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
    say(f"wrote {printable(request.file)}, sha256 {digest}")


def _write(out: BinaryIO, report: Report, run: str, request: BundleRequest, key: SecretKey | None) -> None:
    packer = Packer(out, report.run.time)
    left_out: list[manifest.LeftOut] = []
    packer.add(manifest.README, (contents.letter(report),))
    packer.add("evidence.json", (contents.statements(report),))
    packer.add("findings.jsonl", contents.findings(report))
    for export in sorted(EXPORTS.values(), key=lambda each: each.suffix):
        try:
            packer.add(f"reports/report{export.suffix}", render(export.name, report))
        except InputError as error:  # its library is not installed, or the form cannot hold so much
            left_out.append(manifest.LeftOut(what=f"the report as {export.name}", why=str(error)))
    objects: tuple[manifest.StoredObject, ...] = ()
    if request.source.rstrip("/").endswith(".json"):
        why = "the report was given as a file: name its store to have them"
        left_out.append(manifest.LeftOut(what="run.json, and the digests of snapshots and results", why=why))
    else:
        objects = _stored(packer, request, run, left_out)
    packer.add("waivers.json", (contents.waivers(report),))
    signer = manifest.Signer(algorithm="minisign", key_id=_key_id(key)) if key else None
    packer.close(_manifest(report, packer, signer, left_out, objects), _signing(key, run))


def _stored(
    packer: Packer, request: BundleRequest, run: str, left_out: list[manifest.LeftOut]
) -> tuple[manifest.StoredObject, ...]:
    """`run.json`, the digest of each snapshot and result of the run and, where asked for, the snapshots."""
    store = open_root(place_of(request.source))
    listed = tuple(store.list(keys.run_prefix(run)))
    if keys.run_key(run) in listed:
        packer.add("run.json", (store.get(keys.run_key(run)),))
    else:
        left_out.append(manifest.LeftOut(what="run.json", why="the store does not hold one for this run"))
    found = [_object(store, packer, key, request) for key in listed if keys.parse_cluster_key(key)]
    if not request.with_snapshots:
        why = "only their digests are here: --with-snapshots adds them"
        left_out.append(manifest.LeftOut(what="the snapshots themselves", why=why))
    return tuple(found)


def _object(store: Store, packer: Packer, key: str, request: BundleRequest) -> manifest.StoredObject:
    data = store.get(key, max_bytes=_MAX_BYTES)
    if request.with_snapshots and key.endswith(keys.SNAPSHOT):
        packer.add(f"snapshots/{key.partition('/clusters/')[2]}", (data,))
    return manifest.StoredObject(key=key, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _manifest(
    report: Report,
    packer: Packer,
    signer: manifest.Signer | None,
    left_out: list[manifest.LeftOut],
    objects: tuple[manifest.StoredObject, ...],
) -> manifest.Manifest:
    frameworks = (
        manifest.FrameworkVersion(name=view.name, version=view.version, publisher=view.publisher)
        for view in report.frameworks
    )
    known = manifest.Catalogue(tool=VERSION, engines=len(catalogue.CATALOGUE), sha256=catalogue.digest())
    return manifest.Manifest(
        tool=VERSION,
        run=report.run,
        baseline=report.baseline,
        frameworks=tuple(frameworks),
        catalogue=known,
        signer=signer,
        left_out=tuple(left_out),
        store=objects,
        files=tuple(packer.files),
    )


def _secret_key(path: str) -> SecretKey:
    from infra.signing import load_secret_key

    return load_secret_key(path, lambda: _password(path))


def _password(path: str) -> str:
    """From the environment, else from whoever sits at the terminal; it is neither printed nor kept."""
    import getpass

    found = os.environ.get(_PASSWORD)
    if found is not None:
        return found
    if sys.stdin is None or not sys.stdin.isatty():
        raise InputError(
            f"--sign {printable(path, 200)}: the key has a password: set {_PASSWORD}, or sign from a terminal"
        )
    try:
        return getpass.getpass(f"password of {printable(path, 200)}: ", stream=sys.stderr)
    except EOFError as error:
        raise InputError(
            f"--sign {printable(path, 200)}: no password was given: type it, or set {_PASSWORD}"
        ) from error


def _key_id(key: SecretKey) -> str:
    from infra.signing import key_id

    return key_id(key.get_public_key())


def _signing(key: SecretKey | None, run: str) -> Callable[[bytes], bytes] | None:
    if key is None:
        return None
    from infra.signing import sign

    trusted = signature.trusted_comment(run)
    return lambda data: sign(key, data, untrusted=signature.COMMENT, trusted=trusted)


@contextmanager
def _whole(file: str) -> Iterator[BufferedRandom]:
    """A new file that takes its place once it is whole; where that fails, nothing is left behind."""
    target = Path(file)
    if "://" in file or not target.name or file.endswith(("/", os.sep)) or target.is_dir():
        raise InputError(f"--bundle {printable(file, 200)}: name a file on this machine, as in audit.zip")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise InputError(f"--bundle {printable(file, 200)}: not a plain file: move it away, or name another")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("xb+") as out:
            yield out
        partial.replace(target)
    except OSError as error:
        raise StoreError(
            f"--bundle {printable(file, 200)}: cannot be written ({error.strerror}): choose another place"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
