"""The HTML report: what it says, that hostile names stay text, and that its policy and palette hold."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.document import Report
from reports.html.findings import ITEMS_PER_CONTROL, ITEMS_PER_FINDING, ControlGroup, control_groups
from reports.html.links import Links, Names
from reports.html.render import render_html
from reports.wording import visible
from scanner.findings import Difference, DifferentPair, Level, Score, Status
from tests.reports.report_factory import (
    CONTROLS,
    cluster,
    control,
    estate,
    exposure,
    fleet,
    item,
    renamed,
    report,
    unread_cluster,
)

VOID = {"meta", "link", "input", "br", "rect", "line"}
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


class Page(HTMLParser):
    """The parsed report: every element with its attributes, the text a reader sees, and the inline blocks."""

    def __init__(self, document: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, str] = {}
        self.seen: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(document.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note the element, and that it stands open unless it never closes."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Close the innermost element, or note that something else is closed."""
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag != "p":
            self.unbalanced.append(tag)

    def handle_data(self, data):
        """Keep text apart from style and script."""
        inside = self.open[-1] if self.open else ""
        if inside in {"style", "script"}:
            self.blocks[inside] = self.blocks.get(inside, "") + data
        else:
            self.seen.append(data)

    @property
    def text(self) -> str:
        """The visible text with white space folded, as a browser shows it."""
        return " ".join("".join(self.seen).split())

    def attributes(self, tag: str, name: str) -> list[str]:
        """The values of one attribute on every element called `tag`."""
        return [attrs[name] or "" for element, attrs in self.elements if element == tag and name in attrs]


def groups_of(source: Report) -> tuple[ControlGroup, ...]:
    """The groups of a page that stands alone."""
    return control_groups(source, Links(Names(source)))


def test_opens_with_what_is_not_enforced_and_names_the_clusters():
    """The first heading says in plain words how many clusters enforce nothing, and which."""
    text = Page(render_html(estate())).text
    headline = "2 of 7 clusters enforce no network policy: shop-prod-eu and retail-legacy."
    assert headline in text
    assert text.index(headline) < text.index("Fleet score")


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param("1 of 7 clusters could not be read: ledger-private.", id="unread-cluster"),
        pytest.param("403 Forbidden for user ringfence-audit; grant the read-only ClusterRole", id="unread-reason"),
        pytest.param("Read in part: services: forbidden, the role lacks list on services", id="gap"),
        pytest.param("denied, eks:ListClusters is not allowed", id="denied-scope"),
        pytest.param('named port "htpp" is declared by no pod it selects', id="notice"),
        pytest.param("1,560 of 1,560 pairs open", id="effective-exposure"),
        pytest.param(
            "At least 1,464 pairs that the policies close are open in effect.", id="declared-against-effective"
        ),
        pytest.param("61.2 (up to 66.0, coverage 95%)", id="cluster-score"),
        pytest.param("Grade capped: NB-ISO-01", id="gate"),
        pytest.param("gke-dataplane-v2 1.33.5-gke.1080000", id="data-plane-and-version"),
        pytest.param("(DaemonSet kube-system/aws-node)", id="data-plane-evidence"),
        pytest.param("gcloud container clusters update retail-legacy --enable-network-policy", id="remediation"),
        pytest.param("20261123T080000Z-4f2a", id="run-id"),
        pytest.param("2026-11-23 08:00:00 UTC", id="run-time"),
        pytest.param("ringfence 0.1.0 · baseline 1.0.0", id="versions"),
        pytest.param("Nothing in this report was observed", id="nothing-proven"),
        pytest.param("NetworkPolicy checkout/default-deny isolates it.", id="evidence-of-a-pass"),
    ],
)
def test_says(expected):
    """Everything a reader has to know stands in the document itself, without the script."""
    assert expected in Page(render_html(estate())).text


def test_every_finding_is_in_the_document_and_open():
    """Each control on each cluster is one finding that stands open until the script folds it."""
    page = Page(render_html(estate()))
    findings = [attrs for tag, attrs in page.elements if tag == "details" and "data-status" in attrs]
    assert len(findings) == 7 * len(CONTROLS)
    assert all("open" in attrs for attrs in findings)
    assert {f["data-status"] for f in findings} == {"fail", "unknown", "pass", "not_applicable"}


def test_same_report_same_bytes():
    """Rendering is deterministic."""
    assert render_html(estate()) == render_html(estate())


