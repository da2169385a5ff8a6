"""Cilium's mutual authentication: which pods take only what has authenticated, and whether anything makes that so.

Cilium, "Mutual Authentication" (docs.cilium.io, network/servicemesh/mutual-authentication): `authentication.mode: required` in a
rule; `mesh-auth-enabled` and, for SPIFFE identities, `mesh-auth-mutual-enabled` in cilium-config. It authenticates and does not
encrypt: for the whole of mutual TLS it stands beside WireGuard or IPsec. Rules of all kinds add up, so one that asks for
nothing lets in what another would have asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.dataplane.model import Answer
from scanner.mesh.encryption import Encryption, cilium_config, is_on
from scanner.mesh.gathered import Gathered
from scanner.model import Pod, Snapshot
from scanner.policy.cilium.rules import AUTHENTICATED
from scanner.policy.model import Action, Policy, Rule
from scanner.reach.model import Direction


def authenticates(rule: Rule) -> bool:
    """Whether an allow rule asks for mutual authentication."""
    return AUTHENTICATED in rule.doubt


def incoming(policies: Iterable[Policy]) -> Iterator[tuple[Policy, Rule]]:
    """The rules that let something in."""
    for policy in policies:
        for rule in policy.rules:
            if rule.direction is Direction.INGRESS and rule.action is Action.ALLOW and rule.peers != ():
                yield policy, rule


def judge(snapshot: Snapshot, selecting: list[Policy], encryption: Encryption, found: Gathered) -> None:
    """Add what the policies that select a pod come to."""
    config = cilium_config(snapshot)
    if config is None:
        found.doubt("config-unread", "ConfigMap kube-system/cilium-config was not read")
    elif not (is_on(config, "mesh-auth-enabled") and is_on(config, "mesh-auth-mutual-enabled")):
        said = f"ConfigMap {config.namespace}/{config.name}: mesh-auth-enabled and mesh-auth-mutual-enabled are not both on"
        found.doubt("authentication-off", f"{said}, so nothing carries out what the rules ask for")
    for policy, rule in incoming(selecting):
        if authenticates(rule):
            found.good.append(f"{policy.id}, {rule.name}: authentication.mode required")
        else:
            found.fail("unauthenticated-rule", f"{policy.id}, {rule.name} asks for no authentication")
    if encryption.answer is Answer.NO:
        found.fail("not-encrypted", f"{encryption.why[0]}: Cilium's authentication encrypts nothing by itself")
    elif encryption.answer is Answer.UNKNOWN:
        found.doubt("encryption-unknown", encryption.why[0])
    else:
        found.good += encryption.why


def has_authentication(pod: Pod, selecting: list[Policy]) -> bool:
    """Whether some rule for a pod asks for it."""
    return not pod.host_network and any(authenticates(rule) for _, rule in incoming(selecting))
