"""Small mean clusters under Calico's policies: tiers, ties, negations, named ports, sets that hold pods' addresses.

Left out, since Calico refuses it or nobody says what it means: blocks of both IP versions in one rule, or of another
version than its `ipVersion`; ports without a protocol that has them; policies for host endpoints only (`preDNAT`,
`doNotTrack`); a tier that does not exist; rules by Service; HTTP criteria.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reference import vendor_wire as wire
from tests.reference.plain_strategies import CROWDED, LABELS, namespaces, network_policies, ports

Wire = dict[str, Any]

NETS = {
    4: ("0.0.0.0/0", "10.0.0.0/8", "10.0.1.0/24", "10.0.1.128/25", "8.8.8.8/32"),
    6: ("::/0", "2001:db8::/32", "2001:db8:1::/48", "2001:db8::9/128"),
}
ATOMS = (
    "app == 'a'", "app == \"b\"", "app != 'a'", "app in {'a', 'b'}", "app not in { 'a' }", "has(app)", "!has(tier)",
    "tier contains 'b'", "tier starts with 'c'", "tier ends with 'a'", "role == 'db'", "has(role)", "all()",
)  # fmt: skip
GLOBAL_ATOMS = (
    "projectcalico.org/namespace == 'one'", "projectcalico.org/namespace in {'two', 'three'}",
    "!has(projectcalico.org/namespace)", "projectcalico.org/orchestrator == 'k8s'",
)  # fmt: skip
NAMESPACE_ATOMS = (
    "env == 'x'", "env in {'x', 'y'}", "has(env)", "env != 'x'", "!has(env)", "projectcalico.org/name == 'two'",
    "projectcalico.org/name in {\"one\", \"three\"}", "kubernetes.io/metadata.name == 'three'", "kind starts with 'd'",
    "all()", "has(projectcalico.org/name) && env not in {'y'}",
)  # fmt: skip


def expressions(atoms: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Selector expressions of up to three parts."""
    atom = st.sampled_from(atoms)
    pair = st.tuples(atom, st.sampled_from(["&&", "||"]), atom).map(" ".join)
    return st.one_of(
        atom,
        atom,
        pair,
        pair.map(lambda it: f"!({it})"),
        st.tuples(pair, st.sampled_from(["&&", "||"]), atom).map(" ".join),
        st.tuples(atom, pair).map(lambda it: f"!{it[0]} && ({it[1]})" if not it[0].startswith("!") else it[0]),
    )


PORTS = st.lists(
    st.sampled_from([80, 443, 8080, "80:443", "8080:65535", "http", "dns", "admin"]), min_size=1, max_size=2
)
NUMBERS = st.lists(st.sampled_from([80, 443, 8080, "80:443", "8080:65535"]), min_size=1, max_size=2)


@st.composite
def entities(draw: st.DrawFn, *, home: str | None, version: int, with_ports: bool) -> Wire:
    """One side of a rule: up to two criteria of identity or address, and ports."""
    made: Wire = {}
    local = ATOMS if home is not None else (*ATOMS, *GLOBAL_ATOMS)
    choices: dict[str, st.SearchStrategy[Any]] = {
        "selector": expressions(local),
        "notSelector": expressions(ATOMS),
        "namespaceSelector": st.one_of(expressions(NAMESPACE_ATOMS), st.just("global()")),
        "nets": st.lists(st.sampled_from(NETS[version]), min_size=1, max_size=2),
        "notNets": st.lists(st.sampled_from(NETS[version]), min_size=1, max_size=2),
        "serviceAccounts": st.sampled_from([{"names": ["red"]}, {"names": ["red", "blue"]}, {"names": []}]),
    }
    most = draw(st.sampled_from([0, 0, 1, 1, 2]))
    for key in draw(st.lists(st.sampled_from(["selector", *choices]), min_size=most, max_size=most, unique=True)):
        made[key] = draw(choices[key])
    if with_ports:
        for key in draw(st.lists(st.sampled_from(["ports", "ports", "notPorts"]), max_size=2, unique=True)):
            made[key] = draw(PORTS if key == "ports" else NUMBERS)  # names there are undecided by the product
    return made


