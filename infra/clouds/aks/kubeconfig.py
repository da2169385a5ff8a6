"""The kubeconfig that AKS gives: server and authority out of it, and no more unless a local account was asked for."""

from __future__ import annotations

import base64
import binascii
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.cloudrecord.document import UnreadableError, parse_bytes
from scanner.cloud.part import Part

_USER_FIELDS = ("client-certificate-data", "client-key-data", "token")  # no files, no commands


class KubeconfigError(Exception):
    """It cannot be used; the text is ours and holds nothing of it."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A kubeconfig's first cluster, and its first user. No repr: the user is a secret."""

    server: str
    host: str
    port: int
    authority: str  # PEM
    user: dict[str, str]

    def configuration(self, name: str, *, with_user: bool) -> Any:  # noqa: ANN401 - the official client's
        """The official client's configuration. TLS is verified, whatever the kubeconfig says.

        `with_user` puts the local account in, as that client does it: certificate and key go to files that only their owner
        can read, and that go when the program ends.
        """
        from kubernetes.client import Configuration
        from kubernetes.config.kube_config import KubeConfigLoader

        configuration = Configuration()
        if with_user:
            loader: Any = KubeConfigLoader
            loader(
                {
                    "current-context": name,
                    "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                    "clusters": [{"name": name, "cluster": {"server": self.server}}],
                    "users": [{"name": name, "user": self.user}],
                }
            ).load_and_set(configuration)
        configuration.host = self.server
        configuration.ca_cert_data = self.authority
        configuration.verify_ssl = True
        return configuration


def read_kubeconfig(data: object) -> Credentials:
    """Read the kubeconfig's bytes.

    Raises:
        KubeconfigError: it is not one, or without an https server or a certificate authority.
    """
    if not isinstance(data, bytes) or not data:
        raise KubeconfigError("is not in Azure's answer: ask again later")
    try:
        document = parse_bytes(data)
    except UnreadableError:
        raise KubeconfigError("cannot be read: ask again later") from None
    whole = Part(document, "kubeconfig", [])
    cluster = _first(whole, "clusters").part("cluster")
    server = (cluster.text("server") or "").rstrip("/")
    host, port = _address(server)
    user = _first(whole, "users").part("user")
    return Credentials(
        server=server,
        host=host,
        port=port,
        authority=_authority(cluster.text("certificate-authority-data") or ""),
        user={key: value for key in _USER_FIELDS if (value := user.text(key))},
    )


def _first(whole: Part, key: str) -> Part:
    return next(iter(whole.items(key) or ()), Part(None, key, []))


def _address(server: str) -> tuple[str, int]:
    try:
        parts = urlsplit(server)
        port = parts.port or 443
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise KubeconfigError("names no https server: ask again when the cluster runs")
    return parts.hostname, port


def _authority(data: str) -> str:
    """The certificate authority as PEM, tried out, so that the client does not fail on it later in words of its own."""
    try:
        pem = base64.b64decode(data, validate=True).decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (binascii.Error, UnicodeDecodeError, ssl.SSLError, ValueError):
        raise KubeconfigError(
            "has no certificate authority that can be read, so the server cannot be verified"
        ) from None
    return pem
