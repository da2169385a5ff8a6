"""Well-known administrative interfaces and identity-aware proxies, by the names their own charts and manifests give them.

An image or Service may be called anything, so this finds what nobody renamed; `baseline.administrative` names the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# name of Service, workload or label -> the public repository that installs it under that name
INTERFACES: Mapping[str, str] = {
    "kubernetes-dashboard": "kubernetes/dashboard",
    "kubernetes-dashboard-kong-proxy": "kubernetes/dashboard",
    "headlamp": "kubernetes-sigs/headlamp",
    "rancher": "rancher/rancher",
    "portainer": "portainer/k8s",
    "argocd-server": "argoproj/argo-cd",
    "argo-server": "argoproj/argo-workflows",
    "argo-workflows-server": "argoproj/argo-helm",
    "tekton-dashboard": "tektoncd/dashboard",
    "jenkins": "jenkinsci/helm-charts",
    "airflow-webserver": "apache/airflow",
    "airflow-api-server": "apache/airflow",
    "grafana": "grafana/helm-charts",
    "prometheus": "prometheus-community/helm-charts",
    "prometheus-server": "prometheus-community/helm-charts",
    "prometheus-operated": "prometheus-operator/prometheus-operator",
    "alertmanager": "prometheus-community/helm-charts",
    "alertmanager-operated": "prometheus-operator/prometheus-operator",
    "kibana": "elastic/helm-charts",
    "kibana-kb-http": "elastic/cloud-on-k8s",
    "opensearch-dashboards": "opensearch-project/helm-charts",
    "jaeger-query": "jaegertracing/helm-charts",
    "kiali": "kiali/helm-charts",
    "hubble-ui": "cilium/cilium",
    "longhorn-frontend": "longhorn/longhorn",
    "longhorn-ui": "longhorn/longhorn",
    "minio-console": "minio/minio",
    "vault-ui": "hashicorp/vault-helm",
    "consul-ui": "hashicorp/consul-k8s",
    "pgadmin4": "rowanruseler/helm-charts",
    "phpmyadmin": "bitnami/charts",
    "kafka-ui": "provectus/kafka-ui-charts",
    "akhq": "tchiotludo/akhq",
    "polaris-dashboard": "FairwindsOps/charts",
    "goldilocks-dashboard": "FairwindsOps/charts",
    "policy-reporter-ui": "kyverno/policy-reporter",
    "weave-scope-app": "weaveworks/scope",
}
PROXIES: Mapping[str, str] = {
    "oauth2-proxy": "oauth2-proxy/manifests",
    "pomerium-proxy": "pomerium/pomerium-helm",
    "pomerium": "pomerium/pomerium-helm",
    "oathkeeper": "ory/k8s",
}
LABELS = ("app.kubernetes.io/name", "app", "k8s-app")


def known_as(table: Mapping[str, str], names: Iterable[str]) -> str:
    """The entry of a table that one of the names is, alone or behind a release's prefix (`monitoring-grafana`); else empty."""
    for name in names:
        for known in table:
            if name == known or name.endswith(f"-{known}"):
                return known
    return ""
