"""Telling people what changed: a real server takes the message, or refuses it in every way servers do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from functions.publish import encode_document
from functions.stored import RunRecord
from infra.store import open_store
from reports import keys
from reports.document import Report, Run, render_json
from reports.summary import render_summary, summary_of
from scanner.findings import Status
from tests.reports import report_factory as made
from tests.servers.tls import Handler, TlsServer

SECRET = "/services/T000/B000/XXXXsecretXXXX"  # noqa: S105 - what must be in no output
FIRST, SECOND, THIRD = "20261123T080000Z", "20261124T080000Z", "20261125T080000Z"


def ringfence(*arguments: str | Path, **env: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command; the webhook's address must be in neither."""
    run = subprocess.run(
        [sys.executable, "-m", "functions.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120, env={"PATH": "", "NO_COLOR": "1"} | env,
    )  # fmt: skip
    assert "XXXX" not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.returncode, run.stdout, run.stderr


def keep(folder: Path, report: Report, run: str, *, interrupted: bool = False, latest: bool = True) -> None:
    """Store a report as a run of its own."""
    store = open_store(str(folder))
    stamped = Run(id=run, time=f"{run[:4]}-{run[4:6]}-{run[6:8]}T08:00:00Z", tool="0.1.0")
    record = RunRecord(
        id=run, time=stamped.time, tool="0.1.0", baseline="1.0.0", expected=(), scopes=(), interrupted=interrupted
    )
    store.put(keys.run_key(run), encode_document(record))
    told = msgspec.structs.replace(report, run=stamped)
    store.put(keys.report_key(run, ".json"), render_json(told))
    if not interrupted:
        store.put(keys.summary_key(run), render_summary(summary_of(told)))
    if latest:
        store.put(keys.LATEST, encode_document({"schema": "latest/v1", "run": run}))


@pytest.fixture
def changed(tmp_path) -> Path:
    """A store of two runs: a control fails now, and a cluster is gone."""
    keep(tmp_path, made.report(made.cluster("a", controls=(made.control(4, Status.PASS),)), made.cluster("b")), FIRST)
    keep(tmp_path, made.report(made.cluster("a", controls=(made.control(4, Status.FAIL),))), SECOND)
    return tmp_path


class Receiver(Handler):
    """Answers each request as the next of `answers` says: (status, headers), or None to cut the connection."""

    answers: list[tuple[int, dict[str, str]] | None]
    taken: list[tuple[str, dict[str, str], bytes]]
    times: list[float]

    def answer(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.times.append(time.monotonic())
        self.taken.append((self.path, dict(self.headers), body))
        said = self.answers.pop(0) if self.answers else (200, {})
        if said is None:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(said[0])
        for name, value in said[1].items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


@pytest.fixture
def receiver() -> Iterator[tuple[type[Receiver], str]]:
    """A webhook on loopback, and its address."""
    kind = type("Receiving", (Receiver,), {"answers": [], "taken": [], "times": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield kind, f"http://127.0.0.1:{server.server_port}{SECRET}"
        server.shutdown()
        thread.join()


def test_what_changed_is_sent(changed, receiver):
    """One POST of JSON, with the changes; the address is told to nobody."""
    kind, url = receiver
    code, out, err = ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url)
    assert (code, out, err) == (0, "", f"sent: 2 changes between run {FIRST} and run {SECOND}\n")
    ((path, headers, body),) = kind.taken
    assert (path, headers["Content-Type"]) == (SECRET, "application/json")
    said = json.loads(body)
    assert said.keys() == {"text", "blocks"}
    assert "• vanished: `b` is not there any more" in said["text"]
    assert "• fails now: `NB-ISO-01` (critical)" in said["text"]
    assert f"report: `{changed}/v1/runs/{SECOND}/report.json`" in said["text"]
    assert "XXXX" not in said["text"]


def test_nothing_changed_sends_nothing(changed, receiver):
    """And says so."""
    kind, url = receiver
    shutil.copytree(changed / f"v1/runs/{SECOND}", changed / f"v1/runs/{THIRD}")
    keep(changed, made.report(made.cluster("a", controls=(made.control(4, Status.FAIL),))), THIRD)
    code, _, err = ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url)
    assert (code, err) == (0, f"nothing sent: nothing changed between run {SECOND} and run {THIRD}\n")
    assert kind.taken == []


def test_the_first_run_has_nothing_to_compare_with(tmp_path, receiver):
    """Neither do runs that were interrupted, only collected, or are no runs at all."""
    kind, url = receiver
    keep(tmp_path, made.report(), FIRST, interrupted=True, latest=False)
    (tmp_path / "v1/runs/20261101T000000Z/clusters").mkdir(parents=True)
    (tmp_path / "v1/runs/notes").mkdir()
    keep(tmp_path, made.estate(), SECOND)
    code, _, err = ringfence("notify", "--from", tmp_path, RINGFENCE_WEBHOOK=url)
    assert (code, err) == (0, f"nothing sent: run {SECOND} has no earlier finished run to compare with\n")
    assert kind.taken == []


def test_an_interrupted_run_in_between_is_passed_over(changed, receiver):
    """The run before is the last one that finished."""
    kind, url = receiver
    keep(changed, made.report(), "20261123T200000Z", interrupted=True, latest=False)
    assert ringfence("notify", "--from", changed, "--run", SECOND, RINGFENCE_WEBHOOK=url)[0] == 0
    assert f"since `{FIRST}`" in json.loads(kind.taken[0][2])["text"]


def test_a_throttled_message_is_sent_again_when_it_may_be(changed, receiver):
    """429 with Retry-After, then 503, then taken."""
    kind, url = receiver
    kind.answers[:] = [(429, {"Retry-After": "1"}), (503, {}), (200, {})]
    assert ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url)[0] == 0
    assert len({body for _, _, body in kind.taken}) == 1
    assert len(kind.taken) == 3
    assert kind.times[1] - kind.times[0] >= 1  # the least that the receiver asked for


def test_a_cut_connection_is_tried_again(changed, receiver):
    """It may have been heard: twice is better than never."""
    kind, url = receiver
    kind.answers[:] = [None, (200, {})]
    assert ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url)[0] == 0
    assert len(kind.taken) == 2


