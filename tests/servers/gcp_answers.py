"""Answers as Google's REST APIs give them: clusters with all that must not leave the program, and refusals."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

SECRETS = (
    "planted-basic-auth-password",
    "planted-client-key",
    "planted-client-certificate",
    "planted-startup-script-token",
    "planted-etcd-key",
    "planted-private-key",
)


@dataclass(frozen=True)
class Reply:
    """One answer; `drip` sends the body a byte at a time, `cut` closes the connection in the middle of it."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drip: bool = False
    cut: bool = False


def answer(value: object, status: int = 200, **headers: str) -> Reply:
    """A JSON answer."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8"} | named)


def refused(status: int, word: str, reason: str = "", message: str = "no", **metadata: str) -> Reply:
    """An error as google.rpc.Status is written in JSON; its message holds what nobody should repeat."""
    details: list[dict[str, Any]] = []
    if reason:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        details = [info | {"metadata": metadata}]
    text = f"{message} {SECRETS[0]}"
    return answer({"error": {"code": status, "message": text, "status": word, "details": details}}, status)


def denied(permission: str) -> Reply:
    """What IAM says."""
    return refused(
        403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", f"Required {permission} permission.", permission=permission
    )


def disabled(consumer: str, service: str = "container.googleapis.com") -> Reply:
    """An API that is off in the project `consumer`, which Google names by its number."""
    return refused(
        403,
        "PERMISSION_DENIED",
        "SERVICE_DISABLED",
        "It is disabled.",
        service=service,
        consumer=f"projects/{consumer}",
    )


def throttled(after: str = "") -> Reply:
    """Too much was asked; `after` is a Retry-After."""
    reply = refused(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", service="container.googleapis.com")
    return Reply(reply.status, reply.body, reply.headers | ({"Retry-After": after} if after else {}))


def gke_cluster(name: str, location: str = "europe-west1", **parts: object) -> dict[str, Any]:
    """A regional cluster on Dataplane V2 with a public address, as `clusters.list` describes it; `parts` replaces fields."""
    return {
        "name": name,
        "id": f"id-of-{name}",
        "location": location,
        "zone": location,
        "selfLink": f"https://container.googleapis.com/v1/projects/415104041262/locations/{location}/clusters/{name}",
        "status": "RUNNING",
        "currentMasterVersion": "1.33.5-gke.1080000",
        "endpoint": "203.0.113.10",
        "resourceLabels": {"env": "prod", "team": "pay"},
        "network": "default",
        "networkConfig": {
            "network": "projects/host-1/global/networks/shared",
            "subnetwork": f"projects/host-1/regions/{location}/subnetworks/gke",
            "datapathProvider": "ADVANCED_DATAPATH",
        },
        "networkPolicy": {},
        "addonsConfig": {"networkPolicyConfig": {"disabled": True}, "httpLoadBalancing": {}},
        "ipAllocationPolicy": {
            "useIpAliases": True,
            "clusterIpv4CidrBlock": "10.4.0.0/14",
            "servicesIpv4CidrBlock": "10.8.0.0/20",
        },
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {
                "endpoint": f"gke-0123-415104041262.{location}.gke.goog",
                "allowExternalTraffic": False,
            },
            "ipEndpointsConfig": {"enabled": True, "enablePublicEndpoint": True, "publicEndpoint": "203.0.113.10"},
        },
        "loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}},
        "nodePools": [
            {
                "name": "default-pool",
                "version": "1.33.5-gke.1080000",
                "initialNodeCount": 3,
                "config": {
                    "machineType": "e2-standard-4",
                    "imageType": "COS_CONTAINERD",
                    "labels": {"pool": "default"},
                    "metadata": {"startup-script": f"curl -H 'Authorization: {SECRETS[3]}' https://example.com"},
                    "workloadMetadataConfig": {"mode": "GKE_METADATA"},
                },
                "networkConfig": {"podIpv4CidrBlock": "10.4.0.0/14"},
            }
        ],
        "masterAuth": {
            "username": "admin",
            "password": SECRETS[0],
            "clientKey": SECRETS[1],
            "clientCertificate": SECRETS[2],
            "clusterCaCertificate": "bm90IGEgY2VydGlmaWNhdGU=",
        },
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": SECRETS[4]},
        "workloadIdentityConfig": {"workloadPool": "shop.svc.id.goog"},
    } | parts
