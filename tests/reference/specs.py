"""Hypothesis strategies for the parts of policies: small alphabets, so that everything overlaps with everything.

Values look like numbers or are empty, ranges share their ends, blocks nest, names differ by protocol. Only what the API
server takes and the wording decides is drawn; what it leaves open is named where it is left out.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reference.wire import NAME_LABEL

Strategy = st.SearchStrategy[Any]
NAMESPACES = ("one", "3")
KEYS = ("app", "tier")
VALUES = ("1", "01", "")
PROTOCOLS = ("TCP", "UDP", "SCTP")
PORT_NAMES = ("http", "dns")
NUMBERS = (80, 8080, 8081, 65535)

LABELS = st.one_of(
    st.fixed_dictionaries({"app": st.sampled_from(VALUES)}, optional={"tier": st.sampled_from(VALUES)}),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2),
)
NAMESPACE_LABELS = st.dictionaries(st.just("env"), st.sampled_from(VALUES), max_size=1)


def often(strategy: Strategy, otherwise: Strategy, parts: int = 3) -> Strategy:
    """The first strategy that many times as often as the second; shrinks to the first."""
    return st.integers(0, parts).flatmap(lambda number: otherwise if number == parts else strategy)


def selectors(keys: tuple[str, ...], values: tuple[str, ...]) -> Strategy:
    """Label selectors over some keys and values: by equality, by one expression, or by a bit of both."""
    key = st.sampled_from(keys)
    equal = st.dictionaries(key, st.sampled_from(values), min_size=1, max_size=1)
    held = st.fixed_dictionaries(
        {
            "key": key,
            "operator": st.sampled_from(("In", "NotIn")),
            "values": st.lists(st.sampled_from((*values, "nobody")), min_size=1, max_size=2),
        }
    )
    there = st.fixed_dictionaries({"key": key, "operator": st.sampled_from(("Exists", "DoesNotExist"))})
    return st.one_of(
        equal.map(lambda pairs: {"matchLabels": pairs}),
        held.map(lambda one: {"matchExpressions": [one]}),
        there.map(lambda one: {"matchExpressions": [one]}),
        st.fixed_dictionaries(
            {
                "matchLabels": st.dictionaries(key, st.sampled_from(values), max_size=2),
                "matchExpressions": st.lists(st.one_of(held, there), max_size=2),
            }
        ),
    )


POD_SELECTORS = st.one_of(st.just({}), selectors(KEYS, VALUES), selectors(("app",), VALUES))
NAMESPACE_SELECTORS = st.one_of(st.just({}), selectors(("env",), VALUES), selectors((NAME_LABEL,), NAMESPACES))

BLOCKS = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]},
        {"cidr": "10.0.0.0/8", "except": ["10.0.1.0/24", "10.0.1.128/25"]},
        {"cidr": "10.0.1.0/24", "except": []},
        {"cidr": "10.0.1.77/25"},  # bits behind the prefix: taken, and without meaning
        {"cidr": "192.168.7.7/32"},
        {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48", "2001:db8:1:1::/64"]},
        {"cidr": "2001:DB8:1::/48"},
        {"cidr": "::/0"},
    ]
)
NETWORKS = st.lists(
    st.sampled_from(
        ("0.0.0.0/0", "10.0.0.0/8", "10.0.1.0/24", "10.0.1.128/25", "192.168.7.7/32", "2001:db8::/32", "::/0")
    ),
    min_size=1,
    max_size=2,
    unique=True,
)
DOMAINS = st.lists(
    st.sampled_from(("example.com", "*.example.com", "www.example.com", "*.b.example.com", "Example.ORG")),
    min_size=1,
    max_size=2,
    unique=True,
)

# NetworkPolicy and its relatives

ENDS = st.one_of(
    st.fixed_dictionaries({"podSelector": POD_SELECTORS}),
    st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTORS}, optional={"podSelector": POD_SELECTORS}),
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
)
PORTS = st.one_of(
    st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(PROTOCOLS)}),
    st.fixed_dictionaries(
        {"port": st.sampled_from((*PORT_NAMES, *NUMBERS))}, optional={"protocol": st.sampled_from(PROTOCOLS)}
    ),
    st.fixed_dictionaries(
        {"port": st.sampled_from((1, 80, 8080)), "endPort": st.sampled_from((8080, 8081, 65535))},
        optional={"protocol": st.sampled_from(PROTOCOLS)},
    ),
)


def rules(word: str, ends: Strategy) -> Strategy:
    """Some rules of one direction; absent and empty peers and ports mean all."""
    some = often(st.lists(ends, min_size=1, max_size=2), st.just([]))
    rule = often(
        st.fixed_dictionaries({word: some}, optional={"ports": st.lists(PORTS, max_size=2)}),
        st.fixed_dictionaries({}, optional={"ports": st.lists(PORTS, max_size=2)}),
        parts=5,
    )
    return st.lists(rule, max_size=2)


NETWORK_POLICY = st.fixed_dictionaries(
    {},
    optional={
        "podSelector": POD_SELECTORS,
        "policyTypes": st.sampled_from([[], ["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
        "ingress": rules("from", ENDS),
        "egress": rules("to", ENDS),
    },
)


def _clear(spec: dict[str, Any]) -> dict[str, Any]:
    """An ApplicationNetworkPolicy without what its wording and its controller take differently.

    These are rules of a direction that the types do not list, egress rules without peers, an empty `from` rather than none,
    and no types at all (aws/amazon-network-policy-controller-k8s, pkg/resolvers/endpoints.go).
    """
    kept = {
        key: value
        for key, value in spec.items()
        if key not in ("ingress", "egress") or key.capitalize() in spec["policyTypes"]
    }
    if "egress" in kept:
        kept["egress"] = [rule for rule in kept["egress"] if rule.get("to")]
    if "ingress" in kept:
        kept["ingress"] = [
            {key: value for key, value in rule.items() if key != "from" or value} for rule in kept["ingress"]
        ]
    return kept


APPLICATION_POLICY = st.fixed_dictionaries(
    {
        "podSelector": POD_SELECTORS,
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
    },
    optional={
        "ingress": rules("from", ENDS),
        "egress": rules("to", st.one_of(ENDS, st.fixed_dictionaries({"domainNames": DOMAINS}))),
    },
).map(_clear)

FQDN_POLICY = st.fixed_dictionaries(
    {
        "podSelector": POD_SELECTORS,
        "egress": st.lists(
            st.fixed_dictionaries(
                {
                    "matches": st.lists(
                        st.sampled_from(
                            [{"name": "example.com"}, {"name": "www.example.com"}, {"pattern": "*.example.com"}]
                        ),
                        min_size=1,
                        max_size=2,
                    )
                },
                optional={
                    "ports": st.lists(
                        st.fixed_dictionaries(
                            {"protocol": st.sampled_from(["TCP", "UDP"]), "port": st.sampled_from(NUMBERS)}
                        ),
                        min_size=1,
                        max_size=2,
                    )
                },
            ),
            min_size=1,
            max_size=2,
        ),
    },
)

# the cluster-scoped kinds

PODS = st.fixed_dictionaries({"namespaceSelector": NAMESPACE_SELECTORS, "podSelector": POD_SELECTORS})
SELECTED = often(
    st.just({"namespaces": {}}),
    st.one_of(st.fixed_dictionaries({"namespaces": NAMESPACE_SELECTORS}), st.fixed_dictionaries({"pods": PODS})),
    parts=1,
)
PRIORITIES = st.sampled_from((10, 0))
RANGES = ((1, 80), (80, 8080), (8081, 65535))


def numbered_ports(*, default: bool) -> Strategy:
    """`portNumber` and `portRange` entries; with a default, the protocol may be absent."""
    protocol = {"protocol": st.sampled_from(PROTOCOLS)}
    always, maybe = ({}, protocol) if default else (protocol, {})
    return st.one_of(
        st.fixed_dictionaries({"port": st.sampled_from(NUMBERS)} | always, optional=maybe).map(
            lambda value: {"portNumber": value}
        ),
        st.tuples(st.sampled_from(RANGES), st.fixed_dictionaries(always, optional=maybe)).map(
            lambda pair: {"portRange": {"start": pair[0][0], "end": pair[0][1]} | pair[1]}
        ),
    )


PROTOCOL_PORTS = st.tuples(
    st.sampled_from(("tcp", "udp", "sctp")),
    st.one_of(
        st.sampled_from(NUMBERS).map(lambda number: {"number": number}),
        st.sampled_from(RANGES).map(lambda ends: {"range": {"start": ends[0], "end": ends[1]}}),
    ),
).map(lambda pair: {pair[0]: {"destinationPort": pair[1]}})


def tier_rules(word: str, actions: tuple[str, ...], field: str, ports: Strategy, named: str) -> Strategy:
    """Some rules of one direction over pods; a named port comes with these only, as the API says."""
    entries = st.one_of(ports, st.sampled_from(PORT_NAMES).map(lambda name: {named: name}))
    return st.fixed_dictionaries(
        {"action": st.sampled_from(actions), word: st.lists(SELECTED, min_size=1, max_size=2)},
        optional={field: st.lists(entries, min_size=1, max_size=2)},
    )


def network_rules(actions: tuple[str, ...], field: str, ports: Strategy) -> Strategy:
    """Egress rules to networks, and to pods beside them."""
    peers = st.one_of(st.fixed_dictionaries({"networks": NETWORKS}), SELECTED)
    return st.fixed_dictionaries(
        {"action": st.sampled_from(actions), "to": st.lists(peers, min_size=1, max_size=2)},
        optional={field: st.lists(ports, min_size=1, max_size=2)},
    )


def domain_rules(accept: str, field: str, ports: Strategy) -> Strategy:
    """Egress rules to domain names, which may only accept."""
    peers = st.one_of(st.fixed_dictionaries({"domainNames": DOMAINS}), SELECTED)
    return st.fixed_dictionaries(
        {"action": st.just(accept), "to": st.lists(peers, min_size=1, max_size=2)},
        optional={field: st.lists(ports, min_size=1, max_size=2)},
    )


def tier_spec(
    actions: tuple[str, ...], field: str, ports: Strategy, named: str, *, domains: bool = False, **fixed: Strategy
) -> Strategy:
    """A cluster-scoped policy's spec with up to three rules each way; `fixed` are its tier and priority where it has them."""
    egress = [tier_rules("to", actions, field, ports, named), network_rules(actions, field, ports)]
    if domains:
        egress.append(domain_rules("Accept", field, ports))
    return st.fixed_dictionaries(
        {"subject": SELECTED} | fixed,
        optional={
            "ingress": st.lists(tier_rules("from", actions, field, ports, named), min_size=1, max_size=3),
            "egress": st.lists(st.one_of(egress), min_size=1, max_size=3),
        },
    )


NUMBERED = numbered_ports(default=True)
TIERS = st.sampled_from(("Admin", "Baseline"))
ACCEPT = ("Accept", "Deny", "Pass")
ADMIN_POLICY = tier_spec(("Allow", "Deny", "Pass"), "ports", NUMBERED, "namedPort", priority=PRIORITIES)
BASELINE_POLICY = tier_spec(("Allow", "Deny"), "ports", NUMBERED, "namedPort")
CLUSTER_POLICY = st.one_of(
    tier_spec(
        ACCEPT, "protocols", PROTOCOL_PORTS, "destinationNamedPort",
        domains=True, tier=st.just("Admin"), priority=PRIORITIES,
    ),
    tier_spec(
        ACCEPT, "protocols", PROTOCOL_PORTS, "destinationNamedPort", tier=st.just("Baseline"), priority=PRIORITIES
    ),
)  # fmt: skip
AWS_CLUSTER_POLICY = tier_spec(ACCEPT, "ports", NUMBERED, "namedPort", domains=True, tier=TIERS, priority=PRIORITIES)
