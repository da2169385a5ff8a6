"""What pictures are drawn from: a matrix of namespaces, paths, and scores over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from markupsafe import Markup

from reports.document import Report
from scanner.findings import Area, Crossings, Hop, Level, NamespaceMatrix, Path
from tests.reports.governed_factory import fabric, fabric_control
from tests.reports.report_factory import cluster, item, report

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title><script>alert(1)</script>"\x1b[31m\u202e\ud800&'


def drawings(markup: Markup) -> list[Element]:
    """The pictures that stand for something, each parsed as XML; swatches of a legend are left out."""
    root = fromstring(f"<div>{markup}</div>")  # noqa: S314 - our own output
    return [each for each in root.iter(f"{SVG}svg") if each.get("role") == "img"]


def texts(drawing: Element) -> list[str]:
    """What is written in a picture, in order."""
    return ["".join(each.itertext()) for each in drawing.iter(f"{SVG}text")]


def titles(drawing: Element) -> list[str]:
    """What the picture and its parts are called, the picture itself first."""
    return ["".join(each.itertext()) for each in drawing.iter(f"{SVG}title")]


def matrix(*names: str, others: int = 0, **levels: Any) -> NamespaceMatrix:
    """Namespaces of two workloads each and the internet; everything is open in effect, and nothing declared, unless given."""
    areas = [Area(kind="namespace", name=name, workloads=2) for name in names]
    areas += [Area(kind="others", name="", workloads=others)] if others else []
    areas.append(Area(kind="internet", name="", workloads=1))
    bare = NamespaceMatrix(namespaces=len(names) + others, areas=tuple(areas), levels=())
    size = range(len(areas))
    none = tuple((0,) * len(areas) for _ in size)
    whole = tuple(tuple(bare.pairs(source, destination) for destination in size) for source in size)
    tables = {"declared": none, "effective": whole, "unsure_declared": (), "unsure_effective": ()} | levels
    return NamespaceMatrix(
        namespaces=bare.namespaces,
        areas=bare.areas,
        levels=(
            Crossings(level=Level.DECLARED, open=tables["declared"], unknown=tables["unsure_declared"]),
            Crossings(level=Level.EFFECTIVE, open=tables["effective"], unknown=tables["unsure_effective"]),
        ),
    )


def path(**overrides: Any) -> Path:
    """A certain path of four hops from one cluster to another."""
    fields: dict[str, Any] = {
        "kind": "between-clusters",
        "subject": "a -> b",
        "source": "a",
        "destination": "b",
        "ports": {"TCP": ((443, 443), (8000, 8100))},
        "hops": (
            Hop(kind="workload", name="shop/web[Deployment]", by="egress: may open TCP 443 to 10.2.0.0/16"),
            Hop(kind="NAT", name="the node's address, 10.1.0.0/20", by="outside the VPC"),
            Hop(kind="link", name="VPN connection vpn-1", by="10.2.0.0/16 forward"),
            Hop(kind="workload", name="pay/db[StatefulSet]", by="ingress: admitted", ports={"TCP": ((443, 443),)}),
        ),
        "certain": True,
    }
    return Path(**(fields | overrides))


@dataclass(frozen=True, kw_only=True)
class Point:
    """How the fleet stood in one run."""

    run: str = "r"
    time: str = ""
    baseline: str = "1.0.0"
    proven: float = 50.0
    ceiling: float = 70.0
    coverage: float = 0.8
    grade: str = "F"
    clusters: int = 7
    unread: int = 0


def points(*days: int, **overrides: Any) -> list[Point]:
    """A run at eight on each of these days of January."""
    return [Point(time=f"2026-01-{day:02}T08:00:00Z", **overrides) for day in days]


def pictured(name: str = "shop", clusters: int = 3) -> Report:
    """A report in which every picture of a page stands: namespaces on the cards, paths in the fabric. All is called `name`."""
    paths = (path(), path(subject="x", source=name, destination=name, certain=False, doubts=(name,), hops=(
        Hop(kind=name, name=name, by=name, doubt=name), Hop(kind="workload", name=name))))  # fmt: skip
    control = fabric_control(
        "NB-XC-02", items=(item("a -> b"), item("x")), paths=paths, more_paths=2, reason="open-path"
    )
    cards = (cluster(f"{name}-{at}", namespaces=matrix(name, "pay", "x" * 63)) for at in range(clusters))
    return report(*cards, fabric=fabric(controls=(control,)))
