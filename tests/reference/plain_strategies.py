"""What the two vendor generators share: a few namespaces, labels and ports that overlap, and plain NetworkPolicies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reference import vendor_wire as wire

Wire = dict[str, Any]

SPACES = ("one", "two", "three")
CROWDED = ("one", "one", "two", "three")  # most in one place, where things meet
VALUES = ("a", "b", "c")
LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(VALUES), max_size=2)
BLOCKS = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]},
        {"cidr": "10.0.1.0/24", "except": ["10.0.1.128/25"]},
        {"cidr": "2001:db8::/32"},
    ]
)


def namespaces() -> tuple[Wire, ...]:
    """Two namespaces told apart by a label, and one without it."""
    return wire.namespace("one", env="x"), wire.namespace("two", env="y", kind="dev"), wire.namespace("three")


def ports() -> st.SearchStrategy[tuple[tuple[str, int, str], ...]]:
    """Declared ports: one name may stand for different numbers and protocols on different pods."""
    one = st.tuples(
        st.sampled_from(["http", "dns", "admin", ""]), st.sampled_from([80, 443, 8080]), st.sampled_from(["TCP", "UDP"])
    )
    return st.lists(one, max_size=3, unique_by=(lambda it: (it[1], it[2]), lambda it: it[0] or it[1:])).map(tuple)


def selectors(*sources: str) -> st.SearchStrategy[Wire]:
    """Kubernetes label selectors over pod labels; each key is written with one of the label sources."""
    key = st.tuples(st.sampled_from(sources), st.sampled_from(["app", "tier"])).map("".join)
    expression = st.one_of(
        st.fixed_dictionaries(
            {
                "key": key,
                "operator": st.sampled_from(["In", "NotIn"]),
                "values": st.lists(st.sampled_from(VALUES), min_size=1, max_size=2, unique=True),
            }
        ),
        st.fixed_dictionaries({"key": key, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "matchLabels": st.dictionaries(key, st.sampled_from(VALUES), max_size=1),
            "matchExpressions": st.lists(expression, max_size=2),
        },
    )


def network_policies() -> st.SearchStrategy[Wire]:
    """Specs of plain NetworkPolicies."""
    spaces = st.one_of(
        st.just({}),
        st.sampled_from(SPACES).map(lambda it: {"matchLabels": {"kubernetes.io/metadata.name": it}}),
        st.just({"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["x"]}]}),
    )
    peers = st.one_of(
        st.fixed_dictionaries({"podSelector": selectors("")}),
        st.fixed_dictionaries({"namespaceSelector": spaces}, optional={"podSelector": selectors("")}),
        st.fixed_dictionaries({"ipBlock": BLOCKS}),
    )
    port = st.one_of(
        st.just({}),
        st.fixed_dictionaries({"port": st.sampled_from(["http", "admin", 80])}, optional={"protocol": st.just("UDP")}),
        st.fixed_dictionaries({"port": st.just(80), "endPort": st.sampled_from([443, 65535])}),
    )

    def rules(word: str) -> st.SearchStrategy[list[Wire]]:
        rule = st.fixed_dictionaries(
            {}, optional={word: st.lists(peers, max_size=2), "ports": st.lists(port, max_size=2)}
        )
        return st.lists(rule, max_size=2)

    return st.fixed_dictionaries(
        {},
        optional={
            "podSelector": selectors(""),
            "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
            "ingress": rules("from"),
            "egress": rules("to"),
        },
    )
