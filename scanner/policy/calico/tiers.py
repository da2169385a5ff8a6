"""Where a Calico policy stands: its tier, and its rank among the policies of that tier.

Sources: `api/pkg/apis/projectcalico/v3/tier.go` (orders and default actions), `libcalico-go/lib/names` (tier prefixes of names),
`felix/calc/policy_sorter.go` (tiers go by order, then name, and policies likewise; without an order they come last).

What breaks a tie of policies depends on Calico's version: first a policy was called "namespace/tier.name" ("tier.name" if it
is global) and these were compared, from 3.32 on it is "name/namespace/kind". Policies that the two put in different orders have
equal ranks.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from scanner.model import ApiObject
from scanner.policy.calico.sets import GROUPS, objects, unread
from scanner.policy.calico.wire import WirePlace, WireTier
from scanner.policy.decode import Context, FieldError, decode_spec
from scanner.policy.model import ADMIN, BASELINE, DEFAULT, POOL, Rank, Tier

_UPSTREAM = "policy.networking.k8s.io/"
_ADMIN_TIERS = {
    "adminnetworkpolicy": ADMIN.order,  # 3.29 to 3.31
    "kube-admin": ADMIN.order,
    "baselineadminnetworkpolicy": BASELINE.order,
    "kube-baseline": BASELINE.order,
}
_KINDS = ("NetworkPolicy", "GlobalNetworkPolicy")
_FIRST = -math.inf


@dataclass(frozen=True, slots=True)
class Stage:
    """A tier with what it does at its end; where it stands is not known if there is a doubt.

    A stage in doubt comes first. Its policies may then decide or not, and so may they wherever the stage really is.
    """

    tier: Tier
    denies: bool = True  # what no rule matched; else it goes on to the next tier
    doubt: str = ""


class Stages:
    """The tiers of a snapshot by name."""

    def __init__(self, context: Context) -> None:
        self._read = {item.name: item for item in objects(context, "Tier")}
        self._unread = unread(context.snapshot, "Tier")
        self._upstream = any(item.api_version.startswith(_UPSTREAM) for item in context.snapshot.policies)

    def of(self, name: str) -> Stage:
        """The stage that a tier's name stands for."""
        found = self._stage(name)
        if found.doubt:
            return found if name == DEFAULT.name else dataclasses.replace(found, tier=Tier(_FIRST, name))
        return found

    def _stage(self, name: str) -> Stage:
        item = self._read.get(name)
        if item is not None:
            stage = _read_tier(item)
        elif name == DEFAULT.name:
            return Stage(DEFAULT)
        elif name in _ADMIN_TIERS:
            stage = Stage(Tier(_ADMIN_TIERS[name], name), denies=False)
        else:
            why = self._unread or "no Tier has this name"
            return Stage(DEFAULT, doubt=f"where tier {name!r} stands is not known ({why}); add the Tier")
        if self._upstream and not stage.doubt and stage.tier.order in (ADMIN.order, BASELINE.order):
            doubt = f"how tier {name!r} and the upstream admin policies stand to each other is not known"
            return dataclasses.replace(stage, doubt=doubt)
        return stage


def _read_tier(item: ApiObject) -> Stage:
    try:
        spec, unknown = decode_spec(item.spec, WireTier)
    except FieldError as error:
        return Stage(DEFAULT, doubt=f"Tier {item.name} cannot be read: {error.field} {error.message}")
    if unknown:
        return Stage(DEFAULT, doubt=f"{unknown[0][1]} of Tier {item.name} is not modelled")
    order = math.inf if spec.order is None else spec.order
    action = spec.default_action or "Deny"
    if action not in ("Deny", "Pass"):
        return Stage(DEFAULT, doubt=f"defaultAction {action!r} of Tier {item.name} is not known")
    stage = Stage(Tier(order, item.name), denies=action == "Deny")
    if item.name == DEFAULT.name and stage != Stage(DEFAULT):
        return Stage(DEFAULT, doubt="Tier default has another order than 1000000 or another action than Deny")
    return stage


