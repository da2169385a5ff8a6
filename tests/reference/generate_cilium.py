"""Small mean clusters under Cilium's policies: overlapping selectors, ports, blocks and names.

Left out, since the API server or the agent refuses it or nobody says what it means: several kinds of peers in one rule,
`toPorts` with `icmps` or `toServices`, addresses without a prefix, layer 7 rules on named or missing ports, exceptions of
CIDR groups, `nodeSelector` beside `endpointSelector`, an `endpointSelector` of a namespaced policy that names another
namespace.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reference import vendor_wire as wire
from tests.reference.plain_strategies import CROWDED, LABELS, SPACES, namespaces, network_policies, ports, selectors

Wire = dict[str, Any]

NAMESPACE_KEYS = ("io.kubernetes.pod.namespace", "k8s:io.kubernetes.pod.namespace")
CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "10.0.1.0/24", "10.0.1.128/25", "8.8.8.8/32", "::/0", "2001:db8::/32")
EXCEPTIONS = {
    "0.0.0.0/0": ["10.0.0.0/8", "10.0.1.0/24", "8.8.8.8/32"],
    "10.0.0.0/8": ["10.0.1.0/24", "10.0.1.128/25"],
    "10.0.1.0/24": ["10.0.1.128/25"],
    "::/0": ["2001:db8::/32"],
    "2001:db8::/32": ["2001:db8:1::/48"],
}
ENTITIES = (
    "all", "world", "cluster", "world", "cluster", "host", "remote-node", "kube-apiserver", "health", "init", "unmanaged",
    "ingress",
)  # fmt: skip
NAMES = (
    "api.example.com",
    "www.example.com",
    "example.com",
    "API.example.org",
    "deep.api.example.com",
    "www.example.com.",
)
PATTERNS = ("*", "*.example.com", "**.example.com", "w*w.example.com", "*.EXAMPLE.org", "*.api.example.com", "*.com")

PODS = st.builds(
    lambda labels, declared, ips, account: (labels, declared, ips, account),
    LABELS,
    ports(),
    st.sampled_from([(), ("10.0.1.{}",), ("10.0.1.14{}", "2001:db8::{}"), ("192.168.7.{}",)]),
    st.sampled_from(["", "red", "blue"]),
)


def endpoint_selectors() -> st.SearchStrategy[Wire]:
    """Selectors of peers: by labels of pods, namespaces and service accounts, with and without a label source."""
    space = st.sampled_from(SPACES)
    return st.one_of(
        st.just({}),
        selectors("", "k8s:", "any:"),
        st.tuples(st.sampled_from(NAMESPACE_KEYS), space, LABELS).map(
            lambda it: {"matchLabels": {it[0]: it[1], **it[2]}}
        ),
        st.tuples(
            st.sampled_from(NAMESPACE_KEYS), st.sampled_from(["In", "NotIn"]), st.lists(space, min_size=1, max_size=2)
        ).map(lambda it: {"matchExpressions": [{"key": it[0], "operator": it[1], "values": it[2]}]}),
        st.sampled_from(["Exists", "DoesNotExist"]).map(
            lambda it: {"matchExpressions": [{"key": NAMESPACE_KEYS[1], "operator": it}]}
        ),
        st.sampled_from(["x", "y"]).map(lambda it: {"matchLabels": {"k8s:io.cilium.k8s.namespace.labels.env": it}}),
        st.sampled_from(SPACES).map(
            lambda it: {"matchLabels": {"io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name": it}}
        ),
        st.sampled_from(["red", "blue"]).map(lambda it: {"matchLabels": {"io.cilium.k8s.policy.serviceaccount": it}}),
    )


@st.composite
def cidr_sets(draw: st.DrawFn) -> Wire:
    """An entry of a CIDR set: a block with exceptions, or groups by name or by label (that may not be there)."""
    choice = draw(st.integers(0, 4))
    if choice == 0:
        return {"cidrGroupRef": draw(st.sampled_from(["near", "far", "missing"]))}
    if choice == 1:
        return {"cidrGroupSelector": {"matchLabels": {"role": draw(st.sampled_from(["vpn", "dmz"]))}}}
    block = draw(st.sampled_from(sorted(EXCEPTIONS)))
    held = draw(st.lists(st.sampled_from(EXCEPTIONS[block]), max_size=2, unique=True))
    return {"cidr": block, "except": held} if held else {"cidr": block}


PORT = st.one_of(
    st.fixed_dictionaries(
        {"port": st.sampled_from(["80", "443", "8080", "0"])},
        optional={"protocol": st.sampled_from(["TCP", "UDP", "SCTP", "ANY"])},
    ),
    st.fixed_dictionaries(
        {"port": st.sampled_from(["80", "443"]), "endPort": st.sampled_from([443, 8080, 65535])},
        optional={"protocol": st.sampled_from(["TCP", "UDP", "ANY"])},
    ),
    st.fixed_dictionaries(
        {"port": st.sampled_from(["http", "dns", "admin"])},
        optional={"protocol": st.sampled_from(["TCP", "UDP", "ANY"])},
    ),
)
PORT_RULES = st.one_of(
    st.lists(PORT, min_size=1, max_size=2).map(lambda it: {"ports": it}),
    st.just({"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{"method": "GET", "path": "/public"}]}}),
)
ICMPS = st.just([{"fields": [{"type": 8, "family": "IPv4"}]}])


@st.composite
def rules(draw: st.DrawFn, word: str, *, deny: bool) -> Wire:
    """One rule: at most one kind of peers, possibly an empty list of them, and ports or ICMP types or neither.

    Every third allows much, so that what denies or narrows has something to work on.
    """
    side = "from" if word == "ingress" else "to"
    if draw(st.integers(0, 5 if deny else 2)) == 0:
        return draw(
            st.sampled_from(
                [
                    {f"{side}Entities": ["all"]},
                    {f"{side}Endpoints": [{}]},
                    {
                        f"{side}Entities": ["cluster", "world"],
                        "toPorts": [{"ports": [{"port": "80", "endPort": 8080}]}],
                    },
                    {"toPorts": [{"ports": [{"port": "0", "protocol": "TCP"}]}]},
                    {f"{side}CIDR": ["0.0.0.0/0", "::/0"]},
                ]
            )
        )
    kinds: dict[str, st.SearchStrategy[list[Any]]] = {
        f"{side}Endpoints": st.lists(endpoint_selectors(), max_size=2),
        f"{side}Entities": st.lists(st.sampled_from(ENTITIES), max_size=2),
        f"{side}CIDR": st.lists(st.sampled_from((*CIDRS, "10.0.2.1/32")), max_size=2),
        f"{side}CIDRSet": st.lists(cidr_sets(), max_size=2),
    }
    if word == "egress":
        if not deny:
            kinds["toFQDNs"] = st.lists(
                st.one_of(
                    st.sampled_from(NAMES).map(lambda it: {"matchName": it}),
                    st.sampled_from(PATTERNS).map(lambda it: {"matchPattern": it}),
                ),
                min_size=1,
                max_size=2,
            )
        kinds["toServices"] = st.lists(services_chosen(), min_size=1, max_size=2)
    made: Wire = {}
    member = draw(st.sampled_from(["", f"{side}Endpoints", *kinds, *list(kinds)[4:]]))  # names and Services twice
    if member:
        made[member] = draw(kinds[member])
    tail = draw(st.integers(0, 9))
    if tail < 5 and member != "toServices":
        made["toPorts"] = draw(
            st.lists(
                PORT_RULES if not deny else st.lists(PORT, min_size=1, max_size=2).map(lambda it: {"ports": it}),
                min_size=1,
                max_size=2,
            )
        )
    elif tail == 5 and member != "toServices":
        made["icmps"] = draw(ICMPS)
    return made


def services_chosen() -> st.SearchStrategy[Wire]:
    """A Service by namespace and name, or (which nothing here can decide) by labels."""
    return st.one_of(
        st.tuples(st.sampled_from(["s0", "s1", "gone"]), st.sampled_from(SPACES)).map(
            lambda it: {"k8sService": {"serviceName": it[0], "namespace": it[1]}}
        ),
        st.just({"k8sServiceSelector": {"selector": {"matchLabels": {"app": "a"}}, "namespace": "one"}}),
    )


@st.composite
def specs(draw: st.DrawFn, *, home: str | None) -> Wire:
    """One rule set."""
    if home is None and draw(st.integers(0, 11)) == 0:
        return {"nodeSelector": {}, "ingress": draw(st.lists(rules("ingress", deny=False), max_size=1))}
    subjects = [st.just({}), st.just({}), st.just({}), selectors("", "k8s:", "any:")]
    if home is None:
        subjects.append(endpoint_selectors())
    else:
        subjects.append(st.just({"matchLabels": {NAMESPACE_KEYS[1]: home}}))
    made: Wire = {"endpointSelector": draw(st.one_of(*subjects))}
    for word in draw(st.sampled_from([("ingress",), ("egress",), ("ingress", "egress"), ("ingress", "egress")])):
        for key, deny in ((word, False), (f"{word}Deny", True)):
            if not deny or draw(st.integers(0, 2)) == 0:
                made[key] = draw(st.lists(rules(word, deny=deny), max_size=1 if deny else 2))
    if draw(st.integers(0, 3)) == 0:
        made["enableDefaultDeny"] = draw(
            st.dictionaries(st.sampled_from(["ingress", "egress"]), st.booleans(), min_size=1, max_size=2)
        )
    return made


@st.composite
def policies(draw: st.DrawFn, at: int) -> Wire:
    """One policy of one of the three kinds that Cilium enforces together, with one rule set or a list of them."""
    choice = draw(st.sampled_from(["cnp", "cnp", "cnp", "ccnp", "ccnp", "netpol"]))
    home = draw(st.sampled_from(CROWDED))
    if choice == "netpol":
        return wire.netpol(f"{home}/np{at}", draw(network_policies()))
    count = draw(st.sampled_from([1, 1, 1, 2]))
    if choice == "cnp":
        return wire.cnp(f"{home}/cnp{at}", *(draw(specs(home=home)) for _ in range(count)))
    return wire.ccnp(f"ccnp{at}", *(draw(specs(home=None)) for _ in range(count)))


@st.composite
def clusters(draw: st.DrawFn) -> Wire:
    """One to four pods in three namespaces under one to five policies, with the Services and groups that these name."""
    objects = list(namespaces())
    for at in range(draw(st.integers(2, 4))):
        labels, declared, ips, account = draw(PODS)
        space = draw(st.sampled_from(CROWDED))
        addresses = tuple(each.format(at + 5) for each in ips)
        objects.append(wire.pod(f"{space}/p{at}", labels, ports=declared, ips=addresses, account=account))
    objects += [draw(policies(at)) for at in range(draw(st.integers(1, 5)))]
    backing = st.sampled_from([{"app": "a"}, {"app": "a"}, {"tier": "c"}, None])
    objects += [wire.service(f"{space}/s{at}", draw(backing)) for at, space in enumerate(("one", "two"))]
    if draw(st.booleans()):
        objects.append(wire.cidr_group("near", "10.0.1.0/24", "2001:db8::/32", role="vpn"))
        objects.append(wire.cidr_group("far", "8.8.8.8/32", role=draw(st.sampled_from(["vpn", "dmz"]))))
    return wire.cluster(*objects)
