"""The catalogue: what each engine honours, and the imagined data plane that `reach --dataplane` judges by."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from scanner.dataplane.catalogue import CATALOGUE, named
from scanner.dataplane.model import Answer, Capabilities, Enforcing
from scanner.dataplane.versions import at_least, of_image
from scanner.errors import InputError


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_engine_tells_of_every_capability_and_every_date_is_one(name):
    """Nothing is left to be guessed: what nobody knows is told as unknown, with where it was looked for."""
    engine = CATALOGUE[name]
    assert engine.name == name
    assert engine.title
    assert set(engine.facts) == {field.name for field in dataclasses.fields(Capabilities)}
    facts = [each.fact for ranges in (*engine.facts.values(), *engine.kinds.values()) for each in ranges]
    assert all(fact.source for fact in (*facts, engine.other_kinds))
    assert all(dt.date.fromisoformat(end.ends) for end in engine.support)


@pytest.mark.parametrize(
    ("name", "capability", "answer", "firm"),
    [
        pytest.param("eks-vpc-cni", "ipblock_matches_pods", "yes", "yes", id="vpc-cni-ipblock"),
        pytest.param("eks-vpc-cni", "except_honoured", "unknown", "unknown", id="vpc-cni-except"),
        pytest.param("aks-cilium", "ipblock_matches_pods", "no", "no", id="aks-cilium-ipblock"),
        pytest.param("gke-dataplane-v2", "ipblock_matches_pods", "no", "unknown", id="dataplane-v2-inferred"),
        pytest.param("aks-npm", "balancer_policed", "no", "no", id="npm-balancer"),
        pytest.param("aks-npm", "ipv6", "no", "no", id="npm-ipv6"),
        pytest.param("aks-npm-windows", "except_honoured", "no", "no", id="npm-windows-except"),
        pytest.param("weave", "named_ports", "no", "no", id="weave-named-ports"),
        pytest.param("gke-calico", "deny_log", "no", "unknown", id="gke-calico-log-remembered"),
        pytest.param("kube-router", "closed_at_start", "no", "no", id="kube-router-start"),
    ],
)
def test_facts_that_verdicts_hang_on(name, capability, answer, firm):
    """The matrix's answers, and what of them may decide a failure."""
    fact = getattr(CATALOGUE[name].at(""), capability)
    assert (fact.answer, fact.firm) == (answer, firm)


@pytest.mark.parametrize("name", ["cilium", "aks-cilium"])
@pytest.mark.parametrize(
    ("version", "answer"),
    [("1.16.16", Answer.NO), ("1.17", Answer.YES), ("v1.18.6-250901", Answer.YES), ("", Answer.UNKNOWN)],
)
def test_port_ranges_came_with_cilium_1_17(name, version, answer):
    """EndPort is ignored before 1.17, honoured from then on, and unknown without a version."""
    known = CATALOGUE[name].at(version)
    assert known.end_port.answer is answer


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_named_engine_works_everywhere(name):
    """`--dataplane NAME` is that engine, switched on, on whatever node."""
    plane = named(name, "1.30.0")
    assert (plane.name, plane.enforcing, plane.mode) == (name, Enforcing.YES, "enforcing")
    assert plane.coverage("shop", "web-1", "n1").answer is Answer.YES
    assert plane.capabilities == CATALOGUE[name].at("1.30.0")


def test_the_data_plane_none_polices_nothing():
    """`--dataplane none` shows a cluster without an engine."""
    plane = named("none")
    assert (plane.enforcing, plane.capabilities) == (Enforcing.NO, None)
    assert plane.default.answer is Answer.NO


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        pytest.param("ciliun", "", ["'ciliun'", "aks-cilium", "none"], id="misspelt"),
        pytest.param("cilium", "latest", ["'latest'", "1.17.2"], id="no-version"),
        pytest.param("", "", ["eks-vpc-cni"], id="empty"),
    ],
)
def test_unknown_names_and_versions_are_refused(name, version, words):
    """The error repeats what was given and says what to write."""
    with pytest.raises(InputError) as caught:
        named(name, version)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("version", "minimum", "expected"),
    [
        ("1.17.0", "1.17", True), ("1.9.9", "1.17", False), ("5.10.210-201.amzn2.x86_64", "5.10", True),
        ("6.1.102", "5.10", True), ("", "5.10", None), ("latest", "1.0", None), ("1.17", "1.17.0", True),
    ],
)  # fmt: skip
def test_versions_compare_by_their_numbers(version, minimum, expected):
    """Numbers decide, not letters; what has none compares to nothing."""
    assert at_least(version, minimum) is expected


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("a/b:v1.2.3", "1.2.3"),
        ("a:5000/b", ""),
        ("a/b:stable", ""),
        ("a/b:v1.2.3@sha256:9", "1.2.3"),
        ("", ""),
        (":", ""),
    ],
)
def test_image_tags(image, version):
    """Only a tag with numbers is a version."""
    assert of_image(image) == version
