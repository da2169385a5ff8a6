"""Lint on the resolved form: what it says of small clusters, and that what it calls superfluous can go."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings

from scanner.lint.model import Finding, Kind
from scanner.lint.run import lint
from scanner.model import ApiObject, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import ClusterReach, build
from tests.factories import pod, policy, raw, snapshot
from tests.scanner.reach.test_oracle import clusters

PODS = (pod("web-1"), pod("db-1"))
WEB = {"podSelector": {"matchLabels": {"app": "web"}}}
DB = {"matchLabels": {"app": "db"}}


def reach_of(cluster: Snapshot) -> ClusterReach:
    """The declared reach."""
    return build(cluster, resolve(cluster))


def found(*policies: ApiObject) -> list[tuple[str, str]]:
    """The findings on web and db with these policies, as (kind, object and rule)."""
    cluster = snapshot(pods=PODS, policies=policies)
    return [(str(each.kind), f"{each.object} {each.rule}".rstrip()) for each in lint(cluster, reach_of(cluster))]


def test_a_clean_policy_is_not_spoken_of():
    """A rule that names who comes in and on which port is nothing odd."""
    assert found(policy({"podSelector": DB, "ingress": [{"from": [WEB], "ports": [{"port": 5432}]}]})) == []


def test_a_policy_without_pods_is_dead():
    """A selector that matches no pod today is named."""
    dead = policy({"podSelector": {"matchLabels": {"app": "gone"}}, "ingress": []}, name="old")
    assert ("dead-policy", "NetworkPolicy shop/old") in found(dead)


def test_a_peer_that_nobody_is_dangles():
    """A peer's selector that matches no pod is named with its rule."""
    nobody = {"podSelector": {"matchLabels": {"app": "gone"}}}
    kinds = found(policy({"podSelector": DB, "ingress": [{"from": [nobody], "ports": [{"port": 1}]}]}))
    assert kinds == [("dangling-peer", "NetworkPolicy shop/p ingress[0]")]


def test_a_rule_that_others_cover_is_redundant():
    """A narrower rule beside a wider one of the same pods can go."""
    wide = {"from": [WEB], "ports": [{"port": 1, "endPort": 100}]}
    narrow = {"from": [WEB], "ports": [{"port": 80}]}
    assert ("redundant-rule", "NetworkPolicy shop/p ingress[1]") in found(
        policy({"podSelector": DB, "ingress": [wide, narrow]})
    )


def test_an_open_rule_is_suspicious():
    """A rule without peers and ports opens everything."""
    assert ("open-to-everything", "NetworkPolicy shop/p ingress[0]") in found(
        policy({"podSelector": DB, "ingress": [{}]})
    )


def test_a_denied_allow_contradicts():
    """Under Cilium a deny rule takes all that an allow rule of the same pods names."""
    peers = [{"matchLabels": {"app": "web"}}]
    spec = {
        "endpointSelector": DB,
        "ingress": [{"fromEndpoints": peers}],
        "ingressDeny": [{"fromEndpoints": peers}],
    }
    odd = ApiObject(api_version="cilium.io/v2", kind="CiliumNetworkPolicy", name="x", namespace="shop", spec=raw(spec))
    assert ("contradictory-rule", "CiliumNetworkPolicy shop/x ingress[0]") in found(odd)


def without(cluster: Snapshot, finding: Finding) -> Snapshot:
    """The cluster less the rule that a finding names."""
    direction, index = finding.rule.rstrip("]").split("[")
    changed = []
    for each in cluster.policies:
        if finding.object == f"NetworkPolicy {each.namespace}/{each.name}":
            spec = msgspec.json.decode(each.spec)
            isolates = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
            spec["policyTypes"] = isolates  # the last egress rule gone must not open egress
            del spec[direction][int(index)]
            each = policy(spec, name=each.name, ns=each.namespace)  # noqa: PLW2901 - the same policy, less a rule
        changed.append(each)
    return msgspec.structs.replace(cluster, policies=tuple(changed))


@settings(max_examples=60, deadline=None)
@given(cluster=clusters())
def test_what_is_superfluous_can_go(cluster):
    """Removing one rule that is called redundant, shadowed or dead changes no connection of any pod."""
    superfluous = {Kind.REDUNDANT_RULE, Kind.SHADOWED_RULE, Kind.DEAD_RULE}
    reach = reach_of(cluster)
    before = {(each.src, each.dst): dict(each.ports) for each in reach.connections()}
    for finding in lint(cluster, reach):
        if finding.kind in superfluous and finding.rule:
            less = without(cluster, finding)
            after = build(less, resolve(less), cuts=reach.cuts)
            assert {(each.src, each.dst): dict(each.ports) for each in after.connections()} == before, finding
