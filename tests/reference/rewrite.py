"""Rewritings of a cluster that mean the same, or more: what the product answers has to follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any

from tests.reference.namespaced import KINDS, directions
from tests.reference.tiers import AWS
from tests.reference.wire import NAME_LABEL, Cluster, Wire

NOBODY = {"matchLabels": {"app": "nobody-has-this"}}
BOTH = ("ingress", "egress")


def unordered(policy: Wire) -> bool:
    """Whether the order of a policy's rules means nothing."""
    return policy["kind"] in KINDS or policy["apiVersion"] == AWS


def respec(policy: Wire, **fields: Any) -> Wire:
    """A policy with some fields of its spec replaced."""
    return policy | {"spec": policy["spec"] | fields}


def renamed(policy: Wire, name: str) -> Wire:
    """A policy under another name, but for the one that may have only its own."""
    if policy["kind"] == "BaselineAdminNetworkPolicy":
        return policy
    return policy | {"metadata": policy["metadata"] | {"name": name}}


def reordered(cluster: Cluster, random: Random) -> Cluster:
    """The same documents in another order, and every list inside them that has none: peers, ports, values, rules."""
    return Cluster(
        *(
            tuple(random.sample([change(each, random) for each in items], len(items)))
            for items, change in (
                (cluster.namespaces, unchanged),
                (cluster.pods, unchanged),
                (cluster.policies, reordered_policy),
            )
        )
    )


def unchanged(item: Wire, _: Random) -> Wire:
    """The item itself."""
    return item


def reordered_policy(policy: Wire, random: Random) -> Wire:
    """A policy whose lists are in another order, its rules only where their order means nothing."""
    spec = {
        key: [shuffled(rule, random) for rule in value] if key in BOTH else shuffled(value, random)
        for key, value in policy["spec"].items()
    }
    if unordered(policy):
        spec |= {word: random.sample(spec[word], len(spec[word])) for word in BOTH if word in spec}
    return policy | {"spec": spec}


def shuffled(value: Any, random: Random) -> Any:
    """Any value with every list in it in another order."""
    if isinstance(value, dict):
        return {key: shuffled(each, random) for key, each in value.items()}
    if isinstance(value, list):
        return random.sample([shuffled(each, random) for each in value], len(value))
    return value


def split(cluster: Cluster) -> Cluster:
    """Each policy whose rules have no order as one policy per rule, with the isolation spelled out."""
    return replace(cluster, policies=tuple(part for policy in cluster.policies for part in parts(policy)))


def parts(policy: Wire) -> list[Wire]:
    """One policy per rule; the policy itself where it has no rules or where their order means something."""
    spec = policy["spec"]
    found = [(word, rule) for word in BOTH for rule in spec.get(word) or []]
    if not unordered(policy) or not found:
        return [policy]
    rest = {key: value for key, value in spec.items() if key not in BOTH}
    if policy["kind"] in KINDS and policy["kind"] != "FQDNNetworkPolicy":
        rest["policyTypes"] = sorted(each.capitalize() for each in directions(policy))
    return [
        renamed(policy, f"{policy['metadata']['name']}-{at}") | {"spec": rest | {word: [rule]}}
        for at, (word, rule) in enumerate(found)
    ]


def with_other_names(cluster: Cluster) -> Cluster:
    """Every policy under another name, so that they sort the other way round."""
    return replace(
        cluster, policies=tuple(renamed(policy, f"{99 - at}-x") for at, policy in enumerate(cluster.policies))
    )


def relabelled(cluster: Cluster, values: dict[str, str]) -> Cluster:
    """Every label value replaced one to one, on pods and namespaces and in all selectors; names of namespaces stay."""
    return Cluster(
        *(
            tuple(item | {"metadata": relabelled_metadata(item["metadata"], values)} for item in items)
            for items in (cluster.namespaces, cluster.pods)
        ),
        policies=tuple(policy | {"spec": reselected(policy["spec"], values)} for policy in cluster.policies),
    )


def relabelled_metadata(metadata: Wire, values: dict[str, str]) -> Wire:
    """Metadata with its labels' values replaced."""
    return metadata | {"labels": {key: values.get(value, value) for key, value in metadata["labels"].items()}}


def reselected(value: Any, values: dict[str, str]) -> Any:
    """Any value with the label values of every selector in it replaced."""
    if isinstance(value, list):
        return [reselected(each, values) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: reselected(each, values) for key, each in value.items()}
    if "matchLabels" in value:
        found["matchLabels"] = {
            key: each if key == NAME_LABEL else values.get(each, each) for key, each in value["matchLabels"].items()
        }
    if "operator" in value and value["key"] != NAME_LABEL and "values" in value:
        found["values"] = [values.get(each, each) for each in value["values"]]
    return found


def with_idle(cluster: Cluster, policies: Iterable[Wire]) -> Cluster:
    """The cluster with more policies, none of which selects a pod."""
    idle = [
        renamed(selecting_nobody(policy), f"idle-{at}")
        for at, policy in enumerate(policies)
        if policy["kind"] != "BaselineAdminNetworkPolicy"
    ]
    return replace(cluster, policies=(*cluster.policies, *idle))


def selecting_nobody(policy: Wire) -> Wire:
    """A policy turned to pods that do not exist."""
    if policy["kind"] in KINDS:
        return respec(policy, podSelector=NOBODY)
    return respec(policy, subject={"pods": {"namespaceSelector": {}, "podSelector": NOBODY}})


def with_more_rules(cluster: Cluster, spec: Wire) -> Cluster:
    """The cluster whose first NetworkPolicy has another policy's rules as well, and isolates what it did before."""
    changed: list[Wire] = []
    done = False
    for policy in cluster.policies:
        if done or policy["kind"] != "NetworkPolicy":
            changed.append(policy)
            continue
        done = True
        rules = {word: [*(policy["spec"].get(word) or []), *(spec.get(word) or [])] for word in BOTH}
        types = sorted(each.capitalize() for each in directions(policy))
        changed.append(respec(policy, policyTypes=types, **rules))
    return replace(cluster, policies=tuple(changed))


def everywhere(cluster: Cluster, change: Callable[[Wire], Wire]) -> Cluster:
    """The cluster with every dict inside its policies' specs and its pods changed, innermost first."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(each) for each in value]
        return change({key: changed(each) for key, each in value.items()}) if isinstance(value, dict) else value

    return replace(
        cluster,
        pods=tuple(changed(pod) for pod in cluster.pods),
        policies=tuple(policy | {"spec": changed(policy["spec"])} for policy in cluster.policies),
    )
