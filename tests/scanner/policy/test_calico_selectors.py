"""Calico's selector language: what it takes, what it refuses, and what it means."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.policy.calico.labels import (
    account_selector,
    endpoint_selector,
    namespace_selector,
    namespaced_selector,
)
from scanner.policy.calico.selectors import MAX_DEPTH, MAX_LENGTH, parse
from scanner.policy.decode import FieldError, UnreadableError
from scanner.policy.model import EVERYTHING, NOTHING, Clause, Operator, Requirement, Selector
from scanner.policy.selectors import matches

IN = Operator.IN


def meaning(text):
    """A selector of pods in normal form; nothing about it may be in doubt."""
    found, doubt = endpoint_selector(text, "spec.selector")
    assert doubt == ""
    return found


def one(key, operator, *values):
    return Selector((Requirement(key, operator, values),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", EVERYTHING, id="empty"),
        pytest.param(" \t ", EVERYTHING, id="blank"),
        pytest.param("all()", EVERYTHING, id="all"),
        pytest.param("all( )", EVERYTHING, id="all-spaced"),
        pytest.param("!all()", NOTHING, id="not-all"),
        pytest.param("!!all()", EVERYTHING, id="twice-negated"),
        pytest.param('a=="b"', one("a", Operator.IN, "b"), id="equal"),
        pytest.param("a == 'b'", one("a", Operator.IN, "b"), id="single-quotes"),
        pytest.param("a == ''", one("a", Operator.IN, ""), id="empty-value"),
        pytest.param("a == 'it is \"x\" \\ (y) && z'", one("a", Operator.IN, 'it is "x" \\ (y) && z'), id="no-escapes"),
        pytest.param("a != 'b'", one("a", Operator.NOT_IN, "b"), id="unequal"),
        pytest.param("a in {'y', \"x\",'x'}", one("a", Operator.IN, "x", "y"), id="in"),
        pytest.param("a in{'x'}", one("a", Operator.IN, "x"), id="in-close"),
        pytest.param("a in {'x', }", one("a", Operator.IN, "x"), id="comma-at-the-end"),
        pytest.param("a in {}", NOTHING, id="in-nothing"),
        pytest.param("a not in {'x'}", one("a", Operator.NOT_IN, "x"), id="not-in"),
        pytest.param("a notin{'x'}", one("a", Operator.NOT_IN, "x"), id="not-in-close"),
        pytest.param("a not in {}", EVERYTHING, id="not-in-nothing"),
        pytest.param("has(a)", one("a", Operator.EXISTS), id="has"),
        pytest.param("! has( a )", one("a", Operator.DOES_NOT_EXIST), id="has-not"),
        pytest.param("a contains 'x'", one("a", Operator.CONTAINS, "x"), id="contains"),
        pytest.param("a starts with 'x'", one("a", Operator.STARTS_WITH, "x"), id="starts-with"),
        pytest.param("a startswith 'x'", one("a", Operator.STARTS_WITH, "x"), id="startswith"),
        pytest.param("a ends  with 'x'", one("a", Operator.ENDS_WITH, "x"), id="ends-with"),
        pytest.param(
            "contains contains 'contains'", one("contains", Operator.CONTAINS, "contains"), id="operator-as-label"
        ),
        pytest.param("has == 'x'", one("has", Operator.IN, "x"), id="call-as-label"),
        pytest.param("in in {'in'}", one("in", Operator.IN, "in"), id="in-as-label"),
        pytest.param("k8s.io/a_B-1 == 'x'", one("k8s.io/a_B-1", Operator.IN, "x"), id="label-characters"),
        pytest.param(
            "a=='x'&&has(b)", Selector((Requirement("a", IN, ("x",)), Requirement("b", Operator.EXISTS))), id="and"
        ),
        pytest.param("(((a == 'x')))", one("a", Operator.IN, "x"), id="parentheses"),
    ],
)
def test_what_the_language_says(text, expected):
    """Every operator, literal and spelling the tokenizer takes."""
    assert meaning(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a ==",
        "a = 'b'",
        "a == b",
        "a == 'b",
        "a == \"b'",
        "== 'b'",
        "a in 'b'",
        "a in {b}",
        "a in {,}",
        "a in {'x' 'y'}",
        "a in {'x'",
        "a not {'x'}",
        "a starts 'x'",
        "a squiggles 'x'",
        "has()",
        "has(a",
        "has (a)",
        "all",
        "all(",
        "all(a)",
        "(a == 'b'",
        "a == 'b')",
        "a == 'b' c == 'd'",
        "a == 'b' & c == 'd'",
        "a == 'b' &&",
        "|| a == 'b'",
        "!",
        "()",
        "a == 'b'\n",
        "a\u00e9 == 'b'",
        "{}",
        "a == 'b' && && c == 'd'",
        "a !== 'b'",
        "%",
    ],
    ids=str,
)
def test_what_is_not_of_the_language_is_refused(text):
    """A text that the tokenizer or the parser does not take is a refused field, in one line."""
    with pytest.raises(FieldError) as caught:
        parse(text, "spec.selector")
    assert not isinstance(caught.value, UnreadableError)
    assert caught.value.field == "spec.selector"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("field", ["selector", "service-accounts", "policy-namespaces"])
def test_global_stands_nowhere_but_in_a_rules_namespace_selector(field):
    """Calico refuses `global()` in every selector but the namespaceSelector of an entity rule."""
    read = {
        "selector": lambda text: endpoint_selector(text, "f"),
        "service-accounts": lambda text: account_selector(text, "f"),
        "policy-namespaces": lambda text: namespace_selector(text, "f", alone=False),
    }[field]
    for text in ("global()", "a == 'b' || !global()"):
        with pytest.raises(FieldError, match="global"):
            read(text)


def test_global_stands_alone():
    """In a rule's namespaceSelector `global()` is no namespace, and does not go with anything else."""
    assert namespace_selector("global()", "f") == NOTHING
    for read in (namespace_selector, namespaced_selector):
        for text in ("global() || a == 'b'", "!global()"):
            with pytest.raises(FieldError, match="alone"):
                read(text, "f")


