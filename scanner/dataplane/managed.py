"""The engines that the clouds run themselves."""

from __future__ import annotations

import dataclasses

from scanner.dataplane.engine import (
    AKS,
    CALICO,
    CILIUM,
    EKS,
    GKE,
    NPA,
    NPC,
    NPM,
    VPC_CNI,
    Engine,
    Limits,
    Minimum,
    Since,
    Support,
    fact,
)
from scanner.dataplane.model import Capabilities
from scanner.dataplane.selfmanaged import CALICO_ENGINE, END_PORT_BEFORE_1_17, PORT_RANGES

_EXCEPT_LEAK = "an except range of one rule also cuts what another rule allows (issues 146 and 3096)"
_NAME_CLASH = "one port name with two numbers breaks the rule (cilium issue 30003)"
_NPM_LINUX = Support("Azure NPM on Linux", "2028-09-30", fact("YS", AKS))
_NPM_WINDOWS = Support("Azure NPM on Windows", "2026-09-30", fact("YS", AKS))
KUBENET = Support("kubenet", "2028-03-31", fact("YS", AKS))

EKS_VPC_CNI = Engine(
    name="eks-vpc-cni",
    title="Amazon VPC CNI with its network policy agent",
    minimum=Minimum("1.14.0", fact("YS", VPC_CNI, "policy support begins with VPC CNI 1.14 on Kubernetes 1.25")),
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YS", NPA, "every peer ends as an address prefix"),
        ipblock_matches_nodes=fact("YS", NPA, "the pod's own node is let through in any case"),
        except_honoured=fact("?S", NPC, _EXCEPT_LEAK),
        named_ports=fact("?S", NPC, "merged over pods on ingress, dropped for ipBlock and open egress"),
        end_port=fact("YS", NPA),
        sctp=fact("YS", NPA),
        ipv6=fact("YS", NPA, "one family only: the other one's rules are ignored"),
        host_network_isolated=fact("NS", NPC),
        node_to_local_pod=fact("YS", NPA, "the node's primary address, both directions, all ports"),
        balancer_bypasses_ingress=fact("NS", NPA),
        deny_log=fact("YS", NPA, "opt-in: policy event logs, and CloudWatch to leave the node"),
        closed_at_start=fact("NS", VPC_CNI, "enforcing mode standard, the default, starts pods open; strict closed"),
    ),
)

EKS_AUTO_MODE = Engine(
    name="eks-auto-mode",
    title="Amazon EKS Auto Mode",
    capabilities=dataclasses.replace(
        EKS_VPC_CNI.capabilities,
        ipblock_matches_pods=fact("YS", NPC, "the same controller resolves every peer to addresses"),
        ipblock_matches_nodes=fact("YI", NPA),
        end_port=fact("YI", NPA),
        sctp=fact("YI", NPA),
        node_to_local_pod=fact("YI", NPA),
        balancer_bypasses_ingress=fact("NI", NPA),
        deny_log=fact("YS", EKS, "opt-in: NodeClass networkPolicyEventLogs"),
        closed_at_start=fact(
            "NS", EKS, "NodeClass networkPolicy DefaultAllow, the default; DefaultDeny starts pods closed"
        ),
    ),
)

GKE_DATAPLANE_V2 = Engine(
    name="gke-dataplane-v2",
    title="GKE Dataplane V2",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("NI", CILIUM),
        ipblock_matches_nodes=fact("NI", CILIUM),
        except_honoured=fact("YM", GKE),
        named_ports=fact("?I", CILIUM, _NAME_CLASH),
        end_port=fact("?M", GKE, "older clusters ignore or refuse port ranges: read the object back"),
        sctp=fact("?M", GKE),
        ipv6=fact("YM", GKE, "dual-stack clusters"),
        host_network_isolated=fact("NI", CILIUM),
        node_to_local_pod=fact("YM", GKE),
        balancer_bypasses_ingress=fact("NI", CILIUM),
        deny_log=fact("YS", GKE, "opt-in: NetworkLogging object"),
        closed_at_start=fact("YI", CILIUM),
    ),
)

