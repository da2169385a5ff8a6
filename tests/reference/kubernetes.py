"""The portable policy kinds by the wording of their APIs: pod by pod and port by port, as plain as it gets.

Kinds: NetworkPolicy (networking.k8s.io/v1), AdminNetworkPolicy and BaselineAdminNetworkPolicy
(policy.networking.k8s.io/v1alpha1), ClusterNetworkPolicy (the same group, v1alpha2 and later; and networking.k8s.aws),
ApplicationNetworkPolicy (networking.k8s.aws), FQDNNetworkPolicy (networking.gke.io).

Where the API leaves open what is decided, every possible decision is followed to its end: `may` is None only where they end
differently.
"""

from __future__ import annotations

from tests.reference import namespaced, tiers
from tests.reference.wire import Cluster, End, Flow, any_address, as_address, finished, on_host_network, pod_addresses

FINAL = {"Accept": True, "Deny": False}


def may(cluster: Cluster, src: End, dst: End, protocol: str, port: int) -> bool | None:
    """Whether `src` may open a connection to that port of `dst`; None where the API says no more than that it depends.

    An end is a pod of the cluster, an address, or a domain name. It stands for all its addresses: where they are answered
    differently, there is no one answer. A name may lead to any address, and a pod that has none yet may get any.
    """
    if any(isinstance(end, dict) and finished(end) for end in (src, dst)):
        return False
    outer = dst if isinstance(src, dict) else src
    found = {judged(cluster, Flow(src, dst, protocol, port, address)) for address in addresses(cluster, outer)}
    return found.pop() if len(found) == 1 else None


def addresses(cluster: Cluster, end: End) -> list[str]:
    """The addresses of an end, or such as stand for all where they are not known."""
    known = pod_addresses(end) if isinstance(end, dict) else [end] if as_address(end) else []
    return known or any_address(cluster)


def judged(cluster: Cluster, flow: Flow) -> bool | None:
    """One connection between two addresses: the source's egress and the destination's ingress have to let it through."""
    out = half(cluster, "egress", flow)
    if out == {False}:
        return False
    both = {one and other for one in out for other in half(cluster, "ingress", flow)}
    return both.pop() if len(both) == 1 else None


def half(cluster: Cluster, direction: str, flow: Flow) -> set[bool]:
    """The possible answers of one direction: Admin tier, then namespaced policies, then Baseline tier, then allowed."""
    subject = flow.src if direction == "egress" else flow.dst
    if not isinstance(subject, dict) or on_host_network(subject):
        return {True}
    answers: set[bool] = set()
    for decision in tiers.decisions(cluster, "Admin", direction, flow):
        if decision in FINAL:
            answers.add(FINAL[decision])
            continue
        answer = namespaced.answer(cluster, direction, flow)
        if answer is not None:
            answers.add(answer)
            continue
        answers |= {FINAL.get(each, True) for each in tiers.decisions(cluster, "Baseline", direction, flow)}
    return answers
