"""Signatures by minisign keys: small, offline, and checked by a program that every distribution has.

cosign is the other choice. Its default mode asks a service for the signer's identity and publishes the signature in a public
log, which says who audits what; its keys need its own program or an X.509 stack to check. An auditor who unpacks a zip
years later in a network without internet needs a 60-character public key and `minisign -V`.
Format: https://jedisct1.github.io/minisign/
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from infra.text import printable
from scanner.errors import InputError

if TYPE_CHECKING:
    from minisign import PublicKey, SecretKey

_LARGEST = 10_000  # bytes of a key file; both kinds are two lines
_MISSING = "a minisign key needs a library that is not installed: pip install 'ringfence[signing]'"


def load_secret_key(path: str, password: Callable[[], str]) -> SecretKey:
    """The secret key in a file that `minisign -G` made; `password` is asked where it is encrypted.

    Raises:
        InputError: there is no such key, or the password is another one. Neither key nor password is in the message.
    """
    try:
        from minisign import Error, SecretKey
    except ImportError as error:
        raise InputError(f"--sign: {_MISSING}") from error
    where = f"--sign {printable(path, 200)}"
    try:
        key = SecretKey.from_bytes(_read(path, where))
        encrypted = key.is_encrypted()
    except Error:
        raise InputError(f"{where}: is no secret key of minisign: name the file that minisign -G wrote") from None
    if encrypted:
        try:
            key.decrypt(password())
        except (Error, ValueError):
            raise InputError(f"{where}: the password does not open it: give the right one") from None
        except MemoryError:
            raise InputError(f"{where}: opening it takes more memory (1 GiB) than there is: sign elsewhere") from None
    return key


def sign(key: SecretKey, data: bytes, *, untrusted: str, trusted: str) -> bytes:
    """The signature of `data` as a file; the same key and data give the same bytes."""
    return bytes(key.sign(data, untrusted_comment=untrusted, trusted_comment=trusted)) + b"\n"


def load_public_key(key: str) -> PublicKey:
    """A public key: the file that minisign wrote, or the key itself (`RW…`).

    Raises:
        InputError: it is neither.
    """
    try:
        from minisign import Error, PublicKey
    except ImportError as error:
        raise InputError(f"--public-key: {_MISSING}") from error
    where = f"--public-key {printable(key, 200)}"
    try:
        if Path(key).exists():
            return PublicKey.from_bytes(_read(key, where))
        return PublicKey.from_base64(key)
    except (Error, OSError, ValueError):
        raise InputError(f"{where}: is no public key of minisign: give its file, or the line RW… in it") from None


def is_by(key: PublicKey, data: bytes, signature: bytes) -> bool:
    """Whether `signature` is one of `data` by the owner of `key`."""
    from minisign import Error, Signature

    try:
        key.verify(data, Signature.from_bytes(signature))
    except (Error, ValueError):
        return False
    return True


def key_id(key: PublicKey) -> str:
    """The id of a key, as minisign prints it but with the zeros that it begins with."""
    import base64

    return base64.b64decode(key.to_base64())[9:1:-1].hex().upper()


def _read(path: str, where: str) -> bytes:
    try:
        if not Path(path).is_file():  # a pipe would never end
            raise InputError(f"{where}: no such file: check the path")
        with Path(path).open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no path"
        raise InputError(f"{where}: cannot be read ({why}): let this user read it") from error
    if len(data) > _LARGEST:
        raise InputError(f"{where}: is larger than any key: name the file that minisign wrote")
    return data
