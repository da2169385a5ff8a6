"""The package for auditors from the command line: what is in it, who signed it, and that other programs agree."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
from minisign import KeyPair
from typer.testing import CliRunner

from functions.cli import app
from functions.schemas import FOLDER
from reports.exports import EXPORTS
from tests.reports.bundle.bundles import checked

TIME = "2026-11-23T08:00:00Z"
RUN = "20261123T080000Z"
needs_minisign = pytest.mark.skipif(
    not shutil.which("minisign"), reason="minisign is missing: install it with 'apt-get install minisign'"
)


def ringfence(*arguments: str | Path, **env: str) -> tuple[int, str, str]:
    """Exit code, stdout and the error of one command."""
    run = subprocess.run(
        [sys.executable, "-m", "functions.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120,
        env={"PATH": "", "NO_COLOR": "1"} | env,
    )  # fmt: skip
    return run.returncode, run.stdout, run.stderr


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A store with one run of the embedded estate, seen through a framework."""
    folder = tmp_path_factory.mktemp("store")
    arguments = ["audit", "--demo", "--allow-partial", "--time", TIME, "--framework", "PCI DSS", "-o", str(folder)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    """Keys as minisign writes them: one open, one with the password "horse", one of somebody else."""
    folder = tmp_path_factory.mktemp("keys")
    for name, password in (("open", ""), ("locked", "horse"), ("other", "")):
        pair = KeyPair.generate()
        (folder / f"{name}.pub").write_bytes(bytes(pair.public_key) + b"\n")
        if password:
            pair.secret_key.encrypt(password, opslimit=32768, memlimit=1 << 20)
        (folder / f"{name}.key").write_bytes(bytes(pair.secret_key) + b"\n")
    return folder


@pytest.fixture(scope="module")
def signed(store, keys, tmp_path_factory) -> Path:
    """A signed bundle with the snapshots."""
    file = tmp_path_factory.mktemp("bundle") / "audit.zip"
    code, out, err = ringfence(
        "report", "--allow-partial", "--from", store, "--bundle", file, "--sign", keys / "open.key", "--with-snapshots"
    )
    assert (code, out) == (0, "")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in err
    return file


@pytest.fixture(scope="module")
def unpacked(signed, tmp_path_factory) -> Path:
    """What an auditor sees."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(signed) as archive:
        archive.extractall(folder)
    return folder


def test_everything_is_in_it_and_the_manifest_says_so(store, unpacked):
    """Every form that can be had, the findings, the run, its snapshots, and versions of everything."""
    manifest = json.loads((unpacked / "MANIFEST.json").read_text())
    jsonschema.validate(manifest, json.loads((FOLDER / "bundle-v1.json").read_text()))
    paths = {str(each.relative_to(unpacked)) for each in unpacked.rglob("*") if each.is_file()}
    assert {each["path"] for each in manifest["files"]} | {"MANIFEST.json", "SHA256SUMS", "SHA256SUMS.minisig"} == paths
    left_out = {each["what"] for each in manifest["leftOut"]}
    for export in EXPORTS.values():
        assert (f"reports/report{export.suffix}" in paths) != (f"the report as {export.name}" in left_out)
    assert {"reports/report.json", "reports/report.html", "README.txt", "run.json"} <= paths
    assert sum(path.startswith("snapshots/") for path in paths) == 7
    assert (unpacked / "reports/report.json").read_bytes() == (store / f"v1/runs/{RUN}/report.json").read_bytes()
    assert (unpacked / "run.json").read_bytes() == (store / f"v1/runs/{RUN}/run.json").read_bytes()
    assert manifest["run"] == {"id": RUN, "time": TIME, "tool": manifest["tool"]}
    assert [each["name"] for each in manifest["frameworks"]] == ["PCI DSS 4.0.1"]
    assert manifest["catalogue"]["engines"] == 15
    for each in manifest["store"]:
        assert hashlib.sha256((store / each["key"]).read_bytes()).hexdigest() == each["sha256"]
    assert len(manifest["store"]) == 14


def test_suffixes_of_forms_differ():
    """Two forms of one suffix would be one file of the bundle, and of the store."""
    suffixes = [export.suffix for export in EXPORTS.values()]
    assert len(suffixes) == len(set(suffixes))


def test_findings_are_a_line_each(unpacked):
    """As many lines as the report has items; an unread cluster's controls are there without any."""
    report = json.loads((unpacked / "reports/report.json").read_text())
    lines = [json.loads(line) for line in (unpacked / "findings.jsonl").read_text().splitlines()]
    controls = [(each["id"], control) for each in report["clusters"] for control in each["controls"]]
    controls += [("fabric", control) for control in report["fabric"]["controls"]]
    expected = [
        (place, control["id"], item["subject"], item["status"])
        for place, control in controls
        for item in control["items"] or [{"subject": "", "status": control["status"]}]
    ]
    assert [(each["cluster"], each["control"], each["subject"], each["status"]) for each in lines] == expected


def test_two_bundles_of_one_run_are_the_same(store, tmp_path):
    """Made twice, compared byte for byte."""
    for name in ("one.zip", "two.zip"):
        assert (
            ringfence("report", "--allow-partial", "--from", store, "--run", RUN, "--bundle", tmp_path / name)[0] == 0
        )
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.zip", "two.zip"]


def test_verify_says_what_holds_and_what_was_not_asked(signed, keys):
    """With the key: who. Without: that authorship was not checked."""
    code, out, _ = ringfence("verify-bundle", signed, "--public-key", keys / "open.pub")
    assert (code, "authorship: signed by key" in out) == (0, True)
    code, out, _ = ringfence("verify-bundle", signed)
    assert (code, "authorship: not checked: it says it is signed by key" in out) == (0, True)
    line = (keys / "open.pub").read_text().splitlines()[1]
    assert ringfence("verify-bundle", signed, "--public-key", line)[0] == 0


def test_another_key_or_none_is_found(signed, store, keys, tmp_path):
    """Somebody else's signature, and no signature, are not the one that was asked for."""
    code, out, _ = ringfence("verify-bundle", signed, "--public-key", keys / "other.pub")
    assert (code, "its signature is not one by key" in out, "authorship: not signed by key" in out) == (1, True, True)
    unsigned = tmp_path / "unsigned.zip"
    assert ringfence("report", "--allow-partial", "--from", store, "--bundle", unsigned)[0] == 0
    code, out, _ = ringfence("verify-bundle", unsigned, "--public-key", keys / "open.pub")
    assert (code, "it is not signed, though a public key was given" in out) == (1, True)


def test_changed_bytes_of_a_real_bundle_are_found(signed):
    """300 places of the real thing, the signature's and the last ones among them, without any key."""
    data = bytearray(signed.read_bytes())
    assert checked(bytes(data)).problems == ()
    where = data.index(b"untrusted comment: ")
    places = {*range(0, len(data), len(data) // 240), *range(where, where + 40), *range(len(data) - 20, len(data))}
    assert len(places) >= 300
    for place in places:
        data[place] ^= 1
        assert checked(bytes(data)).problems, place
        data[place] ^= 1


@needs_minisign
def test_minisign_and_sha256sum_agree(signed, unpacked, keys):
    """Debian's programs find what ringfence finds: it holds, and one changed digest does not."""
    key = (keys / "open.pub").read_text().splitlines()[1]
    command = ["minisign", "-V", "-m", "SHA256SUMS", "-P", key]
    said = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, check=True).stdout
    assert f"Trusted comment: ringfence bundle of run {RUN}" in said
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=unpacked, capture_output=True, check=True)
    assert (sums.stdout, sums.stderr) == (b"", b"")
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tqq", signed], check=True, capture_output=True)


@needs_minisign
def test_a_key_that_minisign_made_signs(store, tmp_path):
    """A key from the program itself, and the id it prints is the one we print."""
    command = ["minisign", "-G", "-W", "-p", "own.pub", "-s", "own.key"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    file = tmp_path / "audit.zip"
    assert (
        ringfence("report", "--allow-partial", "--from", store, "--bundle", file, "--sign", tmp_path / "own.key")[0]
        == 0
    )
    code, out, _ = ringfence("verify-bundle", file, "--public-key", tmp_path / "own.pub")
    printed = (tmp_path / "own.pub").read_text().split("\n")[0].split()[-1].zfill(16)  # it leaves out zeros
    assert (code, f"signed by key {printed}" in out) == (0, True)


def test_a_password_comes_from_the_environment_and_is_never_shown(store, keys, tmp_path):
    """Without one and without a terminal the mend is named; a wrong one is one line that does not repeat it."""
    file = tmp_path / "audit.zip"
    command = ("report", "--allow-partial", "--from", store, "--bundle", file, "--sign", keys / "locked.key")
    code, _, err = ringfence(*command)
    assert (code, "set RINGFENCE_SIGNING_PASSWORD" in err) == (2, True)
    code, _, err = ringfence(*command, RINGFENCE_SIGNING_PASSWORD="secret-guess")  # noqa: S106 - a password of this test
    assert (code, err.count("\n"), "the password does not open it" in err) == (2, 1, True)
    assert "secret-guess" not in err
    assert not file.exists()
    code, _, err = ringfence(*command, RINGFENCE_SIGNING_PASSWORD="horse")  # noqa: S106 - the key was made for it
    assert (code, "horse" in err) == (0, False)
    assert b"horse" not in file.read_bytes()
    assert ringfence("verify-bundle", file, "--public-key", keys / "locked.pub")[0] == 0


@pytest.mark.parametrize(("typed", "expected"), [(b"horse\n", 0), (b"\x04", 2), (b"cow\n", 2)])
def test_a_password_may_be_typed_at_a_terminal(store, keys, tmp_path, typed, expected):
    """It is asked for by the name of the key and not echoed; nothing typed is said to be that."""
    file = tmp_path / "audit.zip"
    command = [sys.executable, "-m", "functions.cli", "report", "--allow-partial", "--from", store, "--bundle", file]
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        [*command, "--sign", keys / "locked.key"],
        stdin=inside, stdout=inside, stderr=inside, start_new_session=True, env={"PATH": "", "NO_COLOR": "1"},
    ) as run:  # fmt: skip
        os.close(inside)
        shown, asked = b"", False
        while chunk := _read(terminal):
            shown += chunk
            if b"locked.key: " in shown and not asked:
                asked = True
                os.write(terminal, typed)
    os.close(terminal)
    assert (run.returncode, file.exists(), asked) == (expected, expected == 0, True)
    assert b"Traceback" not in shown
    assert b"horse" not in shown
    assert b"cow" not in shown


def _read(terminal: int) -> bytes:
    """What a terminal shows next, b"" where its program has ended."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--allow-partial", "--from", "{store}", "--bundle", "{zip}", "--sign", "{key}"),
        ("verify-bundle", "{zip}", "--public-key", "{key}"),
    ],
)
def test_without_the_extra_the_mend_is_named(store, keys, signed, arguments):
    """Signing is an extra: without its library there is one line that says what to install, and checking still works."""
    places = {"store": store, "zip": signed, "key": keys / "open.key"}
    code = "import sys; sys.modules['minisign'] = None; from functions.cli import main; main()"

    def run(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *(flag.format(**places) for flag in flags)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    said = run(*arguments)
    assert (said.returncode, said.stderr.count("\n"), "pip install 'ringfence[signing]'" in said.stderr) == (2, 1, True)
    assert run("verify-bundle", "{zip}").returncode == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "is no secret key of minisign"),
        (b"untrusted comment: x\nRWQ\n", "is no secret key of minisign"),
        (b"\xff" * 300, "is no secret key of minisign"),
        (b"x" * 20_000, "is larger than any key"),
    ],
)
def test_key_files_that_are_none_are_one_clear_line(store, tmp_path, content, said):
    """Exit 2, one line, no bundle and nothing half-written."""
    key = tmp_path / "bad.key"
    if content is not None:
        key.write_bytes(content)
    code, out, err = ringfence(
        "report", "--allow-partial", "--from", store, "--bundle", tmp_path / "audit.zip", "--sign", key
    )
    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True)
    assert {each.name for each in tmp_path.iterdir()} <= {"bad.key"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sign", "x"), "give --bundle FILE.zip"),
        (("--with-snapshots",), "give --bundle FILE.zip"),
        (("--bundle", "a.zip", "-o", "b.json"), "leave --output and --format out"),
        (("--bundle", "a.zip", "--format", "json"), "leave --output and --format out"),
        (("--bundle", "s3://bucket/a.zip"), "name a file on this machine"),
        (("--bundle", "/"), "name a file on this machine"),
        (("--bundle", "/dev/null"), "not a plain file"),
        (("--bundle", "/proc/a.zip"), "cannot be written"),
    ],
)
def test_flags_that_do_not_fit_are_said(store, arguments, said):
    """Each with its mend."""
    code, out, err = ringfence("report", "--allow-partial", "--from", store, *arguments)
    assert (code, out, err.count("\n"), said in err) == (2, "", 1, True)


def test_a_report_file_makes_a_smaller_bundle(store, tmp_path):
    """Without a store there is no run.json; the manifest says why, and so does the check."""
    file = tmp_path / "audit.zip"
    assert (
        ringfence("report", "--allow-partial", "--from", store / f"v1/runs/{RUN}/report.json", "--bundle", file)[0] == 0
    )
    code, out, _ = ringfence("verify-bundle", file)
    assert (code, "left out: run.json" in out) == (0, True)


@pytest.mark.parametrize("name", ["absent.zip", "folder", "text.zip"])
def test_what_is_no_bundle_is_said(tmp_path, name):
    """A missing file is a usage error; any other file is a bundle that does not hold."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.zip").write_text("hello\n" * 100)
    code, out, err = ringfence("verify-bundle", tmp_path / name)
    if name == "text.zip":
        assert (code, "does not hold" in out, err) == (1, True, "")
    else:
        assert (code, out, "no such file" in err) == (2, "", True)


@pytest.mark.parametrize("key", ["nonsense", "RWQ", "/dev/null", "x" * 5000])
def test_public_keys_that_are_none_are_one_clear_line(signed, key):
    """Exit 2: nothing was checked with it."""
    code, out, err = ringfence("verify-bundle", signed, "--public-key", key)
    assert (code, out, err.count("\n"), "--public-key" in err) == (2, "", 1, True)
