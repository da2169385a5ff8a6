"""The `diff/v1` document, its lines for a terminal, and the pull-request comment."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from reports.diff import Sides, Tally, diff_lines, diff_markdown, render_diff, schema
from scanner.reach.diff import Change

WEB, DB = "shop/web[Deployment]", "shop/db[StatefulSet]"
SIDES = Sides(before="git:main:k8s", after="./k8s", level="declared")
HTTP, PG, ALL = {"TCP": ((80, 80),)}, {"TCP": ((5432, 5432),)}, {"TCP": ((1, 65535),)}
NOTHING: dict[str, tuple[tuple[int, int], ...]] = {}
LIMIT = 65_536  # characters of a comment on GitHub


def change(src: str = WEB, dst: str = DB, **fields: Any) -> Change:
    """A connection that was opened on port 80, unless told otherwise."""
    sides = dict.fromkeys(
        ("before", "after", "unknown_before", "unknown_after", "filtered_before", "filtered_after"), NOTHING
    )
    return Change(src=src, dst=dst, **(sides | {"after": HTTP} | fields))


OPENED = change(causes=("NetworkPolicy shop/deny removed (np.yaml:3)",))
CLOSED = change(before=HTTP, after=NOTHING, via="shop/front")
MOVED = change(before=HTTP, after=PG)
DOUBT = change(after=NOTHING, unknown_before=PG, unknown_after=ALL)
BOTH = change(before=HTTP, after=PG, unknown_before=PG, unknown_after=NOTHING)
FILTERED = change(before=PG, after=PG, filtered_after=PG)
EACH = (OPENED, CLOSED, MOVED, DOUBT, BOTH, FILTERED)


def document(*changes: Change, **more: Any) -> dict[str, Any]:
    """The document of some changes, which its schema takes."""
    data = render_diff(changes, more.pop("sides", SIDES), **more)
    assert data.endswith(b"}\n")
    found = json.loads(data)
    jsonschema.Draft202012Validator(schema()).validate(found)
    return found


def page(*changes: Change, sides: Sides = SIDES) -> str:
    """The comment, as `diff` makes it: the tally counts while the changes pass by."""
    tally = Tally()
    return diff_markdown(tally.note(changes), sides, tally)


def lines(*changes: Change) -> list[str]:
    """The same for a terminal."""
    tally = Tally()
    return list(diff_lines(tally.note(changes), SIDES, tally))


def test_the_document_has_the_contracts_form():
    """Every list is there, entries carry the contract's keys in order, and what is not known is left out."""
    found = document(*EACH, warnings=[{"object": "NetworkPolicy a/b", "field": "spec", "message": "after: odd"}])
    assert list(found) == [
        "schema", "level", "before", "after", "added", "removed", "changed", "unknown", "warnings",
    ]  # fmt: skip
    assert (found["schema"], found["level"], found["before"], found["after"]) == (
        "diff/v1", "declared", "git:main:k8s", "./k8s",
    )  # fmt: skip
    http, pg, every = {"TCP": [[80, 80]]}, {"TCP": [[5432, 5432]]}, {"TCP": [[1, 65535]]}
    ends = {"src": WEB, "dst": DB}
    assert found["added"] == [ends | {"ports": http, "causes": ["NetworkPolicy shop/deny removed (np.yaml:3)"]}]
    assert found["removed"] == [ends | {"ports": http, "via": "shop/front"}]
    assert found["changed"] == [
        ends | {"before": http, "after": pg},
        ends | {"before": http, "after": pg},
        ends | {"before": pg, "after": pg, "filtered_before": {}, "filtered_after": pg},
    ]
    assert found["unknown"] == [ends | {"before": pg, "after": every}, ends | {"before": pg, "after": {}}]
    assert found["warnings"] == [{"object": "NetworkPolicy a/b", "field": "spec", "message": "after: odd"}]


