"""Explanations for people and machines: verdict, every rule that was asked with its place, and what would change it."""

from __future__ import annotations

import json

import jsonschema
import pytest

from reports.reach.explain import explanation_lines, render_explanations
from reports.reach.schema import schemas
from scanner.dataplane.model import Answer, Enforcing
from scanner.findings import Level
from scanner.model import ApiObject, Origin
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.model import Direction, Explanation, Half, RuleRef
from tests.factories import pod, policy, raw, snapshot
from tests.scanner.reach.planes import plane

FROM_WEB = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 5432}]}
ALLOW = policy({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [FROM_WEB]}, name="db")
DENY = policy({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{}]}, name="deny-all")
EVERYONE = {"from": [{"namespaces": {}}]}
ADMIN = ApiObject(
    api_version="policy.networking.k8s.io/v1alpha1",
    kind="AdminNetworkPolicy",
    name="guard",
    resource_version="4711",
    spec=raw(
        {
            "priority": 5,
            "subject": {"namespaces": {}},
            "ingress": [
                EVERYONE | {"action": "Allow", "ports": [{"portNumber": {"protocol": "TCP", "port": 9}}]},
                EVERYONE | {"action": "Deny", "ports": [{"portNumber": {"protocol": "TCP", "port": 22}}]},
                EVERYONE | {"action": "Pass"},
            ],
        }
    ),
)


def explained(port, *policies, dataplane=None, dst="shop/db"):
    """One connection from web, declared and then, where there is a data plane, effective."""
    cluster = snapshot(pods=[pod("web-1"), pod("db-1")], policies=policies)
    found = resolve(cluster)
    planes = [None, *([dataplane] if dataplane else [])]
    return [each for one in planes for each in build(cluster, found, one).explain("shop/web", dst, "TCP", port)]


def test_a_denied_connection_names_what_denies_it_and_what_would_open_it():
    """The verdict, then each half; only the half that denies says what to change."""
    assert explanation_lines(explained(22, ALLOW, DENY)) == [
        "declared: shop/web[Deployment] -> shop/db[Deployment] TCP 22: denied",
        "  egress of shop/web[Deployment] allowed: isolated, and a rule allows it",
        "    1. allow: NetworkPolicy shop/deny-all egress[0]",
        "       to anywhere, on every port",
        "  ingress of shop/db[Deployment] denied: isolated by 2 policies, and no rule allows it",
        "    1. default-deny: NetworkPolicy shop/db",
        "       isolates pods app=db in namespace shop for ingress",
        "    2. default-deny: NetworkPolicy shop/deny-all",
        "       isolates all pods in namespace shop for ingress",
        "    to change this:",
        "      - NetworkPolicy shop/db ingress[0] names the peer: add the port to it",
        "      - or add a rule from this peer on this port to a policy that selects the pod, such as",
        "        NetworkPolicy shop/db",
    ]


def test_steps_stand_in_the_order_they_are_asked_with_tier_and_place():
    """An admin tier's Pass goes on to the namespace's own rules; a resourceVersion where there is no file."""
    text = "\n".join(explanation_lines(explained(5432, ADMIN, ALLOW)))
    steps = [line.strip() for line in text.splitlines() if line.strip()[:2] in {"1.", "2."}]
    assert steps == [
        "1. pass (admin): AdminNetworkPolicy guard ingress[2] (resourceVersion 4711)",
        "2. allow: NetworkPolicy shop/db ingress[0]",
    ]
    (stop,) = [line for line in explanation_lines(explained(22, ADMIN, ALLOW)) if "1. " in line]
    assert stop.strip() == "1. deny (admin): AdminNetworkPolicy guard ingress[1] (resourceVersion 4711)"


