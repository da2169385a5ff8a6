"""A listing as table, CSV, graph, Markdown and documents: the same lines in each, and no name that acts on its reader."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import shutil
import subprocess

import jsonschema
import pytest
from markdown_it import MarkdownIt

from reports.reach.classes import classes_document, runs
from reports.reach.document import reach_document
from reports.reach.dot import pairs_dot, quoted, reach_dot
from reports.reach.markdown import code, pairs_markdown, reach_markdown
from reports.reach.markdown import text as markdown_text
from reports.reach.overview import pairs_csv, pairs_table, title
from reports.reach.schema import schemas
from reports.reach.sheet import field, reach_csv
from reports.reach.table import reach_table
from reports.reach.words import plain as spelled
from scanner.dataplane.model import Enforcing
from scanner.model import ApiObject, ContainerPort, Notice, Service, ServicePort
from scanner.policy.resolve import resolve
from scanner.policy.selectors import bit_set
from scanner.reach.engine import build
from scanner.reach.selection import WHOLE, Selection
from scanner.reach.summary import by_namespace
from tests.factories import pod, policy, raw, snapshot
from tests.scanner.reach.planes import capabilities, fact, plane

V4, V6 = "0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
WEB, DB = "shop/web[Deployment]", "shop/db[Deployment]"
FILTERED = ApiObject(
    api_version="cilium.io/v2",
    kind="CiliumNetworkPolicy",
    name="l7",
    namespace="shop",
    spec=raw(
        {
            "endpointSelector": {"matchLabels": {"app": "db"}},
            "ingress": [
                {
                    "fromEndpoints": [{"matchLabels": {"app": "web"}}],
                    "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{"method": "GET"}]}}],
                }
            ],
        }
    ),
)
ONLY_WEB = policy(
    {
        "podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [{"ports": [{"port": 80}, {"port": 8000, "endPort": 8100}, {"port": 53, "protocol": "UDP"}]}],
    },
    name="web",
)
SERVICE = Service(
    namespace="shop", name="db", type="NodePort", selector={"app": "db"}, ports=(ServicePort(port=5432, target=5432),)
)
NOTICE = Notice(object="NetworkPolicy shop/x", field="spec", message="is odd; mend it")


def reach_of(*, enforcing=Enforcing.YES, pods=(), policies=(FILTERED, ONLY_WEB)):
    """Two workloads, a filter above the ports, and a Service that leads past policy."""
    found = pods or (pod("web-1"), pod("db-1", ports=[ContainerPort(port=5432)]))
    cluster = snapshot(pods=found, policies=policies, services=[SERVICE], notices=(NOTICE,))
    facts = capabilities(balancer_policed=fact("no"))
    return build(cluster, resolve(cluster), plane(name="cilium", enforcing=enforcing, capabilities=facts))


def written(chunks):
    """The whole of it as text."""
    return b"".join(chunks).decode()


def spans(ranges):
    """Ranges as a person writes them."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def lines_of(reach):
    """The facts that every form must hold: source, destination, protocol, ports, answer, via, filter."""
    return sorted(
        (each.src, each.dst, protocol, " ".join(spans(ranges)), answer, each.via, each.filter)
        for answer, connections in (("yes", reach.connections()), ("unknown", reach.unknown()))
        for each in connections
        for protocol, ranges in each.ports.items()
    )


HOSTILE = (
    "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", ' =1"', 'a","b', "a\r\nb", "\x1b[2J", "a|b`c", "**b**", "<script>", "\\N",
    "\u202egnp", "\0\1", "](javascript:x)", "\ud800", "__", "@team", "https://x",
)  # fmt: skip


@pytest.fixture(params=HOSTILE, ids=[str(at) for at in range(len(HOSTILE))])
def crafted(request):
    """A reach with a workload called like nothing that an API server would take, as only a made-up snapshot can hold."""
    pods = (pod("web-1", owner=("Deployment", request.param), labels={"app": "web"}), pod("db-1"))
    cluster = snapshot(pods=pods, policies=[ONLY_WEB], notices=(Notice(object=request.param, field="f", message="m"),))
    return request.param, build(cluster, resolve(cluster))


@pytest.mark.parametrize("enforcing", [Enforcing.YES, Enforcing.UNKNOWN], ids=["yes", "unknown"])
def test_csv_has_a_row_for_each_connection_and_protocol(enforcing):
    """Read back, it is the listing: nothing lost, nothing added, undecided rows with their reason."""
    reach = reach_of(enforcing=enforcing)
    rows = list(csv.DictReader(io.StringIO(written(reach_csv(reach.listing())))))
    found = sorted(
        (row["src"], row["dst"], row["protocol"], row["ports"], row["answer"], row["via"], row["filter"])
        for row in rows
    )
    assert found == lines_of(reach)
    assert {row["answer"] == "unknown" for row in rows if row["reason"]} <= {True}
    assert all(row["reason"] for row in rows if row["answer"] == "unknown")
    kinds = dict(reach.peers)
    assert all((row["src_kind"], row["dst_kind"]) == (kinds[row["src"]], kinds[row["dst"]]) for row in rows)
    assert ("yes" in {row["answer"] for row in rows}, {row["via"] for row in rows} >= {"shop/db"}) == (True, True)
    assert {row["filter"] for row in rows} == {"", "L7"}


