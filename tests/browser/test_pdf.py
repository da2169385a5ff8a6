"""`--format pdf` with the real browser, read back by poppler: pages, text, nothing that runs, nothing that stays."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.chromium import print_page
from reports.document import render_json
from reports.html.render import render_html
from tests.reports.report_factory import estate, renamed
from tests.servers.tls import ADDRESS, Handler

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
AT = "2026-11-23T08:00:00Z"


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files, which is empty again afterwards."""
    for tool in ("chromium", "pdftotext"):
        if shutil.which(tool) is None:
            how = f"{tool} is not installed: run `make programs` as root"
            if os.environ.get("CI") == "true":
                pytest.fail(how)
            pytest.skip(how)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextlib.contextmanager
def listener(asked: list[str]) -> Iterator[int]:
    """An HTTP server that notes what it is asked; its port."""

    class _Noting(Handler):
        def answer(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer((ADDRESS, 0), _Noting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def text_of(pdf: Path) -> str:
    """The words of all pages, as one line."""
    done = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def facts_of(pdf: Path) -> dict[str, str]:
    """What pdfinfo says of it."""
    done = subprocess.run(
        ["pdfinfo", str(pdf)], capture_output=True, text=True, check=True, env={"TZ": "UTC"} | os.environ
    )
    return {name: value.strip() for name, _, value in (line.partition(":") for line in done.stdout.splitlines())}


def test_report_becomes_a_pdf(tmp_path, room):
    """The command writes pages that hold the report, dated by its run, and leaves nothing; again, it writes the same."""
    (tmp_path / "report.json").write_bytes(render_json(estate()))
    for name in ("one.pdf", "two.pdf"):
        command = [
            sys.executable,
            "-m",
            "functions.cli",
            "report",
            "--allow-partial",
            "--from",
            str(tmp_path / "report.json"),
        ]
        done = subprocess.run(
            [*command, "--format", "pdf", "-o", str(tmp_path / name)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr.splitlines()[0] == f"wrote {tmp_path / name}"
        assert all(line.startswith("not read whole: ") for line in done.stderr.splitlines()[1:])
    assert list(room.iterdir()) == []
    facts, words = facts_of(tmp_path / "one.pdf"), text_of(tmp_path / "one.pdf")
    assert int(facts["Pages"]) > 5
    assert facts["Encrypted"] == "no"
    assert facts["JavaScript"] == "no"
    assert "2 of 7 clusters enforce no network policy" in words
    for cluster in estate().clusters:
        assert cluster.name in words
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_hostile_names_are_words(tmp_path, room):
    """A name that would run, load or close something in a page is printed as it is written."""
    name = "<img src=x onerror=document.title='run'></script><b>&amp;"
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(b"".join(print_page(render_html(renamed(estate(), name)), AT)))
    assert name in text_of(pdf)
    assert facts_of(pdf)["Title"].startswith("Network policy report")
    assert list(room.iterdir()) == []


def test_page_cannot_read_or_ask(tmp_path, room):
    """Even a page that is not ours gets no file of this machine and no address of the network."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the-secret-of-this-machine")
    asked: list[str] = []
    with listener(asked) as port:
        page = (
            f"<p id=p>start</p><script>fetch('{secret.as_uri()}').then(r => r.text()).then(t => p.textContent = t)</script>"
            f"<img src='http://127.0.0.1:{port}/img'><img src='http://localhost:{port}/name'>"
        )
        pdf = tmp_path / "page.pdf"
        pdf.write_bytes(b"".join(print_page(page.encode(), AT)))
    assert "the-secret" not in text_of(pdf)
    assert "start" in text_of(pdf)
    assert asked == []
