"""Why a connection differs between two states: which policies, workloads or namespaces were added, removed or changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.policy.model import Action, Policy, Rule
from scanner.reach.listing import View
from scanner.reach.model import Direction

Key = tuple[str, str, str, str]  # group, kind, namespace, name


@dataclass(frozen=True, slots=True)
class _Effect:
    """What one change of a policy may bring about, on one side: peers it selects, and with whom it concerns them."""

    words: str
    direction: Direction
    subject: int
    peers: int
    opens: bool
    closes: bool


class Causes:
    """The differences between two states, ready to be asked per connection."""

    def __init__(self, before: View, after: View) -> None:
        self._ids = before.table.ids
        self._effects = list(_effects(before, after))
        self._workloads = _workload_changes(before, after)
        self._namespaces = _namespace_changes(before, after)

    def of(self, src: int, dst: int, *, opened: bool, closed: bool) -> tuple[str, ...]:
        """What may have brought about that `src` and `dst` (positions of peers) talk differently: policies first.

        `opened` and `closed` say that ports were gained, and lost.
        """
        found = [
            effect.words
            for effect in self._effects
            if ((opened and effect.opens) or (closed and effect.closes))
            and effect.subject >> (src if effect.direction is Direction.EGRESS else dst) & 1
            and effect.peers >> (dst if effect.direction is Direction.EGRESS else src) & 1
        ]
        for peer in (src, dst):
            name = self._ids[peer]
            found += self._workloads.get(name, ())
            namespace = name.partition("/")[0]
            if "/" in name and namespace in self._namespaces:
                found.append(f"labels of namespace {namespace} changed")
        return tuple(dict.fromkeys(found))


def _effects(before: View, after: View) -> Iterator[_Effect]:
    old, new = (by_key(policy for policy, _ in view.standing.selected_by) for view in (before, after))
    renamed = _renamed(old, new)
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, ()), new.get(key, ())
        if key in renamed or [_content(each) for each in was] == [_content(each) for each in now]:
            continue
        verb = "removed" if not now else "changed" if was else "added"
        words = f"{(now or was)[0].id} {verb}{_place(now or was)}"
        same = frozenset(_rules(was)) & frozenset(_rules(now))
        closing = {direction for each in (was, now) for policy in each for direction in policy.directions}
        kept = was and now and _standing(was) == _standing(now)
        for view, is_new in ((before, False), (after, True)):
            yield from _of_side(
                view, key, words, same if kept else frozenset(), set() if kept else closing, is_new=is_new
            )


def _of_side(
    view: View, key: Key, words: str, same: frozenset[Rule], closing: Iterable[Direction], *, is_new: bool
) -> Iterator[_Effect]:
    """The effects of one policy on one side: rules that the other side lacks, and default denial that it has not.

    What allows opens when it comes and closes when it goes; what denies the other way round; what passes on may do both.
    """
    everyone = (1 << len(view.table.ids)) - 1
    for policy, subject in view.standing.selected_by:
        if key_of(policy) == key and subject.maybe:
            chosen = view.table.peers(subject.maybe)
            for direction in closing:
                yield _Effect(words, direction, chosen, everyone, opens=not is_new, closes=is_new)
    for grant in view.grants:
        if key_of(grant.policy) == key and grant.rule not in same and grant.subject.maybe:
            action = grant.rule.action
            yield _Effect(
                words,
                grant.rule.direction,
                view.table.peers(grant.subject.maybe),
                view.table.peers(grant.peers.all.maybe),
                opens=action is Action.PASS or (action is Action.ALLOW) is is_new,
                closes=action is Action.PASS or (action is Action.ALLOW) is not is_new,
            )


def key_of(policy: Policy) -> Key:
    """What tells the object of a policy from others; one object may hold several."""
    return (policy.group, policy.kind, policy.namespace, policy.name)


def by_key(policies: Iterable[Policy]) -> dict[Key, tuple[Policy, ...]]:
    """Policies by the object that holds them."""
    found: dict[Key, list[Policy]] = {}
    for policy in policies:
        found.setdefault(key_of(policy), []).append(policy)
    return {key: tuple(policies) for key, policies in found.items()}


def _content(policy: Policy) -> Policy:
    """A policy without its name and place: what it says."""
    return dataclasses.replace(policy, name="", origin=None, version="")


def _standing(policies: Iterable[Policy]) -> list[Policy]:
    """What a policy selects and how it stands, without its rules."""
    return [dataclasses.replace(_content(policy), rules=()) for policy in policies]


def _rules(policies: Iterable[Policy]) -> Iterator[Rule]:
    for policy in policies:
        yield from policy.rules


def _renamed(old: Mapping[Key, tuple[Policy, ...]], new: Mapping[Key, tuple[Policy, ...]]) -> set[Key]:
    """Policies that only changed their name: on one side each, with the same content."""
    gone: dict[tuple[Policy, ...], list[Key]] = {}
    for key in sorted(old.keys() - new.keys()):
        gone.setdefault(tuple(map(_content, old[key])), []).append(key)
    found: set[Key] = set()
    for key in sorted(new.keys() - old.keys()):
        partners = gone.get(tuple(map(_content, new[key])))
        if partners:
            found |= {key, partners.pop()}
    return found


def _place(policies: Iterable[Policy]) -> str:
    for policy in policies:
        if policy.origin is not None:
            return f" ({policy.origin.file}:{policy.origin.line})"
    return ""


def _workload_changes(before: View, after: View) -> dict[str, list[str]]:
    if before.population is after.population:
        return {}
    old, new = _workloads(before), _workloads(after)
    found: dict[str, list[str]] = {}
    for name in old.keys() | new.keys():
        if name not in old:
            found[name] = [f"{name} added"]
        elif name not in new:
            found[name] = [f"{name} removed"]
        elif old[name] != new[name]:
            found[name] = [f"labels or ports of {name} changed"]
    return found


def _workloads(view: View) -> dict[str, frozenset[object]]:
    """What policies may look at of each workload's pods: labels, ports and the host network."""
    found: dict[str, set[object]] = {}
    for pod in view.population.pods:
        name = f"{pod.namespace}/{pod.workload.name}[{pod.workload.kind}]"
        labels = frozenset(item for item in pod.labels.items() if item[0] not in _MADE_UP)
        found.setdefault(name, set()).add((labels, pod.ports, pod.host_network))
    return {name: frozenset(kinds) for name, kinds in found.items()}


_MADE_UP = {"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"}


def _namespace_changes(before: View, after: View) -> set[str]:
    if before.population is after.population:
        return set()
    old, new = ({span.name: dict(span.labels) for span in view.population.spans} for view in (before, after))
    return {name for name in old.keys() & new.keys() if old[name] != new[name]}
