"""partner-prod-neu: AKS on Azure NPM. A LoadBalancer with externalTrafficPolicy Cluster walks past every ingress rule."""

from __future__ import annotations

from infra.estate.aks import SERVER, Aks, Pool, add_nodes, add_system, describe, record
from infra.estate.draft import Draft
from infra.estate.network import PARTNER_NEU
from infra.estate.rights import add_rights
from infra.estate.rules import METADATA, allow_egress, block, deny_all, flow_policies, isolate
from scanner.model import Snapshot

SITE = Aks(
    name="partner-prod-neu",
    subscription="00000000-0000-4000-8000-00000000006b",
    region="northeurope",
    vnet=PARTNER_NEU,
    pods="",
    services="10.1.0.0/16",
    cilium=False,
    pools=(
        Pool(name="nodepool1", count=3, size="Standard_D4s_v5", mode="System"),
        Pool(name="partners", count=6, size="Standard_D8s_v5"),
    ),
)
AREAS = ("exchange", "invoicing", "onboarding", "portal", "reporting")
WORKLOADS = """
portal/partner-portal Deployment 3 http:8080 http:80
portal/session-redis StatefulSet 3 redis:6379 redis:6379
portal/feature-flags Deployment 2 http:8080 http:80
exchange/sftp-gateway Deployment 3 sftp:2222 sftp:22
exchange/as2-gateway Deployment 2 http:8080 http:80
exchange/file-router Deployment 3 http:8080,metrics:9090 http:80
exchange/file-store StatefulSet 4 s3:9000 s3:9000
exchange/rabbitmq StatefulSet 3 amqp:5672,http-mgmt:15672 amqp:5672
exchange/retention CronJob 1 - -
onboarding/onboarding-api Deployment 3 http:8080 http:80
onboarding/kyc-adapter Deployment 2 http:8080 http:80
onboarding/document-check Deployment 2 http:8080 http:80
onboarding/onboarding-postgres StatefulSet 2 postgres:5432 postgres:5432
invoicing/invoice-api Deployment 3 http:8080 http:80
invoicing/invoice-renderer Deployment 2 http:8080 http:80
invoicing/tax-rates Deployment 2 http:8080 http:80
invoicing/invoice-postgres StatefulSet 2 postgres:5432 postgres:5432
invoicing/month-close CronJob 2 - -
reporting/report-api Deployment 2 http:8080 http:80
reporting/report-builder Deployment 3 - -
reporting/clickhouse StatefulSet 3 http:8123,native:9000 native:9000
reporting/nightly-extract CronJob 1 - -
"""
FLOWS = """
10.24.64.0/20 > portal/partner-portal, exchange/as2-gateway : 8080
198.51.100.0/26 > exchange/sftp-gateway : 2222
portal/partner-portal > portal/session-redis : 6379
portal/partner-portal > portal/feature-flags, onboarding/onboarding-api, invoicing/invoice-api, reporting/report-api : 8080
exchange/sftp-gateway > exchange/file-store : 9000
exchange/as2-gateway > exchange/file-router : 8080
exchange/file-router > exchange/file-store : 9000
exchange/file-router > exchange/rabbitmq : amqp
onboarding/onboarding-api > onboarding/onboarding-postgres : 5432
onboarding/onboarding-api > onboarding/kyc-adapter, onboarding/document-check : 8080
invoicing/invoice-api > invoicing/invoice-postgres : 5432
invoicing/invoice-api > invoicing/invoice-renderer, invoicing/tax-rates : 8080
reporting/report-api > reporting/clickhouse : 9000
reporting/report-builder > reporting/clickhouse : 9000
"""


def draw() -> Snapshot:
    """The cluster as the collector would have stored it."""
    made, ref = record(
        describe(
            SITE,
            network={"networkPolicy": "azure", "networkDataplane": "azure"},
            access={"enablePrivateCluster": False, "authorizedIPRanges": None},
            oidcIssuerProfile={"enabled": False},
            securityProfile={"workloadIdentity": None},
        )
    )
    draft = Draft(ref, version=SERVER, services=SITE.services)
    add_nodes(draft, SITE)
    for area in AREAS:
        draft.namespace(area, {"team": area, "cost-centre": "partners"})
    draft.workloads(WORKLOADS)
    web = block("0.0.0.0/0", METADATA)
    subject = {"app.kubernetes.io/name": "kyc-adapter"}
    kyc = allow_egress("onboarding", "allow-kyc-providers", subject, web, to_ports="443")
    draft.policies(*isolate(AREAS), deny_all("default"), *flow_policies(FLOWS), kyc)
    add_system(draft, SITE)
    draft.service(
        "exchange",
        "sftp-public",
        "sftp:22",
        selector={"app.kubernetes.io/name": "sftp-gateway", "app.kubernetes.io/instance": "sftp-gateway"},
        type="LoadBalancer",
        traffic_policy="Cluster",
        balancer=("203.0.113.150",),
    )
    draft.entry_point("Ingress", "portal", "portal", {"partner-portal": 80}, "azure-application-gateway")
    add_rights(draft)
    return draft.snapshot(made)