def test_a_crafted_name_stays_in_its_field_and_never_calculates(crafted):
    """Every row has ten fields on one line, and none begins as a formula does."""
    _, reach = crafted
    text = written(reach_csv(reach.listing()))
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {10}
    assert len(rows) == text.count("\n")
    assert not any(value.strip().startswith(("=", "+", "-", "@")) for row in rows for value in row)
    assert not any(ord(char) < 32 for row in rows for value in row for char in value)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("=1", "'=1"), (" +1", "' +1"), ("a-b", "a-b"), ('a"b', '"a""b"')],
    ids=["formula", "spaced", "none", "quotes"],
)
def test_a_field_is_changed_only_where_it_must_be(name, shown):
    """A quote before what would be a formula; quotes around what would be two fields."""
    assert field(name) == shown


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "coloured"])
def test_the_table_has_every_line_once(width, colour):
    """Whichever way it is laid out: names whole, ports, notes; the undecided and the ways in apart, warnings last."""
    reach = reach_of(enforcing=Enforcing.UNKNOWN)
    text = written(reach_table(reach.listing(), width=width, colour=colour))
    plain = re.sub(r"\x1b\[\d*m", "", text)
    assert (plain != text) is colour
    allowed, rest = plain.split("\nUndecided (")
    rest, ways = rest.split("\nWays in from outside (")
    rows, source = [], ""
    for line in allowed.splitlines()[2:]:
        if line and not line.startswith(" ") and len(line.split()) == 1:
            source = line
        elif line.startswith("  -> "):
            rows.append((source, *re.split(r"  +", line[5:], maxsplit=1)))
        elif line and not line.startswith("FROM"):
            rows.append(tuple(re.split(r"  +", line, maxsplit=2)))
    expected = [(each.src, each.dst) for each in reach.connections()]
    assert [row[:2] for row in rows] == expected
    assert {"TCP 80 (L7 filter)"} == {row[2] for row in rows if "L7" in row[2]}
    marks = re.findall(r" \[([\d,]+)\]$", rest, re.MULTILINE)
    assert len(marks) == len(list(reach.unknown()))
    assert {number for mark in marks for number in mark.split(",")} == set(
        re.findall(r"^  \[(\d+)\] ", rest, re.MULTILINE)
    )
    assert ways.index("Warnings (1)") < ways.index("- NetworkPolicy shop/x, spec: is odd; mend it")
    assert ("\nFROM" in plain) is (width == 200)


def test_no_table_line_is_wider_than_the_terminal_for_its_names():
    """Where two names do not fit beside each other, the source stands above its lines."""
    text = written(reach_table(reach_of().listing(), width=80))
    assert max(map(len, text.splitlines())) <= 80


def test_nothing_in_a_table_steers_the_terminal(crafted):
    """Control characters and the like of a crafted name are spelled out, and every line stays one."""
    name, reach = crafted
    text = written(reach_table(reach.listing()))
    assert all(char.isprintable() for line in text.splitlines() for char in line)
    assert len(text.splitlines()) == text.count("\n")
    assert name.isprintable() is (f"shop/{name}[Deployment]" in text)


def test_the_table_of_nothing_says_so():
    """A cluster without pods has no connections, and no heading above none."""
    assert written(reach_table(build(snapshot(), resolve(snapshot())).listing())) == (
        "Declared: 0 connections allowed (2 address ranges)\n"
    )


@pytest.mark.parametrize("enforcing", [Enforcing.YES, Enforcing.UNKNOWN], ids=["yes", "unknown"])
def test_the_graph_has_an_edge_for_each_line(enforcing):
    """Workloads stand in their namespace, what is outside in boxes; undecided edges are dashed."""
    reach = reach_of(enforcing=enforcing)
    text = written(reach_dot(reach.listing()))
    names = dict(re.findall(r'^ +(n\d+) \[label="([^"]+)"', text, re.MULTILINE))
    edges = re.findall(r"(n\d+) -> (n\d+) \[label=\"([^\"]*)\"(.*)\];", text)
    assert len(edges) == len(list(reach.connections())) + len(list(reach.unknown()))
    assert sum("dashed" in look for *_, look in edges) == len(list(reach.unknown()))
    assert {(names[src], names[dst]) for src, dst, *_ in edges} >= {
        ("web[Deployment]", "db[Deployment]"),
        (V4, "db[Deployment]"),
    }
    assert 'subgraph cluster_0 {\n    label="shop";' in text
    assert re.search(rf'label="{re.escape(V4)}", shape=box', text)
    labels = {label for *_, label, _ in edges}
    assert (("TCP 5432 via shop/db" in labels), "TCP 80 L7" in labels) == (True, True)


