"""NB-MSH-05: whether traffic between nodes is encrypted for the namespaces that ask for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names, unread
from scanner.controls.mesh.mutual_tls import mutual_tls_is_strict
from scanner.dataplane.mode import CILIUM_FAMILY
from scanner.dataplane.model import Answer
from scanner.findings import Status
from scanner.mesh.encryption import FELIX_GROUPS, Encryption, node_encryption
from scanner.model import Cloud, Namespace, Pod
from scanner.reach.population import workload_id

TAG = "encrypt-in-transit"


@dataclass(frozen=True, slots=True)
class _Found:
    """A namespace that asks for encryption, what says so, and its running pods."""

    name: str
    why: str
    pods: list[Pod]


def transit_is_encrypted(case: Case) -> Iterator[Verdict]:
    """NB-MSH-05: one verdict per namespace with the label or annotation `encrypt-in-transit`, or declared to need it.

    Covered is what the engine or the cloud encrypts between nodes, or what takes mutual TLS alone (NB-MSH-01). Host-network
    pods and pods on Windows are covered only where that says so.
    """
    if gaps := case.missing("namespaces"):
        yield unread(CLUSTER, gaps)
        return
    tagged = {item.name: why for item in case.snapshot.namespaces if (why := _why(case, item))}
    if not tagged:
        evidence = (f"no namespace has the label or annotation {TAG}, and baseline.encrypt_in_transit names none",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-namespace-tagged", evidence=evidence)
        return
    if gaps := case.missing("pods", "nodes"):
        for name in tagged:
            yield unread(name, gaps)
        return
    encryption = node_encryption(case.snapshot, case.facts, case.dataplane)
    strict = {item.subject for item in mutual_tls_is_strict(case) if item.status is Status.PASS}
    pods: dict[str, list[Pod]] = {name: [] for name in tagged}
    for pod in case.pods:
        if pod.namespace in pods:
            pods[pod.namespace].append(pod)
    for name, why in tagged.items():
        found = _Found(name, why, pods[name])
        yield _namespace(case, found, encryption, strict)


def _why(case: Case, namespace: Namespace) -> str:
    """What asks for encryption in a namespace; empty where nothing does. A tag that says false asks for nothing."""
    for values, what in ((namespace.labels, "label"), (namespace.annotations, "annotation")):
        if TAG in values and values[TAG].strip().lower() not in {"false", "no", "disabled"}:
            return f"Namespace {namespace.name} has the {what} {TAG}"
    if case.declared_as(case.config.encrypt_in_transit, namespace.name, "", namespace.labels):
        return f"baseline.encrypt_in_transit names {namespace.name}"
    return ""


def _namespace(case: Case, found: _Found, encryption: Encryption, strict: set[str]) -> Verdict:
    namespace, pods = found.name, found.pods
    lines = [found.why]
    bare = _uncovered(case, pods, encryption)
    meshed = {workload_id(pod) for pod in pods} & strict
    left = [pod for pod in bare if workload_id(pod) not in meshed]
    if not left:
        lines += encryption.why if encryption.answer is Answer.YES else ()
        lines += [f"{names(sorted(meshed))} take mutual TLS alone (NB-MSH-01)"] if bare else []
        lines += [] if pods else ["no pod runs here"]
        reason = "node-encryption" if encryption.answer is Answer.YES else "mutual-tls"
        if not pods and encryption.answer is not Answer.YES:
            return Verdict(subject=namespace, status=Status.NOT_APPLICABLE, reason="no-pods", evidence=bounded(lines))
        return Verdict(subject=namespace, status=Status.PASS, reason=reason, evidence=bounded(lines))
    lines += encryption.why
    lines.append(f"not covered: {names(sorted({workload_id(pod) for pod in left}))}")
    fabric = _fabric(case) if all(not pod.host_network for pod in left) else ""
    if encryption.answer is Answer.UNKNOWN:
        return Verdict(subject=namespace, status=Status.UNKNOWN, reason="engine-unread", evidence=bounded(lines))
    if encryption.answer is Answer.NO and fabric:
        lines.append(fabric)
        return Verdict(subject=namespace, status=Status.UNKNOWN, reason="fabric-unproven", evidence=bounded(lines))
    partly = encryption.answer is Answer.YES
    return Verdict(
        subject=namespace,
        status=Status.FAIL,
        reason="pods-left-out" if partly else "not-encrypted",
        evidence=bounded(lines),
        remediation=_mend(case, partly=partly),
    )


def _uncovered(case: Case, pods: list[Pod], encryption: Encryption) -> list[Pod]:
    """The pods that node encryption does not reach."""
    if encryption.answer is not Answer.YES:
        return pods
    windows = {node.name for node in case.snapshot.nodes if node.os == "windows"}
    return [pod for pod in pods if pod.node in windows or (pod.host_network and not encryption.host)]


def _fabric(case: Case) -> str:
    """What a cloud's fabric may do by itself, and nothing that can be read proves."""
    types = sorted({node.labels.get("node.kubernetes.io/instance-type", "") for node in case.snapshot.nodes} - {""})
    match case.cloud:
        case Cloud.AWS:
            seen = f" (here: {names(types)})" if types else ""
            return (
                f"Nitro encrypts between some instance types{seen}, which nothing in the record proves for these nodes"
            )
        case Cloud.GCP:
            return "Google says that it encrypts between its machines with keys of its own; the record does not show it"
        case _:
            return ""


def _mend(case: Case, *, partly: bool) -> str:
    if partly:
        return (
            "Move these pods off the host network and off Windows nodes, or let the engine encrypt the nodes' own traffic too "
            "(Cilium: encrypt-node with WireGuard; Calico: wireguardHostEncryptionEnabled)."
        )
    name, place = shlex.quote(case.snapshot.cluster.name), shlex.quote(case.snapshot.cluster.location)
    if case.cloud is Cloud.AZURE and case.dataplane.name == "aks-cilium":
        return f"az aks update --name {name} --resource-group <group> --enable-acns --acns-transit-encryption-type wireguard"
    if case.cloud is Cloud.GCP and case.dataplane.name == "gke-dataplane-v2":
        return (
            f"gcloud container clusters update {name} --location {place} --in-transit-encryption=inter-node-transparent"
        )
    if case.dataplane.name in CILIUM_FAMILY:
        return (
            "helm upgrade cilium cilium/cilium -n kube-system --reuse-values --set encryption.enabled=true "
            "--set encryption.type=wireguard, then restart the agents"
        )
    if "calico" in case.dataplane.name:
        return (
            f"kubectl patch felixconfigurations.{FELIX_GROUPS[0]} default --type merge "
            """-p '{"spec":{"wireguardEnabled":true}}'"""
        )
    return (
        "Enrol the namespace in a mesh with mutual TLS (NB-MSH-01), or change to an engine that encrypts between nodes."
    )
