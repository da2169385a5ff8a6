"""Which kinds count together: each family of data planes has its own, and what a plane does not honour has no effect there.

| family   | kinds                                                     | how they combine                              |
| -------- | --------------------------------------------------------- | --------------------------------------------- |
| any      | NetworkPolicy                                             | union of allows; selecting a pod isolates it  |
| upstream | AdminNetworkPolicy and its baseline, ClusterNetworkPolicy | tiers around it, priority, first match, Pass  |
| aws      | ClusterNetworkPolicy, ApplicationNetworkPolicy            | the same tiers; the latter joins the union    |
| cilium   | CiliumNetworkPolicy, …ClusterwideNetworkPolicy, FQDN of GKE | one bag with NetworkPolicy, deny over allow |
| calico   | its NetworkPolicy, GlobalNetworkPolicy                    | tiers, order, name; deny at the end of a tier |

The resolved form carries the how (tier, rank, pooled); this module decides the which.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from scanner.dataplane.kinds import honours
from scanner.dataplane.model import Answer, DataPlane, Value
from scanner.model import Notice
from scanner.policy.model import Policy, PolicySet

_VENDORS = {"cilium.io": "Cilium", "projectcalico.org": "Calico", "crd.projectcalico.org": "Calico"}


@dataclass(frozen=True, slots=True)
class Combined:
    """The policies that count at one level, and what was left out or is in doubt."""

    policies: tuple[Policy, ...]
    notices: tuple[Notice, ...]


def combine(policies: PolicySet, dataplane: DataPlane | None) -> Combined:
    """The policies that count: as declared all of them, on a data plane those of the kinds it honours."""
    if dataplane is None:
        return _declared(policies.policies)
    kept: list[Policy] = []
    notices: dict[tuple[str, str], Notice] = {}
    for policy in policies.policies:
        answer, why = honours(dataplane, policy.group, policy.kind)
        refused, because = _refused(policy, dataplane)
        if answer is Answer.YES and refused is not Answer.NO:
            answer, why = (Answer.NO if refused is Answer.YES else Answer.UNKNOWN), because
        if answer is Answer.YES:
            kept.append(policy)
            continue
        if answer is Answer.UNKNOWN:
            why = f"whether {dataplane.name} honours this {'policy' if because else 'kind'} is not known ({why})"
            kept.append(dataclasses.replace(policy, doubt=policy.doubt or why))
        else:
            why = f"has no effect on {dataplane.name}: {why}"
        notices[policy.id, why] = Notice(object=policy.id, field="kind", message=why)
    return Combined(tuple(kept), tuple(notices[key] for key in sorted(notices)))


def _refused(policy: Policy, dataplane: DataPlane) -> tuple[Answer, str]:
    """Whether the engine refuses the whole policy for something in it, and why."""
    facts = dataplane.capabilities
    known = {"named": facts.named_ports, "range": facts.end_port, "sctp": facts.sctp} if facts else {}
    used = {feature for rule in policy.rules for port in rule.ports or () for feature in port.features}
    for feature, fact in known.items():
        if feature in used and fact.value is Value.REFUSED:
            said = f"{fact.note or 'refused whole'} ({fact.source})"
            return (Answer.YES if fact.firm is Answer.NO else Answer.UNKNOWN), said
    if facts and facts.negative_selectors.value is not Value.HONOURED and policy.negative:
        return (
            Answer.UNKNOWN,
            f"{facts.negative_selectors.note or 'NotIn and DoesNotExist'} ({facts.negative_selectors.source})",
        )
    return Answer.NO, ""


def _declared(policies: Iterable[Policy]) -> Combined:
    """As declared every kind counts, but no engine serves the kinds of two vendors: then those are in doubt."""
    listed = tuple(policies)
    vendors = sorted({_VENDORS[policy.group] for policy in listed if policy.group in _VENDORS})
    if len(vendors) < 2:
        return Combined(listed, ())
    doubt = f"kinds of {' and '.join(vendors)} stand side by side, and no engine honours both"
    return Combined(
        tuple(
            dataclasses.replace(policy, doubt=policy.doubt or doubt) if policy.group in _VENDORS else policy
            for policy in listed
        ),
        (Notice(object="cluster", field="policies", message=f"{doubt}; name the engine with --dataplane"),),
    )
