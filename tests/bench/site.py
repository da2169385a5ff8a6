"""The HTML report of a large fleet: how large, how long, how much memory, and how soon a browser has it ready."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import sync_playwright

from reports.document import Cluster, Report, render_json
from reports.html.links import Names
from scanner.baselines.profiles import ALL
from scanner.findings import Item, Status
from tests.bench.spent import ringfence, run
from tests.bench.table import Limit, Row
from tests.reports.governed_factory import framework, requirement
from tests.reports.report_factory import cluster, control, report, unread_cluster

_CLOUDS = ("aws", "gcp", "azure")
_SUBJECTS = ("checkout", "catalog", "payments", "identity", "search", "reporting", "edge", "batch")
_LARGEST = 10_000  # items of the largest cluster
_MB = 1 << 20


def large_report(clusters: int, items: int, largest: int) -> Report:
    """`clusters` of the whole baseline with `items` items between them, one cluster with `largest` of them."""
    others = max(1, (items - largest) // max(1, clusters - 1))
    members = [_cluster(number, largest if number == 1 else others) for number in range(clusters)]
    rows = tuple(
        requirement(
            f"{name}-{number}",
            "fail",
            equal={ALL[number]: "fail"},
            clusters={each.id: each.controls[number].status for each in members},
        )
        for name in ("AC", "SC")
        for number in range(20)
    )
    return report(*members, frameworks=(framework(*rows), framework(*rows, name="Second Rules")))


def _cluster(number: int, items: int) -> Cluster:
    name, cloud = f"{_SUBJECTS[number % 8]}-prod-{number:04}", _CLOUDS[number % 3]
    place: dict[str, Any] = {"account": f"{100_000_000_000 + number % 40}", "location": f"region-{number % 9}"}
    place["id"] = f"{cloud}/{place['account']}/{place['location']}/{name}"
    if number % 29 == 28:
        controls = tuple(
            msgspec.structs.replace(control(0, Status.UNKNOWN, reason="unread", items=()), id=c) for c in ALL
        )
        return unread_cluster(name, cloud, **place, controls=controls)
    controls = []
    for which, name_of_control in enumerate(ALL):
        status = (Status.FAIL, Status.PASS, Status.PASS, Status.UNKNOWN)[(which + number) % 4]
        held = items // len(ALL) + (which < items % len(ALL))
        told = tuple(_items(name_of_control, held, status))
        controls.append(msgspec.structs.replace(control(which % 14, status, items=told), id=name_of_control))
    return cluster(name, cloud, **place, controls=tuple(controls))


def _items(name: str, count: int, status: Status) -> Iterator[Item]:
    for number in range(count):
        subject = f"{_SUBJECTS[number % 8]}/workload-{number}[Deployment]"
        yield Item(
            subject=subject,
            status=status,
            reason="not-isolated" if status is Status.FAIL else str(status),
            evidence=(f"{name}: NetworkPolicy {subject} selects every pod and allows 10.{number % 250}.0.0/16.",),
            remediation=f"Narrow the rule of {subject} to the namespaces that call it."
            if status is Status.FAIL
            else "",
        )


def rows(clusters: int = 1_000, items: int = 100_000, largest: int = _LARGEST) -> Iterator[Row]:
    """What one report costs, from `report.json` to pages that a browser shows."""
    made = large_report(clusters, items, largest)
    with tempfile.TemporaryDirectory() as folder:
        document, out = Path(folder) / "report.json", Path(folder) / "out"
        document.write_bytes(render_json(made))
        what = f"{clusters:,} clusters, {items:,} items"
        yield Row(what=f"{what}: report.json", shown=f"{document.stat().st_size / _MB:.1f} MB")
        read = run(
            ringfence(
                "report",
                "--allow-partial",
                "--from",
                str(document),
                "--format",
                "json",
                "-o",
                str(Path(folder) / "again.json"),
            )
        )
        spent = run(
            ringfence("report", "--allow-partial", "--from", str(document), "--format", "html", "-o", f"{out}/")
        )
        sizes = {path: path.stat().st_size for path in out.rglob("*.html")}
        fleet = sizes[out / "report.html"]
        yield Row(what="pages", shown=f"{len(sizes):,}, together {sum(sizes.values()) / _MB:.1f} MB")
        yield Row(
            what="fleet page",
            shown=f"{fleet / _MB:.2f} MB",
            value=fleet,
            must=Limit("5 MB", 5 * _MB),
            aim=Limit("2 MB", 2 * _MB),
        )
        most = max(sizes.values())
        yield Row(
            what="largest page",
            shown=f"{most / _MB:.2f} MB",
            value=most,
            must=Limit("10 MB", 10 * _MB),
            aim=Limit("2 MB", 2 * _MB),
        )
        yield Row(
            what="read, render and write all pages, CPU",
            shown=f"{spent.cpu:.1f} s (reading and writing json {read.cpu:.1f} s)",
        )
        yield Row(
            what="peak memory", shown=f"{spent.peak / _MB:.0f} MB (reading and writing json {read.peak / _MB:.0f} MB)"
        )
        chromium = shutil.which("chromium")
        if chromium is None:
            print("chromium is not installed: how soon a browser is ready was not measured", file=sys.stderr)
            return
        biggest = (
            f"report/clusters/{Names(made).clusters[[c.name for c in made.clusters].index('catalog-prod-0001')]}.html"
        )
        pages = (
            ("fleet page", "report.html", "#row-search", "prod-0123"),
            ("largest cluster's page", biggest, "#search", "workload-77["),
        )
        for name, path, search, text in pages:
            ready, filtered = _in_browser(chromium, out / path, search, text)
            yield Row(
                what=f"{name}: DOMContentLoaded in Chromium",
                shown=f"{ready:.0f} ms",
                value=ready,
                must=Limit("3 s", 3_000),
                aim=Limit("1 s", 1_000),
            )
            yield Row(
                what=f"{name}: first filter, drawn",
                shown=f"{filtered:.0f} ms",
                value=filtered,
                must=Limit("1 s", 1_000),
                aim=Limit("0.2 s", 200),
            )


def _in_browser(chromium: str, page: Path, search: str, text: str) -> tuple[float, float]:
    """Milliseconds until the document and its script are ready, and from a filter's text to the frame that shows it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            shown = browser.new_page()
            shown.goto(page.as_uri())
            ready = shown.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
            filtered = shown.evaluate(
                """([search, text]) => new Promise((done) => {
                  const box = document.querySelector(search), start = performance.now();
                  box.value = text;
                  box.dispatchEvent(new Event("input", { bubbles: true }));
                  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
                })""",
                [search, text],
            )
            return float(ready), float(filtered)
        finally:
            browser.close()