def test_what_is_too_long_or_too_deep_is_not_read():
    """A selector beyond the bounds may be in force all the same."""
    deepest = "(" * MAX_DEPTH + "has(a)" + ")" * MAX_DEPTH
    assert meaning(deepest) == one("a", Operator.EXISTS)
    for text in (f"({deepest})", "a == '" + "x" * MAX_LENGTH + "'", "(" * MAX_LENGTH):
        with pytest.raises(UnreadableError):
            parse(text, "f")
    assert meaning("!" * (MAX_LENGTH - 6) + "has(a)") == one("a", Operator.EXISTS)


@pytest.mark.parametrize(
    "spellings",
    [
        pytest.param(
            ["a == 'x' && b == 'y'", "b == 'y' && a == 'x'", "(a in {'x'}) && !(b != 'y') && a == 'x'"], id="and"
        ),
        pytest.param(["a == 'x' || a == 'y'", "a in {'y', 'x'}", "!(a not in {'x', 'y'})"], id="values"),
        pytest.param(["a != 'x' && a != 'y'", "a not in {'y', 'x'}", "!(a == 'x' || a == 'y')"], id="other-values"),
        pytest.param(["!(a == 'x' || has(b))", "a != 'x' && !has(b)"], id="not-or"),
        pytest.param(
            ["!(a == 'x' && has(b))", "a != 'x' || !has(b)", "!has(b) || (a != 'x' || a != 'x')"], id="not-and"
        ),
        pytest.param(
            ["a contains 'x'", "!!(a contains 'x')", "!(!(a contains 'x'))", "a contains 'x' || !all()"], id="text"
        ),
        pytest.param(["has(a) || all()", "all()", "!(!has(a) && !all())"], id="always"),
        pytest.param(["has(a) && !all()", "!all()", "a in {}"], id="never"),
    ],
)
def test_equivalent_spellings_are_equal(spellings):
    """Order, repeats, parentheses and the place of a negation make no difference."""
    assert len({meaning(text) for text in spellings}) == 1


def test_a_disjunction_is_one_clause():
    """Alternatives stand in one clause beside the requirements; a negated text operator in a negated one."""
    assert meaning("has(c) && (a == 'x' || b == 'y') && !(d contains 'z')") == Selector(
        (Requirement("c", Operator.EXISTS),),
        (
            Clause((one("a", Operator.IN, "x"), one("b", Operator.IN, "y"))),
            Clause((one("d", Operator.CONTAINS, "z"),), negated=True),
        ),
    )


KEYS, VALUES = "abc", ["", "x", "y", "xyz"]
LABELS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
LITERALS = st.sampled_from(VALUES)
LEAVES = st.one_of(
    st.tuples(st.sampled_from(["==", "!=", "contains", "starts with", "ends with"]), st.sampled_from(KEYS), LITERALS),
    st.tuples(st.sampled_from(["in", "not in"]), st.sampled_from(KEYS), st.lists(LITERALS, max_size=3)),
    st.tuples(st.just("has"), st.sampled_from(KEYS), st.none()),
    st.just(("all", None, None)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("!"), inner, st.none()),
        st.tuples(st.sampled_from(["&&", "||"]), st.lists(inner, min_size=1, max_size=3), st.none()),
    ),
    max_leaves=8,
)


