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
        # How entry points end TLS, redirect, and ask who somebody is.
        "alb.ingress.kubernetes.io/auth-on-unauthenticated-request",
        "alb.ingress.kubernetes.io/auth-type",
        "alb.ingress.kubernetes.io/certificate-arn",
        "alb.ingress.kubernetes.io/listen-ports",
        "alb.ingress.kubernetes.io/ssl-policy",
        "alb.ingress.kubernetes.io/ssl-redirect",
        "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
        "appgw.ingress.kubernetes.io/ssl-redirect",
        "appgw.ingress.kubernetes.io/use-private-ip",
        "beta.cloud.google.com/backend-config",
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "cloud.google.com/backend-config",
        "ingress.gcp.kubernetes.io/pre-shared-cert",
        "kubernetes.azure.com/tls-cert-keyvault-uri",
        "kubernetes.io/ingress.allow-http",
        "networking.gke.io/managed-certificates",
        "networking.gke.io/network",
        "networking.gke.io/v1beta1.FrontendConfig",
        "nginx.ingress.kubernetes.io/auth-signin",
        "nginx.ingress.kubernetes.io/auth-tls-secret",
        "nginx.ingress.kubernetes.io/auth-tls-verify-client",
        "nginx.ingress.kubernetes.io/auth-type",
        "nginx.ingress.kubernetes.io/auth-url",
        "nginx.ingress.kubernetes.io/force-ssl-redirect",
        "nginx.ingress.kubernetes.io/ssl-redirect",
        "service.beta.kubernetes.io/aws-load-balancer-backend-protocol",
        "service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
        "service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy",
        "service.beta.kubernetes.io/aws-load-balancer-ssl-ports",
        "traefik.ingress.kubernetes.io/router.entrypoints",
        "traefik.ingress.kubernetes.io/router.middlewares",
        "traefik.ingress.kubernetes.io/router.tls",
        # What meshes are told of a namespace, and what policies say of themselves.
        "config.linkerd.io/default-inbound-policy",
        "config.linkerd.io/skip-inbound-ports",
        "config.linkerd.io/skip-outbound-ports",
        "encrypt-in-transit",
        "istio.io/dry-run",
        "k8s.v1.cni.cncf.io/policy-for",
        "linkerd.io/inject",
        "ringfence.io/keep",
        "ringfence.io/owner",
        "ringfence.io/purpose",
        "kubernetes.io/ingress.global-static-ip-name",
        "kubernetes.io/ingress.regional-static-ip-name",
    }
)
# Addresses of other servers, which may hold a password, and names of Secrets: that there is one is kept, and nothing of it.
ADDRESSES = frozenset(
    {
        "nginx.ingress.kubernetes.io/auth-signin",
        "nginx.ingress.kubernetes.io/auth-tls-secret",
        "nginx.ingress.kubernetes.io/auth-url",
        "vpc.amazonaws.com/pod-eni",
    }
)
SET = "(set)"
# Of pods: further interfaces, and what goes past a mesh's proxy.
KEPT_POD_ANNOTATIONS = frozenset(
    {
        "ambient.istio.io/redirection",
        "config.linkerd.io/default-inbound-policy",
        "config.linkerd.io/skip-inbound-ports",
        "config.linkerd.io/skip-outbound-ports",
        "istio.io/dataplane-mode",
        "k8s.v1.cni.cncf.io/networks",
        "linkerd.io/inject",
        "networking.gke.io/interfaces",
        "ringfence.io/keep",
        "sidecar.istio.io/inject",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "traffic.sidecar.istio.io/excludeInterfaces",
        "traffic.sidecar.istio.io/excludeOutboundIPRanges",
        "traffic.sidecar.istio.io/excludeOutboundPorts",
        "traffic.sidecar.istio.io/includeInboundPorts",
        "traffic.sidecar.istio.io/includeOutboundIPRanges",
        "v1.multus-cni.io/default-network",
        "vpc.amazonaws.com/pod-eni",
    }
)
PROXIES = frozenset({"istio-proxy", "linkerd-proxy"})  # containers by the names that the meshes' injectors give them
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
        "ENABLE_V4_EGRESS",
        "ENABLE_V6_EGRESS",
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
            "auto-direct-node-routes",
            "cluster-id",
            "cluster-name",
            "enable-bpf-masquerade",
            "enable-encryption-strict-mode",
            "enable-host-firewall",
            "enable-ip-masq-agent",
            "enable-ipsec",
            "enable-ipv4-masquerade",
            "enable-wireguard",
            "encrypt-node",
            "enable-hubble",
            "enable-k8s-cluster-network-policy",
            "enable-k8s-networkpolicy",
            "enable-l7-proxy",
            "enable-policy",
            "enable-sctp",
            "hubble-export-file-path",
            "ipam",
            "ipv4-native-routing-cidr",
            "mesh-auth-enabled",
            "mesh-auth-mutual-enabled",
            "routing-mode",
            "tunnel-protocol",
            "policy-audit-mode",
            "policy-cidr-match-mode",
        }
    ),
    "ingress-nginx-controller": frozenset({"force-ssl-redirect", "ssl-protocols", "ssl-redirect"}),
    "istio": frozenset({"mesh"}),
    "istio-ca-root-cert": frozenset({"root-cert.pem"}),
    "linkerd-config": frozenset({"values"}),
    "linkerd-identity-trust-roots": frozenset({"ca-bundle.crt"}),
    "ip-masq-agent": frozenset({"config"}),
    "azure-ip-masq-agent-config": frozenset({"ip-masq-agent"}),
}
# Where those are that do not stand in kube-system.
CONFIG_NAMESPACES = {
    "ingress-nginx-controller": "ingress-nginx",
    "istio": "istio-system",
    "istio-ca-root-cert": "istio-system",
    "linkerd-config": "linkerd",
    "linkerd-identity-trust-roots": "linkerd",
}
