"""The portable policy kinds by the wording of their APIs: pod by pod and port by port, as plain as it gets.

Kinds: NetworkPolicy (networking.k8s.io/v1), AdminNetworkPolicy and BaselineAdminNetworkPolicy
(policy.networking.k8s.io/v1alpha1), ClusterNetworkPolicy (the same group, v1alpha2 and later; and networking.k8s.aws),
ApplicationNetworkPolicy (networking.k8s.aws), FQDNNetworkPolicy (networking.gke.io).

Where the API leaves more than one answer open, or the answer hangs on an address that nobody knows, every possible answer
is followed to its end: `may` is None only where they end differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.reference import namespaced, tiers
from tests.reference.wire import Cluster, End, Flow, as_address, finished, on_host_network, pod_addresses


def may(cluster: Cluster, src: End, dst: End, protocol: str, port: int) -> bool | None:
    """Whether `src` may open a connection to that port of `dst`; None where the API says no more than that it depends.

    An end is a pod of the cluster, an address, or (as a destination) a domain name. A pod with an address in either
    family may be reached once one of its addresses may.
    """
    if any(isinstance(end, dict) and finished(end) for end in (src, dst)):
        return False
    found = {judged(cluster, Flow(src, dst, protocol, port, address)) for address in targets(src, dst)}
    if True in found:
        return True
    return None if None in found else False


def targets(src: End, dst: End) -> list[str]:
    """The addresses a connection may go to: those in a family that the source has too; "" where none is known."""
    theirs = known(dst)
    families = {as_address(each).version for each in known(src)}
    reachable = [each for each in theirs if not families or as_address(each).version in families]
    return reachable or theirs or [""]


def known(end: End) -> list[str]:
    """The known addresses of an end."""
    if isinstance(end, dict):
        return pod_addresses(end)
    return [end] if as_address(end) else []


def judged(cluster: Cluster, flow: Flow) -> bool | None:
    """One connection to one address: the source's egress and the destination's ingress both have to let it through."""
    out = half(cluster, "egress", flow)
    into = half(cluster, "ingress", flow)
    both = {one and other for one in out for other in into}
    return both.pop() if len(both) == 1 else None


def half(cluster: Cluster, direction: str, flow: Flow) -> set[bool]:
    """The possible answers of one direction: Admin tier, then namespaced policies, then Baseline tier, then allowed."""
    subject = flow.src if direction == "egress" else flow.dst
    if not isinstance(subject, dict) or on_host_network(subject):
        return {True}
    return after(
        tiers.decisions(cluster, "Admin", direction, flow),
        lambda: (
            namespaced.answers(cluster, direction, flow)
            or after(tiers.decisions(cluster, "Baseline", direction, flow), lambda: {True})
        ),
    )


def after(decisions: Iterable[str], below: Callable[[], set[bool]]) -> set[bool]:
    """The answers a tier's possible decisions lead to: Accept and Deny are final, anything else is left to what is below."""
    found: set[bool] = set()
    for decision in decisions:
        found |= {"Accept": {True}, "Deny": {False}}.get(decision) or below()
    return found
