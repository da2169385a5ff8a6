"""Trees of a git revision as no git would write them, and what is asked of them: nothing is written outside the folder."""

from __future__ import annotations

import os
import subprocess
import tempfile
import zlib
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any

from infra.gitrev import write_revision
from infra.manifests import read_manifests
from scanner.errors import RingfenceError
from scanner.model import Cloud, ClusterRef
from tests.fuzz import chain
from tests.fuzz.target import Target, choices, choices_seeds

_NAMES = (
    b"a.yaml", b"b.json", b"d", b"..", b".", b"", b".git", b".GIT", b"../x.yaml", b"/x.yaml", b"a/b.yaml", b"a\nb.yaml",
    b"\xff.yaml", b"x" * 260 + b".yaml", b"-a.yaml", b":(top)a.yaml", b"\xe2\x80\xae.yaml", b"a.yaml/", b"c.YML", b" ",
)  # fmt: skip
_MODES = (b"100644", b"100755", b"120000", b"40000", b"160000", b"100666", b"0", b"140000", b"1006440")
_BODIES = (
    b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", b"", b"a.yaml", b"../../x", b"/etc", b"d", b".", b"a: [", b"{}",
    b"\xff\n\0",
)  # fmt: skip
_FOLDERS = (
    "", ".", "d", "a.yaml", "d/d", "..", "/", "../d", "d/", "\u202e", ":(top)", "-d", "nothing", "\0", "d\n", "//", "\ud800",
)  # fmt: skip
_REVISIONS = (
    "HEAD", "", "-a", "--help", "main..main", "HEAD~1", "\0", "HEAD\nHEAD", "@{u}", ":/x", "HEAD:d", "^HEAD", "\udcff",
)  # fmt: skip
_CLUSTER = ClusterRef(cloud=Cloud.OTHER, account="local", location="here", name="c", id="other/local/here/c")


@cache
def _repository() -> Path:
    made = Path(tempfile.mkdtemp(prefix="fuzz-")) / "repository"
    subprocess.run(["git", "init", "--quiet", str(made)], check=True)
    os.chdir(made)
    return made


def _stored(kind: str, body: bytes) -> bytes:
    """Store a git object as it is; its id."""
    data = b"%s %d\0%s" % (kind.encode(), len(body), body)
    name = sha1(data, usedforsecurity=False).hexdigest()
    path = _repository() / ".git" / "objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zlib.compress(data))
    return bytes.fromhex(name)


def _revision(data: bytes) -> tuple[str, list[Any]]:
    """What is asked for, and a tree: (mode, name, body or tree); None is the body of what the repository lacks."""
    choose = choices(data)

    def body(depth: int) -> Any:
        if depth < 3 and choose(4) == 3:
            return tree(depth + 1)
        return _BODIES[choose(len(_BODIES))] if choose(8) < 7 else None

    def tree(depth: int) -> list[Any]:
        return [(_MODES[choose(len(_MODES))], _NAMES[choose(len(_NAMES))], body(depth)) for _ in range(choose(4))]

    made = tree(0)
    revision = _REVISIONS[choose(len(_REVISIONS))] if choose(6) == 5 else "<commit>"
    return f"git:{revision}:{_FOLDERS[choose(len(_FOLDERS))]}", made


def _stored_tree(entries: list[Any]) -> bytes:
    lines = []
    for mode, name, body in entries:
        lines.append(mode + b" " + name + b"\0" + _stored_body(body))
    return _stored("tree", b"".join(lines))


def _stored_body(body: Any) -> bytes:
    if body is None:
        return b"\1" * 20
    return _stored_tree(body) if isinstance(body, list) else _stored("blob", body)


def _ask_revision(value: tuple[str, list[Any]]) -> None:
    spec, entries = value
    _repository()
    who = b"author a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nx\n"
    commit = _stored("commit", b"tree " + _stored_tree(entries).hex().encode() + b"\n" + who).hex()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as outer:
        into = Path(outer) / "a" / "b"
        into.mkdir(parents=True)
        try:
            write_revision(spec.replace("<commit>", commit), into)
            read_manifests(into, cluster=_CLUSTER, taken="2026-11-23T08:00:00Z")
        except RingfenceError as error:
            chain.one_line(error)
        inside = [each for each in Path(outer).rglob("*") if into not in (each, *each.parents)]
        assert inside == [into.parent], f"written outside the folder: {inside}"
        assert not any(each.is_symlink() for each in into.rglob("*")), "a link was written"


REVISIONS = Target(_revision, _ask_revision, choices_seeds)
