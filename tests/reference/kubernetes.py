"""The portable policy kinds by the wording of their APIs: pod by pod and port by port, as plain as it gets.

Kinds: NetworkPolicy (networking.k8s.io/v1), AdminNetworkPolicy and BaselineAdminNetworkPolicy
(policy.networking.k8s.io/v1alpha1), ClusterNetworkPolicy (the same group, v1alpha2 and later; and networking.k8s.aws),
ApplicationNetworkPolicy (networking.k8s.aws), FQDNNetworkPolicy (networking.gke.io).

Where the API leaves open what is decided, every possible decision is followed to its end: `may` is None only where they end
differently.
"""

from __future__ import annotations

from itertools import product

from tests.reference import namespaced, tiers
from tests.reference.wire import Cluster, End, Flow, any_address, as_address, finished, on_host_network, pod_addresses

FINAL = {"Accept": True, "Deny": False}


def may(cluster: Cluster, src: End, dst: End, protocol: str, port: int) -> bool | None:
    """Whether `src` may open a connection to that port of `dst`; None where the API says no more than that it depends.

    An end is a pod of the cluster, an address, or a domain name. A pod with several addresses may be reached once one of
    them may. A name may lead to any address, and a pod that has none yet may get any: there, all have to be answered alike.
    """
    if any(isinstance(end, dict) and finished(end) for end in (src, dst)):
        return False
    found = {
        reached(cluster, [Flow(src, dst, protocol, port, *pair) for pair in product(sources, targets)])
        for sources in ways(cluster, src, asked=not isinstance(src, dict) or namespaced.blocks_match_pods(cluster))
        for targets in ways(cluster, dst, asked=isinstance(src, dict))
    }
    return found.pop() if len(found) == 1 else None


def ways(cluster: Cluster, end: End, *, asked: bool) -> list[list[str]]:
    """Each way an end's addresses may turn out: as they are known, or any single one; where no rule asks, it is all one."""
    if not asked:
        return [[""]]
    known = addresses(end)
    return [known] if known else [[each] for each in any_address(cluster)]


def addresses(end: End) -> list[str]:
    """The known addresses of an end."""
    if isinstance(end, dict):
        return pod_addresses(end)
    return [end] if as_address(end) else []


def reached(cluster: Cluster, flows: list[Flow]) -> bool | None:
    """Whether one of these connections, the same one but for the addresses, may be opened."""
    found = {judged(cluster, flow) for flow in flows}
    if True in found:
        return True
    return None if None in found else False


def judged(cluster: Cluster, flow: Flow) -> bool | None:
    """One connection between two addresses: the source's egress and the destination's ingress have to let it through."""
    out = half(cluster, "egress", flow)
    if out == {False}:
        return False
    both = {one and other for one in out for other in half(cluster, "ingress", flow)}
    return both.pop() if len(both) == 1 else None


def half(cluster: Cluster, direction: str, flow: Flow) -> set[bool]:
    """The possible answers of one direction: Admin tier, then namespaced policies, then Baseline tier, then allowed."""
    subject = flow.subject(direction)
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
