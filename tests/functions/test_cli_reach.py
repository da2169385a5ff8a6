"""`reach` and `explain` as people and machines use them: real processes on published manifests and the demo estate."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from functions.questions import Question, ReachRequest, run_reach, source_of
from functions.schemas import FOLDER
from infra.estate.read import estate
from infra.snapshots import decode, encode
from tests.factories import pod, snapshot

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FOLDERS = ("argo-cd", "kube-prometheus", "online-boutique", "sock-shop")
FORMATS = ("table", "json", "csv", "dot", "md")


def ringfence(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "functions.cli", *arguments],
        cwd=cwd or ROOT, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"} | env,
    )  # fmt: skip


def corpus(name: str) -> str:
    """A folder of the corpus."""
    if not (CORPUS / name).is_dir():
        pytest.skip(f"needs the corpus folder ../shared/corpus/{name} beside the project")
    return str(CORPUS / name)


@pytest.fixture
def answer(tmp_path):
    """`reach` in this process, for what needs no new one: the exit code, and what was written."""

    def ask(path: str, form: str = "json", *, dataplane: str = "", level: str = "declared", **flags) -> tuple[int, str]:
        target = tmp_path / f"answer.{form}"
        question = Question(source=source_of(path), dataplane=dataplane)
        code = run_reach(ReachRequest(question=question, level=level, answer=form, output=str(target), **flags))
        return code, target.read_text()

    return ask


@pytest.fixture
def document(answer):
    """The json document of a `reach` that must succeed, checked against its schema."""

    def ask(path: str, **flags):
        code, text = answer(path, **flags)
        assert code == 0
        found = json.loads(text)
        jsonschema.validate(found, json.loads((FOLDER / f"{found['schema'].replace('/', '-')}.json").read_text()))
        return found

    return ask


@pytest.fixture
def shop(tmp_path) -> Path:
    """A stored snapshot of three workloads in two namespaces, without policies."""
    path = tmp_path / "shop.json.zst"
    path.write_bytes(encode(snapshot(pods=[pod("web-1"), pod("db-1"), pod("api-1", ns="pay")])))
    return path


@pytest.mark.parametrize("name", FOLDERS)
def test_published_manifests_in_every_format(name, answer, document, capsys, monkeypatch):
    """Each format holds as many lines as the document, fits 100 columns where it is for people, and is plain text."""
    monkeypatch.setenv("COLUMNS", "100")
    folder = corpus(name)
    found = document(folder)
    total = len(found["connections"])
    assert total > 20
    texts = {}
    for form in FORMATS:
        capsys.readouterr()
        code, texts[form] = answer(folder, form)
        assert code == 0
        warned = capsys.readouterr().err.count("warning: ")
        assert warned == (len(found["warnings"]) if form in {"csv", "dot"} else 0)
    rows = list(csv.DictReader(io.StringIO(texts["csv"])))
    assert len({(row["src"], row["dst"]) for row in rows}) == total
    assert texts["dot"].count(" -> ") == total
    lines, _, ways = texts["md"].partition("Ways in from outside")
    assert sum(line.startswith("| `") for line in lines.splitlines()) == total
    assert sum(line.startswith("| ") for line in ways.splitlines()) >= len(found.get("entry_points", ()))
    assert f"{total} connections allowed" in texts["table"]
    assert max(map(len, texts["table"].splitlines())) <= 100
    assert f"Warnings ({len(found['warnings'])})" in texts["table"] or not found["warnings"]


@pytest.mark.parametrize("name", FOLDERS)
def test_published_manifests_collapsed(name, answer, document):
    """The classes' document is what its schema says, and the overview counts what the document does."""
    folder = corpus(name)
    found, whole = document(folder, collapse=True), document(folder)
    workloads = {peer["id"] for peer in whole["peers"] if peer["kind"] == "workload"}
    assert {workload for item in found["classes"] for workload in item["workloads"]} == workloads
    inside = sum({line["src"], line["dst"]} <= workloads for line in whole["connections"])
    rows = list(csv.DictReader(io.StringIO(answer(folder, "csv", collapse=True)[1])))
    counts = {(row["src"], row["dst"]): int(row["allowed"]) for row in rows}
    assert sum(count for pair, count in counts.items() if "(outside)" not in pair) == inside