def written(tree, tight):
    """The tree as text, with no more space than needed or with plenty."""
    gap = "" if tight else " \t"
    word, first, second = tree
    if word == "!":
        return f"!{gap}({written(first, tight)})"
    if word in ("&&", "||"):
        return f"{gap}{word}{gap}".join(f"({written(each, tight)})" for each in first)
    if word == "has":
        return f"has({gap}{first}{gap})"
    if word == "all":
        return "all()"
    if word in ("in", "not in"):
        return f"{first} {word}{gap}{{{','.join(repr(value) for value in second)}}}"
    return f"{first} {word}{gap}'{second}'" if word[0].isalpha() else f'{first}{gap}{word}{gap}"{second}"'


def holds(tree, labels):
    """The language's meaning, straight from its description."""
    word, first, second = tree
    if word == "!":
        return not holds(first, labels)
    if word in ("&&", "||"):
        return (all if word == "&&" else any)(holds(each, labels) for each in first)
    value = labels.get(first)
    return {
        "all": lambda: True,
        "has": lambda: value is not None,
        "==": lambda: value == second,
        "!=": lambda: value != second,
        "in": lambda: value in second,
        "not in": lambda: value not in second,
        "contains": lambda: value is not None and second in value,
        "starts with": lambda: value is not None and value.startswith(second),
        "ends with": lambda: value is not None and value.endswith(second),
    }[word]()


@settings(deadline=None)
@given(TREES, LABELS, st.booleans())
def test_the_normal_form_means_what_the_text_says(tree, labels, tight):
    """Reading, normalising and matching agree with a direct reading of the tree, also negated."""
    text = written(tree, tight)
    assert matches(meaning(text), labels) is holds(tree, labels)
    assert matches(endpoint_selector(text, "f", negated=True)[0], labels) is not holds(tree, labels)


@settings(deadline=None)
@given(st.text(alphabet="ab=!&|(){}'\", \thasinoll", max_size=40))
def test_any_text_is_read_or_refused(text):
    """Nothing but the documented errors comes out of any text."""
    with contextlib.suppress(FieldError):
        parse(text, "f")


@pytest.mark.parametrize(
    ("text", "on_namespaces", "on_labels"),
    [
        pytest.param(
            "team == 'red'", one("team", Operator.IN, "red"), one("pcns.team", Operator.IN, "red"), id="label"
        ),
        pytest.param(
            "projectcalico.org/name == 'shop'",
            one("kubernetes.io/metadata.name", Operator.IN, "shop"),
            one("projectcalico.org/namespace", Operator.IN, "shop"),
            id="name",
        ),
        pytest.param("all()", EVERYTHING, one("projectcalico.org/namespace", Operator.EXISTS), id="all"),
        pytest.param("!all()", NOTHING, one("projectcalico.org/namespace", Operator.DOES_NOT_EXIST), id="not-all"),
        pytest.param("global()", NOTHING, one("projectcalico.org/namespace", Operator.DOES_NOT_EXIST), id="global"),
        pytest.param(
            "!has(team)", one("team", Operator.DOES_NOT_EXIST), one("pcns.team", Operator.DOES_NOT_EXIST), id="lacking"
        ),
    ],
)
def test_selectors_of_namespaces(text, on_namespaces, on_labels):
    """On namespaces the labels are their own, on what stands in them they are behind `pcns.`; all() is any namespace."""
    assert namespace_selector(text, "f") == on_namespaces
    assert namespaced_selector(text, "f") == on_labels


def test_labels_of_service_accounts_are_not_read():
    """A selector that looks at them is read as widely as it may hold, whether they are asked for or ruled out."""
    wide, doubt = endpoint_selector("a == 'x' && pcsa.team == 'red'", "f")
    assert (wide, bool(doubt)) == (one("a", Operator.IN, "x"), True)
    assert endpoint_selector("!(a == 'x' || pcsa.team == 'red')", "f")[0] == one("a", Operator.NOT_IN, "x")
    assert endpoint_selector("a == 'x' || pcsa.team == 'red'", "f")[0] == EVERYTHING
    assert account_selector("team == 'red'", "f") == (EVERYTHING, doubt)


def test_the_name_of_a_service_account_is_known():
    """`projectcalico.org/name` of a service account is the pod's own service account."""
    account = one("projectcalico.org/serviceaccount", Operator.IN, "till")
    assert account_selector("projectcalico.org/name == 'till'", "f") == (account, "")
    assert account_selector("all()", "f") == (EVERYTHING, "")
    assert endpoint_selector("pcsa.projectcalico.org/name == 'till'", "f") == (account, "")
    assert endpoint_selector("pcns.projectcalico.org/name == 'shop'", "f")[0] == one(
        "projectcalico.org/namespace", Operator.IN, "shop"
    )
