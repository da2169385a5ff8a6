"""What `verify-bundle` does: say what of a bundle holds and what does not; the answer is an exit code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from functions.gate import Exit
from functions.output import text, write
from infra.text import printable
from reports.bundle.verify import Checked, check
from reports.reach.words import counted
from scanner.errors import InputError

_MOST = 20  # problems that are listed


def run_verify_bundle(file: str, public_key: str) -> int:
    """Check a bundle, and with a public key who made it; returns 0 where all holds, 1 where not.

    Raises:
        InputError: the file or the key cannot be read.
    """
    from infra.signing import is_by, key_id, load_public_key

    key = load_public_key(public_key) if public_key else None
    found, digest = _checked(file)
    problems = list(found.problems)
    author = _unasked(found)
    if key is not None and found.manifest is not None:
        author = f"not signed by key {key_id(key)}"
        if not found.signed:
            problems.append("it is not signed, though a public key was given to check that with")
        elif is_by(key, found.sums, found.signed):
            author = f"signed by key {key_id(key)}"
        else:
            problems.append(f"its signature is not one by key {key_id(key)}")
    write(text(_lines(printable(file), digest, found, problems, author)), "")
    return Exit.GATE_FAILED if problems else Exit.DONE


def _unasked(found: Checked) -> str:
    """What is to be said of authorship where no key was given, or nothing could be checked with it."""
    if found.manifest is None:
        return "not checked: there is no manifest"
    if found.manifest.signer is not None:
        return f"not checked: it says it is signed by key {found.manifest.signer.key_id}: give --public-key"
    return "not checked: it is not signed, so compare that sha256 with one you were given another way"


def _checked(file: str) -> tuple[Checked, str]:
    where = printable(file, 200)
    try:
        if not Path(file).is_file():
            raise InputError(f"{where}: no such file: name a bundle on this machine")
        with Path(file).open("rb") as stream:
            size = stream.seek(0, 2)

            def read(offset: int, length: int) -> bytes:
                stream.seek(offset)
                return stream.read(length)

            found = check(read, size)
            stream.seek(0)
            return found, hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no path"
        raise InputError(f"{where}: cannot be read ({why}): let this user read it") from error


def _lines(file: str, digest: str, found: Checked, problems: list[str], author: str) -> Iterator[str]:
    said = found.manifest
    yield f"{file}: {'does not hold' if problems else 'holds'}"
    for each in problems[:_MOST]:
        yield f"  wrong: {printable(each)}"
    if len(problems) > _MOST:
        yield f"  wrong: {len(problems) - _MOST} more"
    if said is not None and not problems:
        yield f"  run {printable(said.run.id, 100)} of {printable(said.run.time, 100)}, ringfence {printable(said.tool, 50)}"
        yield f"  integrity: {counted(len(said.files), 'file')} and every byte around them as the manifest says"
        for gap in said.left_out:
            yield f"  left out: {printable(gap.what, 200)}: {printable(gap.why)}"
    yield f"  sha256 of the file: {digest}"
    yield f"  authorship: {author}"
