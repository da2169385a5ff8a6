"""Whose address the far side sees when a pod speaks: the pod's, its node's, or that is not known.

Each rule carries its source. One from memory (`Confidence.MEMORY`) never decides: it leaves "unknown" with a note of what
is expected. IPv6 is never translated on EKS; elsewhere the rules are about IPv4 and IPv6 is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.reach.addresses import Span
from scanner.topology.model import Becomes, Confidence, MasqueradeRule, Pods
from scanner.topology.spans import WHOLE, spans_of, within, without

_EKS = "EKS user guide, external-snat; amazon-vpc-cni-k8s README"
_GKE = "GKE documentation, ip-masquerade-agent"
_AKS = "AKS documentation, concepts-network-cni-overview"
_RFC1918 = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
# The rest of GKE's default list, whose members no page we hold spells out.
_GKE_FURTHER = (
    "100.64.0.0/10",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
)
NOT_SAID = MasqueradeRule(becomes=Becomes.UNKNOWN, why="nothing says whether pods' addresses are rewritten")


def rewritten(rules: Sequence[MasqueradeRule], to: Span) -> Iterator[tuple[Span, MasqueradeRule]]:
    """The destinations `to` in pieces, each with the rule that decides; what no rule names is unknown."""
    left = [to]
    for rule in rules:
        runs = spans_of(rule.to) if rule.to else WHOLE
        for span in left:
            yield from ((part, rule) for part in within(span, runs))
        left = [rest for span in left for rest in without(span, runs)]
    yield from ((span, NOT_SAID) for span in left)


def becomes(rule: MasqueradeRule) -> Becomes:
    """What a rule decides: one from memory decides nothing."""
    return rule.becomes if rule.confidence is Confidence.DOCUMENTED else Becomes.UNKNOWN


def words(rule: MasqueradeRule) -> str:
    """A rule for a reader, with what is expected where it decides nothing."""
    if rule.confidence is Confidence.DOCUMENTED or rule.becomes is Becomes.UNKNOWN:
        return rule.why
    return f"{rule.why} (expected: the {rule.becomes} address; from memory, so it decides nothing)"


def eks_rules(
    vpc: Sequence[str],
    *,
    external_snat: bool | None,
    excluded: Sequence[str] | None,
    pod_groups: bool | None = False,
    engine: str = "vpc-cni",
) -> tuple[MasqueradeRule, ...]:
    """The VPC CNI: pod addresses inside the VPC's ranges, the node's beyond, unless switched off or excluded.

    Args:
        vpc: the ranges associated with the VPC.
        external_snat: `AWS_VPC_K8S_CNI_EXTERNALSNAT`; None where nobody could read it.
        excluded: `AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS`; None where nobody could read it.
        pod_groups: whether pods with security groups of their own, in strict mode, may keep their address (None: not known).
        engine: `vpc-cni`, `auto-mode` (its NodeClass decides, by `snatPolicy`) or "" where another CNI runs.
    """
    if not engine:
        return (MasqueradeRule(becomes=Becomes.UNKNOWN, why="another CNI than Amazon's may run in this cluster"),)
    rules = [
        MasqueradeRule(becomes=Becomes.POD, why=f"IPv6 pods are never translated ({_EKS})", to=("::/0",)),
    ]
    if vpc:
        why = f"the destination is in the VPC's own ranges ({_EKS})"
        rules.append(MasqueradeRule(becomes=Becomes.POD, why=why, to=tuple(vpc)))
    if engine == "auto-mode":
        why = "EKS Auto Mode: the NodeClass's snatPolicy decides, which only the cluster says"
        return (*rules, MasqueradeRule(becomes=Becomes.UNKNOWN, why=why))
    if external_snat is True:
        return (*rules, MasqueradeRule(becomes=Becomes.POD, why=f"AWS_VPC_K8S_CNI_EXTERNALSNAT is true ({_EKS})"))
    if external_snat is None or excluded is None or not vpc:
        missing = "the VPC's ranges" if not vpc else "AWS_VPC_K8S_CNI_EXTERNALSNAT or …_EXCLUDE_SNAT_CIDRS"
        why = f"{missing} could not be read; the default is the node's primary address ({_EKS})"
        return (*rules, MasqueradeRule(becomes=Becomes.UNKNOWN, why=why))
    if excluded:
        why = f"listed in AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS ({_EKS})"
        rules.append(MasqueradeRule(becomes=Becomes.POD, why=why, to=tuple(excluded)))
    if pod_groups is not False:
        why = "pods with security groups of their own keep their address in strict mode, the others get the node's"
        return (*rules, MasqueradeRule(becomes=Becomes.UNKNOWN, why=why))
    why = f"outside the VPC: the node's primary address, the default ({_EKS})"
    return (*rules, MasqueradeRule(becomes=Becomes.NODE, why=why))


def gke_rules(
    *, default_snat_disabled: bool | None, listed: Sequence[str] | None, agent: bool | None, windows: bool = False
) -> tuple[MasqueradeRule, ...]:
    """GKE's `ip-masq-agent` and default SNAT.

    Args:
        default_snat_disabled: `networkConfig.defaultSnatStatus.disabled`.
        listed: `nonMasqueradeCIDRs` of the ConfigMap or the EgressNATPolicy; None where there is no custom list.
        agent: whether it is known if there is such a list (None or False: nobody looked inside the cluster).
        windows: whether Windows nodes are there, which translate for every destination outside the cluster.
    """
    if windows:
        return (MasqueradeRule(becomes=Becomes.UNKNOWN, why=f"Windows nodes always translate, Linux by rule ({_GKE})"),)
    if not agent:
        expected = "the pod's for all destinations" if default_snat_disabled else "the pod's for private destinations"
        why = f"the ip-masq-agent's configuration was not read; without one the address is {expected} ({_GKE})"
        return (MasqueradeRule(becomes=Becomes.UNKNOWN, why=why),)
    ours = ("0.0.0.0/0",)
    if listed is not None:
        why = f"listed in nonMasqueradeCIDRs ({_GKE})"
        inside = (MasqueradeRule(becomes=Becomes.POD, why=why, to=tuple(listed)),) if listed else ()
        return (*inside, MasqueradeRule(becomes=Becomes.NODE, why=f"not {why}", to=ours))
    if default_snat_disabled is True:
        return (MasqueradeRule(becomes=Becomes.POD, why=f"default SNAT is disabled ({_GKE})", to=ours),)
    if default_snat_disabled is None:
        why = f"defaultSnatStatus could not be read ({_GKE})"
        return (MasqueradeRule(becomes=Becomes.UNKNOWN, why=why),)
    why = "a default non-masquerade destination"
    memory = Confidence.MEMORY
    return (
        MasqueradeRule(becomes=Becomes.POD, why=f"{why}: RFC 1918 ({_GKE})", to=_RFC1918),
        MasqueradeRule(becomes=Becomes.POD, why=f"{why}: special-purpose ranges", to=_GKE_FURTHER, confidence=memory),
        MasqueradeRule(becomes=Becomes.NODE, why=f"no default non-masquerade destination ({_GKE})", to=ours),
    )


def aks_rules(routing: Pods, vnet: Sequence[str], *, pod_subnet: bool) -> tuple[MasqueradeRule, ...]:
    """AKS: overlay and kubenet always rewrite; flat networks show the pod inside the VNet, and beyond it is not certain."""
    if routing is Pods.OVERLAY:
        why = f"overlay or kubenet: what leaves the cluster carries its node's address ({_AKS})"
        return (MasqueradeRule(becomes=Becomes.NODE, why=why, to=("0.0.0.0/0",)),)
    if routing is Pods.UNKNOWN:
        return (MasqueradeRule(becomes=Becomes.UNKNOWN, why="the network plugin is not known, or is your own"),)
    inside = MasqueradeRule(becomes=Becomes.POD, why=f"flat network, inside the VNet ({_AKS})", to=tuple(vnet))
    beyond = MasqueradeRule(
        becomes=Becomes.POD if pod_subnet else Becomes.NODE,
        why="flat network, beyond the VNet: azure-ip-masq-agent-config and the data plane decide",
        confidence=Confidence.MEMORY,
        to=("0.0.0.0/0",),
    )
    return (inside, beyond) if vnet else (beyond,)


def keeps_client(external_traffic_policy: str) -> bool:
    """Whether a pod sees the client's own address behind a Service of type LoadBalancer: `Local` does, `Cluster` shows a node.

    Source: Kubernetes, Service `externalTrafficPolicy`. Any other word is read as the default, `Cluster`.
    """
    return external_traffic_policy == "Local"
