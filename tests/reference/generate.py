"""Small mean clusters of each family of policy kinds, as hypothesis strategies: what fails shrinks to what matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.reference import specs
from tests.reference.wire import Cluster, Wire

PORTS = (1, 80, 81, 8080, 8081, 8082, 65535)
ADDRESSES = (
    "0.0.0.1", "9.255.255.255", "10.0.0.0", "10.0.1.0", "10.0.1.5", "10.0.1.127", "10.0.1.128", "10.0.1.255",
    "10.255.255.255", "11.0.0.0", "192.168.7.6", "192.168.7.7", "192.168.255.255", "255.255.255.255",
    "::", "2001:db7:ffff::", "2001:db8::", "2001:db8:1::", "2001:db8:1:1::", "2001:db8:2::", "2001:db9::", "fe80::1",
)  # fmt: skip
NAMES = ("example.com", "www.example.com", "a.b.example.com", "example.org")
FOUR = (
    "10.0.1.5", "10.0.1.130", "10.0.2.9", "192.168.7.7", "172.20.0.9", "10.255.255.255", "11.0.0.1", "192.168.7.8",
    "203.0.113.4", "10.0.1.6",
)  # fmt: skip
SIX = (
    "2001:db8::5", "2001:db8:1::5", "fd00::5", "2001:db8:1:1::5", "2001:db9::5", "fd00::6", "fd00::7", "fd00::8",
    "fd00::9", "2001:db8:1::6",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A cluster, and what to ask about beside its pods: some addresses and domain names."""

    cluster: Cluster
    addresses: tuple[str, ...]
    names: tuple[str, ...] = ()


def wire(version: str, kind: str, name: str, spec: Any, namespace: str = "") -> Wire:
    """A policy object."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


CONTAINER_PORTS = st.lists(
    st.fixed_dictionaries(
        {"containerPort": st.sampled_from(specs.NUMBERS)},
        optional={"name": st.sampled_from(specs.PORT_NAMES), "protocol": st.sampled_from(specs.PROTOCOLS)},
    ),
    max_size=3,
    unique_by=lambda port: (port.get("name") or port["containerPort"], port.get("protocol") or "TCP"),
)


@st.composite
def pods(draw: st.DrawFn) -> list[Wire]:
    """A few workloads of one or two pods that differ in labels, ports and phase.

    The pods have no address at all, IPv4, or both families, as clusters have it; in the latter two, one may still wait
    for its address. Those on the host's network have an address like any other here.
    """
    families = draw(st.sampled_from(((FOUR,), (FOUR, SIX), ())))
    found: list[Wire] = []
    for at in range(draw(st.integers(2, 5))):
        namespace = draw(st.sampled_from(specs.NAMESPACES))
        owned = draw(st.booleans())
        host = draw(st.integers(0, 9)) == 9
        for copy in range(draw(st.integers(1, 2)) if owned else 1):
            metadata = {"name": f"w{at}-{copy}", "namespace": namespace, "labels": draw(specs.LABELS)}
            if owned:
                metadata["ownerReferences"] = [{"kind": "Deployment", "name": f"w{at}"}]
            number = len(found)
            addressed = draw(st.integers(0, 7)) != 7
            addresses = [{"ip": family[number]} for family in families] if addressed else []
            phase = draw(st.sampled_from(("Running",) * 7 + ("", "Pending", "Succeeded", "Failed")))
            spec = {"containers": [{"ports": draw(CONTAINER_PORTS)}]} | ({"hostNetwork": True} if host else {})
            found.append({"metadata": metadata, "spec": spec, "status": {"phase": phase, "podIPs": addresses}})
    return found


@st.composite
def cases(draw: st.DrawFn, policies: st.SearchStrategy[Iterable[Wire]], names: tuple[str, ...]) -> Case:
    """A cluster of random pods and the given policies; a namespace may lack its object."""
    namespaces = [
        {"metadata": {"name": name, "labels": draw(specs.NAMESPACE_LABELS)}}
        for name in specs.NAMESPACES
        if draw(st.integers(0, 3)) != 3
    ]
    cluster = Cluster(tuple(namespaces), tuple(draw(pods())), tuple(draw(policies)))
    addresses = draw(st.lists(st.sampled_from(ADDRESSES), min_size=2, max_size=6, unique=True))
    asked = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)) if names else ()
    return Case(cluster, tuple(addresses), tuple(asked))


def namespaced(
    version: str, kind: str, prefix: str, spec: st.SearchStrategy[Any], sizes: tuple[int, int]
) -> st.SearchStrategy[list[Wire]]:
    """Some policies of a namespaced kind; `sizes` are the fewest and the most."""
    pair = st.tuples(spec, st.sampled_from(specs.NAMESPACES))
    return st.lists(pair, min_size=sizes[0], max_size=sizes[1]).map(
        lambda pairs: [wire(version, kind, f"{prefix}{at}", spec, where) for at, (spec, where) in enumerate(pairs)]
    )


def cluster_scoped(
    version: str, kind: str, prefix: str, spec: st.SearchStrategy[Any], sizes: tuple[int, int]
) -> st.SearchStrategy[list[Wire]]:
    """Some policies of a cluster-scoped kind; `sizes` are the fewest and the most."""
    return st.lists(spec, min_size=sizes[0], max_size=sizes[1]).map(
        lambda found: [wire(version, kind, f"{prefix}{at}", spec) for at, spec in enumerate(found)]
    )


def together(*kinds: st.SearchStrategy[list[Wire]]) -> st.SearchStrategy[list[Wire]]:
    """Policies of several kinds, in one list."""
    return st.tuples(*kinds).map(lambda lists: [policy for each in lists for policy in each])


def network_policies(*sizes: int) -> st.SearchStrategy[list[Wire]]:
    """Some NetworkPolicies."""
    return namespaced("networking.k8s.io/v1", "NetworkPolicy", "np", specs.NETWORK_POLICY, sizes)


UPSTREAM = "policy.networking.k8s.io"
AWS = "networking.k8s.aws/v1alpha1"
BASELINE = specs.BASELINE_POLICY.map(
    lambda spec: [wire(f"{UPSTREAM}/v1alpha1", "BaselineAdminNetworkPolicy", "default", spec)]
)
FAMILIES: dict[str, st.SearchStrategy[Case]] = {
    "networkpolicy": cases(network_policies(2, 4), ()),
    "anp": cases(
        together(
            network_policies(0, 2),
            cluster_scoped(f"{UPSTREAM}/v1alpha1", "AdminNetworkPolicy", "anp", specs.ADMIN_POLICY, (2, 4)),
            st.one_of(st.just([]), BASELINE),
        ),
        (),
    ),
    "cnp": cases(
        together(
            network_policies(0, 2),
            cluster_scoped(f"{UPSTREAM}/v1alpha2", "ClusterNetworkPolicy", "cnp", specs.CLUSTER_POLICY, (2, 5)),
        ),
        NAMES,
    ),
    "aws": cases(
        together(
            network_policies(0, 1),
            namespaced(AWS, "ApplicationNetworkPolicy", "app", specs.APPLICATION_POLICY, (0, 2)),
            cluster_scoped(AWS, "ClusterNetworkPolicy", "cnp", specs.AWS_CLUSTER_POLICY, (2, 4)),
        ),
        NAMES,
    ),
    "gke-fqdn": cases(
        together(
            network_policies(0, 2),
            namespaced("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", "fqdn", specs.FQDN_POLICY, (1, 2)),
        ),
        ("example.com", "www.example.com"),  # whether a pattern's "*" holds a dot is left open
    ),
}
