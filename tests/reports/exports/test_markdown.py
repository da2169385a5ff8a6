"""The Markdown form, as GitHub's own parser renders it: everything said, nothing from outside at work."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import msgspec
import pytest
from cmarkgfm.cmark import Options

from reports.changes import changes_between
from reports.document import Run, Scope
from reports.exports import EXPORTS, render
from reports.exports.markdown import MOST_BYTES, page
from scanner.findings import Status
from tests.reports import report_factory as made

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "| a | b |",
    "`code` ``two`` ```three```",
    "[click](https://evil.example) ![i](https://evil.example/i.png)",
    "https://evil.example www.evil.example WWW.EVIL.EXAMPLE a@evil.example mailto:a@evil.example",
    "@team @everyone @@x",
    "**bold** _it_ ~~gone~~ # heading",
    "a\n\n# heading\n- item\n1. one\n> quote\n---\n",
    "&lt;b&gt; &#x41; \\",
    "</details></td></table>",
    "\x1b[31mred\x07 \u202eevil \ud800",
    "$\\alpha$ :tada: ~",
    "",
)
ALLOWED = {
    "h2", "h3", "p", "ol", "ul", "li", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "sub", "br",
}  # fmt: skip


class Page(HTMLParser):
    """What a page is made of: tags, attributes, text outside of code, and the text of each code element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.outside = ""
        self.text = ""
        self._code = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.add(tag)
        self.attributes |= set(attrs)
        self._code += tag == "code"

    def handle_endtag(self, tag):
        """Leave code."""
        self._code -= tag == "code"

    def handle_data(self, data):
        """Keep text."""
        self.text += data
        if not self._code:
            self.outside += data


def rendered(report, changes=None) -> Page:
    """The page as GitHub would show it, raw HTML let through: were there any, it would be seen."""
    text = b"".join(page(report, changes)).decode()
    extensions = ["table", "autolink", "strikethrough", "tasklist"]
    return Page(
        cmarkgfm.markdown_to_html_with_extensions(text, options=Options.CMARK_OPT_UNSAFE, extensions=extensions)
    )


def test_it_is_a_form_of_the_report():
    """By its name, in pieces, the same bytes each time."""
    estate = made.estate()
    assert EXPORTS["md"].suffix == ".md"
    assert b"".join(render("md", estate)) == b"".join(render("md", estate)) == b"".join(page(estate))


def test_everything_people_ask_first_is_there():
    """Verdict, score, mends, every cluster, and what was not read."""
    estate = made.estate()
    shown = rendered(estate)
    assert shown.tags <= ALLOWED
    assert "table" in shown.tags
    for cluster in estate.clusters:
        assert cluster.name in shown.text
    for said in (
        "2 of 7 clusters enforce no network policy", "What to mend first", "NB-ENF-01", "Not read whole",
        "the API server refused: 403 Forbidden", "eks:ListClusters is not allowed", "1 unknown", "not an attestation",
        estate.run.id, "baseline 1.0.0",
    ):  # fmt: skip
        assert said in shown.text, said


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_show_as_text(name):
    """No tag, attribute, link, mention or table cell comes from a name."""
    plain = made.estate()
    changed = made.renamed(plain, name)
    found = changes_between(made.report(made.cluster("a")), changed)
    shown = rendered(changed, found)
    assert shown.tags <= ALLOWED
    assert {key for key, _ in shown.attributes} <= {"align"}
    assert not re.search(r"@\w", shown.outside)
    rows = b"".join(page(changed)).count(b"\n| ")
    assert rows == b"".join(page(plain)).count(b"\n| ")
    if name.isprintable() and name:
        assert name.replace("`", "'").replace("|", "¦")[:40] in shown.text


def test_a_manifest_to_paste_stands_there_whole():
    """As a block, with its line breaks, whatever it says."""
    manifest = "Apply:\napiVersion: v1\n```\n<b>kind</b>: x\n@team\n    deep: 1"
    item = made.item(remediation=manifest)
    shown = rendered(made.report(made.cluster(controls=(made.control(4, Status.FAIL, items=(item,)),))))
    assert "pre" in shown.tags
    assert manifest.partition("\n")[2] in shown.text
    assert "@team" not in shown.outside


def test_what_changed_is_there_where_it_is_known():
    """With the earlier run named; without one there is no such part."""
    before = made.report(made.cluster("a"), made.cluster("b"))
    after = msgspec.structs.replace(
        made.report(made.cluster("a")), run=Run(id="20261124T080000Z", time="2026-11-24T08:00:00Z", tool="0.1.0")
    )
    shown = rendered(after, changes_between(before, after))
    assert f"Changed since {before.run.id}" in shown.text
    assert "vanished: b is not there any more" in shown.text
    assert "Changed since" not in rendered(after).text


def test_a_large_fleet_is_cut_and_says_so():
    """5,000 clusters: the worst are shown, the others counted, far below the limit."""
    one = made.cluster()
    clusters = [msgspec.structs.replace(one, id=str(n), name=f"cluster-{n:04}") for n in range(5000)]
    text = b"".join(page(made.report(*clusters)))
    assert len(text) < MOST_BYTES // 4
    assert "…and 4,800 more".encode() in text


def test_no_page_is_longer_than_github_takes():
    """Names and sentences of thousands of hostile characters, everywhere at once: cut, said to be, and verdict first."""
    name = "\x1b`|<@" * 2000
    clusters = [
        msgspec.structs.replace(made.unread_cluster(), id=str(n), name=f"{n}{name}", unread=name) for n in range(900)
    ]
    scopes = [Scope(cloud="aws", account=str(n), location=name, outcome="denied", reason=name) for n in range(900)]
    report = made.report(*clusters, scopes=tuple(scopes))
    for limit in (MOST_BYTES, 5000, 0):
        text = b"".join(page(report, None, limit))
        assert len(text) <= max(limit, 200)
    assert b"900 of 900 clusters could not be read" in b"".join(page(report))
    small = b"".join(page(report, None, 5000)).decode()
    assert small.endswith(
        "**Cut here**: the page is as long as it may be; the report as html or json has everything.\n"
    )


def test_an_empty_report_says_that_nothing_was_judged():
    """No cluster is no good news."""
    assert "No cluster was found, so nothing was judged." in rendered(made.report()).text
