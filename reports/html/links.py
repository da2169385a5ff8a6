"""The report as a set of pages: what each is called, and how one leads to another.

Pages lie in folders of one level beside the fleet page, so every link is relative and the set may lie anywhere: on a disk, in
a bucket, in an archive.

    report.html                    the fleet
    report/clusters/<name>.html    one cluster, everything about it
    report/controls/<id>.html      one control over all clusters
    report/frameworks/<id>.html    one framework, for auditors
    report/findings/<name>.html    items of one control on one cluster that its page has no room for
    report/fleet/<n>.html          clusters that the fleet page has no room for
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reports.document import FrameworkView, Report
from reports.html.anchors import anchor, told_apart
from reports.keys import segment

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_UPPER = re.compile("[A-Z0-9-]+")


class Names:
    """What the pages of one report are called, without suffix: safe as names of files, and each there once."""

    def __init__(self, report: Report) -> None:
        self._report = report

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """One name a cluster, in the report's order. The digest tells clusters of one name apart."""
        ids = told_apart(cluster.id for cluster in self._report.clusters)
        named = zip(self._report.clusters, ids, strict=True)
        return tuple(segment(cluster.name, _joined(*parts)) for cluster, parts in named)

    @cached_property
    def anchors(self) -> tuple[str, ...]:
        """One anchor a cluster, in the report's order."""
        return tuple(anchor("cluster", *parts) for parts in told_apart(c.id for c in self._report.clusters))

    @cached_property
    def at(self) -> dict[str, int]:
        """Cluster id -> its place in the report."""
        return {cluster.id: index for index, cluster in enumerate(self._report.clusters)}

    @cached_property
    def frameworks(self) -> tuple[str, ...]:
        """One name a framework, in the report's order."""
        plain = told_apart("-".join(whole_name(view).lower().split()) for view in self._report.frameworks)
        return tuple(segment(parts[0], "".join(parts[1:])) for parts in plain)

    @staticmethod
    def control(control: str) -> str:
        """Of a control's page: in lower case for ids like the baseline's; others carry a digest, so that case is never lost."""
        return segment(control.lower()) if _UPPER.fullmatch(control) else segment(control, _joined(control))

    def items(self, index: int, control: str, number: int) -> str:
        """Of the page with the `number`-th part of a control's items on a cluster."""
        cluster = self._report.clusters[index]
        return segment(cluster.name, _joined(self.clusters[index], control, str(number)))


def whole_name(view: FrameworkView) -> str:
    """A framework's name with its version, which many names hold already."""
    return view.name if view.version in view.name else f"{view.name} {view.version}"


def _joined(*parts: str) -> str:
    """Several texts as one that no others give."""
    return "".join(f"{len(part)}:{part}" for part in parts)


def quoted(name: str) -> str:
    """The name of a file or folder as a link spells it (RFC 3986, section 2.1): a `%` in it is a character like others."""
    return "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in name.encode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class Links:
    """Links from one page to the others. `fleet` and `folder` lead to the fleet page and the folder of the others.

    A fleet page that stands alone has no others to lead to: `folder` is None, and every link to them is empty.
    """

    names: Names
    fleet: str = ""
    folder: str | None = None

    def cluster(self, index: int, control: str = "") -> str:
        """To a cluster's page, or to a control on it."""
        return self._to("clusters", self.names.clusters[index], anchor("control", control) if control else "")

    def control(self, control: str) -> str:
        """To a control's page."""
        return self._to("controls", self.names.control(control))

    def framework(self, number: int) -> str:
        """To the page of the report's `number`-th framework."""
        return self._to("frameworks", self.names.frameworks[number])

    def items(self, index: int, control: str, number: int) -> str:
        """To a page with more items of a control on a cluster."""
        return self._to("findings", self.names.items(index, control, number))

    def listing(self, number: int) -> str:
        """To the `number`-th page of the list of clusters; the first is the fleet page's own."""
        return self._to("fleet", f"clusters-{number}") if number > 1 else f"{self.fleet}#clusters"

    def _to(self, folder: str, name: str, at: str = "") -> str:
        if self.folder is None:
            return ""
        return f"{self.folder}{folder}/{quoted(name)}.html{f'#{at}' if at else ''}"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A page to go on with."""

    name: str
    href: str


def neighbours(around: Sequence[Neighbour], place: int) -> tuple[Neighbour | None, Neighbour | None]:
    """What stands before and behind `place`."""
    before = around[place - 1] if place else None
    return before, around[place + 1] if place + 1 < len(around) else None
