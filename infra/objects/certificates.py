"""Public certificates in ConfigMaps, reduced to whose they are and when they end: that is all that judging reads of them."""

from __future__ import annotations

import hashlib
import re
import ssl
from datetime import UTC, datetime
from typing import Any

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_MAX_TEXT = 256 << 10  # characters of a bundle; a mesh has a handful of roots
_MAX_CERTIFICATES = 50


def roots_in(text: object) -> list[dict[str, str]] | None:
    """The certificate authorities of a PEM bundle: `subject`, `sha256` (hexadecimal, of the DER form), `notAfter` (RFC 3339).

    None where the text is no bundle, is too long, or holds a certificate that is not an authority's: OpenSSL reads those alone.
    """
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        return None
    blocks = _BLOCK.findall(text)
    if not 0 < len(blocks) <= _MAX_CERTIFICATES or text.count("-----BEGIN") != len(blocks):
        return None
    found = [_authority(block) for block in blocks]
    whole = [each for each in found if each is not None]
    return whole if len(whole) == len(found) else None


def _authority(block: str) -> dict[str, str] | None:
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        store.load_verify_locations(cadata=block)
        (certificate,), (der,) = store.get_ca_certs(), store.get_ca_certs(binary_form=True)
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    except (ssl.SSLError, ValueError, KeyError, OverflowError, OSError, TypeError):
        return None
    return {
        "subject": _name(certificate.get("subject", ())),
        "sha256": hashlib.sha256(der).hexdigest(),
        "notAfter": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _name(subject: Any) -> str:  # noqa: ANN401 - the standard library's nested tuples
    """The organisation and common name, as people know an authority."""
    parts = {key: value for entries in subject for key, value in entries}
    known = [str(parts[key])[:120] for key in ("organizationName", "commonName") if key in parts]
    return ", ".join(known) or "(no name)"
