"""Names as parts of relative URI references (RFC 3986): percent-encoded UTF-8, so that nothing in them acts as syntax."""

from __future__ import annotations

from functools import lru_cache

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # 2.3, unreserved


@lru_cache(maxsize=4096)
def segment_of(name: str) -> str:
    """One segment of a path. `.` and `..` would lead elsewhere however they are encoded, and an empty one nowhere."""
    encoded = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name.encode("utf-8", "surrogatepass"))
    return f"{encoded}_" if encoded in {"", ".", ".."} else encoded


def path_of(file: str) -> str:
    """A relative path with "/" between its segments."""
    return "/".join(map(segment_of, file.split("/")))
