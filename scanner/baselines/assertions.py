"""Flows that an operator asserts: what must be possible, and what must not."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

_END = re.compile(r"([0-9]{1,5})(?:/(TCP|UDP|SCTP))?\Z", re.ASCII)
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class Assertion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """One flow: `from` and `to` are workloads ("shop/web", "shop/web[Deployment]") or addresses, `port` is "5432" or "53/UDP".

    `cluster` is a shell pattern: of which clusters it is asserted.
    """

    name: _Text
    source: _Text
    to: _Text
    port: _Text
    expect: Literal["allowed", "denied"]
    cluster: str = "*"

    def __post_init__(self) -> None:
        """Refuse what is no port.

        Raises:
            ValueError: it is none (msgspec reports it with its path).
        """
        found = _END.match(self.port)
        if found is None or not 1 <= int(found[1]) <= 65535:
            raise ValueError(f'port {self.port!r}: write "5432", or "53/UDP" where it is not TCP')

    @property
    def end(self) -> tuple[str, int]:
        """Protocol and port."""
        number, _, protocol = self.port.partition("/")
        return protocol or "TCP", int(number)

    def __str__(self) -> str:
        """As an item's subject."""
        return f"{self.name}: {self.source} to {self.to} {self.port} {self.expect}"
