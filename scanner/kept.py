"""What a snapshot may keep of free-form maps. Everything else may carry secrets and is dropped while it is decoded."""

from __future__ import annotations

KEPT_ANNOTATIONS = frozenset(
    {
        "kubernetes.io/ingress.class",
        "cloud.google.com/l4-rbs",
        "cloud.google.com/load-balancer-type",
        "networking.gke.io/load-balancer-type",
        "net.beta.kubernetes.io/network-policy",
        "policy.network.gke.io/enable-deny-logging",
        "policy.network.gke.io/enable-logging",
        "service.beta.kubernetes.io/aws-load-balancer-internal",
        "service.beta.kubernetes.io/aws-load-balancer-scheme",
        "service.beta.kubernetes.io/aws-load-balancer-type",
        "service.beta.kubernetes.io/azure-allowed-ip-ranges",
        "service.beta.kubernetes.io/azure-load-balancer-internal",
        "service.beta.kubernetes.io/load-balancer-source-ranges",
        "alb.ingress.kubernetes.io/inbound-cidrs",
        "alb.ingress.kubernetes.io/scheme",
        "kubernetes.io/ingress.global-static-ip-name",
        "kubernetes.io/ingress.regional-static-ip-name",
    }
)
KEPT_ARGS = frozenset(
    {
        "--enable-network-policy",
        "--enable-policy-event-logs",
        "--enable-cloudwatch-logs",
        "--enable-ipv6",
        "--log-level",
        "--run-firewall",
        "--netpol-default-deny",
        "--use-nftables-for-netpol",
    }
)
KEPT_ENV = frozenset(
    {
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
        "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS",
        "AWS_VPC_K8S_CNI_EXTERNALSNAT",
        "CALICO_NETWORKING_BACKEND",
        "ENABLE_IPv6",
        "ENABLE_POD_ENI",
        "EXPECT_NPC",
        "NETWORK_POLICY_ENFORCING_MODE",
        "POD_SECURITY_GROUP_ENFORCING_MODE",
        "VPC_CNI_VERSION",
    }
)
KEPT_CONFIG = {
    "amazon-vpc-cni": frozenset({"enable-network-policy-controller", "enable-windows-ipam"}),
    "azure-npm-config": frozenset({"azure-npm.json"}),
    "cilium-config": frozenset(
        {
            "cni-chaining-mode",
            "enable-host-firewall",
            "enable-hubble",
            "enable-k8s-cluster-network-policy",
            "enable-k8s-networkpolicy",
            "enable-l7-proxy",
            "enable-policy",
            "enable-sctp",
            "hubble-export-file-path",
            "ipam",
            "policy-audit-mode",
            "policy-cidr-match-mode",
        }
    ),
}