GKE_CALICO = Engine(
    name="gke-calico",
    title="GKE legacy data path with Calico",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", CALICO),
        ipblock_matches_nodes=fact("YM", CALICO),
        except_honoured=fact("YM", CALICO),
        named_ports=fact("YM", CALICO),
        end_port=fact("YM", CALICO),
        sctp=fact("?M", CALICO),
        ipv6=fact("NM", GKE),
        host_network_isolated=fact("NM", CALICO),
        node_to_local_pod=fact("YM", CALICO),
        balancer_bypasses_ingress=fact("NM", CALICO),
        deny_log=fact("NM", GKE),
        closed_at_start=fact("YI", CALICO),
    ),
)

AKS_NPM = Engine(
    name="aks-npm",
    title="Azure Network Policy Manager",
    support=(_NPM_LINUX, _NPM_WINDOWS),
    limits=Limits(250, 20_000, fact("YS", AKS)),
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YS", NPM),
        ipblock_matches_nodes=fact("YS", NPM),
        except_honoured=fact("YS", NPM),
        named_ports=fact("YS", NPM),
        end_port=fact("YS", NPM),
        sctp=fact("YM", NPM),
        ipv6=fact("NS", AKS),
        host_network_isolated=fact("NS", NPM),
        node_to_local_pod=fact("YS", NPM, "only forwarded packets are filtered"),
        balancer_bypasses_ingress=fact("YS", AKS, "externalTrafficPolicy Cluster: a deny-all does not stop it"),
        deny_log=fact("NM", NPM),
        closed_at_start=fact("NM", NPM),
    ),
)

AKS_NPM_WINDOWS = Engine(
    name="aks-npm-windows",
    title="Azure Network Policy Manager on Windows (preview, ended)",
    support=(_NPM_WINDOWS,),
    limits=AKS_NPM.limits,
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", NPM),
        ipblock_matches_nodes=fact("?M", NPM),
        except_honoured=fact("NS", NPM),
        named_ports=fact("NS", NPM),
        end_port=fact("?M", NPM),
        sctp=fact("NS", NPM),
        ipv6=fact("NM", AKS),
        host_network_isolated=fact("NM", NPM),
        node_to_local_pod=fact("YM", NPM),
        balancer_bypasses_ingress=fact("?M", AKS),
        deny_log=fact("NM", NPM),
        closed_at_start=fact("NM", NPM),
    ),
)

AKS_CILIUM = Engine(
    name="aks-cilium",
    title="Azure CNI powered by Cilium",
    since=(Since("end_port", "1.17", fact("NS", AKS, END_PORT_BEFORE_1_17)),),
    capabilities=Capabilities(
        ipblock_matches_pods=fact("NS", AKS, "not even 0.0.0.0/0"),
        ipblock_matches_nodes=fact("NS", AKS),
        except_honoured=fact("YS", CILIUM),
        named_ports=fact("?S", AKS, _NAME_CLASH),
        end_port=fact("YS", AKS, PORT_RANGES),
        sctp=fact("?M", CILIUM),
        ipv6=fact("YS", AKS, "dual stack from Kubernetes 1.29"),
        host_network_isolated=fact("NS", AKS),
        node_to_local_pod=fact("YI", CILIUM),
        balancer_bypasses_ingress=fact("NS", AKS),
        deny_log=fact("YS", AKS, "opt-in: ACNS and ContainerNetworkLog objects"),
        closed_at_start=fact("YI", CILIUM),
    ),
)

AKS_CALICO = dataclasses.replace(CALICO_ENGINE, name="aks-calico", title="AKS with managed Calico")

MANAGED = (
    EKS_VPC_CNI, EKS_AUTO_MODE, GKE_DATAPLANE_V2, GKE_CALICO, AKS_NPM, AKS_NPM_WINDOWS, AKS_CILIUM, AKS_CALICO,
)  # fmt: skip
