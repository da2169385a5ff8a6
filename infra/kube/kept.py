"""One kind's objects on their way from a list's pages into the snapshot."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from infra.objects import Objects
from infra.pool import Check
from infra.wire import DaemonSet

_CILIUM_AGENT = "cilium-agent"  # the container's name; the agent reads its configuration from its own namespace


class Kept:
    """Takes one kind's pages. `adding` keeps the lists that run at the same time out of each other's way.

    `count` objects were taken; `broken` ones could not be: the parser had skipped over a raw part, which turned out to be
    no JSON of its kind. `agents` are the namespaces in which Cilium's agent runs.
    """

    def __init__(self, objects: Objects, adding: threading.Lock, resource: str, check: Check) -> None:
        self.count = 0
        self.broken = 0
        self.agents: set[str] = set()
        self._objects = objects
        self._adding = adding
        self._resource = resource
        self._check = check

    def take(self, items: Sequence[Any]) -> None:
        """Hand over the objects of one page."""
        self._check()
        self.count += len(items)
        with self._adding:
            self.broken += self._objects.add_all(self._resource, items)
        if self._resource == "daemonsets.apps":
            self.agents |= {item.metadata.namespace or "" for item in items if _runs_cilium(item)}

    def forget(self) -> None:
        """Drop them all: the list is begun anew."""
        with self._adding:
            self._objects.forget(self._resource)
        self.count = self.broken = 0
        self.agents.clear()


def _runs_cilium(daemon_set: DaemonSet) -> bool:
    template = daemon_set.spec.template if daemon_set.spec else None
    containers = (template.spec.containers if template and template.spec else None) or ()
    return any(container.name == _CILIUM_AGENT for container in containers)