@st.composite
def rules(draw: st.DrawFn, *, home: str | None) -> Wire:
    """One rule of either direction."""
    made: Wire = {"action": draw(st.sampled_from(["Allow", "Allow", "Deny", "Pass", "Pass", "Log"]))}
    version = draw(st.sampled_from([4, 4, 6]))
    protocol = draw(
        st.sampled_from([*[None] * 6, "TCP", "TCP", "TCP", 6, "UDP", 17, "SCTP", 132, "ICMP", "not", "UDPLite"])
    )
    if protocol == "not":
        made["notProtocol"] = draw(st.sampled_from(["TCP", "UDP", 132, "ICMP"]))
    elif protocol is not None:
        made["protocol"] = protocol
    if draw(st.integers(0, 7)) == 0:
        made["ipVersion"] = version
    has_ports = protocol in ("TCP", "UDP", "SCTP", 6, 17)
    source = draw(entities(home=home, version=version, with_ports=False))
    destination = draw(entities(home=home, version=version, with_ports=has_ports))
    if has_ports and draw(st.integers(0, 15)) == 0:
        source["ports"] = [1024]
    if source:
        made["source"] = source
    if destination:
        made["destination"] = destination
    return made


@st.composite
def blunt_rules(draw: st.DrawFn, word: str, *, home: str | None) -> Wire:
    """A rule with one criterion at most, so that it often matches and what comes after it matters."""
    made: Wire = {"action": draw(st.sampled_from(["Allow", "Deny", "Pass", "Log"]))}
    choice, version = draw(st.integers(0, 3)), draw(st.sampled_from([4, 6]))
    if choice == 1:
        made |= {"protocol": draw(st.sampled_from(["TCP", "UDP"])), "destination": {"ports": draw(PORTS)}}
    elif choice > 1:
        other = "source" if word == "ingress" else "destination"
        made[other] = draw(
            st.sampled_from(
                [
                    {"selector": draw(expressions(ATOMS if home else (*ATOMS, *GLOBAL_ATOMS)))},
                    {"selector": "role == 'db'"},
                    {"selector": "role == 'db'", "namespaceSelector": "global()"},
                    {"namespaceSelector": draw(st.sampled_from(NAMESPACE_ATOMS))},
                    {"notSelector": "app == 'a'"},
                    {"nets": [draw(st.sampled_from(NETS[version]))]},
                    {"notNets": [draw(st.sampled_from(NETS[version]))]},
                ]
            )
        )
    if draw(st.integers(0, 5)) == 0:
        made["ipVersion"] = version
    return made


@st.composite
def blunt_policies(draw: st.DrawFn, at: int, tiers: tuple[str, ...]) -> Wire:
    """A policy over every pod in its reach, both ways: what is left to decide is tiers, orders, ties and actions."""
    choice = draw(st.sampled_from(["ns", "global", "global", "netpol"]))
    home = draw(st.sampled_from(CROWDED)) if choice != "global" else None
    if choice == "netpol":
        ports = draw(st.sampled_from([{}, {"ports": [{"port": 80}]}, {"ports": [{"port": "http", "protocol": "UDP"}]}]))
        return wire.netpol(f"{home}/p{at}", {"podSelector": {}, "ingress": [ports], "egress": [ports]})
    tier = draw(st.sampled_from(tiers))
    spec: Wire = {"tier": tier, "types": ["Ingress", "Egress"]}
    order = draw(st.sampled_from([None, 1, 999, 1000, 1200, 1200]))
    if order is not None:
        spec["order"] = order
    for word in ("ingress", "egress"):
        count = draw(st.sampled_from([0, 1, 1, 2]))
        spec[word] = draw(st.lists(blunt_rules(word, home=home), min_size=count, max_size=count))
    name = f"p{at}" if tier == "default" else f"{tier}.p{at}"
    return wire.calico(f"{home}/{name}", spec) if home else wire.global_calico(name, spec)


