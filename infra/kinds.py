"""The kinds ringfence reads: how each resource is named, which group serves it, and what it is kept as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource. `resource` is its plural with its group ("pods", "networkpolicies.networking.k8s.io")."""

    resource: str
    name: str
    version: str = "v1"  # for items of a typed list, which carry no apiVersion of their own
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.resource.partition(".")[2]

    @property
    def api_version(self) -> str:
        """Group and version as manifests write them ("v1", "apps/v1")."""
        return f"{self.group}/{self.version}" if self.group else self.version


_OBJECTS = (
    Kind("namespaces", "Namespace", namespaced=False),
    Kind("pods", "Pod"),
    Kind("nodes", "Node", namespaced=False),
    Kind("services", "Service"),
    Kind("endpointslices.discovery.k8s.io", "EndpointSlice"),
    Kind("endpoints", "Endpoints"),
    Kind("gateways.gateway.networking.k8s.io", "Gateway"),
    Kind("configmaps", "ConfigMap"),
)
_WORKLOADS = (
    Kind("deployments.apps", "Deployment"),
    Kind("statefulsets.apps", "StatefulSet"),
    Kind("daemonsets.apps", "DaemonSet"),
    Kind("replicasets.apps", "ReplicaSet"),
    Kind("replicationcontrollers", "ReplicationController"),
    Kind("jobs.batch", "Job"),
    Kind("cronjobs.batch", "CronJob"),
    # Custom workloads whose pods carry exactly their template's labels and ports (but for hashes and names).
    Kind("rollouts.argoproj.io", "Rollout", "v1alpha1"),
    Kind("deploymentconfigs.apps.openshift.io", "DeploymentConfig"),
    Kind("clonesets.apps.kruise.io", "CloneSet", "v1alpha1"),
    Kind("statefulsets.apps.kruise.io", "StatefulSet", "v1beta1"),
    Kind("daemonsets.apps.kruise.io", "DaemonSet", "v1alpha1"),
)
_ENTRY_POINTS = (
    Kind("ingresses.networking.k8s.io", "Ingress"),
    Kind("httproutes.gateway.networking.k8s.io", "HTTPRoute"),
    Kind("grpcroutes.gateway.networking.k8s.io", "GRPCRoute"),
    Kind("tlsroutes.gateway.networking.k8s.io", "TLSRoute"),
    Kind("tcproutes.gateway.networking.k8s.io", "TCPRoute"),
    Kind("udproutes.gateway.networking.k8s.io", "UDPRoute", "v1alpha2"),
    Kind("routes.route.openshift.io", "Route"),
)
_CALICO = ("crd.projectcalico.org", "projectcalico.org")  # stored form, and the aggregated API's
_CALICO_VERSION = {"crd.projectcalico.org": "v1", "projectcalico.org": "v3"}
_POLICIES = (
    Kind("networkpolicies.networking.k8s.io", "NetworkPolicy"),
    Kind("clusternetworkpolicies.policy.networking.k8s.io", "ClusterNetworkPolicy", "v1alpha2", namespaced=False),
    Kind("adminnetworkpolicies.policy.networking.k8s.io", "AdminNetworkPolicy", "v1alpha1", namespaced=False),
    Kind(
        "baselineadminnetworkpolicies.policy.networking.k8s.io",
        "BaselineAdminNetworkPolicy",
        "v1alpha1",
        namespaced=False,
    ),
    Kind("applicationnetworkpolicies.networking.k8s.aws", "ApplicationNetworkPolicy", "v1alpha1"),
    Kind("clusternetworkpolicies.networking.k8s.aws", "ClusterNetworkPolicy", "v1alpha1", namespaced=False),
    Kind("ciliumnetworkpolicies.cilium.io", "CiliumNetworkPolicy", "v2"),
    Kind("ciliumclusterwidenetworkpolicies.cilium.io", "CiliumClusterwideNetworkPolicy", "v2", namespaced=False),
    Kind("fqdnnetworkpolicies.networking.gke.io", "FQDNNetworkPolicy", "v1alpha1"),
    Kind("networkpolicies.crd.antrea.io", "NetworkPolicy", "v1beta1"),
    Kind("clusternetworkpolicies.crd.antrea.io", "ClusterNetworkPolicy", "v1beta1", namespaced=False),
    *(
        Kind(f"{plural}.{group}", name, _CALICO_VERSION[group], namespaced=scoped)
        for group in _CALICO
        for plural, name, scoped in (
            ("networkpolicies", "NetworkPolicy", True),
            ("globalnetworkpolicies", "GlobalNetworkPolicy", False),
        )
    ),
)
# What policies refer to, what switches engines and their logs, and what proves that a controller works. Calico's staged
# policies stand here because they are not enforced.
_SETTINGS = (
    Kind("policyendpoints.networking.k8s.aws", "PolicyEndpoint", "v1alpha1"),
    Kind("clusterpolicyendpoints.networking.k8s.aws", "ClusterPolicyEndpoint", "v1alpha1", namespaced=False),
    Kind("nodeclasses.eks.amazonaws.com", "NodeClass", namespaced=False),
    Kind("networkloggings.networking.gke.io", "NetworkLogging", "v1alpha1", namespaced=False),
    Kind("containernetworklogs.acn.azure.com", "ContainerNetworkLog", "v1alpha1", namespaced=False),
    Kind("ciliumcidrgroups.cilium.io", "CiliumCIDRGroup", "v2", namespaced=False),
    *(
        Kind(f"{plural}.{group}", name, _CALICO_VERSION[group], namespaced=scoped)
        for group in _CALICO
        for plural, name, scoped in (
            ("networksets", "NetworkSet", True),
            ("globalnetworksets", "GlobalNetworkSet", False),
            ("tiers", "Tier", False),
            ("hostendpoints", "HostEndpoint", False),
            ("felixconfigurations", "FelixConfiguration", False),
            ("stagednetworkpolicies", "StagedNetworkPolicy", True),
            ("stagedglobalnetworkpolicies", "StagedGlobalNetworkPolicy", False),
            ("stagedkubernetesnetworkpolicies", "StagedKubernetesNetworkPolicy", True),
        )
    ),
)
# What the other controls read: who may change what, what admission refuses, meshes, further interfaces, certificates, alerts.
_EVIDENCE = (
    Kind("roles.rbac.authorization.k8s.io", "Role"),
    Kind("clusterroles.rbac.authorization.k8s.io", "ClusterRole", namespaced=False),
    Kind("rolebindings.rbac.authorization.k8s.io", "RoleBinding"),
    Kind("clusterrolebindings.rbac.authorization.k8s.io", "ClusterRoleBinding", namespaced=False),
    *(
        Kind(f"{plural}.admissionregistration.k8s.io", name, namespaced=False)
        for plural, name in (
            ("validatingadmissionpolicies", "ValidatingAdmissionPolicy"),
            ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"),
            ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        )
    ),
    Kind("clusterpolicies.kyverno.io", "ClusterPolicy", namespaced=False),
    Kind("policies.kyverno.io", "Policy"),
    Kind("validatingpolicies.policies.kyverno.io", "ValidatingPolicy", "v1", namespaced=False),
    Kind("generatingpolicies.policies.kyverno.io", "GeneratingPolicy", "v1", namespaced=False),
    Kind("constrainttemplates.templates.gatekeeper.sh", "ConstraintTemplate", namespaced=False),
    # The constraints of Gatekeeper's library that speak of Services; what others do cannot be known from their names.
    *(
        Kind(f"{name.lower()}.constraints.gatekeeper.sh", name, "v1beta1", namespaced=False)
        for name in ("K8sExternalIPs", "K8sBlockLoadBalancer", "K8sBlockNodePort")
    ),
    Kind("peerauthentications.security.istio.io", "PeerAuthentication"),
    Kind("authorizationpolicies.security.istio.io", "AuthorizationPolicy"),
    Kind("requestauthentications.security.istio.io", "RequestAuthentication"),
    Kind("destinationrules.networking.istio.io", "DestinationRule"),
    Kind("gateways.networking.istio.io", "Gateway"),
    Kind("servers.policy.linkerd.io", "Server", "v1beta3"),
    Kind("serverauthorizations.policy.linkerd.io", "ServerAuthorization", "v1beta1"),
    Kind("authorizationpolicies.policy.linkerd.io", "AuthorizationPolicy", "v1alpha1"),
    Kind("meshtlsauthentications.policy.linkerd.io", "MeshTLSAuthentication", "v1alpha1"),
    Kind("networkauthentications.policy.linkerd.io", "NetworkAuthentication", "v1alpha1"),
    Kind("links.multicluster.linkerd.io", "Link", "v1alpha2"),
    Kind("network-attachment-definitions.k8s.cni.cncf.io", "NetworkAttachmentDefinition"),
    Kind("multi-networkpolicies.k8s.cni.cncf.io", "MultiNetworkPolicy", "v1beta1"),
    Kind("networks.networking.gke.io", "Network", namespaced=False),
    Kind("securitygrouppolicies.vpcresources.k8s.aws", "SecurityGroupPolicy", "v1beta1"),
    Kind("ingressclasses.networking.k8s.io", "IngressClass", namespaced=False),
    Kind("certificates.cert-manager.io", "Certificate"),
    Kind("managedcertificates.networking.gke.io", "ManagedCertificate"),
    Kind("frontendconfigs.networking.gke.io", "FrontendConfig", "v1beta1"),
    Kind("backendconfigs.cloud.google.com", "BackendConfig"),
    Kind("gcpbackendpolicies.networking.gke.io", "GCPBackendPolicy"),
    Kind("prometheusrules.monitoring.coreos.com", "PrometheusRule"),
)

# Whose labels policies select by: Calico's sets (selectors of rules) and its host endpoints, Cilium's groups
# (`cidrGroupSelector`).
LABELLED_KINDS = frozenset(
    {
        *(f"{plural}.{group}" for group in _CALICO for plural in ("networksets", "globalnetworksets", "hostendpoints")),
        "ciliumcidrgroups.cilium.io",
    }
)
WORKLOAD_KINDS: Mapping[str, Kind] = {kind.resource: kind for kind in _WORKLOADS}
ENTRY_POINT_KINDS: Mapping[str, Kind] = {kind.resource: kind for kind in _ENTRY_POINTS}
POLICY_KINDS: Mapping[str, Kind] = {kind.resource: kind for kind in _POLICIES}
SETTING_KINDS: Mapping[str, Kind] = {kind.resource: kind for kind in (*_SETTINGS, *_EVIDENCE)}
KINDS: Mapping[str, Kind] = {
    kind.resource: kind for kind in (*_OBJECTS, *_WORKLOADS, *_ENTRY_POINTS, *_POLICIES, *_SETTINGS, *_EVIDENCE)
}