def test_policy_names_the_hashes_of_exactly_the_two_inline_blocks():
    """Nothing but the one style and the one script block may run, and nothing may be fetched."""
    page = Page(render_html(renamed(estate(), "</script><style>*{}</style><script>alert(1)</script>")))
    [policy] = [
        attrs["content"] or ""
        for tag, attrs in page.elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": _source(page.blocks["style"]),
        "script-src": _source(page.blocks["script"]),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert [tag for tag, _ in page.elements if tag in {"style", "script"}] == ["style", "script"]


def _source(block: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}'"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param('"><img src=x onerror=alert(1)>', id="attribute"),
        pytest.param("</title></style></script><b>", id="closing-tags"),
        pytest.param("=cmd|'/c calc'!A1", id="formula"),
        pytest.param("{{ 7*7 }}{% raw %}", id="template"),
        pytest.param("a\u202egnp.exe\u2066b", id="bidi"),
        pytest.param("\x1b]0;owned\x07\x00\r\n", id="control"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param("x" * 40 + "y" * 10_240, id="ten-kilobytes"),
        pytest.param("", id="empty"),
    ],
)
def test_hostile_names_stay_text(name):
    """A crafted name adds no element, no attribute and no control character, wherever the report shows it."""
    harmless, hostile = (Page(render_html(renamed(estate(), text))) for text in ("plain", name))
    allowed = {tag for tag, _ in harmless.elements}
    assert {tag for tag, _ in hostile.elements} <= allowed
    assert not hostile.unbalanced
    assert not [
        a for _, attrs in hostile.elements for a in attrs if a.startswith("on") or a in {"style", "src", "srcdoc"}
    ]
    assert not set(BIDI + "\x00\x07\x1b\r") & set(hostile.text)
    assert " ".join(visible(name[:30]).split()) in hostile.text
    assert len(max(hostile.text.split(), key=len)) < 2_100


@settings(max_examples=25, deadline=None)
@given(name=st.text(max_size=60))
def test_any_name_gives_a_balanced_document(name):
    """Whatever characters a name holds, the document parses into the same kinds of elements, all closed."""
    page = Page(render_html(renamed(report(cluster()), name)))
    assert not page.unbalanced
    assert not page.open
    assert page.blocks.keys() == {"style", "script"}


def test_refers_to_nothing_outside_itself():
    """Links lead to anchors of the document, and nothing is loaded."""
    page = Page(render_html(estate()))
    anchors = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    links = page.attributes("a", "href")
    assert links
    assert {link.removeprefix("#") for link in links} <= anchors
    assert page.attributes("link", "href") == ["data:,"]
    assert not [tag for tag, attrs in page.elements if {"src", "srcset", "action", "background"} & attrs.keys()]
    assert not re.findall(r"@import|url\((?!#)|https?:", page.blocks["style"] + page.blocks["script"])


def test_every_drawing_says_what_it_shows():
    """Each picture that is not hidden from assistive technology has a role and a text."""
    drawings = [attrs for tag, attrs in Page(render_html(estate())).elements if tag == "svg"]
    shown = [attrs for attrs in drawings if attrs.get("aria-hidden") != "true"]
    assert len(shown) > 7
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in shown)


def test_a_large_fleet_stays_small_enough_to_open():
    """200 clusters with 14 controls and some 40,000 items fit in 6 MB, and what is left out is counted."""
    big = fleet(200)
    document = render_html(big)
    assert len(document) < 6_000_000
    assert "more in report.json" in document.decode()


@pytest.mark.parametrize("clusters", [1, 7, 120])
def test_items_shown_and_left_out_add_up(clusters):
    """No item vanishes: those shown and those counted as left out are all there are, and failing ones come first."""
    items = tuple(item(f"ns-{n}", Status.FAIL if n % 2 else Status.PASS, evidence=()) for n in range(90))
    source = report(*(cluster(f"c{n}", controls=(control(items=items),)) for n in range(clusters)))
    [group] = groups_of(source)
    for finding in group.findings:
        shown = sum(len(block.subjects) for block in finding.judged.blocks)
        assert shown + finding.judged.left_out == 90
        assert 0 < shown <= ITEMS_PER_FINDING
        assert finding.judged.blocks[0].status is Status.FAIL
    assert sum(len(b.subjects) for f in group.findings for b in f.judged.blocks) <= max(ITEMS_PER_CONTROL, 3 * clusters)


def test_items_that_say_the_same_are_told_once():
    """Items with the same status, reason, evidence and remediation share one block."""
    alike = {"evidence": ("Nothing enforces it.",), "remediation": "Switch it on.", "reason": "inert"}
    items = (item("a", **alike), item("b", **alike), item("c", Status.PASS))
    [group] = groups_of(report(cluster(controls=(control(items=items),))))
    assert [block.subjects for block in group.findings[0].judged.blocks] == [("a", "b"), ("c",)]


