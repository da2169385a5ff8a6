"""Bundles in memory, for the tests that take them apart."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from reports.bundle import manifest
from reports.bundle.pack import Packer
from reports.bundle.verify import Checked, check
from reports.document import Run

RUN = Run(id="20261123T080000Z", time="2026-11-23T08:00:00Z", tool="0.1.0")
FILES = {
    "README.txt": b"read me\n" * 30,
    "empty.json": b"",
    "reports/report.json": b'{"score": 42}\n' * 500,
    "snapshots/aws/a~0/snapshot.json.zst": bytes(range(256)),
}


def bundle(
    files: Mapping[str, bytes] = FILES,
    *,
    sign: Callable[[bytes], bytes] | None = None,
    key_id: str = "",
    run: Run = RUN,
) -> bytes:
    """A whole bundle of `files`."""
    out = io.BytesIO()
    packer = Packer(out, run.time)
    for path, content in files.items():
        packer.add(path, [content[:100], content[100:]])
    signer = manifest.Signer(algorithm="minisign", key_id=key_id) if key_id else None
    packer.close(made(packer, signer, run), sign)
    return out.getvalue()


def made(packer: Packer, signer: manifest.Signer | None = None, run: Run = RUN) -> manifest.Manifest:
    """The manifest of what was packed."""
    return manifest.Manifest(
        tool="0.1.0",
        run=run,
        baseline="1.0.0",
        frameworks=(),
        catalogue=manifest.Catalogue(tool="0.1.0", engines=1, sha256="0" * 64),
        signer=signer,
        left_out=(),
        store=(),
        files=tuple(packer.files),
    )


def checked(data: bytes) -> Checked:
    """What the check says of these bytes."""
    return check(lambda offset, length: data[offset : offset + length], len(data))
