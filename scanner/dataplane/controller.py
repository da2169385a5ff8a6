"""Whether EKS's policy controller works: its ConfigMap key, and the PolicyEndpoints it writes.

The agents on the nodes only apply what the controller in the control plane resolves; a controller that is switched off
leaves agents that run, and policies without effect (amazon-network-policy-controller-k8s, configmap_manager).
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.cloud.part import Part
from scanner.dataplane.model import Enforcing, Proof
from scanner.model import ApiObject, Snapshot, Source

CONFIG_MAP = "amazon-vpc-cni"
KEY = "enable-network-policy-controller"
NETWORK_POLICIES = "networkpolicies.networking.k8s.io"
POLICY_ENDPOINTS = "policyendpoints.networking.k8s.aws"
UNDETERMINED = "controller-undetermined"  # the reason where the switch could not be read
NODE_CLASSES = "nodeclasses.eks.amazonaws.com"

Verdict = tuple[Enforcing, str, tuple[Proof, ...]]


def listed(snapshot: Snapshot, resource: str) -> bool:
    """Whether a live cluster was asked for a resource and its list is whole, so that what is not there does not exist."""
    return snapshot.source is Source.CLUSTER and not snapshot.unread and snapshot.collected(resource)


def settings_of(snapshot: Snapshot, kind: str, group: str) -> Iterator[tuple[ApiObject, Part]]:
    """The objects of one kind among the snapshot's settings, each with its spec."""
    for item in snapshot.settings:
        if item.kind == kind and item.api_version.partition("/")[0] == group:
            yield item, Part.decode(item.spec, f"{kind} {item.name}.spec", [])


def controller(snapshot: Snapshot) -> Verdict:
    """Judge the controller. Off is certain only when policies exist and no PolicyEndpoint belongs to any of them."""
    where = f"ConfigMap kube-system/{CONFIG_MAP}"
    config = next(
        (item for item in snapshot.config_maps if (item.namespace, item.name) == ("kube-system", CONFIG_MAP)), None
    )
    if config is None and not listed(snapshot, "configmaps"):
        return Enforcing.UNKNOWN, UNDETERMINED, (Proof(f"{KEY} could not be read", where),)
    value = config.data.get(KEY) if config is not None else None
    if value is not None and value.strip().lower() == "true":
        return Enforcing.YES, "on", (Proof(f"{KEY}={value}", where),)
    state = Proof(f"{KEY} is not set" if value is None else f"{KEY}={value}", where)
    policies = {
        (item.namespace, item.name)
        for item in snapshot.policies
        if item.kind == "NetworkPolicy" and item.api_version.startswith("networking.k8s.io/")
    }
    resolved = sorted(policies.intersection(_resolved(snapshot)))
    if resolved:
        namespace, name = resolved[0]
        left = Proof(
            f"a PolicyEndpoint belongs to NetworkPolicy {namespace}/{name}, perhaps left over", POLICY_ENDPOINTS
        )
        return Enforcing.UNKNOWN, "controller-off", (state, left)
    if policies and listed(snapshot, NETWORK_POLICIES) and listed(snapshot, POLICY_ENDPOINTS):
        none = Proof(f"no PolicyEndpoint belongs to any of {len(policies)} NetworkPolicies", POLICY_ENDPOINTS)
        return Enforcing.NO, "controller-off", (state, none)
    return Enforcing.UNKNOWN, "controller-off", (state,)


def _resolved(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The policies that PolicyEndpoints refer back to, by `spec.policyRef` or, without one, by their own name."""
    for item, spec in settings_of(snapshot, "PolicyEndpoint", "networking.k8s.aws"):
        reference = spec.part("policyRef")
        name = reference.text("name") or item.name.rpartition("-")[0]
        yield reference.text("namespace") or item.namespace, name


def auto_mode(snapshot: Snapshot) -> Verdict:
    """Judge Auto Mode: the same controller, and NodeClasses none of which says something unheard of about policy."""
    enforcing, reason, proofs = controller(snapshot)
    if enforcing is not Enforcing.YES:
        return enforcing, reason, proofs
    classes = list(settings_of(snapshot, "NodeClass", "eks.amazonaws.com"))
    if not classes or not listed(snapshot, NODE_CLASSES):
        return Enforcing.UNKNOWN, "nodeclass-undetermined", (*proofs, Proof("no NodeClass could be read", NODE_CLASSES))
    for item, spec in classes:
        default = spec.text("networkPolicy") if spec.has("networkPolicy") else "DefaultAllow"
        found = Proof(f"networkPolicy is {default or 'not readable'}", f"NodeClass {item.name}")
        proofs = (*proofs, found)
        if default not in {"DefaultAllow", "DefaultDeny"}:
            return Enforcing.UNKNOWN, "nodeclass-undetermined", proofs
    return Enforcing.YES, "on", proofs
