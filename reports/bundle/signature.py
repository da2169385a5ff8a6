"""`SHA256SUMS.minisig`: the text of a minisign signature, in the one form a bundle holds.

minisign does not sign the first line and base64 leaves bits unused, so a signature could be changed and still hold: here it
must be exactly what its parts make. Format: https://jedisct1.github.io/minisign/#signature-format
"""

from __future__ import annotations

import base64
import binascii

COMMENT = "signature of SHA256SUMS, made by ringfence"
_UNTRUSTED = "untrusted comment: "
_TRUSTED = "trusted comment: "
_PREHASHED = b"ED"
_SIGNED_BYTES, _GLOBAL_BYTES = 2 + 8 + 64, 64
MOST_BYTES = 10_000


def trusted_comment(run_id: str) -> str:
    """What the signature vouches for beside the sums: of which run it is."""
    return f"ringfence bundle of run {run_id}"


def key_id(signature: bytes, run_id: str) -> str:
    """The id of the key that a signature says it is by, as minisign prints it; "" where it is not in its one form."""
    lines = signature.decode("ascii", "replace").splitlines()
    if len(lines) != 4:
        return ""
    try:
        signed, whole = (base64.b64decode(lines[at], validate=True) for at in (1, 3))
    except binascii.Error:
        return ""
    if (len(signed), len(whole), signed[:2]) != (_SIGNED_BYTES, _GLOBAL_BYTES, _PREHASHED):
        return ""
    if render(signed, trusted_comment(run_id), whole) != signature:
        return ""
    return signed[9:1:-1].hex().upper()


def render(signed: bytes, comment: str, whole: bytes) -> bytes:
    """The four lines."""
    first, second = (base64.b64encode(part).decode() for part in (signed, whole))
    return f"{_UNTRUSTED}{COMMENT}\n{first}\n{_TRUSTED}{comment}\n{second}\n".encode()
