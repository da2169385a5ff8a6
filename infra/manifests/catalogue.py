"""What a document's apiVersion and kind mean here: read, known and of no matter, or not known."""

from __future__ import annotations

from collections.abc import Mapping

from infra.kinds import KINDS, Kind

_BY_KIND = {(kind.group, kind.name): kind for kind in KINDS.values()}
_BUILT_IN = frozenset(
    {"", "apps", "batch", "networking.k8s.io", "discovery.k8s.io"}
)  # groups with one version left; CRD groups have several

# apiVersions that read like today's form. Removed from the API server: Kubernetes deprecated API migration guide
# (v1.16: extensions/v1beta1, apps/v1beta1, apps/v1beta2; v1.22: Ingress v1beta1; v1.25: batch/v1beta1). OpenShift 4 has
# no kinds of its own in the core group any more.
_REMOVED: Mapping[tuple[str, str], str] = {
    ("extensions/v1beta1", "Deployment"): "deployments.apps",
    ("extensions/v1beta1", "DaemonSet"): "daemonsets.apps",
    ("extensions/v1beta1", "ReplicaSet"): "replicasets.apps",
    ("extensions/v1beta1", "Ingress"): "ingresses.networking.k8s.io",
    ("extensions/v1beta1", "NetworkPolicy"): "networkpolicies.networking.k8s.io",
    ("networking.k8s.io/v1beta1", "Ingress"): "ingresses.networking.k8s.io",
    ("apps/v1beta1", "Deployment"): "deployments.apps",
    ("apps/v1beta1", "StatefulSet"): "statefulsets.apps",
    ("apps/v1beta2", "Deployment"): "deployments.apps",
    ("apps/v1beta2", "StatefulSet"): "statefulsets.apps",
    ("apps/v1beta2", "DaemonSet"): "daemonsets.apps",
    ("apps/v1beta2", "ReplicaSet"): "replicasets.apps",
    ("batch/v1beta1", "CronJob"): "cronjobs.batch",
    ("batch/v2alpha1", "CronJob"): "cronjobs.batch",
    ("v1", "DeploymentConfig"): "deploymentconfigs.apps.openshift.io",
    ("v1", "Route"): "routes.route.openshift.io",
}

# Built-in groups whose other kinds neither make pods nor say who may connect. Custom groups are never taken for harmless.
_SILENT_GROUPS = frozenset(
    {
        "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "autoscaling",
        "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
        "node.k8s.io", "policy", "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
    }
)  # fmt: skip
_SILENT_CORE = frozenset(
    {
        "Secret", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim", "LimitRange", "ResourceQuota", "Event",
        "PodTemplate",
    }
)  # fmt: skip
_SILENT = frozenset({("networking.k8s.io", "IngressClass"), ("apps", "ControllerRevision")})

# Kinds whose controllers make pods (or whole applications) that no document of the folder shows, by group.
_POD_MAKERS: Mapping[str, frozenset[str]] = {
    "monitoring.coreos.com": frozenset({"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"}),
    "operator.victoriametrics.com": frozenset({"VMAgent", "VMAlert", "VMAlertmanager", "VMCluster", "VMSingle"}),
    "argoproj.io": frozenset({"Application", "ApplicationSet", "CronWorkflow", "Workflow"}),
    "serving.knative.dev": frozenset({"Service", "Configuration"}),
    "tekton.dev": frozenset({"PipelineRun", "TaskRun"}),
    "postgresql.cnpg.io": frozenset({"Cluster", "Pooler"}),
    "acid.zalan.do": frozenset({"postgresql"}),
    "kafka.strimzi.io": frozenset({"Kafka", "KafkaBridge", "KafkaConnect", "KafkaMirrorMaker2", "KafkaNodePool"}),
    "elasticsearch.k8s.elastic.co": frozenset({"Elasticsearch"}),
    "kibana.k8s.elastic.co": frozenset({"Kibana"}),
    "rabbitmq.com": frozenset({"RabbitmqCluster"}),
    "mongodbcommunity.mongodb.com": frozenset({"MongoDBCommunity"}),
    "keda.sh": frozenset({"ScaledJob"}),
    "jobset.x-k8s.io": frozenset({"JobSet"}),
    "ray.io": frozenset({"RayCluster", "RayJob", "RayService"}),
    "apps.kruise.io": frozenset({"AdvancedCronJob", "BroadcastJob", "UnitedDeployment"}),
    "leaderworkerset.x-k8s.io": frozenset({"LeaderWorkerSet"}),
    "kubevirt.io": frozenset({"VirtualMachine", "VirtualMachineInstance"}),
    "sparkoperator.k8s.io": frozenset({"SparkApplication", "ScheduledSparkApplication"}),
    "helm.toolkit.fluxcd.io": frozenset({"HelmRelease"}),
    "kustomize.toolkit.fluxcd.io": frozenset({"Kustomization"}),
    "helm.cattle.io": frozenset({"HelmChart"}),
    "opentelemetry.io": frozenset({"OpenTelemetryCollector"}),
}


def split(api_version: str) -> tuple[str, str]:
    """Group and version; the core group is empty."""
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)


def known_kind(api_version: str, kind: str) -> tuple[Kind | None, bool]:
    """The kind that is read, if it is, and whether this apiVersion is one that current clusters refuse."""
    removed = _REMOVED.get((api_version, kind))
    if removed is not None:
        return KINDS[removed], True
    group, version = split(api_version)
    found = _BY_KIND.get((group, kind))
    if found is not None and group in _BUILT_IN and version != found.version:
        return None, False
    return found, False


def is_silent(api_version: str, kind: str) -> bool:
    """Whether the kind is a built-in one that has no say in who may connect."""
    group, version = split(api_version)
    if group == "":
        return version == "v1" and kind in _SILENT_CORE
    return group in _SILENT_GROUPS or (group, kind) in _SILENT


def makes_pods(api_version: str, kind: str) -> bool:
    """Whether the kind's controller is known to make pods elsewhere."""
    return kind in _POD_MAKERS.get(split(api_version)[0], ())


def is_kustomization(api_version: str) -> bool:
    """Whether the document tells kustomize what to build."""
    return split(api_version)[0] == "kustomize.config.k8s.io"
