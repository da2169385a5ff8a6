"""From a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy to the resolved form.

Everything is one bag with NetworkPolicy: deny rules come before all others, and a pod that a rule selects is in default
deny for that direction, by deny rules alone too, unless `enableDefaultDeny` says otherwise.
Sources: Cilium's documentation, "Policy Enforcement Modes", "Layer 3 Policies", "Deny Policies"; cilium/cilium,
pkg/policy/api, pkg/policy/utils and pkg/policy/repository.go (which rules isolate), pkg/k8s/apis/cilium.io/v2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from scanner.model import ApiObject
from scanner.policy.cilium.found import Notes, Scope, join_doubts
from scanner.policy.cilium.rules import resolved_rules
from scanner.policy.cilium.selectors import subject
from scanner.policy.cilium.wire import WireRule, WireSpec
from scanner.policy.decode import Context, FieldError, Remark, UnreadableError, decode_spec, unknown_fields
from scanner.policy.model import Action, Policy, Rule
from scanner.reach.model import Direction

_SECTIONS = ("ingress", "ingressDeny", "egress", "egressDeny")


@dataclass(frozen=True, slots=True)
class _Spec:
    """One spec; `place` is its path ("spec", "specs[1]"), `unknown` its fields without a shape as (path, name)."""

    place: str
    wire: WireSpec
    unknown: tuple[tuple[str, str], ...]

    def sections(self) -> Iterator[tuple[str, Sequence[WireRule | None]]]:
        """The lists of rules by their name, without the empty ones."""
        wire = self.wire
        for name, rules in zip(
            _SECTIONS, (wire.ingress, wire.ingress_deny, wire.egress, wire.egress_deny), strict=True
        ):
            if rules:
                yield name, rules

    def doubt(self) -> str:
        """What unknown fields of the spec itself, or of its selector, do to the policy."""
        rules = tuple(f"{self.place}.{name}[" for name in _SECTIONS)
        own = tuple(each for each in self.unknown if not each[0].startswith(rules))
        return unknown_fields(own, self.place)


def resolve_cilium_network_policy(source: ApiObject, context: Context) -> tuple[tuple[Policy, ...], list[Remark]]:
    """The resolved policies of a CiliumNetworkPolicy, one for each spec that selects pods, and remarks.

    Raises:
        FieldError: the API server or the agent refuses the object, which then has no effect.
        UnreadableError: it has an effect that cannot be read here.
    """
    return _resolve(source, Scope(source.namespace or "default", context))


def resolve_cilium_clusterwide_network_policy(
    source: ApiObject, context: Context
) -> tuple[tuple[Policy, ...], list[Remark]]:
    """The resolved policies of a CiliumClusterwideNetworkPolicy; those for nodes are kept apart with a remark.

    Raises:
        FieldError: the API server or the agent refuses the object, which then has no effect.
        UnreadableError: it has an effect that cannot be read here.
    """
    return _resolve(source, Scope("", context))


def _resolve(source: ApiObject, scope: Scope) -> tuple[tuple[Policy, ...], list[Remark]]:
    specs = tuple(_specs(source))
    if not specs:
        return (), [("specs", "is empty, so the object has no effect; write a spec or remove it")]
    refused = _without_rules(specs)
    policies: list[Policy] = []
    remarks: list[Remark] = []
    for spec in specs:
        notes = Notes(doubts=[refused])
        policy = _policy(source, spec, scope, notes)
        remarks += notes.remarks
        if policy is not None:
            policies.append(policy)
    return tuple(policies), remarks


def _specs(source: ApiObject) -> Iterator[_Spec]:
    """The specs of an object: its `spec`, or the list that the snapshot makes of `specs`, an own `spec` before them.

    Whether the first of a list is `spec` is known where the origin's lines name a rule of it, as folders of manifests do;
    from a cluster a list counts as `specs` alone.
    """
    try:
        listed = msgspec.json.decode(source.spec, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield _spec(source.spec, "spec")  # no list, or nothing that can be read: decoding it says so
        return
    own = source.origin is not None and any(not name.startswith("specs[") for name in source.origin.lines)
    for index, raw in enumerate(listed):
        number = index - own
        yield _spec(raw, f"specs[{number}]" if number >= 0 else "spec")


def _spec(raw: msgspec.Raw, place: str) -> _Spec:
    try:
        wire, unknown = decode_spec(raw, WireSpec)
    except FieldError as error:
        raise type(error)(place + error.field.removeprefix("spec"), error.message) from error
    return _Spec(place, wire, tuple((place + path.removeprefix("spec"), name) for path, name in unknown))


def _without_rules(specs: tuple[_Spec, ...]) -> str:
    """The doubt that a spec without any rule casts on the others: from 1.17 on the agent refuses the object."""
    idle = [spec for spec in specs if not any(spec.sections())]
    for spec in idle:
        if doubt := spec.doubt():
            raise UnreadableError(spec.place, f"has no rule that can be read ({doubt}); write the rules anew")
    if len(idle) == len(specs):
        raise FieldError(specs[0].place, f"has no rule, so it has no effect; write one of {', '.join(_SECTIONS)}")
    return f"Cilium from 1.17 on refuses the object, for {idle[0].place} has no rule" if idle else ""


def _policy(source: ApiObject, spec: _Spec, scope: Scope, notes: Notes) -> Policy | None:
    """The policy of one spec; None where it is for nodes or selects no pod."""
    wire, place = spec.wire, spec.place
    if wire.endpoint_selector is not None and wire.node_selector is not None:
        raise FieldError(place, "has both endpointSelector and nodeSelector; write two policies")
    if wire.node_selector is not None:
        if scope.namespace:
            raise FieldError(f"{place}.nodeSelector", "is for clusterwide policies only; write endpointSelector")
        notes.remark(f"{place}.nodeSelector", "makes it a policy for nodes, which concerns no pod; it is kept apart")
        return None
    if wire.endpoint_selector is None:
        raise FieldError(place, "has no endpointSelector; write {} to select every pod")
    notes.doubts.append(spec.doubt())
    selected = subject(wire.endpoint_selector, scope.namespace, f"{place}.endpointSelector", notes)
    rules = tuple(_rules(spec, scope, notes))
    directions = frozenset(_directions(spec, notes))
    if selected is None:
        notes.remark(f"{place}.endpointSelector", "selects no pod, so the policy is kept apart")
        return None
    return Policy(
        kind=source.kind,
        namespace=scope.namespace,
        name=source.name,
        subject=selected[0],
        namespaces=selected[1],
        directions=directions,
        rules=rules,
        origin=source.origin,
        group="cilium.io",
        version=source.resource_version,
        doubt=join_doubts(*notes.doubts),
    )


def _directions(spec: _Spec, notes: Notes) -> Iterator[Direction]:
    """The directions with rules, less those in which the policy asks for no default deny."""
    ruled = {_direction(name) for name, _ in spec.sections()}
    wanted = spec.wire.enable_default_deny
    for direction, asked in (
        (Direction.INGRESS, wanted.ingress if wanted else None),
        (Direction.EGRESS, wanted.egress if wanted else None),
    ):
        if direction in ruled and asked is not False:
            yield direction
        elif direction not in ruled and asked:
            message = f"has no effect: the policy has no {direction} rule; write one that allows nothing, - {{}}"
            notes.remark(f"{spec.place}.enableDefaultDeny.{direction}", message)


def _direction(section: str) -> Direction:
    return Direction.INGRESS if section.startswith("ingress") else Direction.EGRESS


def _rules(spec: _Spec, scope: Scope, notes: Notes) -> Iterator[Rule]:
    for name, wires in spec.sections():
        for index, wire in enumerate(wires):
            place = f"{spec.place}.{name}[{index}]"
            if wire is None:
                raise FieldError(place, "is an empty list item; write {} or remove it")
            rule = Rule(
                direction=_direction(name),
                index=index,
                peers=None,
                ports=None,
                action=Action.DENY if name.endswith("Deny") else Action.ALLOW,
                section=name if spec.place == "spec" else f"{spec.place}.{name}",
                doubt=unknown_fields(spec.unknown, place),
            )
            yield from (rule,) if rule.doubt else resolved_rules(rule, wire, place, scope, notes)
