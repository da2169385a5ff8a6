"""store-prod-euc1: EKS that enforces, and not everywhere: Fargate, Windows, a namespace left open, metadata within reach."""

from __future__ import annotations

from infra.estate.draft import Draft
from infra.estate.eks import SERVES, SERVICES, Group, Subnets, add_fargate, add_group, add_node_exporter, add_system
from infra.estate.eks_record import (
    SERVER,
    describe_addons,
    describe_cluster,
    describe_groups,
    describe_templates,
    record,
    subnets,
)
from infra.estate.network import OFFICE, STORE_EUC1
from infra.estate.rights import add_rights
from infra.estate.rules import allow_egress, block, deny_all, flow_policies, isolate
from scanner.model import Snapshot

NAME, ACCOUNT, REGION = "store-prod-euc1", "444455556666", "eu-central-1"
CLOSED = ("catalogue", "loyalty", "monitoring", "receipts", "stores", "terminals")
OPEN = "promotions"  # nobody wrote a default deny here
FARGATE, PROFILE = "receipts", "receipts-batch"
GROUPS = (
    Group(name="linux-general", count=8, instance_type="m7g.xlarge"),
    Group(name="windows-fiscal", count=3, instance_type="m7i.2xlarge", pool="windows"),
)
WORKLOADS = """
stores/store-api Deployment 4 http:8080,metrics:9090 http:80
stores/opening-hours Deployment 2 http:8080 http:80
stores/store-postgres StatefulSet 2 postgres:5432 postgres:5432
stores/stock-sync Deployment 3 http:8080 http:80
terminals/terminal-gateway Deployment 5 mqtt:8883,metrics:9090 mqtt:8883
terminals/terminal-registry Deployment 2 grpc:50051 grpc:50051
terminals/firmware-server Deployment 2 http:8080 http:80
terminals/telemetry-ingest Deployment 3 http:8080 http:80
terminals/registry-redis StatefulSet 3 redis:6379 redis:6379
terminals/certificate-rotation CronJob 1 - -
catalogue/catalogue-api Deployment 4 http:8080 http:80
catalogue/search Deployment 3 http:9200 http:9200
catalogue/image-resizer Deployment 3 http:8080 http:80
catalogue/catalogue-postgres StatefulSet 2 postgres:5432 postgres:5432
loyalty/points-api Deployment 3 http:8080 http:80
loyalty/points-redis StatefulSet 3 redis:6379 redis:6379
loyalty/partner-export CronJob 2 - -
promotions/campaign-api Deployment 3 http:8080 http:80
promotions/coupon-api Deployment 3 http:8080 http:80
promotions/audience-builder Deployment 2 http:8080 http:80
promotions/campaign-mongo StatefulSet 3 mongo:27017 mongo:27017
monitoring/prometheus StatefulSet 2 http-web:9090 http-web:9090
monitoring/grafana Deployment 1 http:3000 http:80
monitoring/kube-state-metrics Deployment 1 http:8080 http:8080
receipts/receipt-api Deployment 3 http:8080 http:80
receipts/receipt-postgres StatefulSet 2 postgres:5432 postgres:5432
"""
FLOWS = """
10.24.0.0/18 > stores/store-api, catalogue/catalogue-api : 8080
10.24.0.0/18 > terminals/terminal-gateway : 8883
0.0.0.0/0 > terminals/telemetry-ingest : 8080
stores/store-api > stores/store-postgres : 5432
stores/store-api > catalogue/catalogue-api, loyalty/points-api, receipts/receipt-api : 8080
stores/stock-sync > stores/store-postgres : 5432
terminals/terminal-gateway > terminals/terminal-registry : 50051
terminals/terminal-gateway > terminals/telemetry-ingest : 8080
terminals/terminal-registry > terminals/registry-redis : 6379
catalogue/catalogue-api > catalogue/search : 9200
catalogue/catalogue-api > catalogue/catalogue-postgres : 5432
loyalty/points-api > loyalty/points-redis : 6379
receipts/receipt-api > receipts/receipt-postgres : 5432
receipts/receipt-renderer > receipts/receipt-postgres : 5432
receipts/receipt-api > receipts/fiscal-signer : 8443
monitoring/grafana > monitoring/prometheus : 9090
"""


