"""Files of waivers are read strictly, and every mistake in one has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.settings.waivers import check_waivers, read_waivers
from scanner.errors import InputError

DOCS = Path(__file__).parents[2] / "docs" / "waivers.md"
GOOD = """\
waivers:
- id: W-1
  control: NB-ISO-01
  scope: {namespace: shop}
  reason: r
  compensatingControl: c
  owner: Ada
  approvers: [Grace]
  ticket: T-1
  created: "2026-11-01"
  expires: "2026-11-30"
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "waivers.yaml"
    path.write_text(text)
    return path


def test_reads_waivers(tmp_path):
    """One waiver, with the defaults that match all."""
    (found,) = read_waivers(_file(tmp_path, GOOD))
    assert (found.id, found.scope.namespace, found.scope.cluster, found.broad) == ("W-1", "shop", "*", False)


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ("NB-ISO-01", "NB-ISO-99", 3, "is no control"),
        ('expires: "2026-11-30"', 'expires: "2026-12-02"', 11, "the most for a critical control"),
        ('expires: "2026-11-30"', 'expires: "2026-11-01"', 11, "is not after"),
        ('expires: "2026-11-30"', 'expires: "never"', 11, "is no date"),
        ('  expires: "2026-11-30"\n', "", 2, "expires: is missing"),
        ("[Grace]", "[]", 8, "is empty"),
        ("[Grace]", "[Ada]", 8, "cannot approve"),
        ("compensatingControl", "compensating_control", 6, 'write "compensatingControl"'),
        ("{namespace: shop}", "{namespaces: shop}", 4, 'write "namespace"'),
        ("owner: Ada", 'owner: ""', 7, "is empty"),
    ],
)
def test_each_mistake_has_its_line(tmp_path, old, new, line, named):
    """The line of the key, and what to write instead."""
    waivers, mistakes = check_waivers(_file(tmp_path, GOOD.replace(old, new)))
    assert waivers == ()
    assert line in [mistake.line for mistake in mistakes]
    assert any(named in str(mistake) for mistake in mistakes), mistakes


def test_an_id_stands_once(tmp_path):
    """Two waivers of one id could not be told apart in a report."""
    _, mistakes = check_waivers(_file(tmp_path, GOOD + GOOD.partition("\n")[2]))
    assert [mistake.line for mistake in mistakes] == [12]


@pytest.mark.parametrize("text", ["[]", "waivers: 3", "waivers: [", "waivers:\n- &a [*a]\n", "\x00"])
def test_what_is_no_file_of_waivers_is_one_line(tmp_path, text):
    """Crafted or broken, it is refused with the file's name: no audit runs with half of it."""
    with pytest.raises(InputError, match=r"waivers\.yaml") as caught:
        read_waivers(_file(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_an_audit_names_every_line(tmp_path):
    """The first mistake in words, the others by their lines; the file is named, not the settings' flag."""
    twice = GOOD.replace("owner: Ada", "owner: 3").replace("ticket: T-1", "tickets: T-1")
    with pytest.raises(InputError, match=r"waivers\.yaml:2: .*ticket.*\(2 more, on lines 7, 9\)$"):
        read_waivers(_file(tmp_path, twice))
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read \(.*\): check the path$"):
        read_waivers(tmp_path / "nowhere.yaml")


def test_the_documented_example_is_one(tmp_path):
    """docs/waivers.md shows what is read."""
    example = DOCS.read_text().partition("```yaml\n")[2].partition("```")[0]
    assert len(read_waivers(_file(tmp_path, example))) == 1
