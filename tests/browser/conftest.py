"""Chromium, offline: a report is opened from disk, and nothing may be requested, refused or thrown."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from reports.html.render import render_html
from tests.reports.report_factory import estate

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; as root it only runs without its sandbox."""
    if CHROMIUM is None:
        how = "chromium is not installed: run `make programs` as root, or install the package 'chromium'"
        if os.environ.get("CI") == "true":
            pytest.fail(how)
        pytest.skip(how)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of seven clusters on disk."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(render_html(estate()))
    return path


@pytest.fixture
def open_report(browser: Browser, report_file: Path) -> Iterator[Any]:
    """Open a report from disk without a network; afterwards nothing else may have been requested, refused or thrown.

    The pages of a folder `site` may all be visited.
    """
    contexts, trouble = [], []

    def opened(path: Path = report_file, *, site: Path | None = None, **options: Any) -> Page:
        root = (site or path).as_uri()
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: request.url.startswith(root) or trouble.append(f"request: {request.url}"),
        )
        page.on("dialog", lambda dialog: (trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []
