"""An HTTPS server on 127.0.0.1 with a certificate of its own: what every stand-in for a cloud or a cluster is made of."""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ADDRESS = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """Base for request handlers, which say in `answer` what they give: HTTP/1.1, silent, at ease with clients that hang up."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer, being two pieces, waits for an acknowledgement

    def answer(self) -> None:
        """Answer one request, whose method is `self.command`."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer a GET."""
        self.answer()

    def do_POST(self) -> None:
        """Answer a POST."""
        self.answer()

    def handle(self) -> None:
        """Answer until the connection ends."""
        try:
            super().handle()
        except OSError:  # a handshake that the client broke off
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep test output clean."""


class _HttpsServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a client with many threads connects all at once


class TlsServer:
    """`handler` behind TLS on a free port; stops when the block ends.

    `ca` is the certificate that clients have to trust, as PEM, `ca_file` the same as a file in `folder`.
    """

    def __init__(self, handler: type[BaseHTTPRequestHandler], folder: Path) -> None:
        self.folder = folder
        self.ca, key = self_signed()
        self._server = _HttpsServer((ADDRESS, 0), handler)
        self.port = int(self._server.server_address[1])
        self.url = f"https://{ADDRESS}:{self.port}"
        self.ca_file = folder / f"ca-{self.port}.pem"
        self.ca_file.write_bytes(self.ca)
        pair = folder / f"server-{self.port}.pem"
        pair.write_bytes(self.ca + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        # The handshake belongs to the connection's own thread: a client that refuses the certificate must not end the server.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def self_signed(address: str = ADDRESS) -> tuple[bytes, bytes]:
    """A certificate for an IP address, and for `localhost`, that is its own authority, and its key, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    # A client that trusts several of these finds the right one by its name.
    owner = x509.NameAttribute(NameOID.ORGANIZATION_NAME, secrets.token_hex(8))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address), owner])
    names = [x509.IPAddress(ipaddress.ip_address(address)), x509.DNSName("localhost")]
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
