"""Where the pages of the HTML report go: beside the file, in a folder, in a store; the fleet page last, and whole."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from urllib.parse import urljoin
from urllib.request import urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from functions.publish import publish
from functions.rendering import write_report
from functions.site import put_site, write_site
from infra.store import open_store
from reports.html.site import pages
from scanner.errors import InputError, StoreError
from tests.reports.governed_factory import governed
from tests.reports.report_factory import estate, fleet, renamed
from tests.reports.test_html import Page

EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::audit/*"}
RUN = "v1/runs/20261123T080000Z-4f2a/"


def files(folder) -> dict[str, bytes]:
    """Every file below a folder, by relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_has_its_folder_beside_it(tmp_path, capsys):
    """`-o audit.html` writes `audit.html` and `audit/…`, whose links fit."""
    write_site(governed(), str(tmp_path / "new" / "audit.html"))
    assert files(tmp_path / "new") == dict(pages(governed(), "audit.html"))
    assert f"wrote {tmp_path / 'new' / 'audit.html'} and its pages beside it" in capsys.readouterr().err


@pytest.mark.parametrize("slash", ["", "/"], ids=["that-is-there", "with-a-slash"])
def test_a_folder_gets_the_report_under_its_usual_name(tmp_path, slash):
    """A folder that is there needs no slash, and a new one is made."""
    folder = tmp_path / "there" if not slash else tmp_path / "new"
    if not slash:
        folder.mkdir()
    write_site(governed(), f"{folder}{slash}")
    assert files(folder) == dict(pages(governed()))


def test_a_url_is_written_to_as_well(tmp_path):
    """A store's URL with a slash behind is a folder, without one a file."""
    write_site(governed(), f"{(tmp_path / 'a').as_uri()}/")
    write_site(governed(), f"{(tmp_path / 'b').as_uri()}/x.htm")
    assert "report.html" in files(tmp_path / "a")
    assert {"x.htm", "x/controls/nb-iso-01.html"} <= files(tmp_path / "b").keys()


@pytest.mark.parametrize("output", ["out/.", "out/..", "s3://"])
def test_what_names_no_file_is_refused(output, tmp_path, monkeypatch):
    """With the mend, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="name"):
        write_site(governed(), output)
    assert files(tmp_path) == {}


@pytest.fixture
def bucket(monkeypatch) -> Iterator[str]:
    """A bucket called `audit` of a local S3, from which anybody may read; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"ENDPOINT_URL": f"http://{host}:{port}", "REGION": "us-east-1", "ACCESS_KEY_ID": "x"}
    for name, value in (settings | {"SECRET_ACCESS_KEY": "y"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client("s3", region_name="us-east-1")
    with contextlib.closing(client):
        client.create_bucket(Bucket="audit")
        client.put_bucket_policy(Bucket="audit", Policy=json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]}))
    yield f"http://{host}:{port}/audit"
    server.stop()


def test_links_hold_in_a_bucket_too(bucket):
    """What a browser makes of a link over HTTP is the page that it names, however the cluster is called, shown as a page."""
    name = "../Prod %41 #1?"
    write_site(renamed(estate(), name), "s3://audit/reports/")
    front = f"{bucket}/reports/report.html"
    _, page = fetched(front)
    first = next(href for href in page.attributes("a", "href") if href.startswith("report/clusters/"))
    kind, page = fetched(urljoin(front, first))
    assert kind == "text/html; charset=utf-8"
    assert name in page.text


def fetched(url: str) -> tuple[str, Page]:
    """The type and the page that a browser would get."""
    with urlopen(url) as answer:  # noqa: S310 - of the server above
        return answer.headers["Content-Type"], Page(answer.read())


def test_a_page_that_cannot_be_written_leaves_the_old_fleet_page(tmp_path):
    """No fleet page ever leads to pages that are missing."""
    store = open_store(str(tmp_path))
    store.put("report.html", b"the old one")
    in_the_way = next(path for path, _ in pages(fleet(30)) if path.startswith("report/clusters/"))
    (tmp_path / in_the_way).mkdir(parents=True)
    with pytest.raises(StoreError, match=r"in each other's way|not a plain file"):
        put_site(fleet(30), store)
    assert (tmp_path / "report.html").read_bytes() == b"the old one"


def test_a_run_keeps_all_pages_beside_its_report(tmp_path):
    """`v1/runs/<id>/report.html`, its pages below `report/`, and the document; the pointer leads to them."""
    stored = publish(governed(), open_store(str(tmp_path)), finished=True)
    found = files(tmp_path)
    assert {f"{RUN}{path}": content for path, content in pages(governed())}.items() <= found.items()
    others = found.keys() - {f"{RUN}{path}" for path, _ in pages(governed())}
    tables = {key for key in others if key.startswith(("v1/findings/", "v1/requirements/"))}
    assert others - tables == {f"{RUN}report.json", f"{RUN}summary.json", "v1/latest.json"}
    assert stored == (str(tmp_path / f"{RUN}report.html"), str(tmp_path / f"{RUN}report.json"))


def test_stdout_gets_the_fleet_page_and_a_word_about_the_others(capfdbinary):
    """One page that stands alone; the note is on stderr, and only where no run keeps the others."""
    write_report(governed(), "html", "")
    alone = capfdbinary.readouterr()
    assert alone.out.startswith(b"<!DOCTYPE html>")
    assert b'href="report/' not in alone.out
    assert b"-o FILE.html" in alone.err
    write_report(governed(), "html", "", stored_at=("out/report.html",))
    assert capfdbinary.readouterr().err == b""
