"""YAML as the API server's clients read it: scalars, merge keys, documents, lines; and never an unexpected error."""

from __future__ import annotations

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.manifests.documents import Document, Foreign, Trouble
from infra.manifests.json_documents import read_json
from infra.manifests.scalars import resolve
from infra.manifests.yaml_documents import read_yaml
from infra.manifests.yaml_values import YamlError, load_documents

POLICY = """\
# who may reach the database
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {}
  ingress:
    - from: []
    -
      ports: []
  egress: [{to: []},
    {ports: []}]
"""


def value(text):
    """The only document's value."""
    (document,) = load_documents(text)
    return document.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True), ("on", True), ("y", True), ("Off", False), ("n", False), ("~", None), ("", None), ("null", None),
        ("yEs", "yEs"), ("web", "web"), ("1.2.3", "1.2.3"), ("2024-01-01", "2024-01-01"), ("1:30", "1:30"), ("-", "-"),
        ("80", 80), ("-1", -1), ("+7", 7), ("010", 8), ("08", 8), ("0o17", 15), ("0x1F", 31), ("0b101", 5), ("1_000", 1000),
        ("1e3", 1000), ("1.5", 1.5), (".5", 0.5), ("18446744073709551616", 18446744073709551616.0), ("10.0.0.0/8", "10.0.0.0/8"),
        (".5_0", ".5_0"), ("1e999", "1e999"),
    ],
)  # fmt: skip
def test_unquoted_scalars(text, expected):
    """An unquoted scalar is what sigs.k8s.io/yaml makes of it, which PyYAML's own rules are not."""
    found = resolve(text)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "a: '1'\nb: !!str 2\nc: ! 3\nd: !!int '4'\ne: !x 5",
            {"a": "1", "b": "2", "c": "3", "d": 4, "e": "5"},
            id="tags",
        ),
        pytest.param("on: 1\n2: a\ntrue: b", {"true": "b", "2": "a"}, id="keys-become-text"),
        pytest.param(
            "a: &x {p: 1, q: 1}\nb: {<<: *x, q: 2}", {"a": {"p": 1, "q": 1}, "b": {"p": 1, "q": 2}}, id="merge"
        ),
        pytest.param("b: {q: 2, <<: [{q: 1, p: 1}, {p: 9, r: 3}]}", {"b": {"p": 1, "q": 2, "r": 3}}, id="merge-list"),
        pytest.param("a: &x [1]\nb: *x\nc: *x", {"a": [1], "b": [1], "c": [1]}, id="alias"),
        pytest.param("a: &x 5\nb: *x", {"a": 5, "b": 5}, id="scalar-alias"),
        pytest.param("'<<': 1", {"<<": 1}, id="quoted-merge-key"),
    ],
)
def test_values(text, expected):
    """Tags, keys, anchors and merge keys give the JSON that a cluster would be sent."""
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: *nowhere", "has no anchor", id="unknown-alias"),
        pytest.param("a: &x [*x]", "stands inside itself", id="recursive"),
        pytest.param("[" * 5000, "deeper than 100", id="deep-flow"),
        pytest.param("- " * 5000, "deeper than 100", id="deep-block"),
        pytest.param("? [a]\n: b", "where a key must", id="list-as-key"),
        pytest.param("~: b", "a key is empty", id="null-key"),
        pytest.param("a: .inf", "no JSON numbers", id="infinity"),
        pytest.param("a: !!int x", "int tag", id="wrong-tag"),
        pytest.param("a: {<<: 3}", "mappings only", id="merge-of-number"),
        pytest.param("a: b\x07", "control character", id="control"),
        pytest.param("a: b\n  c: d", "mapping values", id="indentation"),
        pytest.param("a: [1", "did not find expected", id="open-list"),
    ],
)
def test_refused_yaml(text, message):
    """What has no meaning as JSON, or could not be bounded, is refused in words."""
    with pytest.raises(YamlError, match=message):
        list(load_documents(text))


def test_alias_bombs():
    """A few hundred bytes that stand for billions of values, long texts or great depth are refused."""
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    texts = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]"
    nested = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    merges = "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 10)
    )
    for bomb, message in (
        (laughs, "expand to more"),
        (texts, "expand to more"),
        (nested, "deeper"),
        (merges, "expand to more"),
    ):
        with pytest.raises(YamlError, match=message):
            list(load_documents(bomb))