def draw() -> Snapshot:
    """The cluster as the collector would have stored it."""
    selectors = [{"namespace": FARGATE, "labels": {"compute": "fargate"}}]
    values = {
        "enableNetworkPolicy": "true",
        "nodeAgent": {"enablePolicyEventLogs": "true", "enableCloudWatchLogs": "true"},
        "enableWindowsIpam": "true",
    }
    made, ref = record(
        NAME,
        cluster=describe_cluster(ACCOUNT, REGION, NAME, public=(OFFICE, "203.0.113.0/24")),
        addons=describe_addons(NAME, values),
        nodegroups=describe_groups(NAME, GROUPS),
        launchTemplates=describe_templates(NAME, GROUPS, tokens="optional", hops=2),
        fargateProfiles=[
            {
                "fargateProfile": {
                    "fargateProfileName": PROFILE,
                    "clusterName": NAME,
                    "subnets": subnets(NAME),
                    "selectors": selectors,
                    "status": "ACTIVE",
                }
            }
        ],
    )
    draft = Draft(ref, version=SERVER, services=SERVICES, serves=SERVES)
    _nodes(draft)
    for area in (*CLOSED, OPEN):
        draft.namespace(area, {"team": area})
    draft.workloads(WORKLOADS)
    _islands(draft)
    _policies(draft)
    add_system(draft, enforcing=True, windows=True)
    add_node_exporter(draft)
    _entries(draft)
    add_rights(draft, ("developers", "promotions"), ("developers", "checkout"))
    return draft.snapshot(made)


def _nodes(draft: Draft) -> None:
    zones = Subnets(STORE_EUC1, REGION)
    for group in GROUPS:
        add_group(draft, zones, group)
    for name, count in (("receipt-renderer", 3), ("receipt-archiver", 2)):
        add_fargate(draft, zones, f"fargate/{name}", count)


def _islands(draft: Draft) -> None:
    """What runs where the VPC CNI's agent does not: the fiscal authority's Windows software, and batches on Fargate."""
    for name, replicas in (("fiscal-signer", 3), ("fiscal-journal", 2)):
        draft.workload("receipts", name, replicas=replicas, ports="https:8443", serves="https:8443", pool="windows")
    added = {"compute": "fargate", "eks.amazonaws.com/fargate-profile": PROFILE}
    for name, replicas in (("receipt-renderer", 3), ("receipt-archiver", 2)):
        draft.workload(
            FARGATE, name, replicas=replicas, ports="http:8080", serves="http:80", added=added, pool=f"fargate/{name}"
        )


def _policies(draft: Draft) -> None:
    """Tidy, but for the last one: web egress "to the internet" that takes the metadata service along."""
    anywhere = allow_egress("stores", "allow-web-egress", {}, block("0.0.0.0/0"), to_ports="80 443")
    draft.policies(*isolate(CLOSED), deny_all("default"), *flow_policies(FLOWS), anywhere)


def _entries(draft: Draft) -> None:
    notes = {"alb.ingress.kubernetes.io/scheme": "internet-facing"}
    draft.entry_point("Ingress", "stores", "stores", {"store-api": 80}, "alb", **notes)
    draft.entry_point("Ingress", "catalogue", "catalogue", {"catalogue-api": 80}, "alb", **notes)
    draft.service(
        "terminals",
        "terminal-gateway-public",
        "mqtt:8883",
        selector={"app.kubernetes.io/name": "terminal-gateway", "app.kubernetes.io/instance": "terminal-gateway"},
        type="LoadBalancer",
        traffic_policy="Local",
        balancer=("terminals.elb.eu-central-1.aws.example",),
        source_ranges=("203.0.113.0/24",),
        annotations={"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"},
    )
