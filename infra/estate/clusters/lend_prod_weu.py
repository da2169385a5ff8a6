"""lend-prod-weu: AKS on Azure CNI powered by Cilium, with a 0.0.0.0/0 rule that people believe reaches pods."""

from __future__ import annotations

from infra.estate.aks import SERVER, Aks, Pool, add_nodes, add_system, describe, record
from infra.estate.draft import Draft
from infra.estate.network import LEND_WEU, OFFICE
from infra.estate.rights import add_rights
from infra.estate.rules import allow_egress, allow_ingress, block, deny_all, flow_policies, isolate, pods
from scanner.model import ApiObject, Snapshot

SITE = Aks(
    name="lend-prod-weu",
    subscription="00000000-0000-4000-8000-00000000005a",
    region="westeurope",
    vnet=LEND_WEU,
    pods="10.244.0.0/16",
    services="10.0.0.0/16",
    cilium=True,
    pools=(
        Pool(name="system", count=3, size="Standard_D4ds_v5", mode="System"),
        Pool(name="lending", count=7, size="Standard_D8ds_v5"),
    ),
)
SERVES = frozenset(
    {
        "ciliumnetworkpolicies.cilium.io",
        "ciliumclusterwidenetworkpolicies.cilium.io",
        "ciliumcidrgroups.cilium.io",
    }
)
AREAS = ("applications", "collections", "decisioning", "documents", "edge", "servicing")
WORKLOADS = """
edge/borrower-portal Deployment 3 http:8080 http:80
edge/broker-api Deployment 3 http:8080 http:80
edge/ingress-nginx Deployment 3 http:80,https:443,webhook:8443 -
applications/application-api Deployment 4 http:8080,metrics:9090 http:80
applications/application-worker Deployment 3 metrics:9090 -
applications/application-postgres StatefulSet 2 postgres:5432 postgres:5432
applications/draft-cleanup CronJob 1 - -
decisioning/decision-api Deployment 4 grpc:50051 grpc:50051
decisioning/bureau-adapter Deployment 3 http:8080 http:80
decisioning/open-banking-adapter Deployment 3 http:8080 http:80
decisioning/affordability Deployment 3 grpc:50051 grpc:50051
decisioning/decision-cache StatefulSet 3 redis:6379 redis:6379
documents/document-api Deployment 3 http:8080 http:80
documents/signature-adapter Deployment 2 http:8080 http:80
documents/virus-scanner Deployment 2 clamd:3310 clamd:3310
documents/document-index StatefulSet 3 http:9200 http:9200
servicing/servicing-api Deployment 4 http:8080 http:80
servicing/schedule-engine Deployment 2 grpc:50051 grpc:50051
servicing/direct-debit Deployment 2 http:8080 http:80
servicing/servicing-postgres StatefulSet 2 postgres:5432 postgres:5432
servicing/arrears-run CronJob 2 - -
collections/collections-api Deployment 2 http:8080 http:80
collections/dialler-adapter Deployment 2 http:8080 http:80
collections/letters CronJob 1 - -
collections/collections-postgres StatefulSet 2 postgres:5432 postgres:5432
"""
FLOWS = """
10.80.0.0/20 > edge/ingress-nginx : 80 443
edge/ingress-nginx > edge/borrower-portal, edge/broker-api : 8080
edge/borrower-portal > applications/application-api, servicing/servicing-api : 8080
edge/broker-api > applications/application-api : 8080
applications/application-api > applications/application-postgres : 5432
applications/application-worker > applications/application-postgres : 5432
applications/application-worker > decisioning/decision-api : 50051
applications/application-worker > documents/document-api : 8080
decisioning/decision-api > decisioning/bureau-adapter, decisioning/open-banking-adapter : 8080
decisioning/decision-api > decisioning/affordability : 50051
decisioning/decision-api > decisioning/decision-cache : 6379
documents/document-api > documents/document-index : 9200
documents/document-api > documents/virus-scanner : 3310
documents/document-api > documents/signature-adapter : 8080
servicing/servicing-api > servicing/servicing-postgres : 5432
servicing/servicing-api > servicing/schedule-engine : 50051
collections/collections-api > collections/collections-postgres : 5432
collections/collections-api > collections/dialler-adapter : 8080
"""


def draw() -> Snapshot:
    """The cluster as the collector would have stored it."""
    made, ref = record(
        describe(
            SITE,
            network={
                "networkPolicy": "cilium",
                "networkDataplane": "cilium",
                "advancedNetworking": {"enabled": False},
            },
            access={"enablePrivateCluster": False, "authorizedIPRanges": [OFFICE, "203.0.113.0/25"]},
            oidcIssuerProfile={"enabled": True},
            securityProfile={"workloadIdentity": {"enabled": True}},
            azureMonitorProfile={"containerInsights": {"enabled": True}},
        )
    )
    draft = Draft(ref, version=SERVER, services=SITE.services, serves=SERVES)
    add_nodes(draft, SITE)
    for area in AREAS:
        draft.namespace(area, {"team": area})
    draft.workloads(WORKLOADS)
    draft.policies(*isolate(AREAS), deny_all("default"), *flow_policies(FLOWS), *_believed_to_reach_pods())
    add_system(draft, SITE)
    draft.service(
        "edge",
        "ingress-nginx",
        "http:80 https:443",
        selector={"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/instance": "ingress-nginx"},
        type="LoadBalancer",
        traffic_policy="Local",
        balancer=("10.80.14.10",),
        annotations={"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
    )
    draft.entry_point("Ingress", "edge", "borrowers", {"borrower-portal": 80}, "nginx")
    draft.entry_point("Ingress", "edge", "brokers", {"broker-api": 80}, "nginx")
    add_rights(draft, ("lending-dev", "documents"))
    return draft.snapshot(made)


def _believed_to_reach_pods() -> tuple[ApiObject, ...]:
    """The database lets direct debits in, and their way out is "anywhere".

    Under Cilium an ipBlock selects no pod, so the rule opens the internet to them and still not the database.
    """
    subject = {"app.kubernetes.io/name": "direct-debit"}
    return (
        allow_egress("servicing", "allow-direct-debit-anywhere", subject, block("0.0.0.0/0"), to_ports="443 8080 5432"),
        allow_ingress(
            "servicing", "allow-postgres-from-debits", "servicing-postgres", pods("direct-debit"), to_ports="5432"
        ),
    )
