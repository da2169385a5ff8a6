"""The way in to one cluster's API: server, trust and credentials, as the official client takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.text import printable


@dataclass(frozen=True, slots=True)
class Access:
    """One cluster's way in. `configuration` is the official client's; `context` is what people call the cluster.

    `cluster` is the name of the kubeconfig's entry, "" for a cluster that was discovered.

    Credentials that run out renew themselves through the configuration's `refresh_api_key_hook`, which the client calls
    before every request, perhaps in two threads at once. `renew` makes new ones whatever the old ones' age, and puts them
    into the same `configuration`: it is called at most once for each reading, when the server refuses (401) what should
    still hold (a clock that is off, a key that was rotated, a session that was ended); None where there is no way to.
    Both raise a RingfenceError, one line without any part of a credential, where that fails.
    """

    context: str
    configuration: Any
    cluster: str = ""
    renew: Callable[[], None] | None = None

    @property
    def host(self) -> str:
        """The server's host, and its port where one is written."""
        return printable(urlsplit(self.configuration.host).netloc.rpartition("@")[2], 200)
