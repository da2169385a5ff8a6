"""What one reach tells apart, so that another can be told to do the same."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.policy.model import BlockPeer


@dataclass(frozen=True, slots=True)
class Cuts:
    """What one reach tells apart; built with the cuts of both, two of them speak of the same peers and ports.

    `peers` are ids of workloads (and the ingress controller's), `ports` (protocol, first, last). `excepts` says whether
    what blocks leave out is told apart as well: a data plane may lose sight of that.
    """

    blocks: frozenset[BlockPeer] = frozenset()
    names: frozenset[str] = frozenset()
    ports: frozenset[tuple[str, int, int]] = frozenset()
    peers: frozenset[str] = frozenset()
    excepts: bool = False

    def __or__(self, other: Cuts) -> Cuts:
        """What either tells apart."""
        return Cuts(
            self.blocks | other.blocks,
            self.names | other.names,
            self.ports | other.ports,
            self.peers | other.peers,
            self.excepts or other.excepts,
        )
