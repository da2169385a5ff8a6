"""Manifests of a git revision, out of real repositories: all that is there is written or named, and nothing goes elsewhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infra import gitrev
from infra.gitrev import write_revision
from infra.manifests import files
from scanner.errors import InputError

WHO = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
POLICY = "kind: NetworkPolicy\n"


class Repository:
    """A repository to fill; every git here sees no configuration but its own."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git in it."""
        return os.fsdecode(
            subprocess.run(
                ["git", *WHO, *arguments], cwd=self.path, input=stdin, capture_output=True, check=True
            ).stdout.rstrip(b"\n")
        )

    def write(self, files: dict[str, str]) -> None:
        """Put files into the working tree."""
        for name, text in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def commit(self, files: dict[str, str] | None = None) -> str:
        """Commit the working tree with these files; returns the commit."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a state")
        return self.git("rev-parse", "HEAD")

    def blob(self, text: str = POLICY) -> str:
        """Store a file's text; returns its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=text.encode())

    def crafted(self, *entries: tuple[str, bytes, str]) -> str:
        """A commit of a tree that no git would write by itself: (mode, name, id) as they are."""
        data = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in entries)
        tree = self.git("hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=data)
        return self.git("commit-tree", "-m", "crafted", tree)


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch):
    """What the machine's and the user's git are set to says nothing here."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    """An empty repository, in which the test stands."""
    made = Repository(tmp_path / "repository")
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def written(tmp_path):
    """Write a revision; returns the files by name, and the lines on what was not read."""

    def ask(spec: str) -> tuple[dict[str, str], tuple[str, ...]]:
        into = tmp_path / "out"
        into.mkdir(exist_ok=True)
        found = write_revision(spec, into)
        assert found.folder == into
        return {
            os.fsdecode(os.fsencode(path.relative_to(into))): path.read_text()
            for path in sorted(into.rglob("*"))
            if path.is_file()
        }, found.skipped

    return ask


@pytest.fixture
def refused(tmp_path):
    """The one line that a spec is refused with; nothing is written."""

    def ask(spec: str) -> str:
        into = tmp_path / "nothing"
        into.mkdir(exist_ok=True)
        with pytest.raises(InputError) as caught:
            write_revision(spec, into)
        assert list(into.iterdir()) == []
        assert str(caught.value).isprintable()
        return str(caught.value)

    return ask


def test_manifests_below_the_folder_and_nothing_else(repository, written):
    """YAML and JSON in any case of their endings, at any depth, as they were at that revision."""
    first = repository.commit(
        {"k8s/a.yaml": "one", "k8s/deep/er/b.YML": "b", "k8s/c.json": "{}", "k8s/notes.txt": "", "other/d.yaml": "d"}
    )
    repository.commit({"k8s/a.yaml": "two"})
    names = {"a.yaml", "deep/er/b.YML", "c.json"}
    assert written(f"git:{first}:k8s") == ({"a.yaml": "one", "deep/er/b.YML": "b", "c.json": "{}"}, ())
    for folder in ("k8s", "k8s/", "./k8s", "other/../k8s"):
        found, skipped = written(f"git:HEAD:{folder}")
        assert (set(found), found["a.yaml"], skipped) == (names, "two", ())


@pytest.mark.parametrize("spec", ["git:main", "git:main:", "git:main:.", "git:release:", "git:main~0:", "git:@:"])
def test_every_way_to_name_a_revision_and_the_whole_of_it(repository, written, spec):
    """A branch, an annotated tag, an ancestor; without a folder, all of it."""
    repository.commit({"a.yaml": "a", "k8s/b.yaml": "b"})
    repository.git("tag", "--annotate", "--message", "out", "release")
    assert written(spec) == ({"a.yaml": "a", "k8s/b.yaml": "b"}, ())


def test_a_single_file_is_a_folder_of_one(repository, written):
    """DIR may be a file."""
    repository.commit({"k8s/a.yaml": "a", "k8s/b.yaml": "b"})
    assert written("git:HEAD:k8s/a.yaml") == ({"a.yaml": "a"}, ())


def test_a_folder_is_relative_to_where_one_stands(repository, written, refused, monkeypatch):
    """Below the top, "." is the folder one stands in, and ".." leads up to the top but not out."""
    repository.commit({"team/k8s/a.yaml": "a", "team/b.yaml": "b", "c.yaml": "c"})
    monkeypatch.chdir(repository.path / "team")
    assert written("git:HEAD:k8s")[0] == {"a.yaml": "a"}
    assert set(written("git:HEAD")[0]) == {"a.yaml", "b.yaml", "k8s/a.yaml"}
    assert "c.yaml" in written("git:HEAD:..")[0]
    assert "outside the repository" in refused("git:HEAD:../..")


def test_what_a_revision_hides_from_its_archives_is_read(repository, written):
    """`export-ignore` and `export-subst` in the revision's own attributes change nothing."""
    repository.commit(
        {".gitattributes": "*.yaml export-ignore export-subst\nk8s export-ignore\n", "k8s/a.yaml": "$Format:%H$"}
    )
    assert written("git:HEAD:k8s") == ({"a.yaml": "$Format:%H$"}, ())