@st.composite
def policies(draw: st.DrawFn, at: int, tiers: tuple[str, ...]) -> Wire:
    """One policy: Calico's of a namespace or of the cluster, a Kubernetes one, or a staged one that enforces nothing."""
    choice = draw(st.sampled_from(["ns", "ns", "ns", "global", "global", "global", "netpol", "netpol", "staged"]))
    space = draw(st.sampled_from(CROWDED))
    if choice == "netpol":
        return wire.netpol(f"{space}/p{at}", draw(network_policies()))
    home = space if choice == "ns" else None
    spec: Wire = {}
    tier = draw(st.sampled_from(tiers))
    if tier != "default" or draw(st.booleans()):
        spec["tier"] = tier
    order = draw(st.sampled_from([None, None, 1, 1, 2.5, 1000, 1200, 1200]))
    if order is not None:
        spec["order"] = order
    selector = draw(st.one_of(st.none(), st.none(), st.sampled_from(["", "all()"]), expressions(ATOMS)))
    if selector is not None:
        spec["selector"] = selector
    if home is None and draw(st.integers(0, 3)) == 0:
        spec["namespaceSelector"] = draw(expressions(NAMESPACE_ATOMS))
    if draw(st.integers(0, 9)) == 0:
        spec["serviceAccountSelector"] = "projectcalico.org/name == 'red'"
    for word in draw(st.sampled_from([(), ("ingress",), ("egress",), *[("ingress", "egress")] * 4])):
        count = draw(st.sampled_from([0, 1, 2, 2, 3]))
        spec[word] = draw(st.lists(rules(home=home), min_size=count, max_size=count))
    types = draw(st.sampled_from([None, None, None, [], ["Ingress"], ["Egress"], *[["Ingress", "Egress"]] * 2]))
    if types is not None:
        spec["types"] = types
    name = f"p{at}" if tier == "default" else f"{tier}.p{at}"
    if home is not None:
        return wire.calico(f"{home}/{name}", spec)
    made = wire.global_calico(name, spec)
    if choice == "staged":
        made["kind"] = "StagedGlobalNetworkPolicy"
    return made


@st.composite
def clusters(draw: st.DrawFn) -> Wire:
    """One to four pods in three namespaces, up to two tiers beside the default one, one to six policies, network sets."""
    objects = list(namespaces())
    for at in range(draw(st.integers(2, 4))):
        space = draw(st.sampled_from(CROWDED))
        ips = draw(
            st.sampled_from(
                [
                    (),
                    (f"10.0.1.{10 + at}",),
                    (f"10.0.1.{10 + at}",),
                    (f"10.0.1.{140 + at}", f"2001:db8::{9 + at}"),
                    (f"2001:db8:1::{9 + at}",),
                ]
            )
        )
        account = draw(st.sampled_from(["red", "red", "blue", ""]))
        objects.append(wire.pod(f"{space}/w{at}", draw(LABELS), ports=draw(ports()), ips=ips, account=account))
    tiers = draw(st.sampled_from([(), (), ("early",), ("early", "late")]))
    if "early" in tiers:
        objects.append(
            wire.tier("early", draw(st.sampled_from([1, 500])), draw(st.sampled_from([None, "Deny", "Pass"])))
        )
    if "late" in tiers:
        objects.append(
            wire.tier("late", draw(st.sampled_from([None, 500, 2_000_000])), draw(st.sampled_from([None, "Pass"])))
        )
    if draw(st.booleans()):
        objects.append(wire.tier("default", 1_000_000, "Deny"))
    places = draw(st.sampled_from([("default",), ("default", "default", *tiers), ("default", *tiers)]))
    made = draw(st.sampled_from([policies, blunt_policies]))
    objects += [draw(made(at, places)) for at in range(draw(st.integers(1, 6)))]
    for at in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(["", "one/", "two/"]))
        nets = draw(st.lists(st.sampled_from((*NETS[4], *NETS[6])), max_size=3, unique=True))
        labels = draw(st.dictionaries(st.just("app"), st.sampled_from(["a", "b"]), max_size=1)) | {"role": "db"}
        objects.append(wire.network_set(f"{place}set{at}", nets, labels))
    return wire.cluster(*objects)
