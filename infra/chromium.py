"""A page printed to PDF by the Chromium that is installed here, with nothing of this machine or the network in its reach.

Flags: https://developer.chrome.com/docs/automation-and-testing/headless-cli
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.text import printable
from scanner.errors import InputError

VARIABLE = "RINGFENCE_CHROMIUM"
DEADLINE_S = 300.0
_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "SYSTEMROOT",
)  # no credential
_FLAGS = (
    "--headless",
    "--no-pdf-header-footer",  # they would hold the path of a temporary file
    "--generate-pdf-document-outline",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # 64 MB in most containers
    "--disable-breakpad",
    "--password-store=basic",
    # The page asks for nothing, and the browser itself is to ask nobody either: no name resolves, and the proxy is a closed port.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
)
_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[^)]{0,10}\)")
_PIECE = 1 << 20
_GONE_S = 0.5  # that killed processes may take to be gone


def find_chromium() -> str:
    """The browser's path: what `RINGFENCE_CHROMIUM` names, else the first that is on the PATH.

    Raises:
        InputError: there is none.
    """
    named = os.environ.get(VARIABLE, "")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
    if found is not None:
        return found
    if named:
        raise InputError(
            f"{VARIABLE}: {printable(named, 200)} is no program: give the path of Chromium, Chrome or Edge"
        )
    raise InputError(
        f"PDF is printed by Chromium, Chrome or Edge, and none is installed: install one, or set {VARIABLE} to its path"
    )


def print_page(page: bytes, at: str, *, deadline_s: float = DEADLINE_S) -> Iterator[bytes]:
    """A PDF of the HTML document `page`, in pieces, dated `at` (RFC 3339, UTC): the same page gives the same bytes.

    Runs when the first piece is asked for. Nothing stays behind, however it ends.

    Raises:
        InputError: there is no browser, or it does not print the page in time.
    """
    browser = find_chromium()
    with tempfile.TemporaryDirectory(prefix="ringfence-", ignore_cleanup_errors=True) as room:
        source, target = Path(room, "page.html"), Path(room, "page.pdf")
        source.write_bytes(page)
        said = _run(browser, Path(room), source, target, deadline_s)
        if not _is_whole(target):
            raise InputError(f"{printable(browser, 200)} did not print the page: {_reason(said)}")
        with target.open("rb") as pdf:
            digits = re.sub(r"\D", "", at)[:14].ljust(14, "0").encode()
            yield _DATES.sub(rb"/\1 (D:%b+00'00')" % digits, pdf.read(_PIECE))
            while piece := pdf.read(_PIECE):
                yield piece


def _run(browser: str, room: Path, source: Path, target: Path, deadline_s: float) -> str:
    """Run the browser to its end in a process group of its own, which is gone afterwards; what it said."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # its current folder is the room; by its full name, a socket in there could have a path longer than the system allows
    environment |= {"HOME": str(room), **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), ".")}
    command = [browser, *_FLAGS, f"--user-data-dir={room / 'profile'}", f"--print-to-pdf={target}", source.as_uri()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # Chromium refuses to run as root with it
    said = room / "said"
    try:
        with said.open("wb") as out:
            running = subprocess.Popen(  # noqa: S603 - the user's browser; nothing of the page is on the command line
                command,
                cwd=room,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
    except OSError as error:
        raise InputError(
            f"{printable(browser, 200)} cannot be run ({error.strerror}): set {VARIABLE} to another"
        ) from error
    try:
        running.wait(deadline_s)
    except subprocess.TimeoutExpired as error:
        what = f"did not print the page within {deadline_s:g} s"
        raise InputError(f"{printable(browser, 200)} {what}: choose another form, such as html") from error
    finally:
        _end(running)
    with said.open("rb") as out:
        return out.read(_PIECE).decode(errors="replace")


def _end(running: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the browser and its helpers, and wait until none of them can write any more."""
    if not hasattr(os, "killpg"):
        running.kill()
        running.wait()
        return
    until = time.monotonic() + _GONE_S
    with suppress(
        ProcessLookupError, PermissionError
    ):  # nobody is left; macOS says so of those that nobody has waited for
        while time.monotonic() < until:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            time.sleep(0.02)


def _is_whole(pdf: Path) -> bool:
    try:
        with pdf.open("rb") as file:
            head = file.read(5)
            file.seek(max(0, pdf.stat().st_size - 1024))
            return head == b"%PDF-" and b"%%EOF" in file.read()
    except OSError:
        return False


def _reason(said: str) -> str:
    """The cause, as far as it is known; what a browser says is pages long and of no use to anybody else."""
    if "No usable sandbox" in said or "SUID sandbox" in said or "Failed to move to new namespace" in said:
        return "its sandbox cannot be used here: install the package chromium-sandbox, or allow user namespaces"
    if "error while loading shared libraries" in said:
        return "a library of it is missing: install it by the system's package manager"
    return (
        f"set {VARIABLE} to another (one from a snap cannot read temporary files), or choose another form, such as html"
    )