@pytest.mark.parametrize(
    ("answer", "times", "said"),
    [
        ((403, {}), 1, "the webhook refused the message (403): check that RINGFENCE_WEBHOOK is current and may post"),
        ((404, {}), 1, "the webhook refused the message (404)"),
        ((302, {"Location": "/elsewhere"}), 1, "the webhook answered 302, a redirect, which is not followed"),
        (
            (308, {"Location": "https://evil.example/"}),
            1,
            "the webhook answered 308, a redirect, which is not followed",
        ),
        (
            (500, {"Retry-After": "0"}),
            4,
            "the webhook answered 500, 4 times: it is throttling or failing, run again later",
        ),
        (None, 4, "the webhook could not be reached: the connection broke: run again later"),
    ],
)
def test_a_refusal_is_one_clear_line(changed, receiver, answer, times, said):
    """Exit 2, and what to do."""
    kind, url = receiver
    kind.answers[:] = [answer] * 9
    code, out, err = ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url)
    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True), err
    assert len(kind.taken) == times
    assert {path for path, _, _ in kind.taken} == {SECRET}


def test_https_is_verified(changed, tmp_path_factory):
    """A certificate that nobody vouches for is refused; with its authority trusted the message arrives."""
    kind = type("Receiving", (Receiver,), {"answers": [], "taken": [], "times": []})
    with TlsServer(kind, tmp_path_factory.mktemp("tls")) as server:
        url = f"{server.url}{SECRET}"
        code, _, err = ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url)
        assert (code, err.count("\n"), "its certificate is not trusted" in err) == (2, 1, True)
        assert kind.taken == []
        code, _, _ = ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=url, SSL_CERT_FILE=str(server.ca_file))
        assert (code, len(kind.taken)) == (0, 1)