def test_what_is_undecided_is_never_among_what_is_allowed():
    """A change of doubt alone is listed under unknown and nowhere else."""
    found = document(DOUBT)
    assert {name: len(found[name]) for name in ("added", "removed", "changed", "unknown")} == {
        "added": 0, "removed": 0, "changed": 0, "unknown": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        {"schema": "diff/v2"},
        {"level": "proven"},
        {"added": [{"src": WEB, "dst": DB}]},
        {"removed": [{"src": WEB, "dst": DB, "ports": {"TCP": [[0, 80]]}}]},
        {"changed": [{"src": WEB, "dst": DB, "ports": {}}]},
        {"warnings": [{"object": "x"}]},
    ],
    ids=str,
)
def test_the_schema_refuses_another_form(broken):
    """Another version, a level that diff has not, a line without ports, port 0, half a warning."""
    assert not jsonschema.Draft202012Validator(schema()).is_valid(document(*EACH) | broken)


def test_no_difference_is_an_answer_in_every_form():
    """Empty lists, one line that says so, a comment without a table."""
    found = document()
    assert [found[name] for name in ("added", "removed", "changed", "unknown", "warnings")] == [[]] * 5
    assert lines() == ["# declared: connections, from git:main:k8s to ./k8s", "# no connection differs"]
    assert page() == (
        "### Network policy: no connection differs\n\nConnections (declared) from `git:main:k8s` to `./k8s`.\n"
    )


def test_a_line_each_for_a_terminal():
    """A sign, both ends, ports, the Service; what caused it below; the tally last."""
    assert lines(*EACH)[1:] == [
        f"+ {WEB} -> {DB}  TCP 80",
        "    by NetworkPolicy shop/deny removed (np.yaml:3)",
        f"- {WEB} -> {DB}  TCP 80 via shop/front",
        f"~ {WEB} -> {DB}  TCP 80 -> TCP 5432",
        f"? {WEB} -> {DB}  undecided: TCP 5432 -> TCP all",
        f"~ {WEB} -> {DB}  TCP 80 -> TCP 5432",
        f"~ {WEB} -> {DB}  filtered above the ports: none -> TCP 5432",
        "# 1 opened, 1 closed, 3 changed, 1 in doubt",
    ]


def test_a_comment_has_a_table_per_cause_the_largest_first():
    """Changes with one cause stand together; those without a known one have a table too."""
    rest = [change(dst=f"shop/w{at}[Pod]", causes=("NetworkPolicy shop/open added",)) for at in range(3)]
    found = page(OPENED, *rest, CLOSED)
    titles = re.findall(r"^\*\*(.*)\*\*$", found, re.MULTILINE)
    assert titles == [
        "NetworkPolicy shop/open added", "Other causes", "NetworkPolicy shop/deny removed (np.yaml:3)",
    ]  # fmt: skip
    assert found.startswith("### Network policy: 4 opened, 1 closed\n")
    assert f"| closed | `{WEB}` | `{DB}` | TCP 80 via shop/front |\n" in found
    assert found.count("| --- | --- | --- | --- |\n") == 3


def test_the_fourth_cause_is_counted():
    """Three causes are named, in a comment and in a terminal, and how many more there are."""
    found = change(causes=tuple(f"cause {at}" for at in range(5)))
    assert "    by cause 0; cause 1; cause 2 and 2 more" in lines(found)
    assert "**cause 0, cause 1, cause 2, 2 more**" in page(found)


