"""Policies as own controls see them: one view for each object, however many specs it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from scanner.controls.base import Case
from scanner.facts.model import PeerView, PolicyView, RulePortView, RuleView
from scanner.model import Pod
from scanner.policy.model import BlockPeer, EntityPeer, NamePeer, Peer, Policy, Rule
from scanner.reach.model import PodClass

_ORDER = ("ingress", "egress")


def policy_views(case: Case, *, counted: bool) -> tuple[PolicyView, ...]:
    """Every policy, sorted by id; `counted` says whether the pods are known, so that it can be said how many are selected."""
    objects: dict[str, list[Policy]] = {}
    for policy in case.policies.policies:
        objects.setdefault(policy.id, []).append(policy)
    samples = _samples(case) if counted else {}
    return tuple(_view(case, key, objects[key], samples if counted else None) for key in sorted(objects))


def _samples(case: Case) -> dict[str, list[tuple[Pod, PodClass]]]:
    """One pod of each class by namespace: what no policy tells apart is looked at once."""
    pods = {(pod.namespace, pod.name): pod for pod in case.pods}
    found: dict[str, list[tuple[Pod, PodClass]]] = {}
    for item in case.declared.classes:
        if not item.hypothetical and item.pods and (sample := pods.get((item.namespace, item.pods[0]))):
            found.setdefault(item.namespace, []).append((sample, item))
    return found


def _view(
    case: Case, key: str, specs: Sequence[Policy], samples: Mapping[str, list[tuple[Pod, PodClass]]] | None
) -> PolicyView:
    first = specs[0]
    selected: int | msgspec.UnsetType = msgspec.UNSET
    if samples is not None:
        places = [first.namespace] if all(each.namespaces is None for each in specs) else sorted(samples)
        listed = [each for place in places for each in samples.get(place, ())]
        selected = sum(len(item.pods) for pod, item in listed if any(case.selects(policy, pod) for policy in specs))
    sides = {side for each in specs for side in each.directions}
    return PolicyView(
        id=key,
        kind=first.kind,
        namespace=first.namespace,
        name=first.name,
        platform=bool(first.namespace) and case.is_platform(first.namespace),
        tier=first.tier.name,
        directions=tuple(side for side in _ORDER if side in sides),
        selects_all=any(each.subject.everything for each in specs),
        selects_pods=selected,
        rules=tuple(_rule(rule) for each in specs for rule in each.rules),
    )


def _rule(rule: Rule) -> RuleView:
    return RuleView(
        name=rule.name,
        direction=rule.direction.value,
        action=rule.action.value,
        all_peers=rule.peers is None,
        all_ports=rule.ports is None,
        peers=tuple(_peer(peer) for peer in rule.peers or ()),
        ports=tuple(
            RulePortView(protocol=port.protocol, first=port.first, last=port.last, name=port.name)
            for port in rule.ports or ()
        ),
    )


def _peer(peer: Peer) -> PeerView:
    if isinstance(peer, BlockPeer):
        return PeerView(kind="cidr", cidr=str(peer.block), excepts=tuple(map(str, peer.excepts)))
    if isinstance(peer, NamePeer):
        return PeerView(kind="name", name=peer.name)
    if isinstance(peer, EntityPeer):
        return PeerView(kind="entity", entity=peer.entity.value)
    return PeerView(
        kind="pods",
        all_pods=peer.pods.everything,
        own_namespace=peer.namespaces is None,
        all_namespaces=peer.namespaces is not None and peer.namespaces.everything,
    )
