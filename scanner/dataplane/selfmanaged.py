"""The engines that an operator installs, in any cluster."""

from __future__ import annotations

from scanner.dataplane.engine import ANTREA, CALICO, CILIUM, FLANNEL, KUBE_ROUTER, OVN, WEAVE, Engine, Since, fact
from scanner.dataplane.model import Capabilities

PORT_RANGES = "from Cilium 1.17 on"
END_PORT_BEFORE_1_17 = "Cilium before 1.17 ignores endPort, so less is let through than written"

CALICO_ENGINE = Engine(
    name="calico",
    title="Calico",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", CALICO),
        ipblock_matches_nodes=fact("YM", CALICO),
        except_honoured=fact("YS", CALICO),
        named_ports=fact("YS", CALICO),
        end_port=fact("YS", CALICO),
        sctp=fact("YM", CALICO),
        ipv6=fact("YM", CALICO),
        host_network_isolated=fact("NS", CALICO, "HostEndpoint policies instead"),
        node_to_local_pod=fact("YS", CALICO),
        balancer_bypasses_ingress=fact("NM", CALICO),
        deny_log=fact(
            "YS", CALICO, "the Log action of Calico's own policies, or the flow API; not Kubernetes policies"
        ),
        closed_at_start=fact("YS", CALICO, "an unknown workload interface is dropped"),
    ),
)

CILIUM_ENGINE = Engine(
    name="cilium",
    title="Cilium",
    since=(Since("end_port", "1.17", fact("ND", CILIUM, END_PORT_BEFORE_1_17)),),
    capabilities=Capabilities(
        ipblock_matches_pods=fact("NS", CILIUM, "not even 0.0.0.0/0"),
        ipblock_matches_nodes=fact("NS", CILIUM, "unless policy-cidr-match-mode holds nodes"),
        except_honoured=fact("YS", CILIUM),
        named_ports=fact("?D", CILIUM, "one port name with two numbers breaks the rule (cilium issue 30003)"),
        end_port=fact("YD", CILIUM, PORT_RANGES),
        sctp=fact("?D", CILIUM, "beta, with enable-sctp"),
        ipv6=fact("YM", CILIUM),
        host_network_isolated=fact("NS", CILIUM, "host policies with enable-host-firewall"),
        node_to_local_pod=fact("YS", CILIUM, "unless allow-localhost is policy"),
        balancer_bypasses_ingress=fact("NS", CILIUM),
        deny_log=fact("YS", CILIUM, "Hubble"),
        closed_at_start=fact("YS", CILIUM),
    ),
)

ANTREA_ENGINE = Engine(
    name="antrea",
    title="Antrea",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", ANTREA),
        ipblock_matches_nodes=fact("?M", ANTREA),
        except_honoured=fact("YS", ANTREA),
        named_ports=fact("YM", ANTREA),
        end_port=fact("YM", ANTREA),
        sctp=fact("YS", ANTREA),
        ipv6=fact("YM", ANTREA),
        host_network_isolated=fact("NS", ANTREA, "NodeNetworkPolicy is alpha and off"),
        node_to_local_pod=fact("YS", ANTREA),
        balancer_bypasses_ingress=fact("?M", ANTREA),
        deny_log=fact("YS", ANTREA, "np.log on the node, per namespace"),
        closed_at_start=fact("YM", ANTREA),
    ),
)

KUBE_ROUTER_ENGINE = Engine(
    name="kube-router",
    title="kube-router",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", KUBE_ROUTER),
        ipblock_matches_nodes=fact("?M", KUBE_ROUTER),
        except_honoured=fact("YS", KUBE_ROUTER),
        named_ports=fact("YS", KUBE_ROUTER, "an egress name is looked up in the policy's own namespace only"),
        end_port=fact("YS", KUBE_ROUTER),
        sctp=fact("?D", KUBE_ROUTER, "issue 1019"),
        ipv6=fact("YS", KUBE_ROUTER),
        host_network_isolated=fact("NS", KUBE_ROUTER),
        node_to_local_pod=fact("YS", KUBE_ROUTER),
        balancer_bypasses_ingress=fact("?M", KUBE_ROUTER),
        deny_log=fact("YS", KUBE_ROUTER, "NFLOG group 100 on the node, limited"),
        closed_at_start=fact("NS", KUBE_ROUTER, "unless --netpol-default-deny"),
    ),
)

WEAVE_ENGINE = Engine(
    name="weave",
    title="Weave Net (archived)",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", WEAVE),
        ipblock_matches_nodes=fact("?M", WEAVE),
        except_honoured=fact("YS", WEAVE),
        named_ports=fact("NS", WEAVE, "the whole policy is refused and not applied"),
        end_port=fact("NI", WEAVE),
        sctp=fact("NM", WEAVE),
        ipv6=fact("NM", WEAVE),
        host_network_isolated=fact("NM", WEAVE),
        node_to_local_pod=fact("YM", WEAVE),
        balancer_bypasses_ingress=fact("?M", WEAVE),
        deny_log=fact("YS", WEAVE, "a warning line of the agent"),
        closed_at_start=fact("YM", WEAVE),
    ),
)

KUBE_NETWORK_POLICIES = Engine(
    name="kube-network-policies",
    title="kube-network-policies (beside Flannel)",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YI", FLANNEL, "agreed with the specification where it was measured"),
        ipblock_matches_nodes=fact("?M", FLANNEL),
        except_honoured=fact("YI", FLANNEL),
        named_ports=fact("YI", FLANNEL),
        end_port=fact("YI", FLANNEL),
        sctp=fact("?M", FLANNEL),
        ipv6=fact("?M", FLANNEL),
        host_network_isolated=fact("?M", FLANNEL),
        node_to_local_pod=fact("?M", FLANNEL),
        balancer_bypasses_ingress=fact("?M", FLANNEL),
        deny_log=fact("?M", FLANNEL),
        closed_at_start=fact("?M", FLANNEL),
    ),
)

OVN_KUBERNETES = Engine(
    name="ovn-kubernetes",
    title="OVN-Kubernetes",
    capabilities=Capabilities(
        ipblock_matches_pods=fact("YM", OVN),
        ipblock_matches_nodes=fact("?M", OVN),
        except_honoured=fact("YS", OVN),
        named_ports=fact("YS", OVN),
        end_port=fact("YM", OVN),
        sctp=fact("YM", OVN),
        ipv6=fact("YM", OVN),
        host_network_isolated=fact("NM", OVN),
        node_to_local_pod=fact("YS", OVN, "management-port ACL"),
        balancer_bypasses_ingress=fact("?M", OVN),
        deny_log=fact("YS", OVN, "ACL log, per namespace"),
        closed_at_start=fact("YM", OVN),
    ),
)

SELF_MANAGED = (
    CALICO_ENGINE, CILIUM_ENGINE, ANTREA_ENGINE, KUBE_ROUTER_ENGINE, WEAVE_ENGINE, KUBE_NETWORK_POLICIES, OVN_KUBERNETES,
)  # fmt: skip
