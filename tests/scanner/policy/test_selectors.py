"""Label selectors over bit sets, against matching one object at a time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.policy.model import Operator, Requirement, Selector
from scanner.policy.selectors import LabelIndex, bit_set, equalities, matches, members

LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)
REQUIREMENTS = st.one_of(
    st.builds(
        Requirement,
        st.sampled_from("abc"),
        st.sampled_from([Operator.IN, Operator.NOT_IN]),
        st.sets(st.sampled_from("xyz"), min_size=1).map(lambda values: tuple(sorted(values))),
    ),
    st.builds(Requirement, st.sampled_from("abc"), st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
)


@settings(deadline=None)
@given(st.lists(LABELS, max_size=8), st.lists(REQUIREMENTS, max_size=3))
def test_the_index_selects_what_matches_one_by_one(population, requirements):
    """The index and the direct reading agree, also asked twice."""
    index, selector = LabelIndex(population), Selector(tuple(requirements))
    expected = [position for position, labels in enumerate(population) if matches(selector, labels)]
    assert list(members(index.select(selector))) == expected
    assert list(members(index.select(selector))) == expected
    assert index.evaluated <= 1


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        (Operator.IN, ("x",), {"a": "x"}, True),
        (Operator.IN, ("x",), {}, False),
        (Operator.NOT_IN, ("x",), {"a": "x"}, False),
        (Operator.NOT_IN, ("x",), {}, True),
        (Operator.EXISTS, (), {"a": ""}, True),
        (Operator.EXISTS, (), {}, False),
        (Operator.DOES_NOT_EXIST, (), {"a": ""}, False),
        (Operator.DOES_NOT_EXIST, (), {}, True),
    ],
)
def test_operators(operator, values, labels, expected):
    """NotIn and DoesNotExist hold for an object without the key, as the API documents."""
    assert matches(Selector((Requirement("a", operator, values),)), labels) is expected


@given(st.sets(st.integers(0, 300)))
def test_members_reads_back_what_bit_set_wrote(positions):
    """Positions survive the way into a bit set and back, in order."""
    assert list(members(bit_set(positions))) == sorted(positions)


def test_equalities_require_every_label():
    """A Service's selector needs all its labels."""
    selector = equalities({"b": "2", "a": "1"})
    assert matches(selector, {"a": "1", "b": "2", "c": "3"})
    assert not matches(selector, {"a": "1"})


@pytest.mark.parametrize(
    ("operator", "held"),
    [
        (Operator.STARTS_WITH, {"xy", "xyz"}),
        (Operator.ENDS_WITH, {"xy", "zxy"}),
        (Operator.CONTAINS, {"xy", "xyz", "zxy", "zxyz"}),
    ],
)
def test_operators_on_text_look_where_they_say(operator, held):
    """At the start, at the end or anywhere; an absent label holds no text, and the index agrees."""
    selector = Selector((Requirement("a", operator, ("xy",)),))
    values = ["xy", "xyz", "zxy", "zxyz", "x", "yx"]
    assert {value for value in values if matches(selector, {"a": value})} == held
    assert not matches(selector, {"b": "xy"})
    assert {values[at] for at in members(LabelIndex({"a": value} for value in values).select(selector))} == held
