"""The form of a catalogue entry: what an engine honours, since when, and how long it is supported."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from scanner.dataplane.model import Answer, Capabilities, Confidence, Fact
from scanner.dataplane.versions import at_least

# Short names of the sources, as facts and reports cite them.
NPA = "aws/aws-network-policy-agent"
NPC = "aws/amazon-network-policy-controller-k8s"
VPC_CNI = "aws/amazon-vpc-cni-k8s"
EKS = "Amazon EKS user guide"
GKE = "Google Kubernetes Engine documentation"
AKS = "MicrosoftDocs/azure-aks-docs"
NPM = "Azure/azure-container-networking, npm"
CILIUM = "cilium/cilium documentation"
CALICO = "projectcalico/calico"
ANTREA = "antrea-io/antrea"
KUBE_ROUTER = "cloudnativelabs/kube-router"
WEAVE = "weaveworks/weave"
FLANNEL = "flannel-io/flannel"
OVN = "ovn-kubernetes/ovn-kubernetes"

_ANSWERS = {"Y": Answer.YES, "N": Answer.NO, "?": Answer.UNKNOWN}


def fact(mark: str, source: str, note: str = "") -> Fact:
    """A fact from a two-letter mark: Y, N or ? (in part, or not established), then how it is known (S, D, I, M)."""
    return Fact(_ANSWERS[mark[0]], Confidence(mark[1]), source, note)


@dataclass(frozen=True, slots=True)
class Since:
    """A capability that came with a version: `before` holds below `version`; with an unknown version neither is certain."""

    capability: str
    version: str
    before: Fact


@dataclass(frozen=True, slots=True)
class Support:
    """The day on which support of something ends, as YYYY-MM-DD (the last day that is supported is the one before)."""

    subject: str
    ends: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Minimum:
    """The oldest version that has network policy at all."""

    version: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest cluster in which an engine is supported."""

    nodes: int
    pods: int
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine of the catalogue. `support` lists announced ends only; an engine without one has none announced."""

    name: str
    title: str
    capabilities: Capabilities
    since: tuple[Since, ...] = ()
    support: tuple[Support, ...] = ()
    minimum: Minimum | None = None
    limits: Limits | None = None

    def at(self, version: str) -> Capabilities:
        """What this engine honours in one version; what hangs on a version that cannot be read is unknown."""
        known = self.capabilities
        for change in self.since:
            present = at_least(version, change.version)
            now: Fact = getattr(known, change.capability)
            if present is None:
                now = dataclasses.replace(
                    now, answer=Answer.UNKNOWN, note=f"depends on the version: {change.before.note}"
                )
            elif not present:
                now = change.before
            known = dataclasses.replace(known, **{change.capability: now})
        return known
