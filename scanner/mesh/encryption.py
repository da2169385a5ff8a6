"""Whether traffic between nodes is encrypted below the pods: WireGuard or IPsec of the engine, or of the cloud.

Cilium, "Transparent Encryption" (docs.cilium.io, security/network/encryption): `enable-wireguard`, `enable-ipsec`; the node's own
network, and so host-network pods, only with `encrypt-node`; without strict mode a pod that is not known yet is sent to in the
clear. Calico, "Encrypt in-cluster pod traffic": `wireguardEnabled` of FelixConfiguration default; nodes without WireGuard are
sent to in the clear; Windows has none. Google, "Encrypt your data in-transit in GKE": `inTransitEncryptionConfig`. Microsoft,
"WireGuard encryption with ACNS": `transitEncryption.type`. Amazon, "Encryption in transit" (EC2): Nitro encrypts between some
instance types and not others, and no API says for which pair it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from scanner.cloud.facts import CloudFacts
from scanner.dataplane.mode import CILIUM_CONFIG, CILIUM_FAMILY
from scanner.dataplane.model import Answer, DataPlane
from scanner.dataplane.sighting import sightings
from scanner.mesh.specs import Spec
from scanner.model import ApiObject, ConfigMap, Snapshot
from scanner.objects import decoded

FELIX_GROUPS = ("crd.projectcalico.org", "projectcalico.org")


@dataclass(frozen=True, slots=True)
class Encryption:
    """Whether node-to-node traffic of pods is encrypted, with what says so. `host` says that host-network pods' is too."""

    answer: Answer
    why: tuple[str, ...]
    host: bool = False


class _Felix(Spec, frozen=True):
    wireguard_enabled: bool | None = None
    wireguard_enabled_v6: bool | None = msgspec.field(name="wireguardEnabledV6", default=None)
    wireguard_host_encryption_enabled: bool | None = None


def node_encryption(snapshot: Snapshot, facts: CloudFacts | None, plane: DataPlane) -> Encryption:
    """What encrypts between nodes, asked of the cloud's record first and then of the engine's own configuration."""
    if facts is not None and facts.transit_encryption:
        return Encryption(Answer.YES, (f"cloud record, {facts.transit_where}: WireGuard between nodes",))
    if plane.name in CILIUM_FAMILY:
        return _cilium(snapshot, facts, plane)
    if "calico" in plane.name:
        return _calico(snapshot)
    if plane.name in {"", "unknown"}:
        return Encryption(Answer.UNKNOWN, ("which engine runs, and so what encrypts, could not be established",))
    return Encryption(Answer.NO, (f"{plane.name} encrypts nothing between nodes",))


def cilium_config(snapshot: Snapshot) -> ConfigMap | None:
    """The Cilium agent's ConfigMap: beside an agent in a namespace of the platform, else in kube-system."""
    places = [item.daemon_set.namespace for item in sightings(snapshot) if item.trusted] + ["kube-system"]
    found = {item.namespace: item for item in snapshot.config_maps if item.name == CILIUM_CONFIG}
    return next((found[place] for place in places if place in found), None)


def is_on(config: ConfigMap, key: str) -> bool:
    """Whether a switch of the agent is on; what is left out is off."""
    return config.data.get(key, "").strip().lower() == "true"


def _cilium(snapshot: Snapshot, facts: CloudFacts | None, plane: DataPlane) -> Encryption:
    config = cilium_config(snapshot)
    if config is None:
        managed = plane.name != "cilium" and facts is not None and facts.transit_encryption is False
        if managed and facts:
            return Encryption(Answer.NO, (f"cloud record, {facts.transit_where}: off",))
        return Encryption(Answer.UNKNOWN, ("ConfigMap kube-system/cilium-config was not read",))
    where = f"ConfigMap {config.namespace}/{config.name}"
    for key in ("enable-wireguard", "enable-ipsec"):
        if is_on(config, key):
            strict = is_on(config, "enable-encryption-strict-mode")
            why = [f"{where}, {key}: true"]
            if not strict:
                why.append(f"{where}: no strict mode, so the first packets to a pod not known yet may go in the clear")
            return Encryption(Answer.YES, tuple(why), host=key == "enable-wireguard" and is_on(config, "encrypt-node"))
    return Encryption(Answer.NO, (f"{where}: neither enable-wireguard nor enable-ipsec is on",))


def _calico(snapshot: Snapshot) -> Encryption:
    found = list(_felix(snapshot))
    if not found:
        if all(snapshot.collected(f"felixconfigurations.{group}") for group in FELIX_GROUPS):
            return Encryption(Answer.NO, ("no FelixConfiguration default, so wireguardEnabled is off",))
        return Encryption(Answer.UNKNOWN, ("FelixConfiguration default was not read",))
    item = found[0]
    spec = decoded(item, _Felix)
    if spec is None:
        return Encryption(Answer.UNKNOWN, ("FelixConfiguration default: spec cannot be read",))
    on = [
        name
        for name, value in (
            ("wireguardEnabled", spec.wireguard_enabled),
            ("wireguardEnabledV6", spec.wireguard_enabled_v6),
        )
        if value
    ]
    if not on:
        return Encryption(Answer.NO, ("FelixConfiguration default: wireguardEnabled is off",))
    families = {":" in address for pod in snapshot.pods for address in pod.ips}
    bare = [
        word
        for six, word in ((False, "wireguardEnabled"), (True, "wireguardEnabledV6"))
        if six in families and word not in on
    ]
    if bare:
        return Encryption(
            Answer.NO, (f"FelixConfiguration default: {on[0]}, but pods have addresses that need {bare[0]}",)
        )
    return Encryption(
        Answer.YES, (f"FelixConfiguration default: {', '.join(on)}",), host=bool(spec.wireguard_host_encryption_enabled)
    )


def _felix(snapshot: Snapshot) -> Iterator[ApiObject]:
    for item in snapshot.settings:
        if item.kind == "FelixConfiguration" and item.name == "default":
            yield item