def test_filters_narrow_and_the_document_says_so(document):
    """A namespace, a workload by pattern and a port: fewer lines, all of the whole, and never without the word."""
    folder = corpus("sock-shop")
    whole = document(folder)
    found = document(folder, namespaces=("sock-shop",), workloads=("sock-shop/carts*",), port="80")
    assert found["selection"] == {
        "namespaces": ["sock-shop"], "workloads": ["sock-shop/carts*"], "ports": {"TCP": [[80, 80]]},
    }  # fmt: skip
    pairs = {(line["src"], line["dst"]) for line in whole["connections"]}
    assert 0 < len(found["connections"]) < len(pairs)
    for line in found["connections"]:
        assert (line["src"], line["dst"]) in pairs
        assert "sock-shop/carts" in line["src"] + line["dst"]
        assert line["ports"] == {"TCP": [[80, 80]]}


@pytest.mark.parametrize("level", ["declared", "effective"])
def test_a_hypothetical_pod_at_both_levels(level, document):
    """A pod with the front end's labels could do what the front end can, before anybody creates it."""
    folder = corpus("online-boutique")
    found = document(folder, level=level, dataplane="aks-cilium", hypothetical=("app=frontend@default",))
    ghost, real = "default/hypothetical(app=frontend)[Pod]", "default/frontend[Deployment]"
    assert {ghost in {line["src"], line["dst"]} for line in found["connections"]} == {True}
    assert found["selection"] == {"workloads": [ghost], "hypothetical": [ghost]}
    other = document(folder, level=level, dataplane="aks-cilium", workloads=(real,))
    mine = {(line["dst"], str(line["ports"])) for line in found["connections"] if line["src"] == ghost}
    theirs = {(line["dst"], str(line["ports"])) for line in other["connections"] if line["src"] == real}
    assert {each for each in mine if each[0] != real} == theirs


def test_a_hypothetical_pod_with_other_filters(shop, document):
    """Other filters say what is shown; the pod is there all the same. A port only narrows."""
    found = document(str(shop), hypothetical=("@pay",), namespaces=("shop",))
    ends = {end for line in found["connections"] for end in (line["src"], line["dst"])}
    assert ends >= {"shop/web[Deployment]", "pay/api[Deployment]", "pay/hypothetical()[Pod]"}
    alone = document(str(shop), hypothetical=("@new", "@new"), port="80")
    assert [each["object"] for each in alone["warnings"]] == ["Namespace new"]
    assert all("new/hypothetical()[Pod]" in {line["src"], line["dst"]} for line in alone["connections"])
    assert alone["selection"]["hypothetical"] == ["new/hypothetical()[Pod]"]


@pytest.mark.parametrize("name", [name for name, _ in estate()])
def test_the_demo_estate_at_both_levels(tmp_path, name, answer, capsys):
    """Every stored snapshot answers, also one that could not be read: a document and exit 3."""
    path = tmp_path / "snapshot.json.zst"
    path.write_bytes(dict(estate())[name])
    unread = bool(decode(path.read_bytes(), name).unread)
    for level in ("declared", "effective"):
        capsys.readouterr()
        code, text = answer(str(path), level=level)
        assert code == (3 if unread else 0)
        jsonschema.validate(json.loads(text), json.loads((FOLDER / "reach-v1.json").read_text()))
        assert ("not read whole" in capsys.readouterr().err) is unread