def test_filters_of_a_revision_do_not_run(repository, written, tmp_path):
    """Attributes name a filter that the configuration knows: the stored bytes count, and nothing is started."""
    repository.git("config", "filter.evil.smudge", f"touch {tmp_path / 'ran'}; cat")
    repository.git("config", "filter.evil.clean", "cat")
    repository.commit({".gitattributes": "*.yaml filter=evil text eol=crlf\n", "a.yaml": "a\n"})
    (tmp_path / "ran").unlink(missing_ok=True)
    assert written("git:HEAD")[0] == {"a.yaml": "a\n"}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param("git:nosuch:k8s", "no such revision", id="revision"),
        pytest.param("git::k8s", "no such revision", id="no-revision"),
        pytest.param("git:", "no such revision", id="nothing"),
        pytest.param("git:--output=x:k8s", "no such revision", id="option"),
        pytest.param("git:-h:k8s", "no such revision", id="short-option"),
        pytest.param("git:--git-dir:k8s", "no such revision", id="query"),
        pytest.param("git:--all:k8s", "no such revision", id="every-revision"),
        pytest.param("git:main..main:k8s", "no such revision", id="range"),
        pytest.param("git:a\nb:k8s", "no such revision", id="newline"),
        pytest.param("git:a\udcffb:k8s", "no such revision", id="no-utf-8"),
        pytest.param("git:main:nosuch", "no such folder", id="folder"),
        pytest.param("git:main:--output=x", "no such folder", id="option-as-folder"),
        pytest.param("git:main::(exclude)k8s", "no such folder", id="magic"),
        pytest.param("git:main:*", "no such folder", id="pattern"),
        pytest.param("git:main:k8s/a.yaml/b", "no such folder", id="below-a-file"),
        pytest.param("git:main:k8", "no such folder", id="prefix"),
        pytest.param("git:main:text", "no manifest", id="no-manifest"),
        pytest.param("git:main:../x", "outside the repository", id="above"),
        pytest.param("git:main:k8s/../../x", "outside the repository", id="above-by-detour"),
        pytest.param("git:main:/etc", "outside the repository", id="absolute"),
        pytest.param("git:main:a\0b", "no revision or folder has such a name", id="nul"),
    ],
)
def test_what_is_not_there_is_one_line(repository, refused, spec, words):
    """The line begins with what was asked for; an option is never taken for one, and nothing is written anywhere."""
    repository.commit({"k8s/a.yaml": "a", "text/readme.md": "b"})
    before = sorted(repository.path.iterdir())
    line = refused(spec)
    assert words in line
    assert line.startswith("git:")
    assert sorted(repository.path.iterdir()) == before


def test_a_tree_and_a_blob_are_no_revisions(repository, refused):
    """An id of something that is no commit is refused."""
    repository.commit({"k8s/a.yaml": "a"})
    for name in ("HEAD^{tree}", "HEAD:k8s/a.yaml"):
        assert "no such revision" in refused(f"git:{repository.git('rev-parse', name)}:.")


def test_an_empty_repository_and_an_empty_folder(repository, refused):
    """Without a commit there is no revision; a commit without files has no folder at all."""
    assert "no such revision" in refused("git:HEAD:.")
    repository.commit()
    (repository.path / "empty").mkdir()
    assert "no such folder" in refused("git:HEAD:empty")
    assert "no such folder" in refused("git:HEAD:.")


def test_outside_every_repository(tmp_path, monkeypatch, refused):
    """Git's own words, not that the revision is missing."""
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path / "plain")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    line = refused("git:HEAD:.")
    assert "not a git repository" in line
    assert "no such revision" not in line


