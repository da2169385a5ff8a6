"""No bytes in a folder of manifests end in a traceback, and none that may have held an object are lost without a word."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cli import app
from infra.manifests import read_manifests
from scanner.errors import InputError, RingfenceError
from scanner.model import Collected
from tests.factories import cluster
from tests.fuzz import chain
from tests.fuzz.certainty import contradictions
from tests.fuzz.clusters import FAMILIES, PLANES, some_of
from tests.fuzz.drawing import chooser, few
from tests.fuzz.texts import broken, written

EACH_FAMILY = pytest.mark.parametrize("family", FAMILIES)
FINE = b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "fine", "namespace": "other"}}'
TAKEN = "2026-11-23T08:00:00Z"


def folder(tmp_path_factory, files):
    """A new folder that holds the files."""
    made = tmp_path_factory.mktemp("manifests")
    for name, data in files.items():
        (made / name).write_bytes(data)
    return made


def read(path):
    """The folder as a cluster."""
    return read_manifests(path, cluster=cluster(), taken=TAKEN)


@EACH_FAMILY
@few(6)
@given(data=st.data())
def test_broken_text_is_judged_or_named(family, data, tmp_path_factory):
    """A broken file leaves the other file's pod readable; what the file lost is named, and then nothing is whole."""
    objects, choose = data.draw(FAMILIES[family]), chooser(data)
    name, text = written(objects, choose)
    state = chain.state_of(read(folder(tmp_path_factory, {name: broken(text, choose), "fine.json": FINE})))
    chain.walk(state, PLANES[family])
    assert any(pod.name == "fine" for pod in state.snapshot.pods)
    lost = any(status.status is Collected.PARTIAL for status in state.snapshot.collection.values())
    if lost:
        assert state.snapshot.notices
        whole = chain.state_of(read(folder(tmp_path_factory, {name: text, "fine.json": FINE})))
        wrong = contradictions(state.reach, whole.reach)
        assert not wrong, wrong[:5]


@few(40)
@given(data=st.binary(max_size=300), name=st.sampled_from(["a.yaml", "a.json"]))
def test_any_bytes_are_read_or_named(data, name, tmp_path_factory):
    """A lone file of any bytes is read, or refused in one line that names it."""
    try:
        state = chain.state_of(read(folder(tmp_path_factory, {name: data})))
    except InputError as error:
        chain.one_line(error)
    else:
        chain.walk(state, "cilium")


@pytest.mark.parametrize("answer", ["table", "json", "csv", "dot", "md"])
def test_the_command_line_answers_for_broken_folders(answer, tmp_path_factory, capsys):
    """`ringfence reach` over broken folders ends in exit code 0, 2 or 3, and prints no control character."""
    choose = random.Random(answer).randrange  # noqa: S311 - the same each time
    for family in FAMILIES:
        for objects in some_of(family, 2):
            name, text = written(objects, choose)
            path = folder(tmp_path_factory, {name: broken(text, choose), "fine.json": FINE})
            assert exit_code(["reach", str(path), "--format", answer]) in {0, 3}
            out, err = capsys.readouterr()
            assert (out + err).replace("\n", "").replace("\t", "").isprintable()


def exit_code(arguments):
    """What the command would end with; an expected error is 2, as `main` has it."""
    try:
        return app(arguments, standalone_mode=False)
    except RingfenceError as error:
        chain.one_line(error)
        return 2
