"""Pods as a busy cluster's API gives them out, 7 to 11 KB each: environment, probes, volumes, statuses, managedFields.

A third of them has a sidecar. Everything comes from `SEED`; the sizes are those of reference measurements of such lists: a
third of the bytes is `managedFields`, another sixth environment, and nothing of either is kept by a reader.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any

SEED = 5
REPLICAS = 5
PER_NAMESPACE = 250
_TIME = "2026-11-20T08:15:30Z"


def pods(count: int) -> Iterator[dict[str, Any]]:
    """`count` pods: five replicas of each workload, 250 pods to a namespace."""
    chance = random.Random(SEED)  # noqa: S311 - nobody's secret
    for number in range(count):
        yield _pod(chance, number)


def namespaces(count: int) -> list[str]:
    """The namespaces that `count` pods stand in."""
    return [f"team-{number:03}" for number in range((count - 1) // PER_NAMESPACE + 1)]


def _pod(chance: random.Random, number: int) -> dict[str, Any]:
    workload = number // REPLICAS
    app, namespace = f"service-{workload:05}", f"team-{number // PER_NAMESPACE:03}"
    template_hash = f"{workload * 2654435761 % 0xFFFFFFFF:x}"
    replica_set = f"{app}-{template_hash}"
    name, node = f"{replica_set}-{number % REPLICAS:05x}", f"ip-10-0-{number % 200}-7.eu-west-1.compute.internal"
    containers = [_container(chance, app, "app", 11)]
    if workload % 3 == 0:
        containers.append(_container(chance, app, "proxy", 3))
    names = [container["name"] for container in containers]
    labels = {
        "app": app,
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/part-of": namespace,
        "app.kubernetes.io/version": f"1.{workload % 40}.3",
        "pod-template-hash": template_hash,
        "tier": ("front", "back", "data")[workload % 3],
    }
    address = f"10.{128 + number // 65536}.{number // 256 % 256}.{number % 256}"
    return {
        "metadata": {
            "name": name,
            "generateName": f"{replica_set}-",
            "namespace": namespace,
            "uid": _uid(chance),
            "resourceVersion": str(10_000_000 + number),
            "creationTimestamp": _TIME,
            "labels": labels,
            "annotations": {
                "checksum/config": f"{chance.getrandbits(256):064x}",
                "kubectl.kubernetes.io/restartedAt": _TIME,
                "prometheus.io/port": "9090",
                "prometheus.io/scrape": "true",
            },
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": replica_set, "controller": True,
                    "uid": str(uuid.uuid5(uuid.NAMESPACE_OID, replica_set)), "blockOwnerDeletion": True,
                }
            ],
            "managedFields": [
                _managed("kube-controller-manager", "", {"f:metadata": _fields_of(labels), "f:spec": _spec_fields(names)}),
                _managed("kubelet", "status", {"f:status": _status_fields(address)}),
            ],
        },
        "spec": {
            "volumes": [_token_volume(chance), {"name": "config", "configMap": {"name": f"{app}-config", "defaultMode": 420}}],
            "containers": containers,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": app,
            "serviceAccount": app,
            "nodeName": node,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "schedulerName": "default-scheduler",
            "tolerations": [
                {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                for key in ("not-ready", "unreachable")
            ],
            "priority": 0,
            "enableServiceLinks": True,
            "preemptionPolicy": "PreemptLowerPriority",
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": _TIME}
                for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "hostIP": f"10.0.{number % 200}.7",
            "hostIPs": [{"ip": f"10.0.{number % 200}.7"}],
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": _TIME,
            "containerStatuses": [_container_status(chance, container) for container in containers],
            "qosClass": "Burstable",
        },
    }  # fmt: skip


def _container(chance: random.Random, app: str, name: str, variables: int) -> dict[str, Any]:
    probe = {
        "httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
        "initialDelaySeconds": 5, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
    }  # fmt: skip
    env: list[dict[str, Any]] = [
        {"name": f"{app.upper().replace('-', '_')}_SETTING_{at}", "value": f"{chance.getrandbits(160):040x}"}
        for at in range(variables)
    ]
    env.append({"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}})
    return {
        "name": name,
        "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{app}/{name}:1.4.2",
        "args": ["--config=/etc/app/config.yaml", "--log-level=info"],
        "ports": [
            {"name": "http", "containerPort": 8080, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9090, "protocol": "TCP"},
        ],
        "env": env,
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/app"},
            {
                "name": "kube-api-access", "readOnly": True,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            },
        ],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }  # fmt: skip


def _container_status(chance: random.Random, container: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": container["name"],
        "state": {"running": {"startedAt": _TIME}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": container["image"],
        "imageID": f"{container['image']}@sha256:{chance.getrandbits(256):064x}",
        "containerID": f"containerd://{chance.getrandbits(256):064x}",
        "started": True,
    }


def _token_volume(chance: random.Random) -> dict[str, Any]:
    sources: list[dict[str, Any]] = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    return {
        "name": f"kube-api-access-{chance.getrandbits(20):05x}",
        "projected": {"sources": sources, "defaultMode": 420},
    }


def _managed(manager: str, subresource: str, fields: dict[str, Any]) -> dict[str, Any]:
    where = {"subresource": subresource} if subresource else {}
    return {
        "manager": manager, "operation": "Update", "apiVersion": "v1", "time": _TIME, "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    } | where  # fmt: skip


def _fields_of(labels: dict[str, str]) -> dict[str, Any]:
    annotations = ("checksum/config", "kubectl.kubernetes.io/restartedAt", "prometheus.io/port", "prometheus.io/scrape")
    return {
        "f:generateName": {},
        "f:labels": {".": {}} | {f"f:{label}": {} for label in labels},
        "f:annotations": {".": {}} | {f"f:{name}": {} for name in annotations},
        "f:ownerReferences": {".": {}, 'k:{"uid":"7d2c1e52-54b5-4a35-8f9c-9f0a2b7a7a11"}': {}},
    }


def _spec_fields(containers: list[str]) -> dict[str, Any]:
    probe = {
        ".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}},
        "f:initialDelaySeconds": {}, "f:periodSeconds": {}, "f:successThreshold": {}, "f:timeoutSeconds": {},
    }  # fmt: skip
    variables = {f'k:{{"name":"SETTING_{at}"}}': {".": {}, "f:name": {}, "f:value": {}} for at in range(9)}
    ports = {
        f'k:{{"containerPort":{port},"protocol":"TCP"}}': {
            ".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {},
        }
        for port in (8080, 9090)
    }  # fmt: skip
    container = {
        ".": {}, "f:args": {}, "f:env": {".": {}} | variables, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
        "f:livenessProbe": probe, "f:readinessProbe": probe, "f:ports": {".": {}} | ports,
        "f:resources": {".": {}, "f:limits": {".": {}, "f:memory": {}}, "f:requests": {".": {}, "f:cpu": {}, "f:memory": {}}},
        "f:securityContext": {".": {}, "f:allowPrivilegeEscalation": {}, "f:capabilities": {".": {}, "f:drop": {}}},
        "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {}, "f:volumeMounts": {".": {}},
    }  # fmt: skip
    return {
        "f:containers": {f'k:{{"name":"{name}"}}': container for name in containers},
        "f:dnsPolicy": {}, "f:enableServiceLinks": {}, "f:restartPolicy": {}, "f:schedulerName": {},
        "f:securityContext": {".": {}, "f:runAsNonRoot": {}}, "f:serviceAccount": {}, "f:serviceAccountName": {},
        "f:terminationGracePeriodSeconds": {}, "f:volumes": {".": {}},
    }  # fmt: skip


def _status_fields(address: str) -> dict[str, Any]:
    condition = {".": {}, "f:lastProbeTime": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}}
    kinds = ("ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready")
    return {
        "f:conditions": {f'k:{{"type":"{kind}"}}': condition for kind in kinds},
        "f:containerStatuses": {}, "f:hostIP": {}, "f:hostIPs": {}, "f:phase": {}, "f:podIP": {},
        "f:podIPs": {".": {}, f'k:{{"ip":"{address}"}}': {".": {}, "f:ip": {}}}, "f:startTime": {},
    }  # fmt: skip


def _uid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