def test_a_name_cannot_leave_its_label(crafted):
    """Every quoted string of the graph ends where it should, and holds no escape of its own."""
    _, reach = crafted
    text = written(reach_dot(reach.listing()))
    bare = re.sub(r'"(?:[^"\\\n]|\\["\\])*"', "S", text)
    assert not re.search(r'["\\]', bare)
    assert all(re.fullmatch(r"[\w\s{}\[\]=;,>S.-]*", line) for line in bare.splitlines())


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz (dot) on the PATH")
def test_graphviz_takes_the_graph(crafted):
    """The real program draws it without a complaint."""
    _, reach = crafted
    for text in (reach_dot(reach.listing()), pairs_dot(by_namespace(reach.listing()), "t")):
        drawn = subprocess.run(["dot", "-Tplain"], input=b"".join(text), capture_output=True, check=True, timeout=60)
        assert drawn.stderr == b""


def test_backslashes_and_quotes_are_literal():
    r"""`\N` in a label would be the node's name."""
    assert quoted('a\\N"b\n') == '"a\\\\N\\"b\\\\n"'


@pytest.mark.parametrize("enforcing", [Enforcing.YES, Enforcing.UNKNOWN], ids=["yes", "unknown"])
def test_markdown_has_a_row_for_each_line(enforcing):
    """Tables for what is allowed and what is undecided, with why; warnings as a list."""
    reach = reach_of(enforcing=enforcing)
    text = written(reach_markdown(reach.listing()))
    lines, _, ways = text.partition("**Ways in from outside**")
    rows = [line for line in lines.splitlines() if line.startswith("| `")]
    assert len(rows) == len(list(reach.connections())) + len(list(reach.unknown()))
    assert [line.split(" | ")[0] for line in ways.splitlines() if line.startswith("| `")] == [
        "| `NodePort shop/db, TCP`"
    ]
    assert f"| `{WEB}` | `{DB}` | `TCP 80` filtered above the ports |" in rows
    assert any("via `shop/db`" in row for row in rows)
    assert ("**Undecided**" in text or "<summary>Undecided" in text) is (enforcing is Enforcing.UNKNOWN)
    assert "- `NetworkPolicy shop/x` `spec`: is odd; mend it" in text


def test_a_long_table_folds_and_a_very_long_one_is_counted():
    """A comment has room for so many rows; what is left out is said."""
    pods = [pod(f"w{at}-1") for at in range(30)]
    text = written(reach_markdown(reach_of(pods=pods, policies=()).listing()))
    total = 30 * 29 + 4 * 30
    assert f"<details><summary>Allowed ({total:,})</summary>\n\n| from |" in text
    assert sum(line.startswith("| `") for line in text.splitlines()) == 300
    assert f"…and {total - 300:,} more" in text
    assert text.index("…and") < text.index("\n</details>\n")
    assert len(text) < 65_536


def test_a_crafted_name_is_no_markup(crafted):
    """A name stays in its cell and its code span; words from outside neither link nor call anybody."""
    name, reach = crafted
    text = written(reach_markdown(reach.listing()))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {4}
    assert all(row.count("`") == 6 for row in rows[2:])
    assert len(text.splitlines()) == text.count("\n")
    assert "\x1b" not in text
    assert "|" not in code(name)[1:-1]
    parser = MarkdownIt("commonmark").enable("table")
    inline = [part for token in parser.parse(text) for part in token.children or ()]
    assert {part.type for part in inline} <= {"text", "code_inline", "strong_open", "strong_close"}
    (words,) = [token for token in parser.parse(f"word {markdown_text(name)}") if token.type == "inline"]
    assert {part.type for part in words.children} <= {"text", "code_inline"}
    plain = "".join(part.content for part in words.children)
    assert plain == f"word {spelled(name)}".rstrip()
    assert not any("@team" in part.content for part in words.children)


