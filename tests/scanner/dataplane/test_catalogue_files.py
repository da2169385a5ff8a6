"""Catalogue files: what loads, what does not and why, and what a user's file changes."""

from __future__ import annotations

import dataclasses
import hashlib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scanner.dataplane.catalogue as package
from scanner.dataplane.catalogue import CATALOGUE, digest, extended, named
from scanner.dataplane.catalogue.wire import read_engine
from scanner.dataplane.kinds import honours
from scanner.dataplane.model import Answer, Capabilities, Confidence, Value
from scanner.errors import InputError

FACT = 'capability = "sctp", value = "ignored", confidence = "documented", source = "a page"'


def entry(body: str = "", *, name: str = "mine", title: str = "Mine") -> bytes:
    """A catalogue file."""
    return f'name = "{name}"\ntitle = "{title}"\n{body}\n'.encode()


def facts(*rows: str) -> str:
    return "facts = [" + ", ".join("{ " + row + " }" for row in rows) + "]"


def test_every_file_of_the_package_is_an_engine_that_can_be_named():
    """The list of names and the folder of files are the same."""
    folder = Path(package.__file__).parent / "engines"
    assert {path.stem for path in folder.iterdir()} == set(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("version", ["", "0.1", "1.16.0", "1.30.0", "99.0"])
def test_what_is_only_remembered_or_inferred_decides_nothing(name, version):
    """Such a fact is unknown wherever it could turn a verdict, whatever it says; a condition makes any fact so."""
    engine = CATALOGUE[name]
    known = engine.at(version)
    found = [getattr(known, field.name) for field in dataclasses.fields(Capabilities)]
    found += [engine.kind_at(kind, version) for kind in (*engine.kinds, "Other.example.com")]
    assert found
    for fact in found:
        weak = fact.confidence in {Confidence.INFERRED, Confidence.MEMORY} or fact.condition
        assert fact.firm is Answer.UNKNOWN or not weak


def test_sources_may_be_given_short_names():
    """A short name stands for what the file's table of sources says."""
    row = 'capability = "sctp", value = "ignored", confidence = "memory", source = "P"'
    engine = read_engine(entry(facts(row) + '\n[sources]\nP = "a page of the vendor"'), "mine.toml")
    assert engine.at("").sctp.source == "a page of the vendor"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(facts('capability = "sctp", value = "ignored", confidence = "memory"'), "source", id="no-source"),
        pytest.param(facts(FACT.replace("a page", "")), "source", id="empty-source"),
        pytest.param(facts(FACT.replace("ignored", "maybe")), "facts[0].value: 'maybe' is not known", id="value"),
        pytest.param(facts(FACT.replace("documented", "sure")), "facts[0].confidence", id="confidence"),
        pytest.param(facts(FACT.replace("sctp", "stcp")), "facts[0].capability: 'stcp' is not known", id="capability"),
        pytest.param(facts(FACT + ', since = "soon"'), "facts[0].since: 'soon' is no version", id="version"),
        pytest.param(facts(FACT + ', since = "1.2", below = "1.2"'), "no version is meant", id="empty-range"),
        pytest.param(facts(FACT, FACT), "sctp: two facts hold for version", id="twice"),
        pytest.param(
            facts(FACT + ', below = "1.4"', FACT + ', since = "1.3"'), "two facts hold for version 1.3", id="overlap"
        ),
        pytest.param("colour = 'red'", "colour", id="unknown-field"),
        pytest.param("facts = 3", "facts", id="wrong-type"),
        pytest.param("facts = [", "mine.toml", id="no-toml"),
        pytest.param(
            '[[support]]\nsubject = "x"\nends = "soon"\nconfidence="memory"\nsource="y"', "ends", id="no-date"
        ),
        pytest.param("[limits]\nconfidence='memory'\nsource='y'", "limits: names no limit", id="limits"),
        pytest.param("[limits]\nnodes = -1\nconfidence='memory'\nsource='y'", "nodes", id="negative-limit"),
    ],
)
def test_what_does_not_load_names_the_file_and_the_field(body, words):
    """One line; a fact without a source does not load."""
    with pytest.raises(InputError) as caught:
        read_engine(entry(body), "mine.toml")
    message = str(caught.value)
    assert message.startswith("mine.toml: ")
    assert words in message
    assert "\n" not in message


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_refused_in_one_line(data):
    """Whatever a file holds, it loads or there is one error."""
    message = ""
    try:
        read_engine(data, "mine.toml")
    except InputError as error:
        message = str(error)
    assert not message or (message.startswith("mine.toml: ") and "\n" not in message)


def test_a_file_counts_instead_of_what_the_catalogue_says():
    """What a file says of an engine replaces all that was said of that capability, and leaves the rest."""
    catalogue = extended([("own.toml", entry(facts(FACT), name="cilium", title=""))])
    plane = named("cilium", "1.17.2", catalogue)
    assert plane.capabilities is not None
    assert (plane.capabilities.sctp.value, plane.capabilities.sctp.source) == (Value.IGNORED, "a page")
    assert plane.capabilities.end_port == CATALOGUE["cilium"].at("1.17.2").end_port
    assert plane.engine is not None
    assert plane.engine.title == "Cilium"
    assert CATALOGUE["cilium"].at("1.17.2").sctp.value is not Value.IGNORED


def test_a_file_adds_an_engine():
    """What it does not tell is unknown: its capabilities, and every policy kind but NetworkPolicy."""
    catalogue = extended([("own.toml", entry(facts(FACT)))])
    plane = named("mine", "", catalogue)
    assert plane.capabilities is not None
    assert plane.capabilities.sctp.firm is Answer.NO
    assert plane.capabilities.end_port.firm is Answer.UNKNOWN
    assert honours(plane, "cilium.io", "CiliumNetworkPolicy")[0] is Answer.UNKNOWN
    assert honours(plane, "networking.k8s.io", "NetworkPolicy")[0] is Answer.YES


def test_a_new_engine_needs_a_title():
    """A misspelt name would otherwise be a new engine that nobody asked for."""
    with pytest.raises(InputError, match=r"own.toml: title: "):
        extended([("own.toml", entry(facts(FACT), name="ciliun", title=""))])


def test_the_digest_is_that_of_the_files():
    """It follows from names and content of the engine files alone: sha256sum over what sha256sum prints."""
    folder = files("scanner.dataplane.catalogue") / "engines"
    listed = [
        f"{hashlib.sha256((folder / f'{name}.toml').read_bytes()).hexdigest()}  {name}.toml\n" for name in CATALOGUE
    ]
    assert len(listed) == len(list(folder.iterdir()))
    assert digest() == hashlib.sha256("".join(listed).encode()).hexdigest()
