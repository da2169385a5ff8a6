"""The product's answers next to a vendor evaluator's, pair by pair, port by port."""

from __future__ import annotations

import ipaddress
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from infra.kinds import KINDS, POLICY_KINDS
from scanner.model import ApiObject, Collected, ContainerPort, KindStatus, Namespace, Service, Snapshot
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from tests.factories import pod as snapshot_pod
from tests.factories import raw, snapshot
from tests.reference.plain import PROTOCOLS, Verdict, addresses_of, named_ports, namespace_labels, of_kind
from tests.reference.vendor_wire import Cluster

Wire = dict[str, Any]
May = Callable[[Wire, str, str, str, int], Verdict]
Question = tuple[str, str, str, int]

PROBED = (1, 79, 80, 81, 443, 8080, 8081, 65535)
OUTSIDE = (
    "8.8.8.8", "10.0.0.1", "10.0.1.1", "10.0.1.130", "10.0.2.1", "192.168.7.7", "2001:db8::1", "2001:db8:1::1",
    "2001:db9::1",
)  # fmt: skip
_POLICIES = frozenset((kind.group, kind.name) for kind in POLICY_KINDS.values())


def snapshot_of(cluster: Wire) -> Snapshot:
    """A cluster's wire objects as a snapshot of which every kind was read whole; every pod is a workload of its own."""
    spaces = sorted(
        {each["metadata"]["name"] for each in of_kind(cluster, "Namespace")}
        | {each["metadata"]["namespace"] for each in cluster["objects"] if "namespace" in each["metadata"]}
    )
    rest = [each for each in cluster["objects"] if each["kind"] not in ("Namespace", "Pod", "Service")]
    return snapshot(
        namespaces=[Namespace(name=space, labels=namespace_labels(cluster, space)) for space in spaces],
        pods=[_pod(each) for each in of_kind(cluster, "Pod")],
        services=[
            Service(
                namespace=each["metadata"]["namespace"],
                name=each["metadata"]["name"],
                selector=each["spec"].get("selector"),
            )
            for each in of_kind(cluster, "Service")
        ],
        policies=[_api_object(each) for each in rest if _is_policy(each)],
        settings=tuple(_api_object(each) for each in rest if not _is_policy(each)),
        collection={resource: KindStatus(status=Collected.COMPLETE) for resource in KINDS},
    )


_BY_ADDRESS = frozenset({"nets", "notNets", "ipVersion", "ipBlock", "toCIDR", "fromCIDR", "toCIDRSet", "fromCIDRSet"})


_TIE = "which comes first is not defined"


def _tied(cluster: Wire) -> bool:
    """Whether three policies or more stand in one place of one tier."""
    policies = [
        each["spec"] for each in cluster["objects"] if each["kind"].endswith("NetworkPolicy") and "spec" in each
    ]
    places = Counter(
        (each.get("tier") or "default", each.get("order", "podSelector" in each and 1000)) for each in policies
    )
    return any(count > 2 for count in places.values())


def _keys(value: Any) -> set[str]:
    """Every key in a wire object."""
    if isinstance(value, dict):
        return set(value).union(*(_keys(each) for each in value.values()))
    return set().union(*(_keys(each) for each in value)) if isinstance(value, list) else set()


def _name(item: Wire) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"


def _is_policy(item: Wire) -> bool:
    return (item["apiVersion"].partition("/")[0], item["kind"]) in _POLICIES


def _pod(item: Wire) -> Any:
    return snapshot_pod(
        item["metadata"]["name"],
        ns=item["metadata"]["namespace"],
        labels=item["metadata"]["labels"],
        owner=("Pod", item["metadata"]["name"]),
        ports=[ContainerPort(port=port, protocol=protocol, name=name) for name, protocol, port in named_ports(item)],
        ips=tuple(addresses_of(item)),
        service_account=item["spec"].get("serviceAccountName", ""),
    )


def _api_object(item: Wire) -> ApiObject:
    """`specs` is kept as a list of specs, after `spec` where both are there; labels only where selectors look at them."""
    metadata = item["metadata"]
    own = [item["spec"]] if "spec" in item else []
    return ApiObject(
        api_version=item["apiVersion"],
        kind=item["kind"],
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        spec=raw([*own, *item["specs"]] if "specs" in item else item["spec"]),
        labels=metadata.get("labels", {}),
    )


# Why the product may decline to answer: what it says that it does not model, or cannot know from addresses.
DECLINED = (
    "not modelled",
    "names some of a pod's addresses",
    "leaves out network sets",
    "selects network sets",
    "older versions of Cilium",
    "holds for one version of IP, and pods may have both",
)


