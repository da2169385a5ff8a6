"""`ringfence.yaml` is read strictly; every mistake in it is named with its line, its key and what to write instead."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.clouds.options import AwsOptions
from infra.settings import SettingsFile, check_settings, read_settings
from scanner.baselines.config import BaselineConfig, Match
from scanner.errors import InputError

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"

MISTAKES = """\
sources:
- aws: {organizaton: true, accounts: [123456789012, "12"], regions: [Ireland]}
- gcp:
- {demo: true, manifests: k8s}
- azure: {subscriptions: [production]}
  include: [{}]
- {contexts: prod}
- {manifests: k8s, exclude: [{name: a}]}
baseline:
  profile: harsh
  tiers: {a: prod, b: production, c: stage}
  organisation_ranges: [198.51.100.0/24, everything]
  platformNamespaces: [x]
concurrency: {clusters: 0}
trustZones:
- {name: a, trust: hgh, cidrs: [10.0.0.1/8]}
- {trust: low, clusters: [x]}
links:
- {from: a, to: a, cidrs: [10.0.0.0/8]}
- {from: a, to: b, cidrs: []}
store: 2026-01-01
store: out
42: x
"""
FOUND = [
    (2, "sources[0].aws.organizaton", '"organization"'),
    (2, "sources[0].aws.accounts[0]", 'in quotes, "123456789012"'),
    (2, "sources[0].aws.regions[0]", "as eu-west-1"),
    (3, "sources[1].gcp", "is empty: write {}"),
    (4, "sources[2]", "this one has demo, manifests"),
    (5, "sources[3].azure.subscriptions[0]", "'production' is no subscription"),
    (6, "sources[3].include[0]", "chooses every cluster"),
    (7, "sources[4].contexts", "write [prod]"),
    (8, "sources[5].exclude", "remove it"),
    (10, "baseline.profile", "essential, standard, strict"),
    (11, "baseline.tiers.b", "prod, staging, dev"),
    (11, "baseline.tiers.c", "prod, staging, dev"),
    (12, "baseline.organisation_ranges[1]", "'everything' is no range"),
    (13, "baseline.platformNamespaces", '"platform_namespaces"'),
    (14, "concurrency.clusters", "from 1 to 256"),
    (16, "trustZones[0].trust", "high, low, medium, none"),
    (16, "trustZones[0].cidrs[0]", "write 10.0.0.0/8"),
    (17, "trustZones[1].name", "is missing"),
    (19, "links[0].to", "leads back"),
    (20, "links[1].cidrs", "at least one"),
    (21, "store", "in quotes"),
    (22, "store", "twice"),
    (23, "42", "no such key"),
]


def _write(folder: Path, text: str | bytes) -> Path:
    file = folder / "ringfence.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_reads_every_part(tmp_path):
    """Sources, filters, store, zones, links and baseline arrive typed."""
    file = _write(
        tmp_path,
        "sources:\n- {manifests: k8s, cloudRecords: [prod.json], name: prod}\n- {contexts: [a, b]}\n"
        "- aws: {accounts: ['012345670123'], role: r}\n  exclude: [{tags: {env: dev}}]\n"
        "store: s3://b/x\nconcurrency: {clusters: 3}\ntrustZones: [{name: z, trust: low, cidrs: [10.0.0.0/8]}]\n"
        "links: [{from: a, to: z, cidrs: [10.0.0.0/8]}]\n"
        "baseline:\n  edge: [{namespace: edge, workload: 'gateway*'}]\n  tiers: {'*-dev': dev}\n",
    )
    settings = read_settings(file)
    assert [entry.name for entry in settings.sources] == ["prod", "", ""]
    assert settings.sources[1].contexts == ("a", "b")
    assert settings.sources[2].aws == AwsOptions(accounts=("012345670123",), role="r")
    assert settings.sources[2].exclude[0].tags == {"env": "dev"}
    assert (settings.store, settings.concurrency.clusters) == ("s3://b/x", 3)
    assert (settings.trust_zones[0].trust, settings.links[0].from_) == ("low", "a")
    assert settings.baseline.edge[0].workload == "gateway*"
    assert settings.baseline.tiers == {"*-dev": "dev"}


def test_every_mistake_is_named_once_with_line_key_and_mend(tmp_path):
    """All of them in one go, in the order of the file."""
    _, mistakes = check_settings(_write(tmp_path, MISTAKES))
    assert [(mistake.line, mistake.key) for mistake in mistakes] == [(line, key) for line, key, _ in FOUND]
    for mistake, (_, _, words) in zip(mistakes, FOUND, strict=True):
        assert words in mistake.message
    assert all("\n" not in str(mistake) for mistake in mistakes)


def test_the_first_mistake_stands_for_the_rest(tmp_path):
    """A command that needs the settings says one line: file, line, key, and how many more there are."""
    file = _write(tmp_path, MISTAKES)
    with pytest.raises(
        InputError, match=r":2: sources\[0\]\.aws\.organizaton: .*22 more: `ringfence config check"
    ) as caught:
        read_settings(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param(b"baselin: {}", 'baselin: no such key: write "baseline"', id="misspelt-key"),
        pytest.param(b"sources: 3", "sources: a number stands where a list belongs: write [3]", id="wrong-type"),
        pytest.param(b"- a", "a list stands where keys with values belong", id="not-a-mapping"),
        pytest.param(b"sources: [{aws: {organization: true}}]", "add `role`", id="organization-without-role"),
        pytest.param(b"sources: [{aws: {network: 'no'}}]", "write true or false", id="no-switch"),
        pytest.param(b"concurrency: {clusters: many}", "write one from 1 to 256", id="no-number"),
        pytest.param(b"trustZones: [{name: a, cidrs: [10.0.0.9/8]}]", "write 10.0.0.0/8", id="bits-set"),
        pytest.param(b"trustZones: [&z {name: a, clusters: [x]}, *z]", "'a' stands twice", id="twice"),
        pytest.param(b"a: [", ":1: broken YAML", id="broken-yaml"),
        pytest.param(b"a: 1\n---\nb: 2", ":2: broken YAML", id="two-documents"),
        pytest.param(b"store: x\n? [a, b]\n: c\n", ":2: a key is a list", id="odd-key"),
        pytest.param(b"a: 1\n\xff\xfe\x00bad", ":2: not text in UTF-8", id="not-text"),
        pytest.param(b"a: \x00", "control characters", id="control"),
        pytest.param(b"[" * 5000, ":1: nested too deeply", id="too-deep"),
        pytest.param(b"store: 2026-99-99", "in quotes", id="no-date"),
        pytest.param(b"#" * (2 << 20), "1 MiB", id="too-large"),
    ],
)  # fmt: skip
def test_refuses_what_it_cannot_use(tmp_path, text, named):
    """Anything else is one line that names the file and what is wrong in it."""
    file = _write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_settings(file)
    assert str(file) in str(caught.value)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    """A file that is not there is named together with the flag that named it."""
    with pytest.raises(InputError, match=r"nowhere\.yaml.*--config"):
        read_settings(tmp_path / "nowhere.yaml")


def test_an_empty_file_says_nothing(tmp_path):
    """Comments alone are settings that leave everything as it is."""
    assert read_settings(_write(tmp_path, "# later\n")) == SettingsFile()


def test_aliases_do_not_multiply(tmp_path):
    """A few lines that stand for a billion nodes are refused in little time and memory."""
    bomb = "sources:\n" + "- &s {contexts: &c [" + "a, " * 3000 + "b]}\n" + "- *s\n" * 3000
    file = _write(tmp_path, bomb)
    tracemalloc.start()
    try:
        _, mistakes = check_settings(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [mistake.message for mistake in mistakes] == ["too much of it, by way of aliases: write it out"]
    assert peak < 100 << 20


_WORDS = st.sampled_from(
    ["sources", "aws", "gcp", "contexts", "accounts", "demo", "trustZones", "name", "cidrs", "links", "from", "tiers", "x"]
)  # fmt: skip
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["10.0.0.0/8", "a"]))
_TREES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3), max_leaves=12
)


@given(_TREES)
def test_what_has_no_mistake_can_be_decoded_and_the_reverse(tmp_path_factory, tree):
    """Checking and decoding agree on every document: no mistake missed, none invented."""
    file = _write(tmp_path_factory.mktemp("settings"), msgspec.yaml.encode(tree))
    settings, mistakes = check_settings(file)
    if mistakes:
        assert settings == SettingsFile()
        return
    assert settings == msgspec.convert({} if tree is None else tree, SettingsFile)


def _keys(kind: msgspec.inspect.Type, path: str) -> set[str]:
    """Every key below a struct, as the documentation writes it."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return set().union(*(_keys(each, path) for each in kind.types))
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return _keys(kind.item_type, f"{path}[]")
    if not isinstance(kind, msgspec.inspect.StructType):
        return set()
    names = {f"{path}.{field.encode_name}".lstrip("."): field.type for field in kind.fields}
    return set(names).union(*(_keys(each, name) for name, each in names.items()))


def test_every_key_is_documented_and_every_documented_key_exists():
    """docs/settings.md has exactly the keys of the structs."""
    matching = "|".join(
        field.name for field in msgspec.structs.fields(BaselineConfig) if field.type == tuple[Match, ...]
    )
    keys = {
        re.sub(rf"^baseline\.({matching})\[\]", "baseline.*[]", key)
        for key in _keys(msgspec.inspect.type_info(SettingsFile), "")
    } - {"sources", "baseline"}
    rows = re.findall(r"^\| (`.*?`) \| (.+) \|$", DOCS.read_text(), re.MULTILINE)
    documented = [key for names, _ in rows for key in re.findall(r"`([^`]+)`", names)]
    assert sorted(documented) == sorted(keys)


def test_the_documented_example_is_one(tmp_path):
    """The example of docs/settings.md has no mistake."""
    example = re.search(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert example is not None
    settings, mistakes = check_settings(_write(tmp_path, example[1]))
    assert mistakes == ()
    assert len(settings.sources) == 3