@pytest.mark.parametrize("lines", [2, 15, 16])
def test_what_to_do_first_holds_a_manifest_whole_or_says_where_it_is(lines):
    """Half of a manifest mends nothing: a short one stands there, a long one is pointed to and stands under the finding."""
    manifest = "Apply:\n" + "\n".join(f"  line-{number}: 1" for number in range(1, lines))
    items = (item("promotions", remediation=manifest),)
    document = render_html(report(cluster(controls=(control(items=items),))))
    first, findings = document.decode().split('id="findings"')
    whole = manifest in first
    assert whole is (lines <= 15)
    assert ("the whole of it is under Findings" in first) is not whole
    assert manifest in findings
    target = re.search(r'href="(#[^"]+)">the whole', first)
    assert whole or (target and f'id="{target[1][1:]}"' in findings)


def test_no_clusters():
    """A run that found nothing says so, and calls it no success."""
    page = Page(render_html(report()))
    assert "No cluster was found, so nothing was judged." in page.text
    assert "Everything that was asked for could be read" not in page.text
    assert "No control is known to fail" not in page.text
    assert "alarming" in page.attributes("section", "class")[0]


def test_nothing_failing_is_not_called_compliant_while_something_is_unread():
    """Without a failure, the report points to what it could not read instead of calling the fleet compliant."""
    passing = tuple(control(n, Status.PASS) for n in range(3))
    text = Page(render_html(report(cluster(controls=passing), unread_cluster()))).text
    assert "No control is known to fail. That is not the same as compliant" in text


def test_observed_connections_are_shown_as_a_third_level():
    """Where something was observed, the card shows it beside declared and effective, and the disclaimer goes."""
    levels = tuple(exposure(level, 10) for level in (Level.PROVEN, Level.DECLARED, Level.EFFECTIVE))
    text = Page(render_html(report(cluster(exposure=levels)))).text
    assert text.index("declared what the policies say") < text.index("effective what is really possible")
    assert text.index("effective what is really possible") < text.index("proven what was observed")
    assert "Nothing in this report was observed" not in text


PAIR = (exposure(Level.DECLARED, 100), exposure(Level.EFFECTIVE, 150))


def difference(kind="gap", connections=7, **pair) -> Difference:
    """Some connections that differ for one cause."""
    fields = {
        "src": "0.0.0.0-255.255.255.255", "dst": "shop/web[Deployment]", "via": "shop/web", "declared": {},
        "declared_unknown": {}, "effective": {"TCP": ((80, 80),)}, "unknown": {},
    }  # fmt: skip
    return Difference(
        kind=kind,
        rules=("balancer-policed",),
        because=("balancers: ignored <b>[a page]</b>",),
        connections=connections,
        examples=(DifferentPair(**(fields | pair)),),
    )


def test_where_declared_and_effective_differ_is_told_with_the_cause():
    """How many connections, why, and a few of them; a crafted cause stays text."""
    text = Page(render_html(report(cluster(exposure=PAIR, differences=(difference(),))))).text
    assert "7 connections possible though policies deny it because of balancers: ignored <b>[a page]</b>" in text
    assert "0.0.0.0-255.255.255.255 → shop/web[Deployment] through shop/web: declared denied, here TCP 80" in text


def test_more_differences_than_a_card_holds_are_counted():
    """The document has them all."""
    many = tuple(difference(connections=number) for number in range(1, 12))
    text = Page(render_html(report(cluster(exposure=PAIR, differences=many)))).text
    assert "and 3 more in report.json" in text
    assert "1 connection possible though" in text


def test_unknown_declared_pairs_are_not_claimed_as_a_gap():
    """Pairs that could not be decided from the policies may be open there too, so they are taken off the gap."""
    pair = (exposure(Level.DECLARED, 100, unknown=40), exposure(Level.EFFECTIVE, 150))
    assert "At least 10 pairs that" in Page(render_html(report(cluster(exposure=pair)))).text


def test_figures_outside_their_range_draw_inside_the_picture():
    """A crafted result with absurd figures draws bars between 0 and 100 per cent."""
    absurd = cluster(
        score=Score(proven=-50.0, ceiling=900.0, coverage=7.0),
        exposure=(msgspec.structs.replace(exposure(Level.EFFECTIVE, 99, 5000), pairs=3),),
    )
    widths = Page(render_html(report(absurd))).attributes("rect", "width")
    assert all(0 <= float(width.rstrip("%")) <= 100 for width in widths if width.endswith("%"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "quiet", "link", "fail", "unknown", "waived", "pass", "not_applicable"])
def test_text_has_enough_contrast(scheme, text):
    """Every text colour holds the 4.5:1 of WCAG 2.2 success criterion 1.4.3 on each ground it is used on."""
    style = Page(render_html(report())).blocks["style"]
    palettes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    palette = palettes[0] if scheme == "light" else palettes[0] | palettes[1]
    tint = {"not_applicable": "na-tint"}.get(text, f"{text}-tint")
    for ground in ("ground", "sheet", tint if tint in palette else "na-tint"):
        assert _contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    assert _contrast("#ffffff", palette["cell-fail"]) >= 4.5


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
