"""The generated clusters are mean enough: each plausible wrong reading of the APIs soon gives another answer on one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.reference.compare import questions, together
from tests.reference.families import PORTABLE
from tests.reference.generate import UPSTREAM, Case
from tests.reference.kubernetes import may
from tests.reference.rewrite import everywhere
from tests.reference.tiers import AWS
from tests.reference.wire import Cluster, Wire

Reading = Callable[[Cluster], Cluster]


def changed(change: Callable[[Wire], Wire]) -> Reading:
    """A reading that takes every dict of specs and pods for another one."""
    return lambda cluster: everywhere(cluster, change)


def without(*keys: str) -> Reading:
    """A reading that knows nothing of some fields."""
    return changed(lambda value: {key: each for key, each in value.items() if key not in keys})


def with_value(field: str, old: object, new: object) -> Reading:
    """A reading that takes one value of a field for another."""
    return changed(lambda value: value | {field: new} if value.get(field) == old else value)


def policies(change: Callable[[int, Wire], Wire | None]) -> Reading:
    """A reading that takes each policy for another one, or for none."""
    return lambda cluster: replace(
        cluster,
        policies=tuple(
            other for at, policy in enumerate(cluster.policies) if (other := change(at, policy)) is not None
        ),
    )


def ranked(order: Callable[[int, int], int]) -> Reading:
    """A reading of priorities; `order` gets a policy's place and its priority."""
    return policies(
        lambda at, policy: (
            policy | {"spec": policy["spec"] | {"priority": order(at, policy["spec"]["priority"])}}
            if "priority" in policy["spec"]
            else policy
        )
    )


def keyed(value: Wire) -> Wire:
    """Takes NotIn for false where the key is absent."""
    expressions = value.get("matchExpressions") or []
    more = [{"key": each["key"], "operator": "Exists"} for each in expressions if each["operator"] == "NotIn"]
    return value | {"matchExpressions": [*expressions, *more]} if more else value


def typed(value: Wire) -> Wire:
    """Takes no `policyTypes` for both."""
    return {"policyTypes": ["Ingress", "Egress"]} | value if "policyTypes" not in value else value


def anywhere(value: Wire) -> Wire:
    """Takes a lone pod selector for pods of all namespaces."""
    return value | {"namespaceSelector": {}} if set(value) == {"podSelector"} else value


def bare(value: Wire) -> Wire:
    """Takes "*.example.com" for example.com as well."""
    found = value.get("domainNames") or []
    return value | {"domainNames": [*found, "example.com"]} if "*.example.com" in found else value


def elsewhere(value: Wire) -> Wire:
    """Takes the pods for others that no network holds but those that hold everything."""
    return value | {"podIPs": [{"ip": "203.0.113.9"}]} if value.get("podIPs") else value


READINGS: dict[str, tuple[str, Reading]] = {
    "except is ignored": ("networkpolicy", without("except")),
    "endPort is ignored": ("networkpolicy", without("endPort")),
    "every protocol is TCP": ("networkpolicy", without("protocol")),
    "host-network pods are pods": ("networkpolicy", without("hostNetwork")),
    "finished pods answer": ("networkpolicy", without("phase")),
    "NotIn needs the key": ("networkpolicy", changed(keyed)),
    "no types are both types": ("networkpolicy", changed(typed)),
    "a pod selector is for all namespaces": ("networkpolicy", changed(anywhere)),
    "01 is 1": ("networkpolicy", with_value("app", "01", "1")),
    "the higher priority goes first": ("anp", ranked(lambda _, priority: 1000 - priority)),
    "equal priorities go by name": ("anp", ranked(lambda at, priority: 10 * priority + at)),
    "Pass allows": ("anp", with_value("action", "Pass", "Allow")),
    "networks match no pod": ("anp", changed(elsewhere)),
    "there is no baseline": ("anp", policies(lambda _, each: None if "Baseline" in each["kind"] else each)),
    "both tiers are one": ("cnp", with_value("tier", "Baseline", "Admin")),
    "the protocol is always TCP": (
        "cnp",
        changed(lambda value: {"tcp" if key in ("udp", "sctp") else key: each for key, each in value.items()}),
    ),
    "a wildcard holds its domain": ("aws", changed(bare)),
    "rules go in their order at AWS": (
        "aws",
        policies(lambda _, each: each | {"apiVersion": UPSTREAM} if each["apiVersion"] == AWS else each),
    ),
    "an application policy is not there": (
        "aws",
        policies(lambda _, each: None if each["kind"] == "ApplicationNetworkPolicy" else each),
    ),
    "an FQDN policy isolates nothing": (
        "gke-fqdn",
        policies(lambda _, each: None if each["kind"] == "FQDNNetworkPolicy" else each),
    ),
    "an FQDN policy knows no ports": (
        "gke-fqdn",
        policies(lambda _, each: without("ports")(Cluster((), (), (each,))).policies[0]),
    ),
}


@cache
def drawn(family: str) -> list[tuple[Case, list[bool | None]]]:
    """The first clusters of a family, always the same ones, with the reference's answers."""
    found: list[tuple[Case, list[bool | None]]] = []

    @seed(1)
    @settings(
        max_examples=250,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=PORTABLE[family].cases)
    def keep(case: Case) -> None:
        found.append((case, list(answers(case.cluster, case))))

    keep()
    return found


def answers(cluster: Cluster, case: Case) -> Iterator[bool | None]:
    """The reference's answers for a cluster: two probes of each pair of a case's ends, other ones from pair to pair."""
    probes = itertools.cycle(itertools.product((80, 8080, 8081), ("TCP", "UDP")))
    for _, sources, _, destinations in questions(replace(case, cluster=cluster), (*case.addresses, *case.names)):
        for port, protocol in itertools.islice(probes, 2):
            yield together(may(cluster, one, other, protocol, port) for one in sources for other in destinations)


@pytest.mark.parametrize(("family", "reading"), READINGS.values(), ids=READINGS)
def test_a_wrong_reading_is_told_from_the_right_one(family, reading):
    """Among the clusters of a family is one on which the reading gives another answer."""
    assert any(list(answers(reading(case.cluster), case)) != right for case, right in drawn(family))