def object_key(source: ApiObject) -> tuple[str, str, str]:
    """What tells one Calico policy from another, whichever group it was read from: kind, namespace, and bare name.

    The stored form may put the tier in front of the name ("default.allow-web").
    """
    return _entry(source, _place(source)[0]).identity


@dataclass(frozen=True, slots=True)
class _Entry:
    """A policy among those of its tier and order."""

    kind: str
    namespace: str
    name: str
    bare: str
    tier: str

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.kind, self.namespace, self.bare


_ORDERS: tuple[Callable[[_Entry], str], ...] = (
    lambda entry: f"{entry.bare}/{entry.namespace}/{entry.kind}",
    lambda entry: f"{entry.name}/{entry.namespace}/{entry.kind}",
    lambda entry: f"{entry.namespace}/{entry.tier}.{entry.bare}" if entry.namespace else f"{entry.tier}.{entry.bare}",
)


class Ranks:
    """The ranks of every Calico policy of a snapshot.

    Only policies that may select the same pod are compared, and only those that have rules: the place of any other does not
    matter. Of policies with equal order, those that every version puts in one order are told apart by name.
    """

    def __init__(self, context: Context) -> None:
        groups: dict[tuple[str, float], dict[tuple[str, str, str], _Entry]] = {}
        mine = [source for source in context.snapshot.policies if _group(source) in GROUPS]
        for source in sorted(mine, key=lambda each: GROUPS.index(_group(each))):
            if source.kind in _KINDS:
                tier, order, ruled = _place(source)
                if ruled:
                    entry = _entry(source, tier)
                    groups.setdefault((tier, order), {}).setdefault(entry.identity, entry)
        kubernetes = (each for each in context.snapshot.policies if _group(each) == "networking.k8s.io")
        self._beside_kubernetes = (
            next(kubernetes, None) is not None
        )  # what could not be listed leaves all unknown anyway
        self._names = {key: name for key, found in groups.items() for name in [_named(list(found.values()))]}

    def of(self, source: ApiObject, tier: str, order: float | None) -> Rank:
        """A policy's rank. Where a NetworkPolicy stands too, the order is not known: versions differ."""
        at = math.inf if order is None else order
        if tier == DEFAULT.name and at == POOL[0] and self._beside_kubernetes:
            return POOL
        entry = _entry(source, tier)
        return at, self._names.get((tier, at), {}).get(entry.identity, _ORDERS[0](entry))


def _group(source: ApiObject) -> str:
    return source.api_version.rpartition("/")[0]


def _entry(source: ApiObject, tier: str) -> _Entry:
    namespace = (source.namespace or "default") if source.kind == "NetworkPolicy" else ""
    return _Entry(source.kind, namespace, source.name, source.name.removeprefix(f"{tier}."), tier)


def _place(source: ApiObject) -> tuple[str, float, bool]:
    """A policy's tier, its order, and whether it has rules; one that cannot be read has none."""
    try:
        spec = msgspec.json.decode(source.spec, type=WirePlace | None) or WirePlace()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", 0.0, False
    order = math.inf if spec.order is None else spec.order
    return spec.tier or DEFAULT.name, order, bool(spec.ingress or spec.egress)


def _named(entries: Sequence[_Entry]) -> dict[tuple[str, str, str], str]:
    """Names for the policies of one tier and order that sort as all of `_ORDERS` do, and are equal where these differ."""
    if any(not entry.namespace for entry in entries):
        return _blocks(entries)
    namespaces: dict[str, list[_Entry]] = {}
    for entry in entries:
        namespaces.setdefault(entry.namespace, []).append(entry)
    return {key: name for mine in namespaces.values() for key, name in _blocks(mine).items()}


def _blocks(entries: Iterable[_Entry]) -> dict[tuple[str, str, str], str]:
    """Cut the orders at every place where all of them have the same policies before it."""
    first, *others = [sorted(entries, key=order) for order in _ORDERS]
    positions = [{entry.identity: at for at, entry in enumerate(other)} for other in others]
    found: dict[tuple[str, str, str], str] = {}
    name, furthest = "", -1
    for at, entry in enumerate(first):
        if furthest < at:
            name = _ORDERS[0](entry)
        furthest = max(furthest, *(position[entry.identity] for position in positions))
        found[entry.identity] = name
    return found
