"""The list as a whole: its order, its bounds, and how much work it is."""

from __future__ import annotations

import random

import msgspec

from scanner.lint.boxes import Budget
from scanner.lint.model import Kind, Severity
from scanner.lint.run import lint
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import pod, snapshot
from tests.scanner.lint.linting import DENY_ALL, FROM_WEB, SHOP, admin, egress, ingress, lint_of, linted, verdict


def test_a_clean_cluster_has_no_findings():
    """Default denial, DNS, and one rule that is needed."""
    dns = egress({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}, name="dns", subject={})
    assert linted(DENY_ALL, dns, ingress(FROM_WEB)) == ()


def test_findings_are_sorted_by_severity_then_object_then_rule_as_written():
    """Rule 10 comes after rule 2, and every finding is there once."""
    rules = [FROM_WEB | {"ports": [{"port": at}]} for at in range(1, 13)]
    rules[2] = rules[10] = {"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}
    told = linted(ingress(*rules), ingress({}, name="a"), ingress({"ports": [{"port": 0}]}, name="z"))
    assert [f"{each.severity} {each.object.partition('/')[2]} {each.rule}" for each in told] == [
        "error z ingress[0]", "warning a ingress[0]", "warning p ingress[2]", "warning p ingress[10]",
    ]  # fmt: skip


def test_the_order_of_the_input_does_not_matter():
    """Pods and policies in any order give the same findings."""
    policies = [ingress(FROM_WEB, name=f"p{at}") for at in range(4)] + [admin(verdict("Deny", "web")), DENY_ALL]
    pods = [*SHOP, pod("api-1"), pod("job-1", phase="Succeeded")]
    cluster = snapshot(pods=pods, policies=policies)
    expected = lint_of(cluster)
    for seed in range(5):
        chance = random.Random(seed)  # noqa: S311 - an order, no secret
        shuffled = msgspec.structs.replace(
            cluster,
            pods=tuple(chance.sample(pods, len(pods))),
            policies=tuple(chance.sample(policies, len(policies))),
        )
        assert lint_of(shuffled) == expected


def test_more_work_than_the_budget_has_is_said_and_the_rest_stays():
    """What needs no comparing of rules is found all the same."""
    cluster = snapshot(pods=SHOP, policies=[ingress(FROM_WEB, {}), ingress(FROM_WEB, name="q")])
    told = lint(cluster, build(cluster, resolve(cluster)), Budget(1))
    assert {(each.kind, each.severity) for each in told} == {
        (Kind.NOT_JUDGED, Severity.WARNING), (Kind.OPEN_TO_EVERYTHING, Severity.WARNING),
    }  # fmt: skip


def spent(cluster) -> int:
    """The steps that comparing the rules of a cluster takes."""
    budget = Budget()
    before = budget.left
    lint(cluster, build(cluster, resolve(cluster)), budget)
    return before - budget.left


def giant(pods: int, policies: int):
    """One namespace in which every policy is for one application, and so is its rule; every second policy is one too many."""
    app = [{"matchLabels": {"app": f"a{at}"}} for at in range(pods)]
    rules = [{"from": [{"podSelector": app[at * 7 % pods]}], "ports": [{"port": at % 5 + 1}]} for at in range(policies)]
    return snapshot(
        pods=[pod(f"a{at}-1") for at in range(pods)],
        policies=[ingress(rule, name=f"p{at}", subject=app[at % pods]) for at, rule in enumerate(rules)],
    )


def test_work_grows_with_rules_and_not_with_pods_or_pairs():
    """Twice the policies are about twice the steps; ten times the pods of the same applications are none more."""
    small, twice = spent(giant(200, 400)), spent(giant(400, 800))
    assert twice < 2.5 * small
    more = giant(200, 400)
    replicas = [pod(f"a{at}-{again}") for at in range(200) for again in range(10)]
    assert spent(msgspec.structs.replace(more, pods=tuple(replicas))) == small


def test_rules_that_all_select_the_same_pods_are_not_compared_pair_by_pair():
    """A thousand copies of one rule are told apart in steps that grow with their number."""
    copies = [ingress(FROM_WEB, name=f"p{at}", subject={}) for at in range(1000)]
    assert spent(snapshot(pods=SHOP, policies=copies)) < 20_000
