"""A failing case made smaller one part at a time, by what a cluster consists of: quicker and smaller than shrinking draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.reference import vendor_wire
from tests.reference.generate import Case
from tests.reference.wire import Cluster

MAY_GO = ("ports", "protocols", "except", "ingress", "egress", "matchLabels", "matchExpressions", "labels", "status")
VENDOR_MAY_GO = ("source", "destination", "ipVersion", "notProtocol", "namespaceSelector", "order")
MAY_BE_EMPTY = ("ingress", "egress", "containers")  # a shorter `policyTypes` or no peers would mean something else


def reduced(case: Any, fails: Callable[[Any], bool], smaller_than: Callable[[Any], Iterator[Any]]) -> Any:
    """A case that still fails and no part of which can go; `case` itself has to fail."""
    while True:
        smaller = next((each for each in smaller_than(case) if fails(each)), None)
        if smaller is None:
            return case
        case = smaller


def smaller_cases(case: Case) -> Iterator[Case]:
    """The case less one part, the largest parts first."""
    cluster = case.cluster
    for policies in shorter(cluster.policies):
        yield with_cluster(case, policies=policies)
    for pods in shorter(cluster.pods):
        yield with_cluster(case, pods=pods)
    for namespaces in shorter(cluster.namespaces):
        yield with_cluster(case, namespaces=namespaces)
    for addresses in shorter(case.addresses):
        yield replace(case, addresses=addresses)
    for names in shorter(case.names):
        yield replace(case, names=names)
    for part in ("policies", "pods", "namespaces"):
        items = getattr(cluster, part)
        for at, item in enumerate(items):
            for smaller in less(item):
                yield with_cluster(case, **{part: (*items[:at], smaller, *items[at + 1 :])})


def smaller_wire_clusters(cluster: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A vendor family's cluster less one object, or less one part of a policy."""
    objects = tuple(cluster["objects"])
    named = {each["spec"].get("tier") for each in objects if "Policy" in each["kind"] and "spec" in each}
    for at, each in enumerate(objects):
        if each["kind"] != "Tier" or each["metadata"]["name"] not in named:  # a policy's tier has to be there
            yield vendor_wire.cluster(*objects[:at], *objects[at + 1 :])
    for at, each in enumerate(objects):
        for smaller in less(each["spec"]) if "Policy" in each["kind"] and "spec" in each else ():
            yield vendor_wire.cluster(*objects[:at], each | {"spec": smaller}, *objects[at + 1 :])


def with_cluster(case: Case, **parts: Any) -> Case:
    """The case with parts of its cluster replaced."""
    return replace(case, cluster=Cluster(**(vars(case.cluster) | parts)))


def shorter(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The items less one."""
    return (items[:at] + items[at + 1 :] for at in range(len(items)))


def less(value: Any, key: str = "") -> Iterator[Any]:
    """A value less one part that may go without making it another kind of thing."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in (*MAY_GO, *VENDOR_MAY_GO) or key in ("matchLabels", "labels", "source", "destination"):
                yield {other: value[other] for other in value if other != name}
            for smaller in () if name == "policyTypes" else less(each, name):
                yield value | {name: smaller}
    elif isinstance(value, list):
        if len(value) > 1 or key in MAY_BE_EMPTY:
            yield from (value[:at] + value[at + 1 :] for at in range(len(value)))
        for at, each in enumerate(value):
            for smaller in less(each):
                yield [*value[:at], smaller, *value[at + 1 :]]
