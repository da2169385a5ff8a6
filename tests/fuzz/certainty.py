"""What a policy that cannot be read leaves sure.

The product promises (scanner/policy/resolve.py, infra/manifests):

- what a cluster refuses is left out: the answer is that without the object;
- a policy that may exist and cannot be judged makes what it may touch unknown, and so does a document that is lost. So
  whatever is still sure must hold whichever policy stood there: none, the one before it was bent, one that denies
  everything, one that allows everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from scanner.model import Collected
from scanner.reach.engine import ClusterReach
from tests.fuzz.chain import State, Wire, effective, read
from tests.fuzz.clusters import is_policy
from tests.reference.compare import holds, peer_of

ADDRESSES = ("10.0.1.5", "10.0.1.200", "203.0.113.9", "2001:db8::5")
PORTS = (1, 80, 8080, 65535)
PROTOCOLS = ("TCP", "UDP", "SCTP")
EVERYTHING = ("0.0.0.0/0", "::/0")
_REFUSED = ("(refused: left out)", "a cluster refuses it, so it is left out")
_UNKNOWN = ("what the policy may touch is unknown", "what it may touch is unknown")
_WITHOUT_EFFECT = ("is kept apart", "has no effect")
Question = tuple[str, str, str, int]


def sure_answers(reach: ClusterReach, workloads: Iterable[str]) -> dict[Question, bool]:
    """Whether each question that the product is sure of is allowed; lines past policy through Services are left out."""
    peers = list(reach.peers)
    ids = {each.id for each in reach.workloads}
    ends = {each: each for each in workloads if each in ids} | {each: peer_of(each, peers) for each in ADDRESSES}
    allowed = {(each.src, each.dst): each.ports for each in reach.connections() if not each.via}
    unknown = {(each.src, each.dst): each.ports for each in reach.unknown() if not each.via}
    found: dict[Question, bool] = {}
    for src, dst in itertools.permutations(ends, 2):
        if src in ADDRESSES and dst in ADDRESSES:
            continue
        pair = (str(ends[src]), str(ends[dst]))
        for protocol, port in itertools.product(PROTOCOLS, PORTS):
            if not holds(unknown.get(pair, {}), protocol, port):
                found[src, dst, protocol, port] = holds(allowed.get(pair, {}), protocol, port)
    return found


def contradictions(found: ClusterReach, meant: ClusterReach) -> list[tuple[Question, str]]:
    """What both are sure of and answer differently."""
    workloads = sorted({each.id for each in found.workloads} & {each.id for each in meant.workloads})
    one, other = sure_answers(found, workloads), sure_answers(meant, workloads)
    words = {True: "allowed", False: "denied"}
    return [
        (question, f"surely {words[answer]}, and {words[other[question]]} if it means so")
        for question, answer in one.items()
        if other.get(question, answer) is not answer
    ]


def lines(reach: ClusterReach) -> list[Any]:
    """Everything that is listed."""
    return [*reach.connections(), *reach.unknown()]


def outcome(state: State, rest: State, item: Wire) -> str:
    """What became of one object, which `rest` lacks: lost, unmodelled, refused, noted, read, or "" for without a word."""
    new = [notice for notice in state.notices if notice not in rest.notices]
    if _partial(state) and not _partial(rest):
        return "lost"
    if any(words in notice.message for notice in new for words in _UNKNOWN):
        return "unmodelled"
    if any(words in notice.message for notice in new for words in _REFUSED):
        return "refused"
    if _parts(state) != _parts(rest) and _resolved(state, item):
        return "read"
    return "noted" if new else ""


def meanings(objects: list[Wire], at: int, original: Wire) -> Iterator[tuple[str, State]]:
    """The clusters that one unreadable policy at `at` might as well have made."""
    before, after = objects[:at], objects[at + 1 :]
    yield "no policy", read([*before, *after])
    yield "the policy before", read([*before, original, *after])
    spaces = {namespace} if (namespace := original["metadata"].get("namespace")) else _namespaces(objects)
    yield "one that denies", read([*before, *(_whole(space, []) for space in sorted(spaces)), *after])
    yield "one that allows", read([*before, *(_whole(space, [{}]) for space in sorted(spaces)), *after])


def check(state: State, objects: list[Wire], at: int, original: Wire, plane: str) -> str:
    """Hold the answers about the objects, of which the one at `at` was bent, against the promises; what became of it.

    Both levels are held against them, the effective one as the data plane called `plane` has it.
    """
    rest = read([*objects[:at], *objects[at + 1 :]])
    became = outcome(state, rest, objects[at])
    assert became or _says_nothing(state, objects[at]), "lost without a word"
    if not is_policy(original) or not _is_in_place(objects[at], original):
        return became
    if became in ("read", "noted"):
        assert _counts(state, objects[at]), "neither judged, nor named as refused or without effect"
    if became == "refused" and _parts(state) == _parts(rest):
        assert lines(state.reach) == lines(rest.reach), "a policy that was refused still counts"
    if became in ("lost", "unmodelled"):
        for words, meant in meanings(objects, at, original):
            wrong = contradictions(state.reach, meant.reach)
            assert not wrong, (became, words, wrong[:5])
            wrong = contradictions(effective(state, plane), effective(meant, plane))
            assert not wrong, (became, words, plane, wrong[:5])
    return became


def _whole(namespace: str, rules: list[Any]) -> Wire:
    """A policy over all pods of a namespace, both ways."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": rules, "egress": rules}
    metadata = {"name": "stands-for-it", "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _namespaces(objects: Iterable[Wire]) -> set[str]:
    """The namespaces of the pods."""
    return {
        namespace
        for each in objects
        if each.get("kind") == "Pod" and isinstance(namespace := each["metadata"].get("namespace"), str)
    }


def _is_in_place(item: Wire, original: Wire) -> bool:
    """Whether the object is still the policy that it was, of a kind that is known."""
    same = all(item.get(key) == original[key] for key in ("apiVersion", "kind"))
    metadata = item.get("metadata")
    return same and isinstance(metadata, dict) and metadata.get("namespace") == original["metadata"].get("namespace")


def _partial(state: State) -> bool:
    return any(status.status is Collected.PARTIAL for status in state.snapshot.collection.values())


def _parts(state: State) -> tuple[Any, ...]:
    """What was read, less where it stood: positions move where an object is left out."""
    snapshot = state.snapshot
    return (
        [(each.name, each.labels) for each in snapshot.namespaces],
        snapshot.pods,
        *(
            [(each.kind, each.api_version, each.namespace, each.name, bytes(each.spec), each.labels) for each in part]
            for part in (snapshot.policies, snapshot.settings)
        ),
        [(each.namespace, each.name, each.selector, each.ports) for each in snapshot.services],
    )


def _resolved(state: State, item: Wire) -> bool:
    """Whether a policy is among the resolved ones, or a notice names it; other objects are not resolved."""
    if not is_policy(item):
        return True
    metadata = item["metadata"]
    name = metadata.get("name")
    return any(each.name == name for each in state.policies.policies) or any(
        str(name) in notice.object for notice in state.policies.notices
    )


def _counts(state: State, item: Wire) -> bool:
    """Whether a policy that was read is among those that are judged, or is said to have no effect on pods."""
    name = item["metadata"].get("name")
    return any(each.name == name for each in state.policies.policies) or any(
        words in notice.message for notice in state.policies.notices for words in _WITHOUT_EFFECT
    )


def _says_nothing(state: State, item: Wire) -> bool:
    """Whether an object may go without a word: a namespace that says no more than that it is there."""
    return item.get("kind") == "Namespace" and _partial(state) is False


def check_doubt(objects: list[Wire], at: int, bent: Wire, path: tuple[Any, ...]) -> str:
    """Hold the answer about a policy with a field that nobody knows yet against what the field may mean.

    It may mean nothing, so what is sure agrees with the policy without it; on the policy's own level it may also switch the
    policy off. A built-in kind's unknown field is dropped by the API server and changes nothing at all.
    """
    found = read([*objects[:at], bent, *objects[at + 1 :]])
    original, rest = read(objects), read([*objects[:at], *objects[at + 1 :]])
    became = outcome(found, rest, bent)
    assert became, "lost without a word"
    if became == "refused":
        assert lines(found.reach) == lines(rest.reach), "a policy that was refused still counts"
        return became
    wrong = contradictions(found.reach, original.reach)
    assert not wrong, ("the field means nothing", wrong[:5])
    if bent["apiVersion"] == "networking.k8s.io/v1":
        assert lines(found.reach) == lines(original.reach), "a field that the API server drops changes the answer"
        assert found.notices != original.notices, "a field that is dropped goes without a word"
    elif path == ("spec",):
        wrong = contradictions(found.reach, rest.reach)
        assert not wrong, ("the field switches the policy off", wrong[:5])
    return became
