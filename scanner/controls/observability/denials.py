"""NB-OBS-01: are denied connections recorded, and does the record leave the node?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict, bounded
from scanner.dataplane.model import Answer, Enforcing
from scanner.findings import Status


def denials_are_logged(case: Case) -> Iterator[Verdict]:
    """An engine without a record of denials is not applicable, if that is firmly known; else it is unknown."""
    plane = case.dataplane
    fact = plane.capabilities.deny_log if plane.capabilities else None
    lines = bounded(str(proof) for proof in plane.logging.proofs or plane.proofs)
    if fact and fact.answer is Answer.NO and plane.enforcing is not Enforcing.NO:
        certain = fact.firm is Answer.NO
        status = Status.NOT_APPLICABLE if certain else Status.UNKNOWN
        known = "" if certain else ", as far as is remembered"
        evidence = (f"{plane.name} records no denied connection{known} ({fact.source}); flow logs must show them",)
        yield Verdict(subject=CLUSTER, status=status, reason="no-deny-log", evidence=evidence)
        return
    logs = plane.logging
    if plane.enforcing is Enforcing.UNKNOWN:
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="engine-undetermined", evidence=lines)
    elif logs.enabled is Answer.NO:
        yield Verdict(
            subject=CLUSTER, status=Status.FAIL, reason="not-logged", evidence=lines, remediation=_switch_on(case)
        )
    elif logs.enabled is Answer.YES and logs.exported is Answer.NO:
        yield Verdict(
            subject=CLUSTER, status=Status.FAIL, reason="node-only", evidence=lines, remediation=_switch_on(case)
        )
    elif logs.enabled is Answer.YES and logs.exported is Answer.YES:
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="logged", evidence=lines)
    else:
        yield Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="logging-unread", evidence=lines)


def _switch_on(case: Case) -> str:
    name = shlex.quote(case.snapshot.cluster.name)
    place = shlex.quote(case.snapshot.cluster.location)
    return {
        "eks-vpc-cni": f"aws eks update-addon --cluster-name {name} --region {place} --addon-name vpc-cni --configuration-values "
        """'{"enableNetworkPolicy":"true","nodeAgent":{"enablePolicyEventLogs":"true","enableCloudWatchLogs":"true"}}' """
        "(add them to the values that are set: this replaces them; the node role needs permission to write CloudWatch logs)",
        "none": "Mend NB-ENF-01 first: without an engine nothing is denied, so there is nothing to record.",
        "eks-auto-mode": "In the NodeClass set spec.networkPolicyEventLogs: Enabled, and collect the nodes' logs.",
        "gke-dataplane-v2": "kubectl apply: {apiVersion: networking.gke.io/v1alpha1, kind: NetworkLogging, "
        "metadata: {name: default}, spec: {cluster: {allow: {log: false, delegate: false}, "
        "deny: {log: true, delegate: false}}}}",
        "aks-cilium": "az aks update --name " + name + " --resource-group <group> --enable-acns, then apply a "
        "ContainerNetworkLog whose filter takes verdict: [dropped], and enable Container Insights.",
    }.get(case.dataplane.name, "Record denied connections with the engine's own log and ship it to a central store.")