@pytest.mark.parametrize("port", [5432, 22], ids=["allowed", "denied"])
def test_what_is_as_declared_is_not_told_twice(port):
    """Both verdicts stand, the second with what the data plane adds; its rules are those above."""
    lines = explanation_lines(explained(port, ALLOW, DENY, dataplane=plane()))
    assert [line for line in lines if line.startswith(("declared", "effective"))] == [
        f"{level}: shop/web[Deployment] -> shop/db[Deployment] TCP {port}: {'allowed' if port == 5432 else 'denied'}"
        for level in ("declared", "effective")
    ]
    second = lines[lines.index(next(line for line in lines if line.startswith("effective"))) :]
    assert second.count("    by the same rules as declared") == 2
    assert not any(line.lstrip().startswith(("1.", "to change")) for line in second)
    assert any("(policed: covered)" in line for line in second)


def test_what_differs_is_told_at_both_levels():
    """A plane that enforces nothing has no rules to show."""
    lines = explanation_lines(explained(22, ALLOW, dataplane=plane(enforcing=Enforcing.NO, reason="off")))
    assert lines[0].endswith("denied")
    assert next(line for line in lines if line.startswith("effective")).endswith("allowed")
    assert lines[-1] == "  ingress of shop/db[Deployment] allowed: not policed: off"


def half(*, steps=(), change=(), allowed=Answer.NO, reason="because"):
    """An ingress half that was put together by hand."""
    return Half(Direction.INGRESS, "shop/db", allowed, Answer.YES, reason, steps[:1], tuple(steps), tuple(change))


def explanation(one):
    """An explanation with one half."""
    return Explanation(Level.DECLARED, "shop/web", "shop/db", "TCP", 80, one.allowed, (one,))


def reference(number, matches=Answer.YES, origin=None):
    """A rule that allows."""
    return RuleRef(
        f"NetworkPolicy shop/p{number}", f"ingress[{number}]", origin, "words " * 30, "allow", "default", matches
    )


def test_lines_keep_to_the_width_and_lists_to_a_screen():
    """Long words are folded below their step; of forty steps twelve are shown and the others counted."""
    lines = explanation_lines(
        [explanation(half(steps=[reference(at) for at in range(40)], change=["mend it"] * 40))], width=80
    )
    assert max(map(len, lines)) <= 80
    assert sum(". allow: " in line for line in lines) == 12
    assert [line for line in lines if "more" in line] == ["    and 28 more: --format json has them all"] * 2


def test_doubt_is_shown_where_it_is():
    """A rule that may match says so, and an unknown verdict is called one."""
    origin = Origin(file="a.yaml", line=3, lines={"ingress[0]": 9})
    found = half(steps=[reference(0, Answer.UNKNOWN, origin)], allowed=Answer.UNKNOWN)
    lines = explanation_lines([explanation(found)])
    assert lines[0].endswith(": unknown")
    assert lines[2] == "    1. allow (may match): NetworkPolicy shop/p0 ingress[0] (a.yaml:9)"


def test_colours_change_no_word():
    """Without a terminal there is no escape sequence; with one the words stay the same."""
    found = explained(22, ALLOW, DENY)
    coloured = "\n".join(explanation_lines(found, colour=True))
    assert "\x1b[31mdenied\x1b[0m" in coloured
    assert "\x1b" not in "\n".join(explanation_lines(found))


def test_the_document_is_what_its_schema_says():
    """All steps and changes of both levels, whatever the terminal leaves out."""
    document = json.loads(render_explanations(explained(5432, ADMIN, ALLOW, dataplane=plane())))
    jsonschema.validate(document, schemas()["explain/v1"])
    assert [each["level"] for each in document["explanations"]] == ["declared", "effective"]
    ingress = document["explanations"][0]["halves"][1]
    assert [(step["action"], step["tier"], step["rule"]) for step in ingress["steps"]] == [
        ("pass", "admin", "ingress[2]"),
        ("allow", "default", "ingress[0]"),
    ]
    assert ingress["steps"][0]["place"] == "resourceVersion 4711"
    assert ingress["change"]
