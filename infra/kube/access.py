"""The way in to one cluster's API: server, trust and credentials, as the official client takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.text import printable


@dataclass(frozen=True, slots=True)
class Access:
    """One cluster's way in. `configuration` is the official client's; `context` is what people call the cluster.

    `cluster` is the name of the kubeconfig's entry, "" for a cluster that was discovered. Credentials that run out renew
    themselves through the configuration's `refresh_api_key_hook`, which the client calls before every request.
    """

    context: str
    configuration: Any
    cluster: str = ""

    @property
    def host(self) -> str:
        """The server's host, and its port where one is written."""
        return printable(urlsplit(self.configuration.host).netloc.rpartition("@")[2], 200)
