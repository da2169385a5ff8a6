"""Objects of which a snapshot keeps a part: rights, admission, certificates, alerts. Only what is named here is decoded.

Left out on purpose: certificate authorities and addresses of webhooks, what Kyverno generates unless it is a network policy
(it may be a Secret), parameters of constraints, credentials of identity-aware proxies, the configuration of further networks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from infra.wire.metadata import ABSENT, Metadata, Wire


class Reduced(Wire, omit_defaults=True):
    """Base: whatever stands beside the metadata is kept, in the object's own form, as the `spec` of an `ApiObject`."""

    metadata: Metadata
    api_version: str = ""
    kind: str = ""


class _Rule(Wire, omit_defaults=True):
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    verbs: list[str] | None = None


class Role(Reduced):
    """A Role or ClusterRole (rbac/v1)."""

    rules: list[_Rule] | None = None


class _RoleRef(Wire, omit_defaults=True):
    kind: str = ""
    name: str = ""


class _Subject(Wire, omit_defaults=True):
    kind: str = ""
    name: str = ""
    namespace: str | None = None


class Binding(Reduced):
    """A RoleBinding or ClusterRoleBinding (rbac/v1)."""

    role_ref: _RoleRef | None = None
    subjects: list[_Subject] | None = None


class _WebhookRule(Wire, omit_defaults=True):
    operations: list[str] | None = None
    api_groups: list[str] | None = None
    api_versions: list[str] | None = None
    resources: list[str] | None = None
    scope: str | None = None


class _Webhook(Wire, omit_defaults=True):
    name: str = ""
    failure_policy: str | None = None
    namespace_selector: dict[str, Any] | None = None
    object_selector: dict[str, Any] | None = None
    rules: list[_WebhookRule] | None = None


class WebhookConfiguration(Reduced):
    """A ValidatingWebhookConfiguration (admissionregistration/v1)."""

    webhooks: list[_Webhook] | None = None


class _Generate(Wire, omit_defaults=True):
    api_version: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    synchronize: bool | None = None
    generate_existing: bool | None = None
    data: msgspec.Raw = ABSENT


class _Validate(Wire, omit_defaults=True):
    failure_action: str | None = None
    message: str | None = None
    pattern: Any = None
    any_pattern: Any = None
    deny: Any = None
    cel: Any = None


class _KyvernoRule(Wire, omit_defaults=True):
    name: str = ""
    match: Any = None
    exclude: Any = None
    preconditions: Any = None
    validate: _Validate | None = None
    generate: _Generate | None = None


class _KyvernoSpec(Wire, omit_defaults=True):
    validation_failure_action: str | None = None
    validation_failure_action_overrides: Any = None
    admission: bool | None = None
    rules: list[_KyvernoRule] | None = None


class KyvernoPolicy(Reduced):
    """Kyverno's ClusterPolicy or Policy (kyverno.io/v1)."""

    spec: _KyvernoSpec | None = None


class _Matching(Wire, omit_defaults=True):
    match_constraints: Any = None
    evaluation: Any = None


class GeneratingPolicy(Reduced):
    """Kyverno's GeneratingPolicy: what triggers it."""

    spec: _Matching | None = None


class _Constraint(Wire, omit_defaults=True):
    enforcement_action: str | None = None
    match: Any = None


class Constraint(Reduced):
    """A constraint of Gatekeeper."""

    spec: _Constraint | None = None


class NameOnly(Reduced):
    """That it is there is all that is kept."""


class _CertificateSpec(Wire, omit_defaults=True):
    secret_name: str | None = None
    dns_names: list[str] | None = None


class _CertificateStatus(Wire, omit_defaults=True):
    not_after: str | None = None


class Certificate(Reduced):
    """cert-manager's Certificate: when what it issued ends."""

    spec: _CertificateSpec | None = None
    status: _CertificateStatus | None = None


class _ManagedSpec(Wire, omit_defaults=True):
    domains: list[str] | None = None


class _ManagedStatus(Wire, omit_defaults=True):
    certificate_status: str | None = None
    expire_time: str | None = None


class ManagedCertificate(Reduced):
    """GKE's ManagedCertificate."""

    spec: _ManagedSpec | None = None
    status: _ManagedStatus | None = None


class _Switch(Wire, omit_defaults=True):
    enabled: bool | None = None


class _Named(Wire, omit_defaults=True):
    name: str | None = None


class _BackendSpec(Wire, omit_defaults=True):
    iap: _Switch | None = None
    security_policy: _Named | None = None


class BackendConfig(Reduced):
    """GKE's BackendConfig: whether the identity-aware proxy stands in front."""

    spec: _BackendSpec | None = None


class _Target(Wire, omit_defaults=True):
    group: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None


class _BackendDefaults(Wire, omit_defaults=True):
    iap: _Switch | None = None
    security_policy: str | None = None


class _BackendPolicySpec(Wire, omit_defaults=True):
    default: _BackendDefaults | None = None
    target_ref: _Target | None = None


class BackendPolicy(Reduced):
    """GKE's GCPBackendPolicy, the same for Gateways."""

    spec: _BackendPolicySpec | None = None


class _JwtRule(Wire, omit_defaults=True):
    issuer: str | None = None


class _RequestSpec(Wire, omit_defaults=True):
    selector: Any = None
    target_refs: Any = None
    jwt_rules: list[_JwtRule] | None = None


class RequestAuthentication(Reduced):
    """Istio's RequestAuthentication: whose tokens it looks for."""

    spec: _RequestSpec | None = None


class _Alert(Wire, omit_defaults=True):
    alert: str | None = None
    expr: Any = None


class _AlertGroup(Wire, omit_defaults=True):
    rules: list[_Alert] | None = None


class _AlertSpec(Wire, omit_defaults=True):
    groups: list[_AlertGroup] | None = None


class PrometheusRule(Reduced):
    """The Prometheus operator's alerts: what they are called and what they ask."""

    spec: _AlertSpec | None = None


_RBAC, _WEBHOOKS = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
REDUCED_TYPES: dict[str, type[Reduced]] = {
    f"roles.{_RBAC}": Role,
    f"clusterroles.{_RBAC}": Role,
    f"rolebindings.{_RBAC}": Binding,
    f"clusterrolebindings.{_RBAC}": Binding,
    f"validatingwebhookconfigurations.{_WEBHOOKS}": WebhookConfiguration,
    "clusterpolicies.kyverno.io": KyvernoPolicy,
    "policies.kyverno.io": KyvernoPolicy,
    "generatingpolicies.policies.kyverno.io": GeneratingPolicy,
    "constrainttemplates.templates.gatekeeper.sh": NameOnly,
    **{
        f"{plural}.constraints.gatekeeper.sh": Constraint
        for plural in ("k8sexternalips", "k8sblockloadbalancer", "k8sblocknodeport")
    },
    "network-attachment-definitions.k8s.cni.cncf.io": NameOnly,
    "links.multicluster.linkerd.io": NameOnly,
    "certificates.cert-manager.io": Certificate,
    "managedcertificates.networking.gke.io": ManagedCertificate,
    "backendconfigs.cloud.google.com": BackendConfig,
    "gcpbackendpolicies.networking.gke.io": BackendPolicy,
    "requestauthentications.security.istio.io": RequestAuthentication,
    "prometheusrules.monitoring.coreos.com": PrometheusRule,
}