def test_a_bare_repository_has_revisions_too(repository, written, tmp_path, monkeypatch):
    """A server's copy without a working tree answers as well."""
    repository.commit({"k8s/a.yaml": "a"})
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    monkeypatch.chdir(tmp_path / "bare")
    assert written("git:main:k8s") == ({"a.yaml": "a"}, ())


def test_without_git(repository, refused, monkeypatch):
    """No git on PATH is said, with the mend."""
    repository.commit({"a.yaml": "a"})
    monkeypatch.setenv("PATH", str(repository.path))
    assert "git cannot be run here (No such file or directory); install it" in refused("git:HEAD:.")


def test_links_and_other_repositories_are_named_and_never_followed(repository, written, tmp_path):
    """Only what leads to something that is read anyway may stay unmentioned."""
    (tmp_path / "secret.yaml").write_text("secret")
    repository.write({"k8s/a.yaml": "a", "k8s/base/b.yaml": "b", "shared/c.yaml": "c", "readme.md": "r"})
    links = {
        "same.yaml": "a.yaml", "folder": "base", "up.yaml": "../shared/c.yaml", "shared": "../shared",
        "out.yaml": str(tmp_path / "secret.yaml"), "etc": "/etc", "gone.yaml": "nothing", "gone": "nothing",
        "circle.yaml": "circle.yaml", "readme": "../readme.md", "far.yaml": "../../../secret.yaml",
    }  # fmt: skip
    for name, target in links.items():
        (repository.path / "k8s" / name).symlink_to(target)
    commit = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},k8s/vendor")
    repository.git("commit", "--quiet", "--message", "another repository")
    found, skipped = written("git:HEAD:k8s")
    assert found == {"a.yaml": "a", "base/b.yaml": "b"}
    link = "a link out of the folder, or to nothing"
    assert skipped == tuple(
        [f"k8s/{name}: {link}" for name in ("circle.yaml", "etc", "far.yaml", "gone.yaml", "out.yaml")]
        + [f"k8s/{name}: {link}" for name in ("shared", "up.yaml")]
        + ["k8s/vendor: another repository"]
    )


def test_a_folder_that_is_a_link_has_no_manifests(repository, refused):
    """Said with the reason: what it leads to can be named instead."""
    repository.write({"deploy/a.yaml": "a"})
    (repository.path / "k8s").symlink_to("deploy")
    repository.commit()
    assert "no manifest" in (line := refused("git:HEAD:k8s"))
    assert "not read: k8s: a link" in line


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.yaml", b"tab\t.yaml", b'quote".yaml', b"back\\slash.yaml", b" spaces .yaml", b"-option.yaml",
        b"\xff\xfe.yaml", "ümlaut 日本.yaml".encode(), b"\x1b[2J.yaml", b":(exclude)x.yaml", b"*.yaml", b"a -> b.yaml",
        b"n\nl/x.yaml", b"\xff/x.yaml", b"x" * 250 + b".yaml",
    ],
    ids=repr,
)  # fmt: skip
def test_any_name_that_a_file_can_have(repository, written, name):
    """Written under its own bytes, whatever they are; next to a link whose name is as odd."""
    target = Path(os.fsdecode(os.fsencode(repository.path) + b"/k8s/" + name))
    target.parent.mkdir(parents=True)
    target.write_text(POLICY)
    Path(os.fsdecode(os.fsencode(repository.path) + b"/k8s/~" + name[-80:].replace(b"/", b""))).symlink_to("nowhere")
    repository.commit()
    found, skipped = written("git:HEAD:k8s")
    assert found == {os.fsdecode(name): POLICY}
    (line,) = skipped
    assert line.isprintable()
    assert "a link" in line


def test_an_odd_folder_to_stand_in_and_to_ask_for(repository, written, monkeypatch):
    """Names with newlines, and bytes that are no UTF-8, as the working directory and as DIR."""
    for name in ("new\nline\n", os.fsdecode(b"\xff")):
        repository.write({f"{name}/k8s/a.yaml": "a"})
    repository.commit()
    for name in ("new\nline\n", os.fsdecode(b"\xff")):
        assert written(f"git:HEAD:{name}/k8s")[0] == {"a.yaml": "a"}
        monkeypatch.chdir(repository.path / name)
        assert written("git:HEAD:k8s")[0] == {"a.yaml": "a"}
        monkeypatch.chdir(repository.path)


