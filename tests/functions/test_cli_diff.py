"""`diff` as people and pipelines use it: real processes over folders, git revisions, snapshots and runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from functions.schemas import FOLDER
from tests.functions.test_cli_reach import FOLDERS, corpus, ringfence

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [%s]
"""
LET_IN = "{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}"
WEB, DB = "shop/web[Pod]", "shop/db[Pod]"


def folder(path: Path, rules: str = "", name: str = "db") -> Path:
    """Two pods, and a policy that isolates one of them."""
    path.mkdir(exist_ok=True)
    (path / "pods.yaml").write_text(PODS)
    (path / "policy.yaml").write_text(POLICY % (name, rules))
    return path


def document(*arguments: str, code: int = 0, cwd: Path | None = None) -> dict:
    """What `diff --format json` prints, checked against its schema."""
    run = ringfence("diff", *arguments, "--format", "json", cwd=cwd)
    assert run.returncode == code, run.stderr
    found = json.loads(run.stdout)
    jsonschema.validate(found, json.loads((FOLDER / "diff-v1.json").read_text()))
    return found


def pairs(lines: list[dict]) -> list[tuple[str, str]]:
    """The peers of some lines."""
    return [(line["src"], line["dst"]) for line in lines]


def test_two_folders_and_back(tmp_path):
    """What one direction adds the other removes, with the policy and its place as the cause."""
    before, after = str(folder(tmp_path / "a")), str(folder(tmp_path / "b", LET_IN))
    there, back = document(before, after), document(after, before)
    (added,) = there["added"]
    assert (pairs([added]), added["ports"]) == ([(WEB, DB)], {"TCP": [[5432, 5432]]})
    assert added["causes"] == ["NetworkPolicy shop/db changed (policy.yaml:2)"]
    assert (pairs(back["removed"]), back["added"], there["removed"]) == ([(WEB, DB)], [], [])


@pytest.mark.parametrize("name", FOLDERS)
def test_a_published_folder_differs_from_itself_in_nothing(name):
    """Nothing is added, removed, changed or doubted between a folder and itself."""
    found = document(corpus(name), corpus(name))
    assert [found[part] for part in ("added", "removed", "changed", "unknown")] == [[], [], [], []]


def test_renaming_and_splitting_is_no_difference(tmp_path):
    """Two policies that say together what one said, under other names, in another file."""
    before, after = folder(tmp_path / "a", LET_IN), folder(tmp_path / "b", name="closed")
    (after / "more.yaml").write_text(POLICY % ("opened", LET_IN))
    found = document(str(before), str(after))
    assert [found[part] for part in ("added", "removed", "changed", "unknown")] == [[], [], [], []]


@pytest.fixture
def repository(tmp_path):
    """A git repository whose main branch is closed and whose working tree lets web in."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    folder(tmp_path / "k8s")
    git("init")
    git("add", "k8s")
    git("commit", "-m", "closed")
    git("tag", "closed")
    folder(tmp_path / "k8s", LET_IN)
    git("commit", "-a", "-m", "open")
    return tmp_path


def test_git_revisions_as_a_comment(repository):
    """Two revisions of a folder as Markdown: the cause as a heading, the line in a table."""
    run = ringfence("diff", "git:closed:k8s", "git:main:k8s", "--format", "md", cwd=repository)
    assert (run.returncode, run.stderr) == (0, "")
    assert "**NetworkPolicy shop/db changed (policy.yaml:2)**" in run.stdout
    assert "| `shop/web[Pod]` | `shop/db[Pod]` | TCP 5432 |" in run.stdout


def test_a_revision_against_the_working_tree_is_a_gate(repository):
    """`--fail-on-opened` fails on what opens and not on what closes."""
    opens = ringfence("diff", "git:closed:k8s", "k8s", "--fail-on-opened", cwd=repository)
    closes = ringfence("diff", "k8s", "git:closed:k8s", "--fail-on-opened", cwd=repository)
    assert (opens.returncode, closes.returncode) == (1, 0)
    assert "1 opened" in opens.stderr or "added" in opens.stderr


def test_runs_and_snapshots_of_a_store(tmp_path):
    """Two runs of a store with one cluster chosen, and a stored snapshot against a folder."""
    before, after = folder(tmp_path / "a"), folder(tmp_path / "b", LET_IN)
    for at, where in ((1, before), (2, after)):
        run = ringfence(
            "audit", "--manifests", str(where), "--name", "shop", "-o", str(tmp_path / "out"), "--run-id", f"2026112{at}T080000Z",
            "--allow-partial",
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    runs = [str(tmp_path / "out" / "v1" / "runs" / f"2026112{at}T080000Z") for at in (1, 2)]
    assert pairs(document(*runs, "--cluster", "shop")["added"]) == [(WEB, DB)]
    stored = next(Path(runs[0]).rglob("*.zst"))
    assert pairs(document(str(stored), str(after))["added"]) == [(WEB, DB)]


def test_as_a_data_plane_sees_it(tmp_path):
    """On a plane that enforces nothing a policy changes nothing."""
    before, after = str(folder(tmp_path / "a")), str(folder(tmp_path / "b", LET_IN))
    effective = ("--level", "effective", "--dataplane")
    assert pairs(document(before, after, *effective, "cilium")["added"]) == [(WEB, DB)]
    assert document(before, after, *effective, "none")["added"] == []


def test_what_cannot_be_read_whole_is_incomplete(tmp_path):
    """A document lost on one side: an answer, the file and its line, and exit code 3."""
    before, after = folder(tmp_path / "a"), folder(tmp_path / "b", LET_IN)
    (after / "lost.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: [")
    run = ringfence("diff", str(before), str(after), "--format", "json")
    assert run.returncode == 3
    assert any(each["object"].startswith("lost.yaml:4") for each in json.loads(run.stdout)["warnings"])
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("side", ["nowhere", "git:nobody:k8s", "git:HEAD:nowhere", "git:", "empty"])
def test_a_side_that_is_not_there_is_one_line(repository, side):
    """Exit code 2 and one line on stderr that names the side; nothing on stdout."""
    (repository / "empty").mkdir()
    run = ringfence("diff", side, "k8s", cwd=repository)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.strip().splitlines()) == 1
    assert side in run.stderr


def test_output_goes_to_a_file(tmp_path):
    """`-o` writes what stdout would have had."""
    before, after = str(folder(tmp_path / "a")), str(folder(tmp_path / "b", LET_IN))
    shown = ringfence("diff", before, after).stdout
    run = ringfence("diff", before, after, "-o", str(tmp_path / "out.txt"))
    assert (run.returncode, run.stdout) == (0, "")
    assert (tmp_path / "out.txt").read_text() == shown


def test_a_changed_corpus_folder(tmp_path):
    """One policy taken out of a published folder, where all is denied, closes what it let in, and it is named."""
    source = Path(corpus("online-boutique"))
    shutil.copytree(source, tmp_path / "less")
    (tmp_path / "less" / "network-policy-cartservice.yaml").unlink()
    found = document(str(source), str(tmp_path / "less"))
    frontend, cart = "default/frontend[Deployment]", "default/cartservice[Deployment]"
    assert (frontend, cart) in pairs(found["removed"])
    assert {cause for line in found["removed"] for cause in line["causes"]} == {
        "NetworkPolicy default/cartservice removed (network-policy-cartservice.yaml:15)"
    }
    assert found["added"] == []
