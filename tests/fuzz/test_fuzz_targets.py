"""The coverage-guided fuzzer's own parts, which work without atheris: targets, and what makes a crash small."""

from __future__ import annotations

import pytest

from tests.fuzz.crashes import crash_of, shown, signature, smaller_than
from tests.fuzz.run import TARGETS as NAMES
from tests.fuzz.target import Target, choices
from tests.fuzz.targets import TARGETS
from tests.reference.reduce import reduced


def test_every_target_can_be_asked_for():
    """The command offers the targets that there are."""
    assert set(NAMES) == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_begins_with_is_fine(name, tmp_path, monkeypatch):
    """A few seeds of each target make something to ask about, and none of them crashes."""
    monkeypatch.chdir(tmp_path)  # one target works inside a repository of its own
    target = TARGETS[name]
    seeds = target.seeds()
    for seed in seeds[:: max(len(seeds) // 3, 1)]:
        value = target.decode(seed)
        assert value is not None
        target.ask(value)
        assert shown(value)


def test_choices_run_out_as_zero():
    """Bytes choose, and what they are too few for is the first of each choice."""
    choose = choices(bytes([7, 2, 1]))
    assert [choose(5), choose(300), choose(4), choose(1)] == [2, 258, 0, 0]


def refuses(value):
    """Stands for a product that cannot stand one field."""
    if "bad" in str(value):
        raise KeyError(value)


def test_a_crash_is_told_apart_and_made_small():
    """What is not needed for a crash goes, and what is left crashes in the same place."""
    target = Target(bytes, refuses, list)
    value = {"a": [1, 2, {"b": "xx" * 40, "bad": 1}], "c": {"d": [[]]}, "e": "xxx bad xxx"}
    wanted = signature(crash_of(target, value))
    assert wanted.startswith("KeyError at test_fuzz_targets.py:")
    assert wanted.endswith("in refuses")
    small = reduced(value, lambda each: crash_of(target, each) is not None, smaller_than)
    assert small in ({"a": [{"bad": 1}]}, {"e": "bad"})
    assert crash_of(target, {"a": "good"}) is None
