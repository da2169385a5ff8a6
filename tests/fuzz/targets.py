"""What the coverage-guided fuzzer feeds: bytes become a value that a person can read, and the value is put to the product.

A target raises nothing where all is well. What it raises is a crash: a traceback out of the product, or a broken promise.
"""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from infra.manifests import read_manifests, read_objects
from scanner.errors import RingfenceError
from scanner.findings import Level
from scanner.model import Cloud, ClusterRef
from scanner.reach.model import Direction
from tests.fuzz import certainty, chain
from tests.fuzz.clusters import FAMILIES, PLANES, is_policy, some_of
from tests.fuzz.mutate import Wire, bent
from tests.fuzz.revisions import REVISIONS
from tests.fuzz.target import Target, choices, choices_seeds
from tests.fuzz.texts import broken, written
from tests.reference import calico_selector, vendor_wire

_CLUSTER = ClusterRef(cloud=Cloud.OTHER, account="local", location="here", name="c", id="other/local/here/c")
_TAKEN = "2026-11-23T08:00:00Z"
_MOST_TEXT = 20_000


@cache
def _clusters() -> list[tuple[str, list[Wire]]]:
    """A few valid clusters of each family."""
    return [(family, objects) for family in FAMILIES for objects in some_of(family, 12)]


def _folder(name: str, data: bytes) -> Path:
    """The one folder of this process with that one file."""
    made = _scratch()
    for each in made.iterdir():
        each.unlink()
    (made / name).write_bytes(data)
    return made


@cache
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


# Text: the first byte says what the file is called, the rest is in it.
def _text(data: bytes) -> tuple[str, str] | None:
    return ("a.json" if data[0] % 2 else "a.yaml", data[1:].decode("latin-1")) if data else None


def _ask_text(value: tuple[str, str]) -> None:
    name, text = value
    try:
        snapshot = read_manifests(_folder(name, text.encode("latin-1")), cluster=_CLUSTER, taken=_TAKEN)
    except RingfenceError as error:
        chain.one_line(error)
        return
    chain.walk(chain.state_of(snapshot), "cilium")


def _texts() -> list[bytes]:
    choose = random.Random(1).randrange  # noqa: S311 - the same each time
    found = []
    for _, objects in _clusters():
        name, text = written(objects, choose)
        found += [bytes([name == "a.json"]) + part for part in (text, broken(text, choose)) if len(part) < _MOST_TEXT]
    return found


# Kinds: the bytes choose a cluster, an object and what happens to it.
@dataclass(frozen=True)
class Bent:
    """A cluster of which one object was bent."""

    family: str
    objects: list[Wire]
    at: int
    original: Wire = field(repr=False)


def _kinds(data: bytes) -> Bent:
    choose = choices(data)
    family, objects = _clusters()[choose(len(_clusters()))]
    policies = [at for at, each in enumerate(objects) if is_policy(each)]
    at = policies[choose(len(policies))] if policies and choose(5) else choose(len(objects))
    made = bent(objects[at], choose, most=4)
    return Bent(family, [*objects[:at], made, *objects[at + 1 :]], at, objects[at])


def _ask_kinds(value: Bent) -> None:
    state = chain.read(value.objects)
    before = read_objects([each if at != value.at else value.original for at, each in enumerate(value.objects)])
    chain.walk(state, PLANES[value.family], before)
    certainty.check(state, value.objects, value.at, value.original, PLANES[value.family])


# Calico's selectors: the text stands everywhere a policy may have one.
_PODS = ({"app": "a"}, {"app": "b", "tier": "ac"}, {}, {"role": "db", "app": "xa"})
_IMPLIED = ("projectcalico.org", "pcns.", "pcsa.", "kubernetes.io", "\0")