def compared(cluster: Wire, may: May, outside: Iterable[str] = OUTSIDE) -> tuple[int, int, list[str]]:
    """How many decided questions were asked, how many the product declined, and every one it answers otherwise.

    Where the evaluator answers None, the product may say anything. Elsewhere allowed is listed and not unknown, and denied
    is neither; but the product may call a question unknown for one of the reasons in `DECLINED`, where rules by address may
    judge a pod that tells none or several, and where three policies or more have one order (it ties what is tied through a
    third): such a question is counted apart. Names and entities are asked about as far as the product lists them as peers.
    """
    cluster = Cluster(cluster)
    taken = snapshot_of(cluster)
    reach = build(taken, resolve(taken))
    ends = dict(_ends(cluster, reach.peers, outside))
    allowed = _listed(((each, "") for each in reach.connections()), set(ends.values()))
    unknown = _listed(((each, each.reason) for each in reach.unknown()), set(ends.values()))
    by_address = any(_BY_ADDRESS & _keys(each) for each in cluster["objects"])
    untold = {f"pod:{_name(each)}" for each in of_kind(cluster, "Pod") if len(addresses_of(each)) != 1}
    tied = _tied(cluster)
    probes, declined, wrong = 0, 0, []
    for src, dst in _pairs(ends):
        for protocol, port in itertools.product(PROTOCOLS, PROBED):
            expected = may(cluster, src, dst, protocol, port)
            asked: Question = (ends[src], ends[dst], protocol, port)
            if expected is None:
                continue
            if asked in unknown and (
                any(words in unknown[asked] for words in DECLINED)
                or (by_address and {src, dst} & untold)
                or (tied and _TIE in unknown[asked])
            ):
                declined += 1
                continue
            probes += 1
            answer = "unknown" if asked in unknown else "allowed" if asked in allowed else "denied"
            if answer != ("allowed" if expected else "denied"):
                wrong.append(
                    f"{src} -> {dst} {protocol} {port}: expected {'allowed' if expected else 'denied'}, "
                    f"found {answer} {unknown.get(asked, '')}".strip()
                )
    return probes, declined, wrong


def judged(cluster: Wire, may: May, ports: Iterable[int], outside: Iterable[str] = OUTSIDE) -> Iterator[Verdict]:
    """What an evaluator alone says of a cluster's pods and the addresses outside, over TCP, where they share a version of IP."""
    versions = {f"pod:{_name(each)}": _versions(addresses_of(each)) for each in of_kind(cluster, "Pod")}
    versions |= {f"ip:{each}": _versions([each]) for each in outside}
    for (src, dst), port in itertools.product(list(_pairs(versions)), ports):
        if versions[src] & versions[dst]:
            yield may(cluster, src, dst, "TCP", port)


def _versions(addresses: Iterable[str]) -> set[int]:
    """Of which versions of IP an end has an address; both where it tells none."""
    return {ipaddress.ip_address(each).version for each in addresses} or {4, 6}


def _pairs(ends: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Who may be asked to reach whom: one of the two is a pod, and a name starts no connection."""
    for src, dst in itertools.permutations(ends, 2):
        if not src.startswith("dns:") and (src.startswith("pod:") or dst.startswith("pod:")):
            yield src, dst


def _listed(found: Iterable[tuple[Any, str]], names: set[str]) -> dict[Question, str]:
    """The probed ports among listed connections, pod address to pod address, with what is said of them."""
    return {
        (each.src, each.dst, protocol, port): said
        for each, said in found
        if not each.via and each.src in names and each.dst in names
        for protocol, ranges in each.ports.items()
        for port in PROBED
        if any(first <= port <= last for first, last in ranges)
    }


def _ends(cluster: Wire, peers: Iterable[tuple[str, str]], outside: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every end with the id under which the product lists it."""
    for each in of_kind(cluster, "Pod"):
        yield f"pod:{_name(each)}", f"{_name(each)}[Pod]"
    known = list(peers)
    for address in outside:
        yield f"ip:{address}", _range_of(address, known)
    for name, kind in known:
        if kind == "dns":
            yield f"dns:{name}", name
        elif kind == "entity":
            yield f"entity:{name.strip('{}')}", name


def _range_of(address: str, peers: list[tuple[str, str]]) -> str:
    wanted = ipaddress.ip_address(address)
    for name, kind in peers:
        if kind == "ip":
            first, last = (ipaddress.ip_address(part) for part in name.split("-"))
            if first.version == wanted.version and int(first) <= int(wanted) <= int(last):
                return name
    raise AssertionError(f"no range holds {address}")
