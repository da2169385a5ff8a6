"""Files of evidence are read strictly, and every mistake in one has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.settings.evidence import check_evidence, read_evidence
from scanner.baselines.profiles import ALL
from scanner.errors import InputError
from scanner.evidence import TAKEN_BY, is_fresh

GOOD = """\
evidence:
- control: NB-VER-01
  outcome: pass
  date: "2026-11-22"
  signer: Ada
  summary: seen
"""
DOCS = Path(__file__).parents[2] / "docs" / "evidence.md"


def _file(folder: Path, text: str) -> Path:
    path = folder / "evidence.yaml"
    path.write_text(text)
    return path


def test_reads_statements(tmp_path):
    """One statement, with the defaults that mean every cluster."""
    (found,) = read_evidence(_file(tmp_path, GOOD))
    assert (found.control, found.outcome, found.cluster, found.subject) == ("NB-VER-01", "pass", "*", "cluster")
    assert found.sentence == "Ada states on 2026-11-22: seen"


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ("NB-VER-01", "NB-ISO-01", 2, "takes no statement"),
        ("NB-VER-01", "NB-XX-99", 2, "takes no statement"),
        ("outcome: pass", "outcome: maybe", 3, "'maybe' is no choice here"),
        ('"2026-11-22"', "2026-11-22", 4, "in quotes"),
        ('"2026-11-22"', '"22.11.2026"', 4, "no date"),
        ("signer: Ada", 'signer: ""', 5, "is empty"),
        ("  signer: Ada\n", "", 2, "signer: is missing"),
        ("summary: seen", "summary: seen\n  sha256: abc", 7, "64 hexadecimal digits"),
        ("summary: seen", "summary: seen\n  sumary: seen", 7, 'write "summary"'),
    ],
)
def test_each_mistake_has_its_line(tmp_path, old, new, line, named):
    """The line of the key, and what to write instead."""
    statements, mistakes = check_evidence(_file(tmp_path, GOOD.replace(old, new)))
    assert statements == ()
    assert [mistake.line for mistake in mistakes] == [line]
    assert named in str(mistakes[0])


@pytest.mark.parametrize("text", ["[]", "evidence: 3", "evidence: [", "evidence:\n- &a [*a]\n", "\x00"])
def test_what_is_no_evidence_is_one_line(tmp_path, text):
    """Crafted or broken, it is refused with the file's name."""
    with pytest.raises(InputError, match=r"evidence\.yaml") as caught:
        read_evidence(_file(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    """A path that leads nowhere is the operator's mistake."""
    with pytest.raises(InputError, match="nowhere"):
        read_evidence(tmp_path / "nowhere.yaml")


def test_the_documented_example_is_one_and_every_control_is_documented(tmp_path):
    """docs/evidence.md says what is so."""
    text = DOCS.read_text()
    assert len(read_evidence(_file(tmp_path, text.partition("```yaml\n")[2].partition("```")[0]))) == 1
    for control, taken in TAKEN_BY.items():
        assert f"| {control} |" in text
        assert f"| {taken.days} | {taken.shows} |" in text
    assert set(TAKEN_BY) <= set(ALL)


@pytest.mark.parametrize(
    ("date", "at", "fresh"),
    [
        ("2026-11-16", "2026-11-23T00:00:00Z", True),
        ("2026-11-15", "2026-11-23T00:00:00Z", False),
        ("2026-11-23T09:00:00+02:00", "2026-11-23T08:00:00Z", True),
        ("2026-11-24", "2026-11-23T08:00:00Z", False),
    ],
)
def test_a_statement_holds_for_its_days(date, at, fresh, tmp_path):
    """Seven days before, and not from the future, whatever the offset."""
    (found,) = read_evidence(_file(tmp_path, GOOD.replace("2026-11-22", date)))
    assert is_fresh(found, at, 7) is fresh