def test_lines_of_a_policy_and_its_rules():
    """A policy's line is that of its first key, and every rule has its own, in YAML and in JSON."""
    found = list(read_yaml(f"---\n# nothing here\n---\n{POLICY}---\n{POLICY}"))
    assert [document.line for document in found] == [5, 18]
    assert found[0].lines() == {"ingress[0]": 11, "ingress[1]": 13, "egress[0]": 14, "egress[1]": 15}
    assert found[1].lines()["egress[1]"] == 28
    wrapped = (
        '{"apiVersion": "v1", "kind": "List", "items": [\n{},\n' + msgspec.json.format(found[0].json, indent=1).decode()
    )
    empty, document = read_json((wrapped + "]}").encode())
    assert (empty, document.line) == (Foreign(2), 3)
    text = (wrapped + "]}").splitlines()
    for rule, line in document.lines().items():
        name, index = rule.rstrip("]").split("[")
        opening = next(number for number, content in enumerate(text, 1) if f'"{name}"' in content)
        assert text[line - 1].strip() == "{"
        assert line == opening + 1 + int(index) * 3


def test_cilium_lists_of_rules_have_lines():
    """Each rule under `specs` is found as well, and the deny lists are rules too."""
    head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\n"
    text = f"{head}specs:\n- ingressDeny:\n  - {{}}\n- egress:\n  - {{}}\n"
    expected = {"specs[0].ingressDeny[0]": 6, "specs[1].egress[0]": 8}
    (document,) = read_yaml(text)
    assert document.lines() == expected
    (as_json,) = read_json(msgspec.json.format(document.json, indent=1))
    assert as_json.lines().keys() == expected.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("# nothing\n---\n---\n# more\n...\n", [], id="comments"),
        pytest.param("%YAML 1.1\n---\n" + POLICY, [3 + 1], id="directive"),
        pytest.param("\ufeff" + POLICY, [2], id="mark"),
        pytest.param(POLICY.replace("\n", "\r\n"), [2], id="crlf"),
        pytest.param(POLICY + "...\n---\n" + POLICY, [2, 16], id="document-end"),
        pytest.param("--- # first\n" + POLICY, [3], id="comment-after-marker"),
        pytest.param('--- {apiVersion: v1, kind: "---"}\n', [1], id="content-after-marker"),
        pytest.param("a: |\n  ---\n  x\n", "foreign", id="marker-in-text"),
        pytest.param("apiVersion: v2\nname: chart\n", "foreign", id="chart"),
    ],
)
def test_documents(text, expected):
    """Documents are found wherever they begin; what holds nothing is none."""
    found = list(read_yaml(text))
    if expected == "foreign":
        assert [type(each) for each in found] == [Foreign]
    else:
        assert [each.line for each in found if isinstance(each, Document)] == expected == [each.line for each in found]


def test_a_broken_document_leaves_the_others():
    """What stands before and behind a broken document is read; the error has line and column in the file."""
    first, broken, last = read_yaml(f"{POLICY}---\na: [\n---\n{POLICY}")
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert isinstance(broken, Trouble)
    assert (broken.line, broken.lost) == (15, True)
    assert broken.message.startswith("broken YAML: ")
    _, second = read_yaml(f"{POLICY}...\n{POLICY}")  # kubectl reads the first and drops this one without a word
    assert isinstance(second, Trouble)


def test_keys_that_stand_twice():
    """The last one counts, as in the API's clients, and a notice says so."""
    notice, document = read_yaml("apiVersion: v1\nkind: Pod\nkind: Service\n")
    assert (notice.line, notice.lost) == (3, False)
    assert '"kind" stands twice' in notice.message
    assert document.kind == "Service"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co"], exclude_characters="\ufeff\ufffe\uffff")),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


class QuotingDumper(yaml.SafeDumper):
    """Writes every text in quotes: PyYAML leaves `y` bare, which is a boolean to the API's clients."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@settings(deadline=None, max_examples=150)
@given(json_values)
def test_json_is_yaml(generated):
    """Whatever object is written, as JSON or in YAML's block style with quotes, comes back the same."""
    wanted = {"apiVersion": "v1", "kind": "Thing", "spec": generated}
    (from_json,) = read_json(msgspec.json.encode(wanted))
    (from_flow,) = read_yaml(msgspec.json.encode(wanted).decode())
    quoted = yaml.dump(wanted, Dumper=QuotingDumper, allow_unicode=True)
    (from_block,) = read_yaml(quoted)
    assert msgspec.json.decode(from_json.json) == wanted
    assert msgspec.json.decode(from_flow.json) == wanted
    assert msgspec.json.decode(from_block.json) == wanted


@settings(deadline=None, max_examples=300)
@given(st.text() | st.text("{}[]&*!|>-:#%@`'\"\\ \n\tab01?,.~<"))
def test_any_text_gives_documents_or_trouble(text):
    """No text makes the readers raise, and every trouble says where and what."""
    for found in (*read_yaml(text), *read_json(text.encode("utf-8", "replace"))):
        assert isinstance(found, Document | Foreign | Trouble)
        if isinstance(found, Trouble):
            assert found.message
            assert "\n" not in found.message
