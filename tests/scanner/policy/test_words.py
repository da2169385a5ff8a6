"""Rules in words."""

from __future__ import annotations

import pytest

from scanner.policy.resolve import resolve
from scanner.policy.words import rule_words
from tests.factories import policy, snapshot

EXPRESSIONS = [
    {"key": "tier", "operator": "NotIn", "values": ["a", "b"]},
    {"key": "old", "operator": "DoesNotExist"},
    {"key": "live", "operator": "Exists"},
]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"ingress": [{}]}, "from anywhere, on every port"),
        (
            {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 5432}]}]},
            "from pods app=web in namespace shop, on TCP 5432",
        ),
        (
            {"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ops"}}}]}]},
            "from all pods in namespace ops, on every port",
        ),
        (
            {
                "policyTypes": ["Egress"],
                "egress": [
                    {
                        "to": [
                            {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
                            {"namespaceSelector": {}},
                        ],
                        "ports": [{"port": "dns", "protocol": "UDP"}, {"port": 1, "endPort": 9}, {}],
                    }
                ],
            },
            "to addresses 10.0.0.0/8 except 10.1.0.0/16 or all pods in all namespaces, "
            "on UDP port named dns, TCP 1-9, all TCP",
        ),
        (
            {
                "ingress": [
                    {
                        "from": [
                            {
                                "podSelector": {"matchExpressions": EXPRESSIONS},
                                "namespaceSelector": {"matchLabels": {"env": "x"}},
                            }
                        ]
                    }
                ]
            },
            "from pods live,!old,tier notin (a,b) in namespaces env=x, on every port",
        ),
    ],
)
def test_rules_read_as_sentences(spec, words):
    """A rule names its peers with their scope, and its ports with protocol."""
    found = resolve(snapshot(policies=[policy(spec)])).policies[0]
    assert rule_words(found.rules[0], found.namespace) == words
