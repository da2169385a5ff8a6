"""The browser as a program that is missing, slow, broken or leaves others behind: one line, and nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.chromium import find_chromium, print_page
from scanner.errors import InputError

AT = "2026-11-23T08:00:00Z"
PDF = "%PDF-1.4\n/CreationDate (D:20010101000000+00'00')\n/ModDate (D:20010101000000+00'00')>>\n%%EOF"
TARGET = 'for word; do case "$word" in --print-to-pdf=*) target=${word#*=};; esac; done\n'


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a shell script the browser, and an empty folder the place of temporary files; that folder."""

    def make(script: str) -> Path:
        program = tmp_path / "browser"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        room = tmp_path / "temporary"
        room.mkdir()
        monkeypatch.setenv("RINGFENCE_CHROMIUM", str(program))
        monkeypatch.setattr(tempfile, "tempdir", str(room))
        return room

    return make


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(file: Path) -> int:
    """The process id that a script writes to `file`."""
    until = time.monotonic() + 30
    while not file.exists() or not file.read_text().endswith("\n"):
        assert time.monotonic() < until
        time.sleep(0.01)
    return int(file.read_text())


def test_what_the_browser_writes_comes_out_dated_by_the_run(browser):
    """The dates in the PDF are the run's, so that a report printed again is the same file; nothing stays behind."""
    room = browser(f'{TARGET}cat > "$target" <<"END"\n{PDF}\nEND')
    printed = b"".join(print_page(b"<p>page", AT))
    assert printed.decode().strip() == PDF.replace("20010101000000", "20261123080000")
    assert list(room.iterdir()) == []


def test_browser_gets_a_home_of_its_own_and_no_credentials(browser, monkeypatch, tmp_path):
    """Its home and temporary files are ours, and what the environment holds for clouds is not passed on."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    room = browser(f'{TARGET}env > {tmp_path}/env; echo "$@" > {tmp_path}/words; printf "%s" "{PDF}" > "$target"')
    b"".join(print_page(b"<p>page", AT))
    environment = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert Path(environment["HOME"]).parent == room
    assert set(environment) <= {
        "PATH",
        "HOME",
        "TMPDIR",
        "TMP",
        "TEMP",
        "LANG",
        "LC_ALL",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    }
    words = (tmp_path / "words").read_text()
    assert ("--no-sandbox" in words) == (os.geteuid() == 0)
    assert "--proxy-server=http://127.0.0.1:9" in words


def test_slow_browser_is_killed_with_its_helpers(browser, tmp_path):
    """After the time that is left to it, the browser and what it started are gone, and so are its files."""
    room = browser(f"sleep 60 & echo $! > {tmp_path}/helper\nwait")
    with pytest.raises(InputError, match=r"browser did not print the page within 0\.5 s: choose another form"):
        b"".join(print_page(b"<p>page", AT, deadline_s=0.5))
    assert not alive(wait_for(tmp_path / "helper"))
    assert list(room.iterdir()) == []


def test_ctrl_c_kills_the_browser(browser, tmp_path):
    """SIGINT while the browser works ends the program, the browser and its helper, and leaves no file."""
    room = browser(f"sleep 60 & echo $! > {tmp_path}/helper\nwait")
    script = (
        "import signal, sys, tempfile\nfrom infra.chromium import print_page\ntempfile.tempdir = sys.argv[1]\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\nb''.join(print_page(b'<p>', ''))"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(room)], stderr=subprocess.PIPE, text=True) as running:
        helper = wait_for(tmp_path / "helper")
        running.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in running.stderr.read()
    assert not alive(helper)
    assert list(room.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("exit 0", "did not print the page: set RINGFENCE_CHROMIUM to another", id="nothing"),
        pytest.param(f'{TARGET}printf "%%PDF-1.4 half" > "$target"', "did not print the page: set", id="half"),
        pytest.param("echo 'No usable sandbox!' >&2; exit 1", "sandbox cannot be used here: install", id="sandbox"),
        pytest.param(
            "echo 'error while loading shared libraries: x' >&2; exit 127", "a library of it is", id="library"
        ),
        pytest.param("kill -9 $$", "did not print the page", id="killed"),
    ],
)
def test_browser_that_prints_nothing_is_one_line(browser, script, expected):
    """Whatever it says or returns, a PDF that is not whole is none."""
    room = browser(script)
    with pytest.raises(InputError, match=expected) as raised:
        b"".join(print_page(b"<p>page", AT))
    assert "\n" not in str(raised.value)
    assert list(room.iterdir()) == []


def test_missing_browser_is_said(monkeypatch, tmp_path):
    """Without a browser, or with a name that is none, the line says what to install or set."""
    monkeypatch.delenv("RINGFENCE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="none is installed: install one, or set RINGFENCE_CHROMIUM to its path"):
        find_chromium()
    monkeypatch.setenv("RINGFENCE_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(InputError, match="none is no program: give the path of Chromium"):
        find_chromium()
    (tmp_path / "google-chrome").write_text("")
    (tmp_path / "google-chrome").chmod(0o755)
    monkeypatch.delenv("RINGFENCE_CHROMIUM")
    assert find_chromium() == str(tmp_path / "google-chrome")