def test_explain_at_both_levels():
    """Verdicts first, the rules with file and line, and what to change; the document is what its schema says."""
    arguments = ("explain", "adservice", "cartservice", "--port", "7070", "--manifests", corpus("online-boutique"))
    run = ringfence(*arguments, "--dataplane", "aks-cilium")
    assert run.returncode == 0, run.stderr
    verdicts = [line for line in run.stdout.splitlines() if not line.startswith(" ")]
    assert verdicts == [
        f"{level}: default/adservice[Deployment] -> default/cartservice[Deployment] TCP 7070: denied"
        for level in ("declared", "effective")
    ]
    assert "1. default-deny: NetworkPolicy default/cartservice (network-policy-cartservice.yaml:" in run.stdout
    assert (
        "to change this:\n      - NetworkPolicy default/cartservice ingress[0] opens the port: add the peer"
        in run.stdout
    )
    assert run.stdout.count("by the same rules as declared") == 2
    found = json.loads(ringfence(*arguments, "--format", "json").stdout)
    jsonschema.validate(found, json.loads((FOLDER / "explain-v1.json").read_text()))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["--namespace", "shpo"], "--namespace 'shpo'", id="namespace"),
        pytest.param(["--workload", "shop/wbe"], "--workload 'shop/wbe'", id="workload"),
        pytest.param(["--port", "http"], "--port 'http'", id="port"),
        pytest.param(["--port", "٣"], "--port", id="other-digits"),
        pytest.param(["--hypothetical", "app=web"], "LABELS@NAMESPACE", id="no-namespace"),
        pytest.param(["--hypothetical", "a b=c@shop"], "no label", id="bad-label"),
        pytest.param(["--level", "effective", "--dataplane", "nosuch"], "nosuch", id="dataplane"),
    ],
)
def test_what_cannot_be_used_is_one_line(shop, arguments, named):
    """Exit 2, nothing on stdout, one line on stderr."""
    run = ringfence("reach", str(shop), *arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr
    assert named in run.stderr


@pytest.mark.parametrize("data", [b"", b"\x28\xb5\x2f\xfd", b"{}", b"\0" * 100], ids=["empty", "cut", "json", "zeros"])
def test_rubbish_is_one_line(tmp_path, data):
    """A file that is no snapshot is named."""
    (tmp_path / "x.json.zst").write_bytes(data)
    run = ringfence("reach", "x.json.zst", cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr
    assert "x.json.zst" in run.stderr


@pytest.mark.parametrize(
    "arguments", [["--format", "md"], ["--collapse", "--format", "json"]], ids=["lines", "classes"]
)
def test_an_answer_goes_to_a_file(shop, tmp_path, arguments):
    """-o writes what stdout would have got, also into folders that are not there yet."""
    target = tmp_path / "new" / "answer"
    run = ringfence("reach", str(shop), *arguments, "-o", str(target))
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    assert target.read_text() == ringfence("reach", str(shop), *arguments).stdout
    assert len(target.read_text()) > 100


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_its_overview(shop, answer, form):
    """--collapse answers in each format, with every pair of namespaces."""
    code, text = answer(str(shop), form, collapse=True)
    assert code == 0
    assert all(name in text for name in ("shop", "pay"))


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_that_has_gone_is_no_error(tmp_path, form):
    """`| head` ends quietly in the midst of a long listing."""
    path = tmp_path / "large.json.zst"
    path.write_bytes(encode(snapshot(pods=[pod(f"w{at}-1") for at in range(300)])))
    script = f'set -o pipefail; "{sys.executable}" -m functions.cli reach {path} --format {form} | head -c 100 | wc -c'
    run = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "100", "")


def test_a_terminal_gets_colours_unless_told_otherwise(shop):
    """Through a real pseudo-terminal; NO_COLOR, TERM=dumb and a pipe take them away."""
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")

    def shown(**env: str) -> bytes:
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "functions.cli", "reach", str(shop)], cwd=ROOT, stdin=child, stdout=child,
            stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"} | env,
        )  # fmt: skip
        os.close(child)
        found = b""
        while True:
            try:
                chunk = os.read(parent, 4096)
            except OSError:  # Linux says so at the end of a terminal
                break
            if not chunk:
                break
            found += chunk
        os.close(parent)
        assert process.wait(timeout=60) == 0
        return found

    assert b"\x1b[1m" in shown(NO_COLOR="")
    assert b"\x1b" not in shown(NO_COLOR="1")
    assert b"\x1b" not in shown(NO_COLOR="", TERM="dumb")


def test_flags_come_from_the_environment_too(shop):
    """Each flag has its variable, repeatable ones take words with spaces between."""
    run = ringfence("reach", str(shop), RINGFENCE_FORMAT="json", RINGFENCE_NAMESPACE="pay", RINGFENCE_PORT="80")
    assert json.loads(run.stdout)["selection"] == {"namespaces": ["pay"], "ports": {"TCP": [[80, 80]]}}