def test_nobody_listens(changed):
    """One line, without the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    code, _, err = ringfence("notify", "--from", changed, RINGFENCE_WEBHOOK=f"http://127.0.0.1:{port}{SECRET}")
    assert (code, err.count("\n"), "nobody listens there" in err) == (2, 1, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "RINGFENCE_WEBHOOK is not set"),
        ("http://hooks.example/XXXX", "RINGFENCE_WEBHOOK is not https"),
        ("ftp://127.0.0.1/XXXX", "RINGFENCE_WEBHOOK is not https"),
        ("http://127.0.0.1.evil.example/XXXX", "RINGFENCE_WEBHOOK is not https"),
        ("XXXX", "RINGFENCE_WEBHOOK holds no address"),
        ("https://", "RINGFENCE_WEBHOOK holds no address"),
        ("https://[XXXX/", "RINGFENCE_WEBHOOK holds no address"),
        ("https://a b/XXXX", "RINGFENCE_WEBHOOK holds no address"),
        ("https://h:99999/XXXX", "RINGFENCE_WEBHOOK holds no address"),
    ],
)
def test_addresses_that_will_not_do(tmp_path, url, said):
    """Said before the store is read, for on most days nothing would be sent anyway."""
    code, out, err = ringfence("notify", "--from", tmp_path / "absent", RINGFENCE_WEBHOOK=url)
    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True)


@pytest.mark.parametrize("arguments", [(), ("--from", "a", "--from", "b"), ("--from", "a/report.json")])
def test_one_store_is_asked_for(arguments):
    """Two have no common past, and one report has none."""
    code, out, err = ringfence("notify", *arguments, RINGFENCE_WEBHOOK="https://h/XXXX")
    assert (code, out, err.count("\n"), "--from" in err) == (2, "", 1, True)


def test_the_summary_of_a_job_grows(changed, tmp_path_factory):
    """Behind what other steps wrote, with what changed since the run before."""
    summary = tmp_path_factory.mktemp("job") / "summary.md"
    summary.write_text("# Build\n\nfine\n")
    code, out, err = ringfence("report", "--from", changed, "--github-summary", GITHUB_STEP_SUMMARY=str(summary))
    assert (code, out, "to the summary of this job" in err) == (0, "", True)
    text = summary.read_text()
    assert text.startswith("# Build\n\nfine\n## Network policy: ")
    assert f"### Changed since `{FIRST}`" in text
    assert "- vanished: `b` is not there any more" in text


def test_a_full_summary_is_left_alone(changed, tmp_path_factory):
    """A byte more, and GitHub shows nothing of it."""
    summary = tmp_path_factory.mktemp("job") / "summary.md"
    for size in ((1 << 20) - 100, (1 << 20) - 3000, 1 << 21):
        summary.write_bytes(b"x" * size)
        code, _, err = ringfence("report", "--from", changed, "--github-summary", GITHUB_STEP_SUMMARY=str(summary))
        grown = summary.stat().st_size
        assert (code, "nothing added" in err) == (0, grown == size)
        assert grown <= max(size, 1 << 20)


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        ((), {}, "GITHUB_STEP_SUMMARY is not set"),
        ((), {"GITHUB_STEP_SUMMARY": "/proc/x/summary"}, "cannot be written"),
        (("--format", "md"), {"GITHUB_STEP_SUMMARY": "x"}, "leave --output and --format out"),
    ],
)
def test_a_summary_that_cannot_be(changed, arguments, env, said):
    """Each is one line."""
    code, out, err = ringfence("report", "--from", changed, "--github-summary", *arguments, **env)
    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True)