@pytest.mark.parametrize(
    "selection", [WHOLE, Selection(workloads=("shop/web",), port=("TCP", 80))], ids=["whole", "part"]
)
@pytest.mark.parametrize("enforcing", [Enforcing.YES, Enforcing.UNKNOWN], ids=["yes", "unknown"])
def test_the_documents_are_what_their_schemas_say(selection, enforcing):
    """Also with selections, filters, ways through Services and doubt; unknown fields stay allowed."""
    reach = reach_of(enforcing=enforcing)
    for chunks in (reach_document(reach.listing(selection)), classes_document(reach.collapsed(selection))):
        document = json.loads(written(chunks))
        schema = schemas()[document["schema"]]
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(document, schema)
        jsonschema.validate(document | {"later": 1}, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({key: value for key, value in document.items() if key != "warnings"}, schema)


def test_a_part_says_that_it_is_one():
    """Nobody takes a selection for the whole: each form says to what it was reduced."""
    selection = Selection(namespaces=("shop",), workloads=("shop/w*",), port=("TCP", 80), hypothetical=("shop/x[Pod]",))
    reach = reach_of()
    listing = reach.listing(selection)
    fields = {
        "namespaces": ["shop"], "workloads": ["shop/w*"], "ports": {"TCP": [[80, 80]]}, "hypothetical": ["shop/x[Pod]"],
    }  # fmt: skip
    document = json.loads(written(reach_document(listing)))
    assert (document["selection"], list(document)[:3]) == (fields, ["schema", "level", "selection"])
    assert json.loads(written(classes_document(reach.collapsed(selection))))["selection"] == fields
    words = "lines that touch namespace shop and workload shop/w*, on TCP 80"
    assert f"Only {words}." in written(reach_table(listing))
    assert f"only {words}" in written(reach_dot(listing))
    assert "Only lines that touch namespace shop and workload shop/w\\*, on TCP 80." in written(reach_markdown(listing))
    assert words in title(listing)
    assert "selection" not in json.loads(written(reach_document(reach.listing())))


def test_documents_hold_any_name(crafted):
    """The document stays one, and the name is what it was, half a surrogate pair aside."""
    name, reach = crafted
    document = json.loads(written(reach_document(reach.listing())))
    shown = f"shop/{name}[Deployment]".encode("utf-8", "replace").decode()
    assert shown in {peer["id"] for peer in document["peers"]}
    assert {line["dst"] for line in document["connections"]} | {line["src"] for line in document["connections"]} >= {
        shown
    }
    classes = json.loads(written(classes_document(reach.collapsed())))
    assert shown in {workload for item in classes["classes"] for workload in item["workloads"]}


@pytest.mark.parametrize("positions", [(), (0,), (7, 8), (0, 1, 2, 5, 63, 64, 65, 700), tuple(range(300))], ids=str)
def test_runs_are_the_set(positions):
    """First and last of every run, ascending, none touching the next."""
    found = runs(bit_set(positions))
    assert [number for first, last in found for number in range(first, last + 1)] == list(positions)
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(found))


def test_the_classes_document_refers_to_what_it_lists():
    """Masks and sets of sources stand once; every reference leads to one."""
    document = json.loads(written(classes_document(reach_of(enforcing=Enforcing.UNKNOWN).collapsed())))
    ids = [item["id"] for item in (*document["classes"], *document["external"])]
    assert ids == list(range(len(ids)))
    used = [
        pair
        for column in document["columns"]
        for side in ("allowed", "unknown", "filtered")
        for pair in column.get(side, [])
    ]
    assert {mask for mask, _ in used} == set(range(len(document["masks"])))
    assert {sources for _, sources in used} == set(range(len(document["sources"])))
    assert {column.get("via") for column in document["columns"]} == {None, "shop/db"}
    destinations = [
        number for column in document["columns"] if "via" not in column for number in column["destinations"]
    ]
    assert sorted(destinations) == ids


def test_the_overview_fits_a_screen_whatever_the_cluster():
    """The namespaces with the most open pairs, the rest counted; CSV has them all."""
    pods = [pod(f"w{at}-1", ns=f"team-{number}") for number in range(12) for at in range(2)]
    listing = reach_of(pods=pods, policies=()).listing()
    pairs = by_namespace(listing)
    text = written(pairs_table(listing, pairs, width=100, colour=False))
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 100
    assert f"and {len(pairs) - 16} more pairs of namespaces" in text
    rows = list(csv.DictReader(io.StringIO(written(pairs_csv(pairs)))))
    assert {(row["src"], row["dst"]) for row in rows} == {(each.src, each.dst) for each in pairs}
    assert {row["ports"] for row in rows} == {"1-65535"}
    page = written(pairs_markdown(pairs, title(listing), listing.notices))
    assert sum(line.startswith("| `team-") for line in page.splitlines()) + sum(
        line.startswith("| `(outside)") for line in page.splitlines()
    ) == len(pairs)
    assert "- `NetworkPolicy shop/x` `spec`" in page
    graph = written(pairs_dot(pairs, title(listing)))
    assert graph.count(" -> ") == len(pairs)


def test_the_overview_keeps_doubt_apart():
    """Where something is undecided there is a column for it."""
    listing = reach_of(enforcing=Enforcing.UNKNOWN).listing()
    text = written(pairs_table(listing, by_namespace(listing), width=100, colour=True))
    assert "UNDECIDED" in text
    assert "\x1b[1m" in text