NASTY = {
    "pipe": "a|b",
    "backtick": "a`b`c",
    "newline": "a\n| x | y |\n# title",
    "carriage-return": "a\r\nb",
    "html": "<img src=x onerror=alert(1)>",
    "mention": "@everyone/team",
    "link": "[x](https://example.org)",
    "image": "![x](https://example.org/x.png)",
    "autolink": "https://example.org",
    "issue": "GH-1 #1 org/repo#1",
    "emphasis": "**a** __b__ ~~c~~",
    "comment": "<!-- hidden",
    "details": "</details></summary>",
    "backslash": "a\\|b\\",
    "maths": "$x$",
    "controls": "\x1b[2J\x00\u202e\u2028",
    "surrogate": "half \ud800 pair",
    "entity": "&lt;b&gt;",
    "empty": "",
}


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY)
def test_names_from_a_cluster_are_never_markup(name):
    """Whatever a name holds, a comment keeps its rows and its cells, and outside code nothing is markup or a mention."""
    nasty = change(src=name, dst=name, via=name, causes=(name,))
    found = page(nasty, sides=Sides(before=name, after=name, level="declared"))
    shape = [line for line in page(change(via="v", causes=("c",))).splitlines() if line.startswith("|")]
    rows = [line for line in found.splitlines() if line.startswith("|")]
    assert len(found.splitlines()) == 9
    assert len(rows) == len(shape)
    assert [len(re.findall(r"(?<!\\)\|", row.replace("\\\\", ""))) for row in rows] == [5] * len(rows)
    prose = re.sub(r"`[^`\n]*`", "", found.removeprefix("### ")).replace("\\\\", "")
    assert not re.search(r"(?<!\\)[<>\[\]&$!#]|@|(?<!\\)://", prose)
    assert all(char.isprintable() for char in found.replace("\n", ""))


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY)
def test_names_from_a_cluster_break_neither_lines_nor_documents(name):
    """In a terminal a name stays on its line and steers nothing; JSON holds it as it is, less half surrogate pairs."""
    nasty = change(src=name, dst=name, via=name, causes=(name,))
    found = lines(nasty)
    assert len(found) == 4
    assert all(line.isprintable() for line in found)
    (entry,) = document(nasty, sides=Sides(before=name, after=name, level="effective"))["added"]
    kept = name.encode("utf-8", "replace").decode()
    assert (entry["src"], entry["dst"], entry["causes"]) == (kept, kept, [kept])
    assert entry.get("via", "") == kept


def test_a_comment_fits_a_forge_however_many_changes_there_are():
    """Rows above the limit are counted, and the tally speaks of all."""
    found = page(*(change(dst=f"shop/w{at}[Pod]") for at in range(1_000)))
    assert found.startswith("### Network policy: 1000 opened\n")
    assert found.count("| opened |") == 300
    assert found.endswith("\n…and 700 more: `ringfence diff` lists them all.\n")
    assert len(found) <= LIMIT


@pytest.mark.parametrize("length", [330, 5_000, 100_000])
def test_a_comment_fits_a_forge_however_long_the_names_are(length):
    """A row that does not fit is counted instead; nothing is lost without a word."""
    name = "x" * length
    changes = [change(src=f"{name}{at}", causes=(f"{at % 100} {name}",) * 3) for at in range(200)]
    found = page(*changes, change(dst="a"), sides=Sides(before=name, after=name, level="declared"))
    assert len(found) <= LIMIT
    shown = found.count("| opened |")
    assert found.endswith(f"\n…and {201 - shown} more: `ringfence diff` lists them all.\n")
    assert found.startswith("### Network policy: 201 opened\n\nConnections (declared) from `xxx")
    assert len(lines(*changes)) == 2 + 2 * len(changes)
    assert len(document(*changes)["added"]) == 200


def test_many_ports_do_not_fill_a_comment():
    """One connection with thousands of ranges is counted where it does not fit, and short ones after it are shown."""
    ranges = tuple((at, at) for at in range(1, 65_535, 2))
    found = page(change(after={"TCP": ranges}), change(dst="a"))
    assert len(found) <= LIMIT
    assert f"| opened | `{WEB}` | `a` | TCP 80 |" in found
    assert "…and 1 more" in found


def test_the_tally_says_whether_anything_was_opened():
    """A gained port opens, also where others were lost; a lost port, a doubt and a filter do not."""
    for found, opens in ((OPENED, True), (CLOSED, False), (MOVED, True), (DOUBT, False), (FILTERED, False)):
        tally = Tally()
        assert list(tally.note([found])) == [found]
        assert tally.opened is opens
    narrowed = change(before=ALL, after=HTTP)
    assert not narrowed.opens
    assert change(before=HTTP, after={"TCP": ((80, 81),)}).opens
    assert change(before=HTTP, after=HTTP | {"UDP": ((53, 53),)}).opens