def _selector(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _ask_selector(text: str) -> None:
    pods = [vendor_wire.pod(f"one/p{at}", labels) for at, labels in enumerate(_PODS)]
    rule = {
        "action": "Allow",
        "source": {"selector": text},
        "destination": {"notSelector": text, "namespaceSelector": text},
    }
    spaces = [vendor_wire.namespace("one", app="a"), vendor_wire.namespace("two")]
    whole = vendor_wire.global_calico(
        "g",
        {
            "selector": text,
            "namespaceSelector": text,
            "serviceAccountSelector": text,
            "ingress": [rule],
            "egress": [rule],
        },
    )
    chain.walk(chain.read([*spaces, *pods, whole]), "calico")
    alone = chain.read([*spaces, *pods, vendor_wire.calico("one/p", {"selector": text, "types": ["Ingress"]})])
    if alone.policies.policies and not any(word in text for word in _IMPLIED):
        _compare_selector(alone, text)


def _compare_selector(state: chain.State, text: str) -> None:
    """Where the plain reading of the language reads the text as well, both select the same pods."""
    try:
        expected = [calico_selector.matches(text, labels) for labels in _PODS]
    except (ValueError, IndexError, KeyError, RecursionError):
        return
    assert state.reach.level is Level.DECLARED
    classes = {pod: each for each in state.reach.classes for pod in each.pods}
    for at, wanted in enumerate(expected):
        isolated = state.reach.isolation(classes[f"p{at}"], Direction.INGRESS).answer
        assert isolated.value in {"unknown", "yes" if wanted else "no"}, (text, _PODS[at], wanted, isolated)


def _selector_seeds() -> list[bytes]:
    texts = dict.fromkeys(text for _, objects in _clusters() for item in objects for text in _strings(item.get("spec")))
    return [text.encode() for text in texts if "=" in text or "(" in text]


def _strings(value: Any) -> list[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, str) else [text for each in inner for text in _strings(each)]


# Cilium: JSON as a policy's spec, or as its specs.
def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _ask_cilium(spec: Any) -> None:
    spaces = [vendor_wire.namespace("one", app="a"), vendor_wire.namespace("two")]
    pods = [vendor_wire.pod(f"one/p{at}", labels, ips=(f"10.0.1.{at}",)) for at, labels in enumerate(_PODS)]
    group = vendor_wire.cidr_group("near", "10.0.1.0/24", role="vpn")
    rest = [*spaces, *pods, group, vendor_wire.service("one/s", {"app": "a"})]
    for made in (vendor_wire.cnp("one/p", {}), vendor_wire.ccnp("p", {})):
        original = made | {"spec": {"endpointSelector": {}, "ingress": [{}]}}
        body = {key: each for key, each in made.items() if key != "spec"}
        policy = body | ({"specs": spec} if isinstance(spec, list) else {"spec": spec})
        objects = [*rest, policy]
        state = chain.read(objects)
        chain.walk(state, "cilium")
        certainty.check(state, objects, len(rest), original, "cilium")


def _cilium_seeds() -> list[bytes]:
    found = [
        json.dumps(item.get("specs", item.get("spec"))).encode()
        for family, objects in _clusters()
        for item in objects
        if family == "cilium" and item["kind"].startswith("Cilium") and is_policy(item)
    ]
    return list(dict.fromkeys(found))


_FIELDS = tuple(
    f'"{name}"'
    for name in (
        "apiVersion", "kind", "metadata", "namespace", "labels", "spec", "specs", "items", "podSelector", "matchLabels",
        "ingress", "egress", "policyTypes", "ipBlock", "cidr", "except", "endpointSelector", "fromEndpoints", "toEntities",
        "toCIDRSet", "cidrGroupRef", "toPorts", "rules", "dns", "http", "toServices", "k8sServiceSelector", "toFQDNs",
        "matchName", "icmps", "enableDefaultDeny", "ingressDeny", "egressDeny", "endPort", "authentication", "matchPattern",
        "nodeSelector",
    )
)  # fmt: skip
_YAML = (
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!int ",
    "? ",
    ": ",
    "- ",
    "|\n",
    "\t",
    "\ufeff",
    "{{",
    "\x85",
    "List",
)
_SELECTORS = ("has(", "all()", "global()", " in {", " not in {", "&&", "||", "!", "==", "!=", " contains ", " starts with ",
              " ends with ", "'a'", "app", "tier", "(", ")", "}", "projectcalico.org/namespace")  # fmt: skip
TARGETS = {
    "text": Target(_text, _ask_text, _texts, (*_FIELDS, *_YAML)),
    "kinds": Target(_kinds, _ask_kinds, choices_seeds),
    "selectors": Target(_selector, _ask_selector, _selector_seeds, _SELECTORS),
    "cilium": Target(_json, _ask_cilium, _cilium_seeds, _FIELDS),
    "gitrev": REVISIONS,
}