@pytest.mark.parametrize("name", [b"..", b".", b"", b".git", b"/", b"../x", b"a/../../x", b"y" * 300])
def test_a_crafted_folder_name_leads_nowhere(repository, written, tmp_path, name):
    """A tree that git itself would never check out: the entry is named, the rest is read, nothing is written elsewhere."""
    inner = repository.git("rev-parse", f"{repository.commit({'evil.yaml': POLICY})}^{{tree}}")
    commit = repository.crafted(("100644", b"a.yaml", repository.blob()), ("40000", name, inner))
    before = sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts)
    if not name:  # git refuses that itself
        with pytest.raises(InputError, match="empty filename"):
            written(f"git:{commit}:.")
        return
    found, skipped = written(f"git:{commit}:.")
    assert found == {"a.yaml": POLICY}
    assert [line.endswith(": no name for a file") for line in skipped] == [True]
    after = sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts)
    assert [path for path in after if path not in before] == [tmp_path / "out", tmp_path / "out" / "a.yaml"]


def test_a_crafted_file_name_leads_nowhere(repository, written, tmp_path):
    """An absolute path as the name of an entry is no way to write there."""
    target = tmp_path / "evil.yaml"
    entries = [("100644", name, repository.blob()) for name in (b"../evil.yaml", b"a.yaml", os.fsencode(target))]
    found, skipped = written(f"git:{repository.crafted(*entries)}:.")
    assert found == {"a.yaml": POLICY}
    assert skipped == ("../evil.yaml: no name for a file", f"{target}: no name for a file")
    assert not target.exists()


def test_a_name_that_stands_twice_is_named(repository, written):
    """Of two entries with one name neither disappears without a word."""
    entries = [("100644", b"a.yaml", repository.blob(text)) for text in ("one", "two")]
    assert written(f"git:{repository.crafted(*entries)}:.") == ({"a.yaml": "one"}, ("a.yaml: stands there twice",))


def test_a_file_below_a_file_is_one_line(repository, refused):
    """A tree in which one name is a file and a folder cannot be written, and says where."""
    inner = repository.git("rev-parse", f"{repository.commit({'b.yaml': POLICY})}^{{tree}}")
    commit = repository.crafted(("100644", b"a.yaml", repository.blob()), ("40000", b"a.yaml", inner))
    with pytest.raises(AssertionError):  # the first of the two was written already
        refused(f"git:{commit}:.")


def test_what_is_missing_from_a_shallow_or_broken_repository_is_named(repository, written):
    """A blob that is not there is a gap with its name, not the end."""
    commit = repository.commit({"a.yaml": "a", "b.yaml": "b"})
    sha = repository.git("rev-parse", f"{commit}:a.yaml")
    (repository.path / ".git" / "objects" / sha[:2] / sha[2:]).unlink()
    assert written(f"git:{commit}:.") == ({"b.yaml": "b"}, ("a.yaml: missing from the repository; fetch it",))


def test_a_file_over_the_limit_is_named_and_not_read(repository, written, monkeypatch):
    """The limits are those of a folder's files."""
    monkeypatch.setattr(files, "MAX_YAML_BYTES", 1 << 20)
    repository.commit({"a.yaml": "a", "b.yaml": "b" * ((1 << 20) + 1), "c.json": "c" * ((1 << 20) + 1)})
    found, skipped = written("git:HEAD:.")
    assert set(found) == {"a.yaml", "c.json"}
    assert skipped == ("b.yaml: larger than 1 MiB",)


def test_a_full_disk_is_one_line(repository, tmp_path):
    """What cannot be written is named with the system's reason."""
    repository.commit({"a.yaml": "a"})
    (tmp_path / "file").write_text("")
    with pytest.raises(
        InputError, match=r"git:HEAD:\.: a\.yaml cannot be written to .*file \((File exists|Not a directory)\)"
    ):
        write_revision("git:HEAD:.", tmp_path / "file")


def test_a_repository_that_another_user_owns_is_refused_in_gits_words(repository, refused, monkeypatch):
    """Git's guard against other people's repositories is not switched off."""
    repository.commit({"a.yaml": "a"})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "dubious ownership" in refused("git:HEAD:.")


def test_the_environment_of_the_user_counts(repository, written, tmp_path, monkeypatch):
    """GIT_DIR names another repository, as it does for git."""
    repository.commit({"a.yaml": "a"})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(repository.path / ".git"))
    assert written("git:HEAD:.") == ({"a.yaml": "a"}, ())
    assert "GIT_DIR" not in gitrev._ENVIRONMENT
