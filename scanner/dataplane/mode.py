"""In which mode an engine runs, and the settings that change what it honours."""

from __future__ import annotations

import dataclasses

from scanner.dataplane.catalogue.engine import Engine
from scanner.dataplane.controller import listed, settings_of
from scanner.dataplane.decide import Decision
from scanner.dataplane.model import Capabilities, Confidence, Fact, Proof, Value
from scanner.dataplane.sighting import Switch, flag
from scanner.model import ConfigMap, Snapshot

CILIUM_FAMILY = frozenset({"cilium", "aks-cilium", "gke-dataplane-v2"})
CILIUM_CONFIG = "cilium-config"


def cilium_config(snapshot: Snapshot, decision: Decision) -> ConfigMap | None:
    """The agent's ConfigMap: the one in the agent's namespace, else in kube-system."""
    places = [sighting.daemon_set.namespace for sighting in decision.seen] + ["kube-system"]
    found = {item.namespace: item for item in snapshot.config_maps if item.name == CILIUM_CONFIG}
    return next((found[place] for place in places if place in found), None)


def mode(snapshot: Snapshot, decision: Decision) -> tuple[str, tuple[Proof, ...]]:
    """`enforcing`, `audit` (logged, not dropped), `never`, `crd-only` (NetworkPolicy is not read) or `unknown`.

    Only Cilium has such modes (cilium-config). Google's Dataplane V2 always enforces, so there a ConfigMap that does not
    exist is no doubt. Audit mode of a single endpoint can be set live and is not visible here.
    """
    if decision.name == "unknown":
        return "unknown", ()
    if decision.name not in CILIUM_FAMILY:
        return "enforcing", ()
    config = cilium_config(snapshot, decision)
    if config is None:
        always_on = decision.name == "gke-dataplane-v2" and listed(snapshot, "configmaps")
        missing = Proof("cilium-config was not found" if always_on else "cilium-config could not be read", "ConfigMaps")
        return ("enforcing" if always_on else "unknown"), (missing,)
    where = f"ConfigMap {config.namespace}/{config.name}"
    policy, audit, kubernetes = (
        config.data.get(key, default).strip().lower()
        for key, default in (
            ("enable-policy", "default"),
            ("policy-audit-mode", "false"),
            ("enable-k8s-networkpolicy", "true"),
        )
    )
    said = f"enable-policy={policy}, policy-audit-mode={audit}, enable-k8s-networkpolicy={kubernetes}"
    return _cilium_mode(policy, audit, kubernetes), (Proof(said, where),)


def _cilium_mode(policy: str, audit: str, kubernetes: str) -> str:
    """The mode that three settings make together, the one that takes most away first."""
    if policy == "never":
        return "never"
    if kubernetes == "false":
        return "crd-only"
    if audit == "true":
        return "audit"
    known = policy in {"", "default", "always"} and audit in {"", "false"} and kubernetes in {"", "true"}
    return "enforcing" if known else "unknown"


def honoured(snapshot: Snapshot, decision: Decision, engine: Engine | None) -> Capabilities | None:
    """What the engine honours in its version, with what this cluster's own settings change."""
    if engine is None:
        return None
    known = engine.at(decision.version)
    if decision.name in CILIUM_FAMILY:
        return _cidr_mode(snapshot, decision, known)
    start = _start(snapshot, decision)
    return known if start is None else dataclasses.replace(known, closed_at_start=start)


def _cidr_mode(snapshot: Snapshot, decision: Decision, known: Capabilities) -> Capabilities:
    """`policy-cidr-match-mode: nodes` lets ipBlock match nodes."""
    config = cilium_config(snapshot, decision)
    words = config.data.get("policy-cidr-match-mode", "").replace(",", " ").split() if config else []
    if config is None or "nodes" not in words:
        return known
    where = f"ConfigMap {config.namespace}/{config.name}"
    return dataclasses.replace(
        known,
        ipblock_matches_nodes=Fact(Value.HONOURED, Confidence.OBSERVED, where, "policy-cidr-match-mode holds nodes"),
    )


def _start(snapshot: Snapshot, decision: Decision) -> Fact | None:
    """Whether pods start closed, where a setting of this cluster decides it."""
    sets = [sighting.daemon_set for sighting in decision.seen]
    containers = tuple(container for item in sets for container in item.containers)
    where = decision.seen[0].where if decision.seen else decision.settings.where
    if decision.name == "kube-router":
        deny = flag(containers, "--netpol-default-deny")
        return Fact(Value.HONOURED, Confidence.OBSERVED, where, "--netpol-default-deny") if deny is Switch.ON else None
    if decision.name == "eks-vpc-cni":
        stated = [container.env.get("NETWORK_POLICY_ENFORCING_MODE", "") for container in containers]
        word = next((text for text in stated if text), decision.settings.enforcing_mode).strip().lower()
        if word not in {"", "standard"}:
            value = Value.HONOURED if word == "strict" else Value.UNKNOWN
            return Fact(value, Confidence.OBSERVED, where, f"NETWORK_POLICY_ENFORCING_MODE={word}")
    if decision.name == "eks-auto-mode":
        classes = list(settings_of(snapshot, "NodeClass", "eks.amazonaws.com"))
        if classes and all(spec.text("networkPolicy") == "DefaultDeny" for _, spec in classes):
            return Fact(
                Value.HONOURED, Confidence.OBSERVED, f"NodeClass {classes[0][0].name}", "networkPolicy: DefaultDeny"
            )
    return None
