"""Which conditions of the catalogue hold in a cluster: switches that its cloud record or its agents' ConfigMap tell."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.dataplane.decide import Decision
from scanner.dataplane.mode import CILIUM_FAMILY, cilium_config
from scanner.model import Snapshot

# The catalogue's words for a key of cilium-config. A key that is not there is not known: not every version writes it.
CILIUM_KEYS: Mapping[str, str] = {
    "enable-l7-proxy is true": "enable-l7-proxy",
    "enable-sctp is true": "enable-sctp",
    "enable-k8s-cluster-network-policy is true": "enable-k8s-cluster-network-policy",
}


def conditions_of(snapshot: Snapshot, decision: Decision) -> dict[str, bool]:
    """The conditions that are known to hold or not; what nobody can tell is not among them."""
    found = dict(decision.settings.conditions)
    config = cilium_config(snapshot, decision) if decision.name in CILIUM_FAMILY else None
    for condition, key in CILIUM_KEYS.items():
        word = config.data.get(key, "").strip().lower() if config else ""
        if word in {"true", "false"}:
            found[condition] = word == "true"
    return found
